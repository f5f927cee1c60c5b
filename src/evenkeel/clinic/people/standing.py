"""Where a person stands, written on the person for the list of people.

The course and the session know it; this app may not ask them. They tell it here, within their own
act, so that it stands or falls with what caused it and the caller's own permission counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.act import Act


class _Keep:
    """Marks an argument that was not given."""


KEEP: Final = _Keep()


def set_standing(
    act: Act,
    patient: Patient,
    *,
    stage: str | None = None,
    next_at: datetime | _Keep | None = KEEP,
) -> Patient:
    """Note the state of the newest course, or when the person comes next (``None``: no date).

    Writes nothing where nothing changes. The actor must hold the act's permission at the site.
    """
    patient.refresh_from_db()
    before = (patient.stage, patient.next_at)
    if stage is not None:
        patient.stage = stage
    if not isinstance(next_at, _Keep):
        patient.next_at = next_at
    return patient if (patient.stage, patient.next_at) == before else act.write(patient)
