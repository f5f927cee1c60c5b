"""Relapse: how likely the illness is to come back, over time.

    h(t) = h0 exp(-beta A exp(eta) + gamma (R - R0))

A exp(eta) is the drug's effect on this person, R the severity there would be without drug and
expectation. Expectation has no part in it. The hazard is integrated on a grid of its own, so that
what is read at one time does not depend on which other times were asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..model import Model
from ..people import People
from ..plan import check_times
from ..regimen import Regimen
from ..solve import Kernel
from .course import MoodPeople, course
from .form import Form, Values
from .parameters import MoodError, load_mood

Array = NDArray[np.float64]

#: Distance of the grid (h).
GRID_H = 6.0
#: People worked on together, so that memory stays bounded.
CHUNK = 512
HOURS_PER_DAY = 24.0


def hazard_per_h(
    drug_effect_points: Array, residual_madrs: Array, values: Values | None = None
) -> Array:
    """The hazard of relapse per hour, of the shape of its inputs (MADRS points).

    ``values`` are ``hazard_per_day``, ``effect_slope_per_point`` and ``residual_slope_per_point``;
    those fitted beside the default form if not given.
    """
    known = load_mood()
    own = known.values(f"relapse_{known.default}") if values is None else values
    above = residual_madrs - known.value("relapse", "residual_reference_madrs")
    logarithm = (
        own["residual_slope_per_point"] * above - own["effect_slope_per_point"] * drug_effect_points
    )
    found: Array = own["hazard_per_day"] / HOURS_PER_DAY * np.exp(logarithm)
    return found


@dataclass(frozen=True, eq=False)
class RelapseCourse:
    """Cumulative hazard of each person, (n, G), on a grid (G,) in hours from ``grid_h[0]`` on."""

    grid_h: Array
    cumulative_hazard: Array
    failed: NDArray[np.bool_]

    def survival(self, times_h: object) -> Array:
        """(n, T) probability of no relapse from the start of the grid to ``times_h`` (T,)."""
        times = check_times(times_h)
        if times[0] < self.grid_h[0] - 1e-9 or times[-1] > self.grid_h[-1] + 1e-9:
            raise MoodError(f"asked for {times[0]:g} to {times[-1]:g} h, outside what was followed")
        place = np.clip(np.searchsorted(self.grid_h, times, side="right") - 1, 0, None)
        place = np.minimum(place, len(self.grid_h) - 2)
        share = (times - self.grid_h[place]) / (self.grid_h[place + 1] - self.grid_h[place])
        low, high = self.cumulative_hazard[:, place], self.cumulative_hazard[:, place + 1]
        found: Array = np.exp(-(low + (high - low) * share))
        return found

    def probability(self, times_h: object, weights: Array | None = None) -> Array:
        """(T,) probability over weighted people (n,) of relapse by ``times_h``."""
        return 1.0 - weighted(self.survival(times_h), self.failed, weights)


def weighted(values: Array, failed: NDArray[np.bool_], weights: Array | None) -> Array:
    """(T,) mean over people, by weight (n,), of (n, T); people who failed do not count.

    Raises ``MoodError`` where nobody has weight.
    """
    weight = np.ones(len(failed)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != failed.shape:
        raise MoodError(f"{weight.size} weights for {failed.size} people")
    weight = np.where(failed, 0.0, weight)
    if not np.isfinite(weight).all() or (weight < 0).any() or weight.sum() <= 0:
        raise MoodError("weights must be numbers of at least 0, not all of them 0")
    found: Array = weight @ np.where(failed[:, None], 0.0, values) / weight.sum()
    return found


def relapse(
    model: Model,
    regimen: Regimen,
    people: People,
    mood_people: MoodPeople,
    *,
    from_h: float,
    until_h: float,
    where: str = "open_label",
    at_h: Iterable[float] | None = None,
    form: Form | None = None,
    kernel: Kernel = "auto",
) -> RelapseCourse:
    """Follow the hazard of people (n) who are well at ``from_h`` until ``until_h`` (h).

    Arguments as for ``course``. Raises ``MoodError`` where the end is not after the start.
    """
    if not 0 <= from_h < until_h:
        raise MoodError(f"relapse cannot be followed from {from_h:g} to {until_h:g} h")
    inside = np.arange(np.floor(from_h / GRID_H) + 1, np.ceil(until_h / GRID_H)) * GRID_H
    grid = np.concatenate([[from_h], inside, [until_h]])
    grid = grid[np.concatenate([[True], np.diff(grid) > 1e-9])]
    occasions = None if at_h is None else tuple(at_h)
    edges = [*range(0, people.n, CHUNK), people.n]
    cumulated = np.empty((people.n, len(grid)))
    failed = np.zeros(people.n, dtype=bool)
    for first, last in pairwise(edges):
        some = slice(first, last)
        found = course(
            model, regimen, people.part(some), mood_people.part(some), grid,
            where=where, at_h=occasions, form=form, kernel=kernel,
        )  # fmt: skip
        values = load_mood().values(f"relapse_{found.form}")
        cumulated[some] = cumulative(
            grid, hazard_per_h(found.drug_effect_points, found.residual_madrs, values)
        )
        failed[some] = found.failed
    return RelapseCourse(grid, cumulated, failed)


def cumulative(grid_h: Array, hazard: Array) -> Array:
    """(n, G) integral of the hazard (n, G) over the grid (G,), by the trapezoidal rule."""
    found = np.zeros_like(hazard)
    np.cumsum((hazard[:, 1:] + hazard[:, :-1]) / 2.0 * np.diff(grid_h), axis=1, out=found[:, 1:])
    return found
