"""Noting that a talk has taken place."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.session.actions.book_appointment import check_note
from evenkeel.clinic.session.booking import change_status
from evenkeel.clinic.session.models import Appointment, AppointmentStatus

TALKS = frozenset({"screening", "preparation", "integration"})


@action("appointment.finish", permission="appointment.manage")
def finish_visit(act: Act, *, appointment_id: Any, note: str = "") -> Appointment:
    """Mark a talk as done, with a note where there is one.

    Raises ``Refused`` for a dose (its session ends it), a call (its record does) or before its
    time.
    """
    appointment = act.open(Appointment, appointment_id, "patient")
    if appointment.kind not in TALKS:
        raise Refused(
            "Only a talk is marked as done by hand.",
            what_to_do="A session ends with discharge, a call with its record.",
            code="no_such_step",
        )
    if appointment.starts_at > act.now:
        raise Refused("The time of this appointment has not come.", code="too_early")
    check_note(note)
    if note.strip():
        appointment.note = f"{appointment.note}\n{note.strip()}".strip()
    return change_status(act, appointment, AppointmentStatus.DONE)
