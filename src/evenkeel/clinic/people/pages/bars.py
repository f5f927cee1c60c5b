"""What stands on every page for a while; told from what the request knows already."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.people.credentials import Standing
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.act import Context
from evenkeel.web.wording import clock_text, day_text

#: How long before a credential's last day its holder is told on every page (clinic policy).
_TOLD_BEFORE: Final = timedelta(days=30)


def bars_of(account: Any, ctx: Context) -> list[dict[str, Any]]:
    """The bars for this caller; no query."""
    if ctx.actor.patient_id is not None or not isinstance(account, Account):
        return []
    found = [_emergency(one) for one in ctx.actor.emergencies]
    now = ctx.clock.now()
    for bar in (_new_device(account), _lapses(account, ctx), _begins(ctx, now)):
        if bar is not None:
            found.append(bar)
    return found


def _emergency(one: Any) -> dict[str, Any]:
    return {
        "level": "emergency-open",
        "icon": "lock",
        "words": f"Emergency access to {one.patient} until {clock_text(one.until)}. "
        "Everything you open is written down with your reason.",
        "links": [{"label": "To the record", "url": reverse("patient", args=[one.patient_id])}],
        "post": {"label": "Close it now", "url": reverse("emergency_end", args=[one.id])},
    }


def _new_device(account: Account) -> dict[str, Any] | None:
    if account.new_device_at is None:
        return None
    at = timezone.localtime(account.new_device_at)
    return {
        "level": "review",
        "icon": "key",
        "words": f"Somebody signed in as you on a device not seen before: {day_text(at)}, "
        f"{clock_text(at)}.",
        "links": [{"label": "Was that you?", "url": reverse("own_sign_in") + "#sign-ins"}],
    }


def _lapses(account: Account, ctx: Context) -> dict[str, Any] | None:
    last = account.credential_lapses
    if last is None or last - timezone.localdate(ctx.clock.now()) > _TOLD_BEFORE:
        return None
    over = last < timezone.localdate(ctx.clock.now())
    said = "has expired: its last day was" if over else "is good only through"
    return {
        "level": "review",
        "icon": "clock",
        "words": f"A credential of yours {said} {day_text(last, year=True)}.",
        "links": [{"label": "My credentials", "url": reverse("own_credentials")}],
    }


def _begins(ctx: Context, now: datetime) -> dict[str, Any] | None:
    """For the medical director: from when on credentials are asked for."""
    standing = ctx.actor.withheld
    if not isinstance(standing, Standing):
        return None
    ahead = [
        asked.since
        for site, asked in standing.asks.items()
        if asked.since is not None and asked.since > now and ctx.actor.may("acting.decide", site)
    ]
    if not ahead:
        return None
    return {
        "level": "quiet",
        "icon": "clock",
        "words": f"From {day_text(min(ahead), year=True)} a missing credential takes acts away.",
        "links": [{"label": "See who lacks what", "url": reverse("credentials")}],
    }
