"""An effect site behind plasma levels that are held in steps: the closed form of the filter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import EffectsError

Array = NDArray[np.float64]


def site_of_held_levels(
    levels: Sequence[float], step_min: float, half_life_min: Array, times_min: ArrayLike
) -> Array:
    """Site (N, T) in the unit of `levels`, each held for `step_min`, from an empty site at 0.

    `half_life_min` (N,). After the last step its level is held on. Exact: within a step,
    y = level + (y0 - level) * exp(-ln2 * t / half_life). Raises EffectsError for a step or
    half-life not above zero, or a time below zero.
    """
    times = np.atleast_1d(np.asarray(times_min, dtype=np.float64))
    if not step_min > 0 or np.any(half_life_min <= 0) or np.any(times < 0) or not levels:
        raise EffectsError("held levels need steps and half-lives above zero, and times from 0 on")
    rate = (np.log(2.0) / half_life_min)[:, None]
    site = np.zeros((len(half_life_min), len(times)))
    for number, level in enumerate(levels):
        spent = times - number * step_min
        if number < len(levels) - 1:
            spent = np.minimum(spent, step_min)
        np.add(level, (site - level) * np.exp(-rate * np.maximum(spent, 0.0)), out=site)
    return site
