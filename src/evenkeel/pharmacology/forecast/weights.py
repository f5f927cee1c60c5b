"""Weights of virtual people: normalized, counted, and drawn from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def normalized(log_weights: Array) -> Array:
    """(n,) weights that sum to 1."""
    raised = np.exp(log_weights - log_weights.max())
    found: Array = raised / raised.sum()
    return found


def effective_number(weights: Array) -> float:
    """How many equally weighted people these (n,) are worth: 1 / sum of squares (Kish)."""
    return float(1.0 / np.square(weights).sum())


def systematic(weights: Array, at: float) -> NDArray[np.int64]:
    """Systematic resampling: (n,) indices, each drawn n * weight times up to one."""
    n = len(weights)
    points = (np.arange(n) + at) / n
    total = np.cumsum(weights)
    return np.minimum(np.searchsorted(total / total[-1], points), n - 1)
