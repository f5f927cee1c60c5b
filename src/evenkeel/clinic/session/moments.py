"""The parts of a timeline, as plain values. Times are aware."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a plain value. Times aware; ``id`` and ``supersedes_id`` are text."""

    id: str
    kind: str
    happened_at: datetime
    recorded_at: datetime
    position: int
    actor_id: str
    actor_name: str
    via: str
    body: dict[str, Any]
    supersedes_id: str | None = None
    raw_time: str = ""

    @classmethod
    def of(cls, row: Any) -> Event:
        """From a stored row."""
        return cls(
            id=str(row.pk),
            kind=row.kind,
            happened_at=row.happened_at,
            recorded_at=row.recorded_at,
            position=row.position,
            actor_id=row.actor_id,
            actor_name=row.actor_name,
            via=row.via,
            body=row.body,
            supersedes_id=str(row.supersedes_id) if row.supersedes_id else None,
            raw_time=row.raw_time,
        )


@dataclass(frozen=True, slots=True)
class SessionMeta:
    """What a timeline needs beside the events: the row that was written at opening."""

    product: str
    opened_at: datetime
    planned_mg: float | None = None
    concentration_mg_ml: float | None = None
    nurse_id: str = ""
    nurse_name: str = ""
    second_id: str = ""
    second_name: str = ""
    ledger: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of one quantity."""

    at: datetime
    value: float
    event_id: str
    via: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Last:
    """The newest value of a quantity, its age in seconds, and its change from the baseline."""

    value: float
    at: datetime
    age_s: float
    via: str
    flags: tuple[str, ...]
    from_baseline: float | None


@dataclass(frozen=True, slots=True)
class AlarmCall:
    """Somebody was called because an alarm stood unanswered: ``to`` is "second" or "everybody".

    ``after_s`` is how long the alarm had stood then, ``why`` what was missing, if anything.
    """

    at: datetime
    to: str
    name: str
    after_s: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class ShownAlarm:
    """An alarm that was raised, who has answered it with what, and who was called before.

    ``since`` is when it was recorded, or when its answer was struck out.
    """

    event_id: str
    alarm: str
    key: str
    level: str
    statement: str
    value: str
    look_at: str
    threshold: str
    source: dict[str, str]
    raised_at: datetime
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    note: str = ""
    done: str = ""
    corrected_by: str = ""
    since: datetime | None = None
    answered_after_s: float | None = None
    calls: tuple[AlarmCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A free note, from its own event or from an observation."""

    at: datetime
    text: str
    by: str
    quoted: bool
    event_id: str


@dataclass(frozen=True, slots=True)
class CheckState:
    """One check before the dose: ``ok`` true, false, or ``None`` while it was not asked."""

    name: str
    label: str
    ok: bool | None
    note: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A corrected or voided event, and what took its place."""

    event_id: str
    kind: str
    happened_at: datetime
    by: str
    body: dict[str, Any]
    replaced_by: str
    how: str
    replaced_at: datetime
    replaced_by_name: str


@dataclass(frozen=True, slots=True)
class Given:
    """One step of giving the drug, for the strip under the chart."""

    event_id: str
    kind: str
    at: datetime
    by: str
    body: dict[str, Any]
