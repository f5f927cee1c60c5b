"""Weighted quantiles of many columns at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .solve import has_compiled, in_threads, threads

Array = NDArray[np.float64]


def weighted_quantiles(values: Array, weights: Array, levels: Sequence[float]) -> Array:
    """(levels, T) quantiles of values (N, T) under weights (N,) that sum to 1.

    The quantile at q is the smallest value at or below which at least q of the weight lies (the
    inverse of the weighted distribution). Levels ascend. NaN may stand only where the weight is 0;
    infinite values are larger than all others.
    """
    wanted = np.asarray(levels, dtype=np.float64)
    if not has_compiled():
        return _plain(values, weights, wanted)
    from .quantile_kernel import run_quantiles

    out = np.empty((len(wanted), values.shape[1]))
    columns = values.shape[1]
    edges = np.linspace(0, columns, min(columns, threads()) + 1).astype(int).tolist()
    tasks = [
        partial(run_quantiles, values, weights, wanted, first, last, out)
        for first, last in pairwise(edges)
    ]
    if len(tasks) == 1 or values.size < 20_000:
        run_quantiles(values, weights, wanted, 0, columns, out)
    else:
        in_threads(tasks)
    return out


def _plain(values: Array, weights: Array, levels: Array) -> Array:
    out = np.empty((len(levels), values.shape[1]))
    held = weights > 0
    for t in range(values.shape[1]):
        order = np.argsort(values[held, t], kind="stable")
        total = np.cumsum(weights[held][order])
        place = np.searchsorted(total, levels * total[-1] * (1.0 - 1e-12))
        out[:, t] = values[held, t][order][np.minimum(place, len(order) - 1)]
    return out
