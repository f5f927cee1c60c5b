"""Booking the call of the day after by hand."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.session.follow_up import propose_follow_up
from evenkeel.clinic.session.models import Appointment


@action("follow_up.book", permission="appointment.manage")
def book_follow_up(act: Act, *, appointment_id: Any) -> Appointment:
    """Book the next-day call of a dosing appointment by hand.

    Raises ``Refused`` where one stands already or the appointment is not a dose.
    """
    appointment = act.open(Appointment, appointment_id, "patient", "site")
    call = propose_follow_up(act, appointment)
    if call is None:
        raise Refused(
            "No call is owed for this, or it is booked already.",
            what_to_do="Look at the appointment's history.",
            code="no_call_owed",
        )
    return call
