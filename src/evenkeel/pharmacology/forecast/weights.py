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


def moments(normals: Array, weights: Array) -> tuple[Array, Array]:
    """Weighted mean (c,) and covariance (c, c) of people (n, c), the weights summing to 1."""
    mean = np.einsum("i,ij->j", weights, normals)
    centered = normals - mean
    return mean, np.einsum("ij,ik->jk", weights[:, None] * centered, centered)


def turned(normals: Array, root: Array) -> Array:
    """Each row times a matrix (c, c): normals @ root.T.

    Not by BLAS: it shares small work out among threads that may have to wait, and its last bit
    depends on where the arrays lie, which a forecast made twice must not.
    """
    found: Array = np.einsum("ij,kj->ik", normals, root)
    return found
