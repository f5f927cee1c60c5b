"""Looks at every live session once a second: overdue vitals, silent monitors, alarms that nobody
answers, waiting stops."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import DatabaseError, close_old_connections

from evenkeel.clinic.record.act import Context, system_actor, together
from evenkeel.clinic.record.clock import Clock, FixedClock, system_clock
from evenkeel.clinic.record.models import Heartbeat
from evenkeel.clinic.record.queue import WritersQueue
from evenkeel.clinic.session import spool
from evenkeel.clinic.session.calling import with_calls
from evenkeel.clinic.session.escalating import DueCall, due_calls, write_call
from evenkeel.clinic.session.models import (
    LIVE_STATES,
    Monitor,
    MonitorStatus,
    Session,
    SessionEvent,
)
from evenkeel.clinic.session.queries import board_timelines
from evenkeel.clinic.session.raising import (
    alarm_body,
    alarm_event_id,
    protocol_of,
    raise_alarm,
    rank,
)
from evenkeel.clinic.session.timeline import Timeline, last_vitals_at
from evenkeel.protocol.alarms import Alarm
from evenkeel.protocol.schedule import overdue
from evenkeel.protocol.sources import CLINIC_POLICY, cite

log = logging.getLogger("evenkeel.watch")
HEARTBEAT: Final = "watcher"
EVERY_S: Final = 1.0
#: The watch leaves a sign of life every second or so; silence this long is shown and sounded. It
#: must be less than the shortest time after which a call may fall due. Clinic policy.
WATCHER_SILENT_S: Final = 20
#: A monitor is silent after this long, or after four of its usual intervals. Clinic policy.
SILENT_AFTER_S: Final = 120.0
SILENT_INTERVALS: Final = 4.0


@dataclass(frozen=True, slots=True)
class _Due:
    """An alarm that should stand, and the id of its event."""

    session: Session
    alarm: Alarm
    event_id: Any
    happened_at: datetime


def tick(now: datetime) -> int:
    """Raise what is due at ``now`` and call whom an unanswered alarm calls; returns how many
    alarms are new.

    Asked again it raises and calls nothing twice: the id of an alarm follows from its session, its
    level and what it waits for, that of a call from its alarm. Where the record cannot be written
    both go to the spool.
    """
    sessions = list(
        Session.objects.filter(state__in=LIVE_STATES).select_related(
            "nurse", "second", "patient", "chair"
        )
    )
    timelines = board_timelines(sessions, now)
    due = [one for s in sessions if (one := _late_vitals(s, timelines[s.pk], now)) is not None]
    due += _silent_monitors(sessions, timelines, now)
    open_now = with_calls([(s, timelines[s.pk].open_alarms) for s in sessions])
    calls = due_calls(open_now, now)
    ids = [one.event_id for one in (*due, *calls)]
    known = set(SessionEvent.objects.filter(pk__in=ids).values_list("pk", flat=True))
    new = [one for one in due if one.event_id not in known]
    unwritten = [call for call in calls if call.event_id not in known]
    if new or unwritten:
        _write_all(new, unwritten, now)
    return len(new)


def _write_all(new: list[_Due], calls: list[DueCall], now: datetime) -> None:
    ctx = Context(system_actor(HEARTBEAT), FixedClock(now), via="watcher")
    try:
        with together():
            for one in new:
                raise_alarm(
                    ctx,
                    session=one.session,
                    event_id=one.event_id,
                    happened_at=one.happened_at,
                    body=alarm_body(one.alarm),
                )
            for call in calls:
                write_call(ctx, call)
    except DatabaseError:
        for one in new:
            spool.journal_alarm(
                one.session.pk, one.event_id, one.happened_at, alarm_body(one.alarm)
            )
        for call in calls:
            spool.journal_alarm(
                call.session.pk, call.event_id, call.happened_at, call.body, what="call"
            )
        raise


def _late_vitals(session: Session, timeline: Timeline, now: datetime) -> _Due | None:
    """The overdue alarm of a session, one a set of vitals and level."""
    if timeline.next_vitals_at is None or not timeline.vitals_overdue_level:
        return None
    alarm = overdue(
        last_vitals_at(timeline.series),
        timeline.started_at,
        timeline.ended_at,
        now,
        protocol_of(session),
    )
    if alarm is None:
        return None
    waits_for = timeline.next_vitals_at.isoformat()
    event_id = alarm_event_id(f"{session.pk}|{waits_for}", f"{alarm.id}|{alarm.level}")
    return _Due(session, alarm, event_id, now)


def _silent_monitors(
    sessions: list[Session], timelines: dict[Any, Timeline], now: datetime
) -> list[_Due]:
    """An alarm for each registered monitor that spoke in this session and stopped."""
    by_chair = {s.chair_id: s for s in sessions if s.chair_id is not None}
    monitors = Monitor.objects.filter(active=True, chair_id__in=by_chair)
    names = {m.identifier: m for m in monitors}
    found = []
    for status in MonitorStatus.objects.filter(pk__in=names):
        session = by_chair[names[status.identifier].chair_id]
        silent = now - status.last_heard_at
        usual_s = float(status.counters.get("usual_gap_s", 0.0))
        limit = timedelta(seconds=max(SILENT_AFTER_S, SILENT_INTERVALS * usual_s))
        if status.last_heard_at < session.opened_at or silent <= limit:
            continue
        found.append(_silent(session, status, silent))
    return [one for one in found if not _stands_open(timelines[one.session.pk], one.alarm)]


def _silent(session: Session, status: MonitorStatus, silent: timedelta) -> _Due:
    minutes = int(silent.total_seconds() // 60)
    alarm = Alarm(
        id="monitor.silent",
        level="review",
        statement="The bedside monitor has stopped sending",
        value=f"{minutes} min",
        look_at="Look at the person and the monitor; its cable, network and power.",
        threshold="",
        source=cite("clinic", CLINIC_POLICY),
    )
    heard = status.last_heard_at
    event_id = alarm_event_id(f"{session.pk}|{status.identifier}|{heard.isoformat()}", alarm.id)
    return _Due(session, alarm, event_id, heard + silent)


def _stands_open(timeline: Timeline, alarm: Alarm) -> bool:
    return any(
        a.key == alarm.id and rank(a.level) >= rank(alarm.level) for a in timeline.open_alarms
    )


def beat(name: str, now: datetime, **detail: Any) -> None:
    """Leave a sign of life of a part others depend on."""
    with WritersQueue():
        Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now, "detail": detail})


def run_watcher(stop: threading.Event, clock: Clock | None = None) -> None:
    """Watch until told to stop. An error is logged and the watching goes on.

    A tick that failed leaves no sign of life, so that screens show the watcher as dead.
    """
    clock = clock or system_clock()
    while not stop.is_set():
        try:
            close_old_connections()
            now = clock.now()
            spool.replay_spool(clock)
            tick(now)
            beat(HEARTBEAT, now, waiting=spool.waiting())
        except Exception:
            log.exception("the watcher stumbled")
        stop.wait(EVERY_S)
