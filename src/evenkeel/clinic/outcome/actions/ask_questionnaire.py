"""Asking a person a questionnaire, by a link that needs no account and works once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.models import Ask, ContactChoice
from evenkeel.clinic.outcome.offering import sendable
from evenkeel.clinic.outcome.senders import SENDERS
from evenkeel.clinic.people.sign_in import new_token
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.instruments import Instrument, available, load

#: When the answers are expected, and how long the link opens them. Clinic policy: no source read
#: sets either; two weeks is the time PHQ-9 and GAD-7 ask about.
DUE_AFTER: Final = timedelta(days=2)
OPEN_FOR: Final = timedelta(days=14)
#: A half-done questionnaire goes on under a new link within this time. Clinic policy: answers
#: about "the last 2 weeks" given a day apart are still one answer.
HALF_DONE_KEPT_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Asked:
    """The ask, and the token of its link: the only time anybody sees it."""

    ask: Ask
    token: str


@action("questionnaire.ask", permission="outcome.ask")
def ask_questionnaire(
    act: Act,
    *,
    course_id: Any,
    instrument_id: str,
    occasion: str = "",
    sender: str = "show",
    due_at: datetime | None = None,
) -> Asked:
    """Make a link to a questionnaire. A link to the same one that is still open is withdrawn.

    Raises ``Invalid`` for an unknown questionnaire, sender or due date, ``Refused`` for a person
    who has died.
    """
    course = act.open(Course, course_id, "patient", "site")
    instrument = _instrument(instrument_id, course.site_id)
    if sender not in SENDERS:
        raise Invalid("There is no such way to send it.", fields={"sender": "Choose one."})
    if len(occasion.strip()) > 60:
        raise Invalid("The occasion is too long.", fields={"occasion": "At most 60 characters."})
    if course.patient.deceased:
        raise Refused("This person has died.", code="deceased")
    due_at = due_at or act.now + DUE_AFTER
    if not act.now <= due_at <= act.now + OPEN_FOR:
        raise Invalid(
            "The day by which it is due is not possible.",
            fields={"due_at": f"Choose one within the next {OPEN_FOR.days} days."},
        )
    kept = [_withdraw(act, former) for former in _open_asks(act, course, instrument.id)]
    token, token_hash = new_token()
    ask = Ask(
        site=course.site,
        patient=course.patient,
        course=course,
        instrument=instrument.id,
        instrument_version=instrument.version,
        occasion=occasion.strip(),
        token_hash=token_hash,
        sender=sender,
        sent_by=act.actor.name[:200],
        sent_at=act.now,
        due_at=due_at,
        expires_at=act.now + OPEN_FOR,
        partial=next((partial for partial in kept if partial), {}),
        language=_language(course),
    )
    return Asked(act.write(ask), token)


def _language(course: Course) -> str | None:
    """The language the person chose for messages; ``None`` where they chose none."""
    choice = ContactChoice.objects.filter(patient_id=course.patient_id).first()
    return choice.language if choice is not None else None


@action("questionnaire.withdraw", permission="outcome.ask")
def withdraw_ask(act: Act, *, ask_id: Any, reason: str = "") -> Ask:
    """Withdraw a link that has not been answered; withdrawing again changes nothing."""
    ask = act.open(Ask, ask_id)
    if ask.state == "withdrawn":
        return ask
    if ask.state == "answered":
        raise Refused("This questionnaire has been answered already.", code="answered")
    act.reason = reason.strip()
    _withdraw(act, ask)
    return ask


def _instrument(instrument_id: str, site_id: Any) -> Instrument:
    if instrument_id in available():  # what ships needs no look at the clinic's own texts
        return load(instrument_id)
    found = next((each for each in sendable(site_id) if each.id == instrument_id), None)
    if found is None:
        raise Invalid(
            "There is no such questionnaire.",
            fields={"instrument": "Choose one of the list."},
        )
    return found


def _open_asks(act: Act, course: Course, instrument_id: str) -> list[Ask]:
    return list(
        Ask.objects.filter(
            course=course, instrument=instrument_id, state__in=("sent", "begun")
        ).order_by("-sent_at")
    )


def _withdraw(act: Act, ask: Ask) -> dict[str, Any]:
    """Withdraw; returns what had been said, where that is recent enough to go on with."""
    recent = ask.begun_at is not None and act.now - ask.begun_at <= HALF_DONE_KEPT_FOR
    kept = dict(ask.partial) if recent else {}
    ask.state = "withdrawn"
    act.write(ask)
    return kept
