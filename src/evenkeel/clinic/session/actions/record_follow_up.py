"""Recording a telephone call: reached or not, and what was said."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.session.booking import change_status
from evenkeel.clinic.session.follow_up import propose_follow_up, read_answers
from evenkeel.clinic.session.models import Appointment, AppointmentStatus

MOST_ATTEMPTS = 20


@action("follow_up.record", permission="follow_up.record")
def record_follow_up(
    act: Act, *, appointment_id: Any, reached: bool, answers: dict[str, Any] | None = None
) -> Appointment:
    """Record one attempt. A call that reached nobody stays due; one that did is done.

    ``answers``: see :func:`~evenkeel.clinic.session.follow_up.read_answers`; where nobody was
    reached only ``attempt_note`` counts. Raises ``Invalid`` by field, ``Refused`` for what is no
    open call.
    """
    call = act.open(Appointment, appointment_id, "patient")
    if call.kind != "follow_up_call":
        raise Refused("This appointment is not a call.", code="not_a_call")
    if call.status != AppointmentStatus.BOOKED:
        raise Refused(
            f"This call is {call.get_status_display().lower()}.",
            what_to_do="What was recorded stands; book another call if one is needed.",
            code="no_such_step",
        )
    said = answers or {}
    note = str(said.get("attempt_note") or "").strip()
    if len(note) > 500 or "\x00" in note:
        raise Invalid("The note is too long.", fields={"attempt_note": "At most 500 letters."})
    attempts = list((call.outcome or {}).get("attempts", []))[-MOST_ATTEMPTS:]
    attempts.append(
        {"at": act.now.isoformat(), "by": act.actor.name, "reached": reached, "note": note}
    )
    if not reached:
        call.outcome = {"reached": False, "attempts": attempts}
        return act.write(call)
    call.outcome = {
        "reached": True,
        "attempts": attempts,
        "at": act.now.isoformat(),
        "by": act.actor.name,
        **read_answers(said),
    }
    return change_status(act, call, AppointmentStatus.DONE)


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
