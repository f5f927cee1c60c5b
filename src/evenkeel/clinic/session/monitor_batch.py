"""What a bedside monitor said, as the session takes it: plain values, whatever the wire was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

#: What became of a message.
Outcome = Literal["filed", "tray", "demo", "duplicate", "nothing"]


@dataclass(frozen=True, slots=True)
class FiledReading:
    """Readings of one moment, ``measured_at`` on our clock, ``raw_time`` as the monitor wrote it.

    ``identity`` is the same whenever the monitor repeats this measurement. ``is_periodic`` is true
    for a sweep, false for a measurement made once, such as a cuff.
    """

    measured_at: datetime
    raw_time: str
    values: Mapping[str, float]
    identity: str
    is_periodic: bool = True
    flags: frozenset[str] = frozenset()

    def as_document(self) -> dict[str, Any]:
        """The reading as it waits in the tray."""
        return {
            "measured_at": self.measured_at.isoformat(),
            "raw_time": self.raw_time,
            "values": dict(self.values),
            "identity": self.identity,
            "is_periodic": self.is_periodic,
            "flags": sorted(self.flags),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> FiledReading:
        """From the tray."""
        return cls(
            measured_at=datetime.fromisoformat(document["measured_at"]),
            raw_time=document["raw_time"],
            values=document["values"],
            identity=document["identity"],
            is_periodic=document["is_periodic"],
            flags=frozenset(document["flags"]),
        )


@dataclass(frozen=True, slots=True)
class MonitorBatch:
    """One message. ``device_ids`` most specific first; ``places`` are the names the monitor gives
    to where it stands (bed, point of care); ``patient_ids`` as sent, often none."""

    device_ids: tuple[str, ...]
    device_name: str
    places: tuple[str, ...]
    patient_ids: tuple[str, ...]
    received_at: datetime
    readings: tuple[FiledReading, ...]
    digest: str
    raw: str = ""
    peer: str = ""
    demonstration: bool = False
    clock_offset_s: float | None = None
    kept_aside: int = 0
    counters: Mapping[str, int] = field(default_factory=dict)

    @property
    def device(self) -> str:
        """The name under which the device is counted."""
        return (self.device_ids[0] if self.device_ids else f"peer:{self.peer}")[:80]


@dataclass(frozen=True, slots=True)
class Filing:
    """What became of one message. ``events`` are how many readings were charted."""

    outcome: Outcome
    detail: str = ""
    events: int = 0
