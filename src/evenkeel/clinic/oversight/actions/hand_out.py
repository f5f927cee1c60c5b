"""A copy of somebody's record leaves the house: to whom, on what ground, which copy."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid


@action("copy.hand_out", permission="copy.hand_out")
def hand_out(
    act: Act,
    *,
    patient_id: Any,
    to_whom: str,
    made_sure: str,
    reason: str,
    sha256: str,
    walled: int,
) -> None:
    """Record it. Raises ``Invalid`` where it is not said to whom or why."""
    patient = act.open(Patient, patient_id)
    signer(act)
    for name, said in (("to_whom", to_whom), ("made_sure", made_sure), ("reason", reason)):
        if not said.strip():
            raise Invalid("Something is not said.", fields={name: "Fill this in."})
    act.about(patient)
    act.reason = reason.strip()
    act.note(
        to_whom=to_whom, made_sure=made_sure, sha256=sha256, psychotherapy_notes_left_out=walled
    )
