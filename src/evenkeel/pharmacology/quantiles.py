"""Weighted quantiles of many columns at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .errors import AskedError
from .sharing import in_threads, threads
from .tape import has_compiled

Array = NDArray[np.float64]

#: Fewer values than this are not worth a second thread.
WORTH_THREADS = 20_000


def weighted_quantiles(
    values: Array,
    weights: Array,
    levels: Sequence[float],
    *,
    scale: float = 1.0,
    shift: Array | None = None,
    alone: bool = False,
    columns: int | None = None,
) -> Array:
    """(levels, T) quantiles of scale * values + shift: values (N, T), shift (N,) or none.

    ``weights`` (N,) sum to 1. The quantile at q is the smallest value at or below which at least q
    of the weight lies (the inverse of the weighted distribution). Levels ascend. NaN may stand
    only where the weight is 0; infinite values are larger than all others. ``alone`` keeps to the
    thread it is called in. ``columns`` is how many of the first are looked at, all if None.
    Raises ``AskedError`` for levels that are none, or do not ascend between 0 and 1.
    """
    wanted = np.asarray(levels, dtype=np.float64)
    ascending = wanted.ndim == 1 and len(wanted) > 0 and bool((np.diff(wanted) >= 0).all())
    if not (ascending and wanted[0] >= 0 and wanted[-1] <= 1):
        raise AskedError(f"quantile levels must ascend between 0 and 1, not {tuple(levels)}")
    moved = np.zeros(len(values)) if shift is None else np.ascontiguousarray(shift)
    columns = values.shape[1] if columns is None else min(columns, values.shape[1])
    if not has_compiled():
        return _plain(scale * values[:, :columns] + moved[:, None], weights, wanted)
    from .quantile_kernel import run_quantiles

    out = np.empty((len(wanted), columns))
    flat, row = _flat(values)
    call = partial(run_quantiles, flat, row, float(scale), moved, weights, wanted, out)
    edges = np.linspace(0, columns, min(columns, threads()) + 1).astype(int).tolist()
    if alone or len(edges) == 2 or values.size < WORTH_THREADS:
        call(0, columns)
    else:
        in_threads([partial(call, first, last) for first, last in pairwise(edges)])
    return out


def _flat(values: Array) -> tuple[Array, int]:
    """All the numbers (N, T) in one line, and how far one person's lie behind another's.

    Rows that are padded, as those of ``solve.room_for``, are not copied.
    """
    n, columns = values.shape
    between, along = values.strides
    row, odd = divmod(between, 8)
    if n == 0 or along != 8 or odd or row < columns:
        return np.ascontiguousarray(values).reshape(-1), columns
    return np.lib.stride_tricks.as_strided(values, ((n - 1) * row + columns,), (8,)), row


def _plain(values: Array, weights: Array, levels: Array) -> Array:
    out = np.empty((len(levels), values.shape[1]))
    held = weights > 0
    for t in range(values.shape[1]):
        order = np.argsort(values[held, t], kind="stable")
        total = np.cumsum(weights[held][order])
        place = np.searchsorted(total, levels * total[-1] * (1.0 - 1e-12))
        out[:, t] = values[held, t][order][np.minimum(place, len(order) - 1)]
    return out
