"""A person asks that their record be corrected or its use limited, or staff write it down."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.oversight.models import PrivacyRequest
from evenkeel.clinic.oversight.retention import rules_of
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused

LONGEST: Final = 4000
#: So many may wait of one person; more are better talked over. Clinic policy.
MOST_OPEN: Final = 12
#: How long ago a request on paper may have come in. Clinic policy.
_OLDEST: Final = timedelta(days=120)


def checked_text(text: str, field: str, missing: str) -> str:
    """A text of a form, trimmed. Raises ``Invalid`` for none, or too much."""
    said = text.strip()
    if not said:
        raise Invalid(missing, fields={field: missing})
    if len(said) > LONGEST or "\x00" in said:
        raise Invalid("The text is too long.", fields={field: f"At most {LONGEST} letters."})
    return said


@action("privacy.ask", permission="privacy.ask")
def ask_privacy(
    act: Act,
    *,
    patient_id: Any,
    kind: str,
    place: str,
    said: str,
    wanted: str = "",
    asked_as: str = "self",
    asked_name: str = "",
    received_at: datetime | None = None,
) -> PrivacyRequest:
    """Keep a request; the day it is due follows from the law of the person's site.

    Staff who write it down say who asked and when it came. Raises ``Invalid`` for a kind, place or
    text that is none, or a day in the future; ``Refused`` where the same waits already.
    """
    patient = act.open(Patient, patient_id, "site")
    if kind not in dict(PrivacyRequest.KINDS):
        raise Invalid("What is asked for?", fields={"kind": "Choose one of the two."})
    if place not in dict(PrivacyRequest.PLACES):
        raise Invalid("Which part of the record?", fields={"place": "Choose a part."})
    if asked_as not in dict(PrivacyRequest.ASKERS):
        raise Invalid("Who asks?", fields={"asked_as": "Choose who asks."})
    said = checked_text(said, "said", "Say what it is about.")
    if kind == "correction":
        wanted = checked_text(wanted, "wanted", "Say what should stand there instead.")
    own = act.actor.patient_id is not None
    if own or asked_as == "self":
        asked_name = patient.name
    asked_name = checked_text(asked_name, "asked_name", "Say who asks.")[:160]
    received_at = act.now if own or received_at is None else received_at
    if not act.now - _OLDEST <= received_at <= act.now:
        raise Invalid(
            "The day it came is not possible.",
            fields={"received_on": "A day of the last four months, not in the future."},
        )
    waiting = PrivacyRequest.objects.filter(patient=patient, state="open")
    if waiting.filter(kind=kind, place=place, said=said).exists():
        raise Refused("This was asked already. It waits for an answer.", code="asked")
    if waiting.count() >= MOST_OPEN:
        raise Refused("Many requests still wait.", what_to_do="Please call.", code="many")
    zone = ZoneInfo(patient.site.timezone)
    term = rules_of(patient.site.jurisdiction).terms[kind]
    act.happened_at = received_at if received_at != act.now else None
    return act.write(
        PrivacyRequest(
            site=patient.site,
            patient=patient,
            kind=kind,
            place=place,
            said=said,
            wanted=wanted.strip()[:LONGEST],
            asked_as="self" if own else asked_as,
            asked_name=asked_name,
            taken_by=None if own else signer(act),
            received_at=received_at,
            due_on=term.due(received_at.astimezone(zone).date()),
        )
    )


@action("privacy.withdraw", permission="privacy.ask")
def withdraw_privacy(act: Act, *, request_id: Any) -> PrivacyRequest:
    """Take an open request back. Raises ``Refused`` once it is answered."""
    row = act.open(PrivacyRequest, request_id, "patient", "site")
    if row.state != "open":
        raise Refused("It was answered already.", code="answered")
    row.state = "withdrawn"
    return act.write(row)


@action("privacy.disagree", permission="privacy.ask")
def disagree(act: Act, *, request_id: Any, text: str) -> PrivacyRequest:
    """Say against a refusal what shall stand beside the record from now on.

    Raises ``Refused`` where nothing was refused, or where a statement stands already.
    """
    row = act.open(PrivacyRequest, request_id, "patient", "site")
    if row.state not in ("denied", "partly"):
        raise Refused("Nothing of this request was refused.", code="nothing_refused")
    if row.disagreement:
        raise Refused("A statement stands beside the record already.", code="stated")
    row.disagreement = checked_text(text, "text", "Write what shall stand there.")
    row.disagreed_at = act.now
    return act.write(row)
