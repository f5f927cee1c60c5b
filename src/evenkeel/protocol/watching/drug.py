"""Where the drug stands: a pure fold over administration events in the order they happened.

Impossible orders are tolerated (events arrive late, are corrected and voided): a resume without a
pause or a second stop changes nothing. What may be *given* is the business of ``doses``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

#: Order of events of one instant: what starts comes before what ends.
RANK: Final = {
    "drawn": -1,
    "infusion_start": 0,
    "device": 1,
    "injection": 1,
    "oral_dose": 1,
    "resume": 2,
    "rate_change": 3,
    "pause": 4,
    "infusion_stop": 5,
    "wasted": 6,
    "put_back": 6,
    "ready": 8,
    "discharged": 9,
}
DOSES: Final = frozenset({"injection", "oral_dose", "device"})
INFUSION: Final = frozenset({"infusion_start", "rate_change", "pause", "resume", "infusion_stop"})
DRUG: Final = DOSES | INFUSION
FIRST_DOSE: Final = frozenset({"infusion_start", "injection", "oral_dose", "device"})


class EventLike(Protocol):
    """What the fold looks at; a stored row and a plain value both are this."""

    @property
    def kind(self) -> str:
        """The kind of event."""

    @property
    def happened_at(self) -> datetime:
        """When it happened, aware."""

    @property
    def body(self) -> dict[str, Any]:
        """What was said of it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Drug running at one rate from ``start`` to ``end`` (``None``: still)."""

    start: datetime
    end: datetime | None
    rate_mg_per_h: float


@dataclass(slots=True)
class Pump:
    """One start of the pump: what it was set to give (``None``: not told), and how it ran.

    ``source`` is the container its drug was drawn from, where one was named.
    """

    planned_mg: float | None
    source: str = ""
    stretches: list[Stretch] = field(default_factory=list)

    def infused_mg(self, at: datetime) -> float:
        """What this start has given by ``at``, at most what it was set to give."""
        total = 0.0
        for one in self.stretches:
            end = min(at, one.end) if one.end else at
            total += one.rate_mg_per_h * max(0.0, (end - one.start).total_seconds()) / 3600
        return total if self.planned_mg is None else min(total, self.planned_mg)


@dataclass(slots=True)
class Drug:
    """What was given, and what is running. Times aware; amounts mg.

    ``pumps`` are the starts of the pump, each by itself: one that ran out gave what it was set to,
    however late it was stopped, and a later start does not make that more. ``planned_mg`` is what
    the earlier starts gave and the newest was set to; ``None`` where that one was not told.
    """

    pumps: list[Pump] = field(default_factory=list)
    doses: list[tuple[datetime, float, str]] = field(default_factory=list)
    devices: list[tuple[datetime, int]] = field(default_factory=list)
    planned_mg: float | None = None
    rate_mg_per_h: float = 0.0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    is_running: bool = False
    is_paused: bool = False
    _since: datetime | None = None

    @property
    def is_infusing(self) -> bool:
        """Whether an infusion has begun and was not stopped."""
        return self.is_running or self.is_paused

    @property
    def running_since(self) -> datetime | None:
        """Since when the pump runs at its present rate; ``None`` where it does not run."""
        return self._since if self.is_running else None

    @property
    def stretches(self) -> list[Stretch]:
        """How the pump ran, every start of it; without what still runs."""
        return [one for pump in self.pumps for one in pump.stretches]

    def infused_mg(self, at: datetime) -> float:
        """What the pump has given by ``at``, each start at most what it was set to give."""
        return sum(pump.infused_mg(at) for pump in self._all_pumps())

    def given_mg(self, at: datetime) -> float:
        """Everything given by ``at``."""
        return self.infused_mg(at) + sum(mg for when, mg, _ in self.doses if when <= at)

    def runs_out_at(self, now: datetime) -> datetime | None:
        """When a running pump will have given what it was set to, if it was told how much."""
        if not self.is_running or self.planned_mg is None or self.rate_mg_per_h <= 0:
            return None
        pump = self.pumps[-1]
        before = sum(
            s.rate_mg_per_h * (s.end - s.start).total_seconds() / 3600
            for s in pump.stretches
            if s.end
        )
        left_mg = max(0.0, (pump.planned_mg or 0.0) - before)
        since = self._since or now
        return since + timedelta(hours=left_mg / self.rate_mg_per_h)

    def state(self) -> str:
        """``before_dose``, ``running``, ``paused`` or ``watching``."""
        if self.is_running:
            return "running"
        if self.is_paused:
            return "paused"
        return "before_dose" if self.started_at is None else "watching"

    def _all_pumps(self) -> list[Pump]:
        """The starts, with what runs now."""
        if not self.is_running or self._since is None:
            return self.pumps
        *ended, pump = self.pumps
        running = Stretch(self._since, None, self.rate_mg_per_h)
        return [*ended, Pump(pump.planned_mg, pump.source, [*pump.stretches, running])]

    def each_pump(self, at: datetime, *, promised: bool = False) -> list[tuple[float, str]]:
        """What each start has given by ``at``, and its source.

        With ``promised`` a start that was not stopped counts for all it was set to give.
        """
        found = [(pump.infused_mg(at), pump.source) for pump in self._all_pumps()]
        if promised and self.is_infusing and self.pumps[-1].planned_mg is not None:
            found[-1] = (self.pumps[-1].planned_mg, self.pumps[-1].source)
        return found

    def _close(self, at: datetime) -> None:
        if self.is_running and self._since is not None and at > self._since:
            self.pumps[-1].stretches.append(Stretch(self._since, at, self.rate_mg_per_h))
        self._since = at

    def take(self, event: EventLike) -> None:
        """Follow one event; those of other kinds change nothing."""
        at, body = event.happened_at, event.body
        if event.kind in DOSES:
            self._dose(event)
        elif event.kind == "infusion_start":
            if self.is_infusing:
                return
            self.started_at = self.started_at or at
            self.rate_mg_per_h = float(body["rate_mg_per_h"])
            told = body.get("planned_mg")
            planned = None if told is None else float(told)
            self.planned_mg = None if planned is None else self.infused_mg(at) + planned
            self.pumps.append(Pump(planned, str(body.get("container_id", ""))))
            self.is_running, self._since = True, at
        elif event.kind == "rate_change" and self.is_infusing:
            self._close(at)
            self.rate_mg_per_h = float(body["rate_mg_per_h"])
        elif event.kind == "pause" and self.is_running:
            self._close(at)
            self.is_running, self.is_paused = False, True
        elif event.kind == "resume" and self.is_paused:
            self.rate_mg_per_h = float(body.get("rate_mg_per_h") or self.rate_mg_per_h)
            self.is_running, self.is_paused, self._since = True, False, at
        elif event.kind == "infusion_stop" and self.is_infusing:
            self._close(at)
            self.is_running = self.is_paused = False
            self._ended(at)

    def _dose(self, event: EventLike) -> None:
        at, body = event.happened_at, event.body
        self.doses.append((at, float(body["dose_mg"]), event.kind))
        if event.kind == "device":
            self.devices.append((at, int(body["number"])))
        self.started_at = self.started_at or at
        self._ended(at)

    def _ended(self, at: datetime) -> None:
        self.ended_at = at if self.ended_at is None else max(self.ended_at, at)


def fold(events: Sequence[EventLike]) -> Drug:
    """The drug after these events, which must stand in the order they happened."""
    drug = Drug()
    for event in events:
        drug.take(event)
    return drug


def fold_until(events: Sequence[EventLike], at: datetime) -> Drug:
    """The drug as it stood at a moment, events of that very moment included."""
    return fold([e for e in events if e.happened_at <= at])
