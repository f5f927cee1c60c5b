"""Who gets which questionnaire when: schedules as data, and the occasions that follow. Pure.

A schedule is one JSON file; the clinic's own stand in the folder ``schedules`` of its installation
and go before those that ship. A course follows the schedule that names its programme, else the one
that names ``*``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from evenkeel.instruments import UnknownInstrumentError, load

SHIPPED: Final = Path(__file__).parent / "schedules"
#: The states in which a course is measured unless an entry says otherwise.
TREATED: Final = ("induction", "maintenance")
STATES: Final = ("referred", "screening", "consented", "induction", "maintenance", "paused")
_ID = re.compile(r"[a-z][a-z0-9_]{0,29}", re.ASCII)
_KINDS: Final = ("opening", "before_session", "after_session", "every")
_LONGEST_H: Final = 24 * 366


class ScheduleError(ValueError):
    """A schedule file that contradicts itself; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: which instruments, when they open, when they are due and how long they stay open.

    ``kind`` with ``offset``: ``opening`` (from the opening of the course), ``before_session`` and
    ``after_session`` (so long before or after), ``every`` (so long apart, from the first dose).
    """

    id: str
    label: str
    instruments: tuple[str, ...]
    kind: str
    offset: timedelta
    due: timedelta
    open_for: timedelta
    states: tuple[str, ...]
    skip_if_answered: timedelta


@dataclass(frozen=True, slots=True)
class Schedule:
    """A named schedule with its source and mark."""

    id: str
    title: str
    programmes: tuple[str, ...]
    entries: tuple[Entry, ...]
    statement: str
    source: str
    mark: str


@dataclass(frozen=True, slots=True)
class Moments:
    """What a schedule hangs on: when the course opened, sessions given and sessions booked.

    ``given`` and ``booked`` are (number, key, moment), the key naming it for ever.
    """

    state: str
    opened_at: datetime
    given: tuple[tuple[int, str, datetime], ...] = ()
    booked: tuple[tuple[int, str, datetime], ...] = ()
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Occasion:
    """One instrument at one place of the schedule. ``key`` is the same whenever it is computed."""

    key: str
    label: str
    instrument: str
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    skip_if_answered: timedelta

    def is_open(self, now: datetime) -> bool:
        """Whether it is to be asked at ``now``."""
        return self.opens_at <= now < self.closes_at


def occasions(
    schedule: Schedule, moments: Moments, *, since: datetime, until: datetime
) -> list[Occasion]:
    """Every occasion of a course that opens before ``until`` and closes after ``since``, in order.

    What belongs to a state the course is not in is left out: a paused course asks nothing.
    """
    found: list[Occasion] = []
    for entry in schedule.entries:
        if moments.state not in entry.states:
            continue
        for number, anchor, opens_at in _openings(entry, moments, since, until):
            closes_at = opens_at + entry.open_for
            if opens_at >= until or closes_at <= since:
                continue
            if moments.closed_at is not None and opens_at >= moments.closed_at:
                continue
            found += [
                Occasion(
                    key=f"{schedule.id}.{entry.id}.{instrument}.{anchor}",
                    label=entry.label.replace("{number}", str(number)),
                    instrument=instrument,
                    opens_at=opens_at,
                    due_at=opens_at + entry.due,
                    closes_at=closes_at,
                    skip_if_answered=entry.skip_if_answered,
                )
                for instrument in entry.instruments
            ]
    return sorted(found, key=lambda o: (o.opens_at, o.key))


def _openings(
    entry: Entry, moments: Moments, since: datetime, until: datetime
) -> Iterator[tuple[int, str, datetime]]:
    """(number, anchor, moment it opens) of each time the entry comes round."""
    if entry.kind == "opening":
        yield 0, "0", moments.opened_at
    elif entry.kind == "before_session":
        for number, key, at in moments.booked:
            yield number, key, at - entry.offset
    elif entry.kind == "after_session":
        for number, key, at in moments.given:
            yield number, key, at + entry.offset
    elif moments.given:
        first = min(at for _, _, at in moments.given)
        number = max(1, (since - entry.open_for - first) // entry.offset)
        while (opens_at := first + number * entry.offset) < until:
            yield number, str(number), opens_at
            number += 1


def schedule_for(programme: str, schedules: Iterable[Schedule]) -> Schedule:
    """The schedule that names ``programme``, else the one for all. Raises ``ScheduleError``."""
    every = list(schedules)
    named = next((s for s in every if programme and programme in s.programmes), None)
    found = named or next((s for s in every if "*" in s.programmes), None)
    if found is None:
        raise ScheduleError("no schedule names the programme '*'")
    return found


def read_schedules(folders: Sequence[Path]) -> tuple[Schedule, ...]:
    """The schedules in ``folders``; where two carry one id, the one in the earlier folder stands.

    Raises ``ScheduleError`` naming the file and the entry.
    """
    found: dict[str, Schedule] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.json")):
            schedule = read_schedule(path)
            found.setdefault(schedule.id, schedule)
    return tuple(found.values())


@cache
def shipped_schedules() -> tuple[Schedule, ...]:
    """The schedules that ship, read once."""
    return read_schedules([SHIPPED])


def read_schedule(path: Path) -> Schedule:
    """The schedule in a file. Raises ``ScheduleError`` naming the file and the entry."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ScheduleError(f"{path.name}: cannot be read as JSON: {error}") from None
    if not isinstance(value, dict):
        raise ScheduleError(f"{path.name}: must be an object")
    name = value.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name) or path.stem != name:
        raise ScheduleError(f"{path.name}: id must be the file's name in small letters")
    entries = value.get("entries")
    if not isinstance(entries, list) or not entries:
        raise ScheduleError(f"{path.name}: entries must be a list that is not empty")
    read = tuple(_entry(path.name, one) for one in entries)
    if len({entry.id for entry in read}) < len(read):
        raise ScheduleError(f"{path.name}: an entry's id is used twice")
    programmes = value.get("programmes")
    if not isinstance(programmes, list) or not all(isinstance(p, str) for p in programmes):
        raise ScheduleError(f"{path.name}: programmes must be a list of names, or ['*']")
    texts = {key: _text(path.name, value, key) for key in ("title", "statement", "source", "mark")}
    return Schedule(id=name, programmes=tuple(programmes), entries=read, **texts)


def _entry(file: str, value: object) -> Entry:
    if not isinstance(value, dict):
        raise ScheduleError(f"{file}: an entry must be an object")
    name = value.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise ScheduleError(f"{file}: an entry's id must be small letters, digits, underscores")
    where = f"{file}: entry {name}"
    instruments = value.get("instruments")
    if not isinstance(instruments, list) or not instruments:
        raise ScheduleError(f"{where}: instruments must be a list that is not empty")
    for each in instruments:
        try:
            load(str(each))
        except UnknownInstrumentError as error:
            raise ScheduleError(f"{where}: {error}") from None
    when = value.get("when")
    kind = when.get("kind") if isinstance(when, dict) else None
    if not isinstance(when, dict) or kind not in _KINDS:
        raise ScheduleError(f"{where}: when.kind is not one of {', '.join(_KINDS)}")
    states = value.get("states", list(TREATED))
    if not isinstance(states, list) or not states or set(states) - set(STATES):
        raise ScheduleError(f"{where}: states must be some of {', '.join(STATES)}")
    offset_h = 0.0
    if kind in ("before_session", "after_session"):
        offset_h = _hours(where, when, "hours")
    elif kind == "every":
        offset_h = 24 * _hours(where, when, "days")
    due_h, open_h = _hours(where, value, "due_h"), _hours(where, value, "open_h")
    if due_h > open_h:
        raise ScheduleError(f"{where}: due_h is after open_h, when it closes")
    skip_h = _hours(where, value, "skip_if_answered_h") if "skip_if_answered_h" in value else 0.0
    return Entry(
        id=name,
        label=_text(where, value, "label"),
        instruments=tuple(str(each) for each in instruments),
        kind=str(kind),
        offset=timedelta(hours=offset_h),
        due=timedelta(hours=due_h),
        open_for=timedelta(hours=open_h),
        states=tuple(states),
        skip_if_answered=timedelta(hours=skip_h),
    )


def _text(where: str, value: Mapping[str, Any], key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str) or not text.strip() or len(text) > 400:
        raise ScheduleError(f"{where}: {key} must be a text of at most 400 letters")
    return text


def _hours(where: str, value: Mapping[str, Any], key: str) -> float:
    number = value.get(key)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ScheduleError(f"{where}: {key} must be a number")
    if not 0 < number <= _LONGEST_H:
        raise ScheduleError(f"{where}: {key} must be above 0 and at most {_LONGEST_H}")
    return float(number)
