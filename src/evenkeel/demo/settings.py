"""What one demonstration was started with, passed to its processes by the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

VARIABLE: Final = "EVENKEEL_DEMO"


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """Seed, opening time (aware), how many people, and the ports of this machine."""

    seed: str
    start: datetime
    people: int
    hl7_port: int
    speed: float = 1.0

    def as_text(self) -> str:
        """The form read by :meth:`from_environment`."""
        parts = (self.start.isoformat(), self.people, self.hl7_port, self.speed, self.seed)
        return "|".join(str(part) for part in parts)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> DemoSettings:
        """The settings of this process. Raises ``KeyError`` outside a demonstration."""
        start, people, hl7_port, speed, seed = environment[VARIABLE].split("|", 4)
        return cls(seed, datetime.fromisoformat(start), int(people), int(hl7_port), float(speed))
