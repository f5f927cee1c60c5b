"""What became of each alarm: who answered with what, and who was called before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evenkeel.clinic.session.answers import done_words
from evenkeel.clinic.session.moments import AlarmCall, Event, ShownAlarm
from evenkeel.clinic.session.phases import in_order
from evenkeel.protocol.alarms import ALARM_LEVELS


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgment: ``first`` as given, ``newest`` as corrected, or the ``void`` of it.

    What it covers is settled by when it was first given; a correction changes its words only.
    """

    first: Any
    newest: Any

    @property
    def stands(self) -> bool:
        """Whether it was not struck out."""
        return bool(self.newest.kind != "void")


def answers_among(events: Iterable[Any]) -> list[Answer]:
    """Every acknowledgment with the newest word on it, in the order given.

    ``events``: rows or values with ``id``, ``kind``, ``supersedes_id``; others are passed over.
    """
    every = in_order(events)
    after = {str(e.supersedes_id): e for e in every if e.supersedes_id}
    found = []
    for event in every:
        if event.kind != "alarm_acknowledged" or event.supersedes_id:
            continue
        newest = event
        while str(newest.id) in after:
            newest = after[str(newest.id)]
        found.append(Answer(event, newest))
    return found


def shown_alarms(raised: Sequence[Event], every: Iterable[Event]) -> list[ShownAlarm]:
    """Every alarm with its answer and its calls; worst first, then the newest.

    One that was passed by a worse one of its kind is answered with it.
    """
    about = [e for e in every if e.kind in {"alarm_acknowledged", "alarm_escalated", "void"}]
    answers = answers_among(about)
    called = in_order(e for e in about if e.kind == "alarm_escalated")
    by_id = {e.id: e for e in raised}
    shown = []
    for event in raised:
        covering = [a for a in answers if _covers(a.first, event, by_id)]
        calls = [_call(e) for e in called if e.body["alarm_event"] == event.id]
        shown.append(_shown(event, covering, calls))
    return sorted(shown, key=lambda a: (-_rank(a.level), -a.raised_at.timestamp(), a.event_id))


def worst_of_each(alarms: Sequence[ShownAlarm]) -> list[ShownAlarm]:
    """Of alarms of one kind the worst; they come worst first. It stands for the lesser ones."""
    found: dict[str, ShownAlarm] = {}
    for alarm in alarms:
        found.setdefault(alarm.key, alarm)
    return list(found.values())


def _covers(answer: Event, alarm: Event, by_id: dict[str, Event]) -> bool:
    named = by_id.get(answer.body["alarm_event"])
    if named is None:
        return False
    if named.id == alarm.id:
        return True
    return (
        named.body["key"] == alarm.body["key"]
        and _rank(alarm.body["level"]) <= _rank(named.body["level"])
        and alarm.recorded_at <= answer.recorded_at
    )


def _rank(level: str) -> int:
    return ALARM_LEVELS.index(level)  # type: ignore[arg-type]


def _call(event: Event) -> AlarmCall:
    body = event.body
    return AlarmCall(
        at=event.recorded_at,
        to=body["to"],
        name=body.get("to_name", ""),
        after_s=float(body.get("after_s", 0.0)),
        why=body.get("why", ""),
    )


def _shown(event: Event, covering: list[Answer], calls: list[AlarmCall]) -> ShownAlarm:
    body = event.body
    answer = next((a for a in covering if a.stands), None)
    since: datetime = max(
        [event.recorded_at, *(a.newest.recorded_at for a in covering if not a.stands)]
    )
    at = answer.first.recorded_at if answer else None
    changed = answer is not None and answer.newest is not answer.first
    return ShownAlarm(
        event_id=event.id,
        alarm=body["alarm"],
        key=body["key"],
        level=body["level"],
        statement=body["statement"],
        value=body.get("value", ""),
        look_at=body.get("look_at", ""),
        threshold=body.get("threshold", ""),
        source=body.get("source", {}),
        raised_at=event.happened_at,
        acknowledged_by=answer.first.actor_name if answer else "",
        acknowledged_at=at,
        note=answer.newest.body.get("note", "") if answer else "",
        done=done_words(answer.newest.body) if answer else "",
        corrected_by=answer.newest.actor_name if answer and changed else "",
        since=since,
        answered_after_s=(at - event.recorded_at).total_seconds() if at else None,
        calls=tuple(calls),
    )


__all__ = ["Answer", "answers_among", "shown_alarms", "worst_of_each"]
