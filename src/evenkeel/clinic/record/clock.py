"""Where the time comes from. Nothing else in the product asks the machine for the time."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

CLOCK_VARIABLE = "EVENKEEL_CLOCK"


class Clock(Protocol):
    """Anything that can say what time it is."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    speed: float = 1.0

    def now(self) -> datetime:
        """The machine's time in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class FixedClock:
    """A clock that stands still until told otherwise; for histories, replays and tests."""

    at: datetime
    speed: float = 0.0

    def now(self) -> datetime:
        """The time it was set to."""
        return self.at

    def advance(self, by: timedelta) -> datetime:
        """Move forward and return the new time."""
        self.at += by
        return self.at


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A clock that left ``real_start`` showing ``start`` and has run ``speed`` times as fast since.

    Several processes given the same three values agree without talking to each other.
    """

    start: datetime
    real_start_s: float
    speed: float

    def now(self) -> datetime:
        """The scaled time in UTC."""
        return self.start + timedelta(seconds=(time.time() - self.real_start_s) * self.speed)

    def as_text(self) -> str:
        """The form read by :func:`system_clock` from the environment."""
        return f"{self.start.isoformat()}|{self.real_start_s!r}|{self.speed!r}"


@lru_cache(maxsize=4)
def _parse(text: str) -> Clock:
    start, real_start_s, speed = text.split("|")
    return ScaledClock(datetime.fromisoformat(start), float(real_start_s), float(speed))


def system_clock() -> Clock:
    """The clock of this process: the machine's, or the demo's scaled one from the environment."""
    text = os.environ.get(CLOCK_VARIABLE, "")
    return _parse(text) if text else SystemClock()
