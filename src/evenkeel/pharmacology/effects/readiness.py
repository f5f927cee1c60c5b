"""When the forecast says a person is likely to be back: a pure function of arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .errors import EffectsError

Array = NDArray[np.float64]
READINESS_NOTE = (
    "A forecast to plan the room by. It never satisfies a discharge condition: "
    "those are met by observing the person."
)


def time_of_peak_min(times_min: Array, values: Array) -> Array:
    """Time (N,) of each person's largest value (N, T); the first of equal ones."""
    return np.asarray(np.asarray(times_min, dtype=np.float64)[np.argmax(values, axis=1)])


def time_back_min(times_min: Array, values: Array, line: float) -> Array:
    """First of the times (N,) from which `values` (N, T) stay at or below `line` to the end.

    The first time for whoever is never above it; NaN for whoever still is at the last time.
    """
    times = _rows(times_min, values)
    return _first_clear(times, values > line)


def time_to_readiness_min(
    times_min: Array,
    *,
    dissociation: Array,
    moaas: Array,
    sbp_rise_mmhg: Array,
    dissociation_at_most: float = 1.0,
    moaas_at_least: float = 4.5,
    sbp_within_mmhg: float = 10.0,
) -> Array:
    """First of `times_min` (T,) from which all conditions hold to the end, per person (N,).

    `dissociation`, `moaas` and `sbp_rise_mmhg` are (N, T): a score, the MOAA/S (an expected value
    counts as 5 when it rounds to it), and the true rise over baseline. NaN for whoever is not
    ready by the last time. See READINESS_NOTE for what this may not be used for.
    Raises EffectsError where the shapes do not fit or the times do not increase.
    """
    times = _rows(times_min, dissociation)
    if not dissociation.shape == moaas.shape == sbp_rise_mmhg.shape:
        raise EffectsError("dissociation, moaas and sbp_rise_mmhg must have one shape")
    waiting = dissociation > dissociation_at_most
    waiting |= moaas < moaas_at_least
    waiting |= np.abs(sbp_rise_mmhg) > sbp_within_mmhg
    return _first_clear(times, waiting)


def _rows(times_min: Array, values: Array) -> Array:
    times = np.asarray(times_min, dtype=np.float64)
    if times.ndim != 1 or np.any(np.diff(times) <= 0):
        raise EffectsError("times must be one increasing row")
    if values.ndim != 2 or values.shape[1] != len(times):
        raise EffectsError(f"expected (N, {len(times)}) arrays, not {values.shape}")
    return times


def _first_clear(times: Array, waiting: NDArray[np.bool_]) -> Array:
    last = len(times) - np.argmax(waiting[:, ::-1], axis=1)
    last[~waiting.any(axis=1)] = 0
    return np.asarray(np.append(times, np.nan)[last], dtype=np.float64)
