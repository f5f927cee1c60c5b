"""Where a person is on the way of their program. Pure: dates in, visits with their state out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from evenkeel.clinic.programs.parts import Program, Visit

WORDS = {"preparation": "Preparation", "dosing": "Dosing session", "integration": "Integration"}


@dataclass(frozen=True, slots=True)
class Stop:
    """One visit of the way. ``state``: done, next, ahead, or passed where a later one is done.

    ``at`` is when it was, or when it is booked for.
    """

    visit: Visit
    state: str
    at: datetime | None = None

    @property
    def label(self) -> str:
        """What the visit is called: "Dosing session 3"."""
        return f"{WORDS[self.visit.kind]} {self.visit.number}"


@dataclass(frozen=True, slots=True)
class Way:
    """The whole way: its stops, the next one, and what was held beyond it."""

    stops: tuple[Stop, ...]
    beyond: Mapping[str, int]

    @property
    def next(self) -> Stop | None:
        """The next visit; ``None`` at the end of the way."""
        return next((stop for stop in self.stops if stop.state == "next"), None)

    @property
    def done(self) -> int:
        """How many visits are done."""
        return sum(stop.state == "done" for stop in self.stops)

    @property
    def passed(self) -> tuple[Stop, ...]:
        """Visits that were left out: a later one has been held."""
        return tuple(stop for stop in self.stops if stop.state == "passed")

    @property
    def is_past_preparation(self) -> bool:
        """Whether a dose was given."""
        return any(s.state == "done" and s.visit.kind == "dosing" for s in self.stops)


def way_of(
    program: Program,
    held: Mapping[str, Sequence[datetime]],
    booked: Mapping[str, Sequence[datetime]],
) -> Way:
    """The way with what was held and what is booked, both by kind and in order of time.

    The visits of a kind are held in their order: the second dose is dose 2, whichever talk was
    left out before it.
    """
    is_done = [visit.number <= len(held.get(visit.kind, ())) for visit in program.visits]
    last = max((n for n, done in enumerate(is_done) if done), default=-1)
    stops: list[Stop] = []
    found_next = False
    for place, visit in enumerate(program.visits):
        mine = held.get(visit.kind, ())
        ahead = visit.number - len(mine) - 1
        times = booked.get(visit.kind, ())
        if is_done[place]:
            stops.append(Stop(visit, "done", mine[visit.number - 1]))
            continue
        at = times[ahead] if ahead < len(times) else None
        if place < last:
            stops.append(Stop(visit, "passed", at))
        elif not found_next:
            found_next = True
            stops.append(Stop(visit, "next", at))
        else:
            stops.append(Stop(visit, "ahead", at))
    beyond = {
        kind: len(times) - program.count(kind)
        for kind, times in held.items()
        if len(times) > program.count(kind)
    }
    return Way(tuple(stops), beyond)
