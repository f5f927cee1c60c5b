"""Which way a message reaches a person, and whether now is a time for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings

from evenkeel.clinic.outcome.models import ContactChoice
from evenkeel.clinic.outcome.senders import SENDERS
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.installation import is_demo

#: No message between these hours of the clinic's day unless the person chose others. Clinic policy.
QUIET_FROM: Final = time(21, 0)
QUIET_UNTIL: Final = time(8, 0)


@dataclass(frozen=True, slots=True)
class Way:
    """The sender that serves this person, or "" with the reason why none does."""

    sender: str
    language: str
    why_none: str = ""


def way_to(patient: Patient, choice: ContactChoice | None) -> Way:
    """The way to a person: what they chose, else e-mail, else a text message.

    In a demonstration nothing leaves the machine: the console stands for whatever was chosen.
    """
    language = choice.language if choice is not None else "en"
    if patient.deceased:
        return Way("", language, "The person has died.")
    if choice is not None and choice.channel == "none":
        return Way("", language, "They want no messages.")
    if is_demo():
        return Way("console", language)
    if not settings.PUBLIC_ADDRESS:
        return Way("", language, "The address of the clinic's pages is not set.")
    wanted = [choice.channel] if choice is not None else ["email", "sms"]
    for code in wanted:
        if SENDERS[code].serves(patient):
            return Way(code, language)
    if choice is not None:
        return Way("", language, f"{SENDERS[choice.channel].label} cannot be done now.")
    return Way("", language, "No way to send is set up, or no address is known.")


def is_quiet(choice: ContactChoice | None, now: datetime, zone: str) -> bool:
    """Whether ``now`` falls into the person's quiet time, by the clinic's own clock."""
    start, end = QUIET_FROM, QUIET_UNTIL
    if choice is not None and choice.quiet_from and choice.quiet_until:
        start, end = time.fromisoformat(choice.quiet_from), time.fromisoformat(choice.quiet_until)
    here = now.astimezone(ZoneInfo(zone)).time().replace(tzinfo=None)
    if start == end:
        return False
    return start <= here < end if start < end else here >= start or here < end
