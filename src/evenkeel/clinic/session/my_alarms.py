"""The alarms that concern one person: of sessions they watch, are second for, or are called to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import visible
from evenkeel.clinic.session.alarm_story import shown_alarms
from evenkeel.clinic.session.calling import OpenAlarm, with_calls
from evenkeel.clinic.session.models import LIVE_STATES, Session, SessionEvent
from evenkeel.clinic.session.moments import Event, ShownAlarm
from evenkeel.clinic.session.phases import in_order
from evenkeel.protocol.alarms import ALARM_LEVELS
from evenkeel.protocol.calling import SOUNDING, Called

#: From which step on an alarm sounds for somebody, by what they are to the session. Clinic policy.
_SOUNDS_FROM: Final = {
    "nurse": Called.NURSE,
    "second": Called.SECOND,
    "prescriber": Called.EVERYBODY,
    "site": Called.EVERYBODY,
}
_STORY: Final = ("alarm_raised", "alarm_acknowledged", "alarm_escalated", "void")


@dataclass(frozen=True, slots=True)
class MyAlarm:
    """One open hold or emergency as it concerns one person.

    ``part`` is nurse, second, prescriber or site; ``sounds`` whether it is theirs to hear now.
    """

    open: OpenAlarm
    part: str
    step: Called
    sounds: bool


@dataclass(frozen=True, slots=True)
class Mine:
    """``watched``: (session, part) of live sessions that are this person's; ``next_at``: when the
    next call falls due, so that a screen asks again then even if nobody writes it down."""

    watched: list[tuple[Session, str]]
    alarms: list[MyAlarm]
    next_at: datetime | None


def my_alarms(ctx: Context) -> Mine:
    """What concerns the caller now, the worst and loudest first. At most three queries.

    How far an alarm has gone follows from the time it stands, not from what the watch has written
    down: a watch that is dead, or a record that cannot be written, keeps nobody from being called.
    """
    now = ctx.clock.now()
    sessions = _live(ctx)
    open_now = with_calls([(s, a) for s, a in _open(sessions).items()])
    mine = [one for one in (_mine(ctx, each, now) for each in open_now) if one is not None]
    mine.sort(key=lambda a: (not a.sounds, -_rank(a), a.open.alarm.since or now))
    later = [call.due_at for each in open_now for call in each.calls if call.due_at > now]
    watched = [(s, part) for s in sessions if (part := part_of(ctx, s)) != "site"]
    return Mine(watched, mine, min(later, default=None))


def part_of(ctx: Context, session: Session) -> str:
    """What the caller is to a session: nurse, second, prescriber, or one of the site."""
    me = ctx.actor.id
    if me == str(session.nurse_id):
        return "nurse"
    if me == str(session.second_id):
        return "second"
    prescribers = (session.course.prescriber_id, session.plan.signed_by_id)
    return "prescriber" if me in map(str, prescribers) else "site"


def _live(ctx: Context) -> list[Session]:
    rows = Session.objects.filter(state__in=LIVE_STATES).select_related(
        "patient", "chair", "nurse", "second", "course", "plan"
    )
    return list(visible(ctx, rows, "alarm.hear").order_by("chair__order", "opened_at"))


def _open(sessions: Sequence[Session]) -> dict[Session, list[ShownAlarm]]:
    """The open alarms that sound, worst first, by session."""
    if not sessions:
        return {}
    rows = SessionEvent.objects.filter(
        session_id__in=[s.pk for s in sessions], kind__in=_STORY
    ).order_by("position")
    by_session: dict[UUID, list[Event]] = {s.pk: [] for s in sessions}
    for row in rows:
        by_session[row.session_id].append(Event.of(row))
    found = {}
    for session in sessions:
        every = in_order(by_session[session.pk])
        raised = [e for e in every if e.kind == "alarm_raised"]
        alarms = shown_alarms(raised, every)
        found[session] = [a for a in alarms if not a.acknowledged_at and a.level in SOUNDING]
    return found


def _mine(ctx: Context, one: OpenAlarm, now: datetime) -> MyAlarm | None:
    part, step = part_of(ctx, one.session), one.step(now)
    if part == "site" and step < Called.EVERYBODY:
        return None
    return MyAlarm(one, part, step, sounds=step >= _SOUNDS_FROM[part])


def _rank(mine: MyAlarm) -> int:
    levels: Any = ALARM_LEVELS
    return int(levels.index(mine.open.alarm.level))


__all__ = ["Mine", "MyAlarm", "my_alarms", "part_of"]
