"""Scores counted: how often the bands held, how far off they were, how sharp, and what that means.

Readings of one session resemble each other, so a session, not a reading, is what is independent:
the variance of a share is worked out between sessions (linearized ratio, Cochran 1977, section
11.8), and the Wilson interval (1927, doi:10.1080/01621459.1927.10502953) is taken for as many
readings as that variance is worth, never more than there are (Korn and Graubard 1998 for such
counts in surveys).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .score import UNITS, Score

Array = NDArray[np.float64]

#: Edges (min) of the bins of time, and of the number of readings of the kind before.
MINUTES = (0.0, 15.0, 30.0, 45.0, 60.0, 90.0, 150.0)
READINGS = (0, 1, 2, 3, 5, 8, 12)
#: From so many readings of its kind on, a forecast has learned. [design: "after three"]
LEARNED_AFTER = 3
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval, all between 0 and 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What some scores of one endpoint amount to.

    ``coverage_50`` and ``coverage_90`` are the shares of readings in the bands (steps of a ladder
    counted in part, see ``Score``); ``drawn_90`` is the plain share inside the band as drawn.
    ``crps``, ``crps_prior``, ``width_50`` and ``width_90`` are means in the unit of the reading.
    ``skill`` is 1 - crps / crps_prior with its 95 % interval (0 is no better than without learning,
    1 perfect); None where the prior was never off at all. ``pit`` is the mean place of the readings
    in the forecast: 0.5 in the middle, above it the readings are higher than forecast.
    """

    readings: int
    sessions: int
    coverage_50: Share
    coverage_90: Share
    drawn_90: float
    crps: float
    crps_prior: float
    skill: tuple[float, float, float] | None
    width_50: float
    width_90: float
    pit: float
    surprising: Share

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def tally(scores: Iterable[Score], by: str = "endpoint") -> dict[tuple[str, str], Tally]:
    """(endpoint, group) -> what its scores amount to, in the order of endpoints and groups.

    ``by`` is one of ``BY``: ``endpoint`` (one group, "all"), ``minute``, ``session`` (its number)
    or ``readings`` (of the same kind before). Raises ``ValueError`` for another.
    """
    if by not in BY:
        raise ValueError(f"scores are counted by {', '.join(BY)}, not {by!r}")
    groups: dict[tuple[int, float, str, str], list[Score]] = {}
    places = {kind: i for i, kind in enumerate(UNITS)}
    for one in scores:
        order, name = BY[by](one)
        groups.setdefault((places[one.kind], order, one.kind, name), []).append(one)
    return {key[2:]: tallied(groups[key]) for key in sorted(groups)}


def tallied(scores: Sequence[Score]) -> Tally:
    """What scores of one endpoint amount to. Raises ``ValueError`` for none."""
    if not scores:
        raise ValueError("there is nothing to count")
    clusters = _clusters(scores)
    crps, prior = _column(scores, "crps"), _column(scores, "crps_prior")
    return Tally(
        readings=len(scores),
        sessions=int(clusters.max()) + 1,
        coverage_50=share(_column(scores, "share_50"), clusters),
        coverage_90=share(_column(scores, "share_90"), clusters),
        drawn_90=float(_column(scores, "inside_90").mean()),
        crps=float(crps.mean()),
        crps_prior=float(prior.mean()),
        skill=_skill(crps, prior, clusters),
        width_50=float(_column(scores, "width_50").mean()),
        width_90=float(_column(scores, "width_90").mean()),
        pit=float(_column(scores, "pit").mean()),
        surprising=share(_column(scores, "surprising"), clusters),
    )


def learned(scores: Iterable[Score], after: int = LEARNED_AFTER) -> list[Score]:
    """Those of readings that came when ``after`` of their kind had been read in the session."""
    return [one for one in scores if one.same_so_far >= after]


def share(values: Array, clusters: NDArray[np.int64]) -> Share:
    """The mean of values (n,) from 0 to 1, with a Wilson interval for readings in clusters (n,)."""
    n, mean = len(values), float(values.mean())
    spread = mean * (1.0 - mean)
    worth = float(n)
    variance = _variance(values, np.ones(n), clusters)
    if variance > 0.0 and spread > 0.0:
        worth = min(worth, max(spread / variance, 1.0))
    center = (mean + _Z**2 / (2.0 * worth)) / (1.0 + _Z**2 / worth)
    half = _Z / (1.0 + _Z**2 / worth) * np.sqrt(spread / worth + _Z**2 / (4.0 * worth**2))
    return Share(mean, max(0.0, float(center - half)), min(1.0, float(center + half)))


def _skill(
    crps: Array, prior: Array, clusters: NDArray[np.int64]
) -> tuple[float, float, float] | None:
    if not prior.sum() > 0.0:
        return None
    skill = 1.0 - float(crps.sum() / prior.sum())
    half = _Z * float(np.sqrt(_variance(crps, prior, clusters)))
    return skill, skill - half, skill + half


def _variance(above: Array, below: Array, clusters: NDArray[np.int64]) -> float:
    """Of the ratio of two sums, between clusters; 0 for one cluster, of which nothing is known."""
    count = int(clusters.max()) + 1
    if count < 2:
        return 0.0
    ratio = above.sum() / below.sum()
    off = np.bincount(clusters, above - ratio * below, minlength=count)
    return float(count / (count - 1.0) * np.square(off).sum() / below.sum() ** 2)


def _clusters(scores: Sequence[Score]) -> NDArray[np.int64]:
    names: dict[str, int] = {}
    return np.array([names.setdefault(one.session_id, len(names)) for one in scores])


def _column(scores: Sequence[Score], name: str) -> Array:
    return np.array([float(getattr(one, name)) for one in scores])


def _minutes(value: float) -> tuple[float, str]:
    for low, high in pairwise(MINUTES):
        if value < high:
            return low, f"{low:g}-{high:g} min"
    return MINUTES[-1], f"{MINUTES[-1]:g} min on"


def _before(count: int) -> tuple[float, str]:
    for low, high in pairwise(READINGS):
        if count < high:
            return float(low), f"{low}" if high - low == 1 else f"{low}-{high - 1}"
    return float(READINGS[-1]), f"{READINGS[-1]} on"


BY: dict[str, Callable[[Score], tuple[float, str]]] = {
    "endpoint": lambda one: (0.0, "all"),
    "minute": lambda one: _minutes(one.minute),
    "session": lambda one: (float(one.session_number), str(one.session_number)),
    "readings": lambda one: _before(one.same_so_far),
}
