"""Moving an appointment: the old one stays on the record and points to the new."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.session.booking import (
    change_status,
    check_bookable,
    keep_next_at,
    place,
    read_slot,
)
from evenkeel.clinic.session.models import Appointment, AppointmentStatus


@action("appointment.move", permission="appointment.manage")
def move_appointment(
    act: Act,
    *,
    appointment_id: Any,
    starts_at: datetime,
    minutes: int,
    chair_id: Any = None,
    nurse_id: Any = None,
    therapist_id: Any = None,
    reason: str = "",
    confirmed: bool = False,
) -> Appointment:
    """Book the appointment anew elsewhere and mark the old one moved; returns the new one.

    Raises as :func:`~evenkeel.clinic.session.actions.book_appointment.book_appointment`, and
    ``Refused`` (``no_such_step``) unless it is still booked.
    """
    old = act.open(Appointment, appointment_id, "course__patient", "course__site", "patient")
    course = old.course
    if old.status != AppointmentStatus.BOOKED:
        raise Refused(
            f"This appointment is {old.get_status_display().lower()} and stays where it is.",
            what_to_do="Book a new one instead.",
            code="no_such_step",
        )
    check_bookable(course)
    slot = read_slot(
        course,
        old.kind,
        starts_at=starts_at,
        minutes=minutes,
        chair_id=chair_id,
        nurse_id=nurse_id,
        therapist_id=therapist_id,
    )
    new = place(
        act,
        course,
        old.kind,
        slot,
        confirmed=confirmed,
        note=old.note,
        replacing=old,
        follows=old.follows,
    )
    old.moved_to = new
    change_status(act, old, AppointmentStatus.MOVED, reason)
    keep_next_at(act, course.patient)
    return new
