"""Cancelling an appointment."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.session.booking import change_status
from evenkeel.clinic.session.models import Appointment, AppointmentStatus, Session

LONGEST_REASON = 500


@action("appointment.cancel", permission="appointment.manage")
def cancel_appointment(act: Act, *, appointment_id: Any, reason: str) -> Appointment:
    """Cancel an appointment, also of somebody who is here and goes home untreated.

    Raises ``Invalid`` without a reason, ``Refused`` once it is over (``no_such_step``) or its
    session has been opened (``session_open``).
    """
    appointment = act.open(Appointment, appointment_id, "patient")
    check_reason(reason)
    if Session.objects.filter(appointment=appointment).exists():
        raise Refused(
            "A session was opened for this appointment.",
            what_to_do="End the session; that ends the appointment too.",
            code="session_open",
        )
    return change_status(act, appointment, AppointmentStatus.CANCELLED, reason)


def check_reason(reason: str) -> None:
    """Raise ``Invalid`` for a missing or overlong reason."""
    if not reason.strip():
        raise Invalid("Say why.", fields={"reason": "Enter the reason, in a few words."})
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise Invalid(
            "The reason is too long.", fields={"reason": f"At most {LONGEST_REASON} letters."}
        )
