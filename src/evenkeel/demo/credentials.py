"""Credentials of the demonstration's staff, and who is on duty: every number is invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from evenkeel.clinic.people.actions.manage_credential import enter_own_credential, verify_credential
from evenkeel.clinic.people.actions.plan_duty import plan_duty
from evenkeel.clinic.people.caller import actor_of
from evenkeel.clinic.people.models import Account, Site
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.clock import FixedClock

_LICENCE: Final = ("licence", "License to practice", "State board of Exampleton")
_DRUGS: Final = ("controlled_drug", "Registration, schedules III to V", "Registrar of Exampleton")
_LIFE: Final = ("life_support", "BLS", "Synthetic Heart Trainers")
_REMS: Final = ("training_rems", "Nasal esketamine", "Exampleton academy")
_SESSIONS: Final = ("training_sessions", "Ketamine sessions, two days", "Harbor House")
_THERAPY: Final = ("training_therapy", "Psychotherapy, 600 hours", "Exampleton academy")
#: What each member of staff holds, and in how many days from the opening the last day is.
_HELD: Final[Mapping[str, tuple[tuple[tuple[str, str, str], int], ...]]] = {
    "director": ((_LICENCE, 700), (_DRUGS, 500), (_REMS, 640)),
    "prescriber": ((_LICENCE, 610), (_DRUGS, 55), (_REMS, 640)),
    "nurse": ((_LICENCE, 420), (_LIFE, 24), (_REMS, 640), (_SESSIONS, 900)),
    "nurse2": ((_LICENCE, 800), (_LIFE, 610), (_REMS, 640), (_SESSIONS, 900)),
    "therapist": ((_THERAPY, 1500),),
    "pharmacist": ((_LICENCE, 330),),
}
_ON_DUTY: Final = ("director", "prescriber", "nurse", "nurse2", "therapist")
#: For so many days from the opening the roster is made.
_ROSTER_DAYS: Final = 21


def give_credentials(
    accounts: Mapping[str, Account], site: Site, opened: datetime, start: datetime
) -> None:
    """Everybody enters what they hold; the administrator sees the documents, but for one.

    The pharmacist's renewal waits for a second person, and the nurse's life support ends soon.
    """
    at = FixedClock(opened)
    seer = Context(actor_of(accounts["admin"], at), at)
    for key, held in _HELD.items():
        own = Context(actor_of(accounts[key], at), at)
        for number, ((kind, title, issuer), days) in enumerate(held, start=1):
            row = enter_own_credential(
                own,
                site_id=site.pk,
                kind=kind,
                title=title,
                number=f"DEMO-{len(key):02d}{number:02d}-{days}",
                issuer=issuer,
                issued_on=(opened - timedelta(days=30)).date(),
                expires_on=(start + timedelta(days=days)).date(),
            )
            verify_credential(seer, credential_id=row.pk, seen_what="The document itself")
    today = FixedClock(start)
    enter_own_credential(
        Context(actor_of(accounts["pharmacist"], today), today),
        site_id=site.pk,
        kind=_LICENCE[0],
        title=_LICENCE[1],
        number="DEMO-1002-1000",
        issuer=_LICENCE[2],
        issued_on=start.date(),
        expires_on=(start + timedelta(days=1000)).date(),
    )


def make_roster(accounts: Mapping[str, Account], site: Site, start: datetime) -> None:
    """Who is on duty from the day of the opening on."""
    clock = FixedClock(start)
    ctx = Context(actor_of(accounts["director"], clock), clock)
    here = [accounts[key].pk for key in _ON_DUTY]
    for n in range(-1, _ROSTER_DAYS):
        plan_duty(ctx, site_id=site.pk, day=start.date() + timedelta(days=n), account_ids=here)
