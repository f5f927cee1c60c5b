"""Noting that a person has died, and taking that back where it was wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid


@action("patient.mark_deceased", permission="people.edit")
def mark_deceased(
    act: Act,
    *,
    patient_id: Any,
    deceased: bool = True,
    deceased_at: datetime | None = None,
    reason: str = "",
) -> Patient:
    """Note a death; nobody deceased can be treated. ``deceased=False`` corrects it, with a reason.

    Raises ``Invalid`` for a date ahead or before birth, and for a correction without a reason.
    """
    patient = act.open(Patient, patient_id, "site")
    if not deceased and patient.deceased and not reason.strip():
        raise Invalid("Say why it is taken back.", fields={"reason": "Enter a reason."})
    if deceased and deceased_at is not None:
        if deceased_at > act.now + timedelta(minutes=1):
            raise Invalid("The date lies ahead.", fields={"deceased_at": "Check the date."})
        if deceased_at.date() < patient.birth_date - timedelta(days=1):
            raise Invalid(
                "The date lies before the birth date.", fields={"deceased_at": "Check the date."}
            )
    act.reason = reason.strip() or act.reason
    when = deceased_at if deceased else None
    if (patient.deceased, patient.deceased_at) == (deceased, when):
        return patient
    patient.deceased, patient.deceased_at = deceased, when
    return act.write(patient)
