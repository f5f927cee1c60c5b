"""What a reading is judged against: the protocol, the baseline, what was read before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ..alarms import Alarm, AlarmLevel, Reading
from ..pack import Protocol
from ..sources import CLINIC_POLICY, Source, cite

#: The measured quantities whose plausible range a protocol states.
MEASURED: Final = (
    "sbp_mmhg",
    "dbp_mmhg",
    "heart_rate_bpm",
    "spo2_percent",
    "respiratory_rate_per_min",
)
HIGHEST_MOAAS: Final = 5


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything one reading is judged against.

    ``earlier`` are the readings before it, oldest first, only with values that can be true;
    ``doubted`` the names of quantities whose last earlier value could not be true. ``baseline``
    is the last full reading before the drug. ``conditions`` are condition codes.
    """

    protocol: Protocol
    baseline: Reading | None
    earlier: Sequence[Reading]
    doubted: frozenset[str]
    conditions: frozenset[str]
    started_at: datetime | None

    def number(self, key: str) -> float:
        """Return a threshold of the protocol."""
        return self.protocol.number(key)

    def minutes(self, key: str) -> timedelta:
        """Return a threshold stated in minutes."""
        return timedelta(minutes=self.number(key))

    def within(self, at: datetime, window: timedelta) -> list[Reading]:
        """The earlier readings not older than ``window``, oldest first."""
        return [old for old in self.earlier if at - old.at <= window]

    def newest(
        self, reading: Reading, window: timedelta, read: Callable[[Reading], float | None]
    ) -> float | None:
        """The newest value of a quantity, this reading included, not older than ``window``."""
        now = read(reading)
        if now is not None:
            return now
        values = (read(old) for old in reversed(self.within(reading.at, window)))
        return next((value for value in values if value is not None), None)


@dataclass(frozen=True, slots=True)
class Said:
    """The words of one alarm: what is the case, the value, what to do, and why it matters."""

    statement: str
    value: str
    look_at: str
    why: str


def over(
    scene: Scene, alarm_id: str, level: AlarmLevel, key: str, said: Said, about: str = ""
) -> Alarm:
    """Return the alarm of a passed threshold, with that threshold's source."""
    source = scene.protocol.threshold(key).source
    return Alarm(
        alarm_id, level, said.statement, said.value, said.look_at, key, source, said.why, about
    )


def by_policy(alarm_id: str, level: AlarmLevel, said: Said, about: str = "") -> Alarm:
    """Return an alarm that passes no number and is clinic policy."""
    source: Source = cite("clinic", CLINIC_POLICY)
    return Alarm(
        alarm_id, level, said.statement, said.value, said.look_at, "", source, said.why, about
    )


def shown(value: float | None) -> str:
    """A number as people read it; "?" where it was not measured."""
    return "?" if value is None else f"{value:g}"


def words(code: str) -> str:
    """A code in plain words."""
    return code.replace("_", " ")


def minutes_between(one: datetime, other: datetime) -> str:
    """The time between two moments in whole minutes, as words."""
    minutes = round(abs((one - other).total_seconds()) / 60)
    return "the same minute" if minutes == 0 else f"{minutes} min"
