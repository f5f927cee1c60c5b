"""Writes down that somebody was called because an alarm stood unanswered."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evenkeel.clinic.record.act import Act, Context, action, system_actor
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.session.announce import announce
from evenkeel.clinic.session.calling import OpenAlarm
from evenkeel.clinic.session.models import Session, SessionEvent
from evenkeel.clinic.session.raising import alarm_event_id
from evenkeel.protocol.calling import Called


@dataclass(frozen=True, slots=True)
class DueCall:
    """One call to write down. Its id follows from the alarm, since when it stands and the step."""

    session: Session
    event_id: uuid.UUID
    happened_at: datetime
    body: dict[str, Any]


def due_calls(alarms: Sequence[OpenAlarm], now: datetime) -> list[DueCall]:
    """Every call that is due at ``now``, in order, whether it was written down already or not."""
    return [_due(one, call.step, now) for one in alarms for call in one.calls if call.due_at <= now]


def _due(one: OpenAlarm, step: Called, now: datetime) -> DueCall:
    alarm, session = one.alarm, one.session
    since = alarm.since or alarm.raised_at
    to_second = step is Called.SECOND
    second = session.second if to_second else None
    body: dict[str, Any] = {
        "alarm_event": alarm.event_id,
        "level": alarm.level,
        "statement": alarm.statement,
        "to": "second" if to_second else "everybody",
        "after_s": round(max(0.0, (now - since).total_seconds()), 1),
    }
    if second is not None:
        body |= {"to_id": str(second.pk), "to_name": second.shown_name}
    if not to_second and one.why:
        body["why"] = one.why
    event_id = alarm_event_id(f"{alarm.event_id}|{since.isoformat()}", f"call {step.name}")
    return DueCall(session, event_id, now, body)


def write_call(ctx: Context, due: DueCall) -> SessionEvent:
    """Store one call as the system's own act."""
    watcher = Context(system_actor("watcher"), ctx.clock, via="watcher")
    return _escalate(watcher, due=due)


@action("alarm.escalate", permission="session.watch")
def _escalate(act: Act, *, due: DueCall) -> SessionEvent:
    event = SessionEvent(
        id=due.event_id,
        site_id=due.session.site_id,
        session=due.session,
        patient_id=due.session.patient_id,
        kind="alarm_escalated",
        happened_at=due.happened_at,
        recorded_at=act.now,
        actor_id=act.actor.id,
        actor_name=act.actor.name,
        via="watcher",
        trigger_id=uuid.UUID(due.body["alarm_event"]),
        body=due.body,
        body_digest=digest(canonical(due.body)),
    )
    act.happened_at = due.happened_at
    act.append(event)
    announce()
    return event


__all__ = ["DueCall", "due_calls", "write_call"]
