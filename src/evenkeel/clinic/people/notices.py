"""What staff are told without asking: credentials that end, new devices, accesses to review."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from evenkeel.clinic.people.acting_policy import kinds
from evenkeel.clinic.people.actions.manage_credential import due_reminders, note_reminded
from evenkeel.clinic.people.models import EmergencyAccess, SignIn
from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.clock import Clock
from evenkeel.clinic.record.door import visible

log = logging.getLogger("evenkeel.people")
#: Django's own placeholder; while it stands, nobody has set up e-mail.
_UNSET_FROM: Final = "webmaster@localhost"
#: So many messages at most go out in one round.
_MOST: Final = 20


def send_notices(clock: Clock) -> int:
    """One round: remind of credentials that end, tell of new devices; how many were told.

    A reminder is noted in the record whether or not e-mail is set up: the page, the list of the
    director and the bar show it either way.
    """
    ctx = Context(system_actor("reminders"), clock, via="system")
    told = 0
    for row, days in due_reminders(clock.now().astimezone(ZoneInfo("UTC")).date())[:_MOST]:
        note_reminded(ctx, credential_id=row.pk, days=days)
        label = kinds()[row.kind].label
        left = f"{row.expires_on:%d %B %Y}".lstrip("0")
        _mail(
            row.account.email,
            f"Your {label} ends on {left}",
            f"Your {label} is good through {left}. Enter the new one under My credentials in "
            "evenkeel and let a colleague see the document; without it some acts are refused "
            "from the day after.",
        )
        told += 1
    for seen in SignIn.objects.filter(known_device=False, told_at=None).select_related("account")[
        :_MOST
    ]:
        seen.told_at = clock.now()
        seen.save(update_fields=["told_at"])
        _mail(
            seen.account.email,
            "A sign-in on a new device",
            f"Somebody signed in as you: {seen.device}, {seen.at:%d %B %Y %H:%M} UTC, from "
            f"{seen.address or 'an unknown address'}. If that was not you, sign out everywhere "
            "under Sign-in and PIN, change your password and tell an administrator.",
        )
        told += 1
    return told


def _mail(address: str, subject: str, body: str) -> None:
    if settings.DEFAULT_FROM_EMAIL == _UNSET_FROM or address.endswith(".invalid"):
        return
    try:
        EmailMessage(subject=subject, body=body, to=[address]).send()
    except OSError as error:  # every failure of SMTP is one
        log.warning("a notice to staff was not sent: %s", type(error).__name__)


def waiting_reviews(ctx: Context, now: datetime) -> list[dict[str, Any]]:
    """Emergency accesses this person is to review, for the bar of what concerns them. One query."""
    rows = visible(
        ctx, EmergencyAccess.objects.filter(reviewed_at=None), "emergency.review"
    ).select_related("account", "site")
    return [
        {
            "level": "review",
            "name": row.account.shown_name,
            "statement": f"Emergency access at {row.site.name}: review whether it was justified.",
            "since": row.opened_at,
            "called": "",
            "sounds": False,
            "repeat_s": 0,
            "url": reverse("emergency_review", args=[row.pk]),
        }
        for row in rows.exclude(account_id=ctx.actor.id).order_by("opened_at")[:10]
    ]
