"""The compiled way through a list of arithmetic steps, for 64 people side by side.

Each step makes one row of values from one or two earlier ones. What NumPy does with an array of all
people for every step is done here with a row that stays in the processor's cache.
"""

from __future__ import annotations

import numpy as np

from .lanes import jit, lane_exp
from .linear_kernel import load
from .tape import (
    ADD,
    DIVIDE,
    EXP,
    LOG,
    LOG1P,
    MAXIMUM,
    MINIMUM,
    MULTIPLY,
    NEGATIVE,
    POWER,
    SQRT,
    SUBTRACT,
)
from .vectors import LANES

#: exp() of more than this is more than a number holds.
_LARGEST = 709.0


@jit
def _one(code, a, b, out, bits, powers):  # type: ignore[no-untyped-def]
    """One step: out (LANES,) = a code b. NaN stays NaN."""
    if code == MULTIPLY:
        for i in range(LANES):
            out[i] = a[i] * b[i]
    elif code == DIVIDE:
        for i in range(LANES):
            out[i] = a[i] / b[i]
    elif code == ADD:
        for i in range(LANES):
            out[i] = a[i] + b[i]
    elif code == SUBTRACT:
        for i in range(LANES):
            out[i] = a[i] - b[i]
    elif code == NEGATIVE:
        for i in range(LANES):
            out[i] = -a[i]
    elif code == EXP:
        z = np.empty(LANES)
        for i in range(LANES):
            z[i] = a[i] if a[i] < _LARGEST else _LARGEST
        lane_exp(z, out, bits, powers)
        for i in range(LANES):
            out[i] = out[i] if a[i] <= _LARGEST else a[i] * np.inf
    elif code == POWER:
        for i in range(LANES):
            out[i] = a[i] ** b[i]
    elif code == SQRT:
        for i in range(LANES):
            out[i] = np.sqrt(a[i])
    elif code == LOG:
        for i in range(LANES):
            out[i] = np.log(a[i])
    elif code == LOG1P:
        for i in range(LANES):
            out[i] = np.log1p(a[i])
    elif code == MINIMUM:
        for i in range(LANES):
            out[i] = b[i] if b[i] < a[i] or b[i] != b[i] else a[i]
    elif code == MAXIMUM:
        for i in range(LANES):
            out[i] = b[i] if b[i] > a[i] or b[i] != b[i] else a[i]


@jit
def run_tape(steps, alike, known, places, vectors, rows, least, out, failed, begin, end):  # type: ignore[no-untyped-def]
    """Fill out (rows, n) of people begin..end, and ``failed`` (n,): whose values are not all finite
    and at least as large as they must be.

    ``steps`` (k, 4) are (code, target, left, right), the first ``alike`` of them the same for all
    people; ``known`` (registers,) holds what is known before, and ``vectors`` (v, n) stand at
    ``places`` (v,). The values of who failed are 0.
    """
    bits = np.empty(LANES, dtype=np.int64)
    powers = bits.view(np.float64)
    values = np.empty((known.shape[0], LANES))
    loaded = np.empty((vectors.shape[0], LANES))
    good = np.empty(LANES, dtype=np.bool_)
    for r in range(known.shape[0]):
        values[r] = known[r]
    for s in range(alike):
        _one(
            steps[s, 0], values[steps[s, 2]], values[steps[s, 3]], values[steps[s, 1]], bits, powers
        )
    for first in range(begin, end, LANES):
        count = min(LANES, end - first)
        load(vectors, first, count, loaded)
        for k in range(places.shape[0]):
            for i in range(LANES):
                values[places[k], i] = loaded[k, i]
        for s in range(alike, steps.shape[0]):
            _one(
                steps[s, 0], values[steps[s, 2]], values[steps[s, 3]], values[steps[s, 1]],
                bits, powers,
            )  # fmt: skip
        good[:] = True
        for k in range(rows.shape[0]):
            r = rows[k]
            for i in range(LANES):
                good[i] &= (values[r, i] >= least[k]) & (values[r, i] < np.inf)
        for k in range(rows.shape[0]):
            r = rows[k]
            for i in range(count):
                out[k, first + i] = values[r, i] if good[i] else 0.0
        for i in range(count):
            failed[first + i] = not good[i]
