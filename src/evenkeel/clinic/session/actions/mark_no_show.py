"""Noting that somebody did not come, and seeing to it that they are asked why."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.session.actions.cancel_appointment import check_reason
from evenkeel.clinic.session.booking import BY_TELEPHONE, change_status
from evenkeel.clinic.session.follow_up import book_call_after_absence
from evenkeel.clinic.session.models import Appointment, AppointmentStatus


@action("appointment.no_show", permission="appointment.manage")
def mark_no_show(act: Act, *, appointment_id: Any, reason: str, call: bool = True) -> Appointment:
    """Note that the person did not come; with ``call`` a telephone call is booked for today.

    Raises ``Refused`` before its time has come (``too_early``) or where it is not booked
    (``no_such_step``), ``Invalid`` without a reason.
    """
    appointment = act.open(Appointment, appointment_id, "patient", "course", "site")
    check_reason(reason)
    if appointment.kind in BY_TELEPHONE:
        raise Refused(
            "Nobody is expected for a call.", what_to_do="Record the call.", code="no_such_step"
        )
    if appointment.starts_at > act.now:
        raise Refused(
            "The time of this appointment has not come.",
            what_to_do="Move or cancel it if the person will not come.",
            code="too_early",
        )
    change_status(act, appointment, AppointmentStatus.NO_SHOW, reason)
    if call:
        book_call_after_absence(act, appointment)
    return appointment
