"""What waits in the tray: a named person assigns it to a session, or discards it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.session.actions.file_readings import chart
from evenkeel.clinic.session.models import Session, TrayMessage
from evenkeel.clinic.session.monitor_batch import FiledReading

#: How long before a session was opened an assigned reading may lie, as for entries by hand.
BEFORE_OPENING: Final = timedelta(hours=12)


@action("tray.assign", permission="tray.assign")
def assign_message(act: Act, *, message_id: Any, session_id: Any) -> int:
    """Chart a waiting message into a session, under the name of who decides; returns how many
    readings were new.

    Raises ``Refused`` where it was dealt with already, names another person known here, or holds
    nothing from the time of the session.
    """
    message = _waiting(act, message_id)
    session = act.open(Session, session_id, "patient")
    named = Patient.objects.filter(mrn__in=message.patient_ids).exclude(pk=session.patient_id)
    if named.exists():
        raise Refused(
            "The message names another person than the one of this session.",
            what_to_do="Look at the monitor; discard the message if it is wrong.",
            code="other_person",
        )
    readings = [FiledReading.of(one) for one in message.readings]
    earliest = session.opened_at - BEFORE_OPENING
    fitting = [r for r in readings if r.measured_at >= earliest]
    if session.closed_at is not None:
        fitting = [r for r in fitting if r.measured_at <= session.closed_at]
    if not fitting:
        raise Refused("Nothing in this message is from the time of the session.", code="not_then")
    events = chart(
        act, session, fitting, message.received_at, extra=("assigned",), earliest=earliest
    )
    message.state, message.session = "assigned", session
    act.write(message)
    return len(events)


@action("tray.discard", permission="tray.assign")
def discard_message(act: Act, *, message_id: Any, reason: str) -> TrayMessage:
    """Take a message out of the tray without charting it; it stays on the record."""
    message = _waiting(act, message_id)
    if not reason.strip():
        raise Invalid("Discarding needs a reason.", fields={"reason": "Write why, in a few words."})
    message.state, act.reason = "discarded", reason.strip()[:400]
    return act.write(message)


def _waiting(act: Act, message_id: Any) -> TrayMessage:
    message = act.open(TrayMessage, message_id)
    if message.state != "waiting":
        raise Refused(f"This message was {message.state} already.", code="dealt_with")
    return message
