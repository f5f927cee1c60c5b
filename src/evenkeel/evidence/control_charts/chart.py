"""A chart drawn up: its points with center, limits and signals, phase by phase."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from evenkeel.evidence.control_charts import limits as lim
from evenkeel.evidence.control_charts.rules import middle_of, signals

#: From the first so many points on limits are held; up to there each point moves them. Provost and
#: Murray ask for 20 to 30 points of individuals (The Health Care Data Guide, 2011, page 155).
BASELINE_POINTS: Final = 20
#: With fewer there are no limits, only the points and their center (NHS Making Data Count's tool).
FEWEST_FOR_LIMITS: Final = 12
#: With fewer there is nothing to draw. Clinic policy.
FEWEST_TO_DRAW: Final = 6

#: "flat": enough points, and none of them differs from the others, so that there are no limits.
State = Literal["too_few", "no_limits", "flat", "trial", "held"]


@dataclass(frozen=True, slots=True)
class Point:
    """``events`` of ``of`` cases or units; a measured value or a gap has ``of`` 1.

    ``of`` 0 says that nothing could have happened: the point has no value.
    """

    events: float
    of: float = 1.0

    @property
    def value(self) -> float | None:
        """What is drawn."""
        return self.events / self.of if self.of > 0 else None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of chart."""

    key: str
    name: str
    #: What it is for, in words.
    suits: str
    base: Callable[[Sequence[Point]], lim.Baseline]
    limits: Callable[[lim.Baseline, Point], lim.Limits]


def _events(points: Sequence[Point]) -> list[float]:
    return [p.events for p in points]


def _of(points: Sequence[Point]) -> list[float]:
    return [p.of for p in points]


KINDS: Final[Mapping[str, Kind]] = {
    kind.key: kind
    for kind in (
        Kind(
            "xmr",
            "XmR chart",
            "counts and times, one value a period",
            lambda points: lim.xmr_baseline(_events(points)),
            lambda base, point: lim.xmr_limits(base),
        ),
        Kind(
            "p",
            "p-prime chart",
            "a share: so many of so many",
            lambda points: lim.p_baseline(_events(points), _of(points)),
            lambda base, point: lim.p_limits(base, point.of),
        ),
        Kind(
            "u",
            "u-prime chart",
            "a rate: how many for each case, where one case can have several",
            lambda points: lim.u_baseline(_events(points), _of(points)),
            lambda base, point: lim.u_limits(base, point.of),
        ),
        Kind(
            "g",
            "g chart",
            "rare things: how many cases lie between two",
            lambda points: lim.g_baseline(_events(points)),
            lambda base, point: lim.g_limits(base),
        ),
        Kind(
            "t",
            "t chart",
            "rare things: how much time lies between two",
            lambda points: lim.t_baseline(_events(points)),
            lambda base, point: lim.t_limits(base),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Read:
    """One point as it is read: ``signals`` are keys of the rules, ``phase`` counts from 0."""

    point: Point
    value: float | None
    center: float | None
    low: float | None
    high: float | None
    signals: tuple[str, ...]
    phase: int
    in_baseline: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole. ``state`` is that of the newest phase; ``baseline`` counts its points."""

    kind: Kind
    points: tuple[Read, ...]
    state: State
    baseline: int

    @property
    def signaled(self) -> tuple[Read, ...]:
        """The points that are no chance."""
        return tuple(point for point in self.points if point.signals)


def draw_up(
    kind: str,
    points: Sequence[Point],
    starts: Sequence[int] = (),
    never_below: float | None = None,
) -> Chart:
    """Read ``points``, in order of time, as a chart of this kind.

    ``starts`` are places at which a known change begins a new phase with limits of its own.
    ``never_below`` is what no value can be below: a limit there or lower is none. Raises
    ``KeyError`` for an unknown kind, ``ValueError`` for a point with fewer than no events or cases,
    or a share above all.
    """
    found = KINDS[kind]
    for point in points:
        if (point.events < 0 and kind != "xmr") or point.of < 0:
            raise ValueError(f"not a point of a {found.name}: {point}")
        if kind == "p" and point.events > point.of:
            raise ValueError(f"more events than cases: {point}")
    edges = sorted({0, *(s for s in starts if 0 < s < len(points)), len(points)})
    read: list[Read] = []
    state: State = "too_few"
    used = 0
    for phase, (first, last) in enumerate(pairwise(edges)):
        some, state, used = _phase(found, points[first:last], phase, never_below)
        read += some
    return Chart(found, tuple(read), state, used)


def _phase(
    kind: Kind, points: Sequence[Point], phase: int, floor: float | None
) -> tuple[list[Read], State, int]:
    held = [place for place, point in enumerate(points) if point.value is not None]
    in_base = set(held[:BASELINE_POINTS])
    state = _state(len(held))
    if not in_base or state == "too_few":
        bare = [Read(p, p.value, None, None, None, (), phase, False) for p in points]
        return bare, state, len(in_base)
    base = kind.base([points[place] for place in sorted(in_base)])
    each = [kind.limits(base, p if p.of > 0 else Point(0.0)) for p in points]
    # a baseline in which nothing varied, or nothing happened, says nothing of chance
    flat = kind.key != "g" and base.sigma == 0
    shown = state in ("trial", "held") and not flat and base.center > 0
    if state in ("trial", "held") and not shown:
        state = "flat"
    lows = [_above(limit.low, floor) if shown else None for limit in each]
    highs = [limit.high if shown else None for limit in each]
    centers = [limit.center for limit in each]
    values = [p.value for p in points]
    middle = middle_of([v for place in sorted(in_base) if (v := values[place]) is not None])
    broken = signals(values, middle, lows, highs) if shown else [()] * len(points)
    found = [
        Read(p, values[i], centers[i], lows[i], highs[i], broken[i], phase, i in in_base)
        for i, p in enumerate(points)
    ]
    return found, state, len(in_base)


def _above(low: float | None, floor: float | None) -> float | None:
    return None if low is None or (floor is not None and low <= floor) else low


def _state(useful: int) -> State:
    if useful < FEWEST_TO_DRAW:
        return "too_few"
    if useful < FEWEST_FOR_LIMITS:
        return "no_limits"
    return "trial" if useful < BASELINE_POINTS else "held"
