"""Compiled weighted quantiles: a histogram finds the bin, and only that bin is sorted.

One pass over a column finds its range, a second counts the weight in each of 512 bins; a quantile
then lies in a known bin, whose few values are sorted. Exact, and linear in the number of people.
"""

from __future__ import annotations

import numpy as np

from .lanes import jit

BINS = 512
#: Columns taken together: as many as share the lines of memory that a row's values stand on.
TOGETHER = 8


@jit
def run_quantiles(values, weights, levels, first, last, out):  # type: ignore[no-untyped-def]
    """Fill out (levels, T) for the columns first..last of values (N, T)."""
    n = values.shape[0]
    mass = np.empty(BINS + 1)
    count = np.empty(BINS + 1, dtype=np.int64)
    bins = np.empty(n, dtype=np.int64)
    inside = np.empty(n)
    inside_weight = np.empty(n)
    columns = np.empty((TOGETHER, n))
    for t in range(first, last):
        place = (t - first) % TOGETHER
        if place == 0:
            for i in range(n):
                for c in range(min(TOGETHER, last - t)):
                    columns[c, i] = values[i, t + c]
        column = columns[place]
        low, high, total = np.inf, -np.inf, 0.0
        for i in range(n):
            if weights[i] > 0.0:
                v = column[i]
                total += weights[i]
                if v < low:
                    low = v
                if v > high and v < np.inf:
                    high = v
        scale = BINS / (high - low) if high > low else 0.0
        mass[:] = 0.0
        count[:] = 0
        for i in range(n):
            b = -1
            if weights[i] > 0.0:
                v = column[i]
                b = BINS if v == np.inf else min(BINS - 1, int((v - low) * scale))
                mass[b] += weights[i]
                count[b] += 1
            bins[i] = b
        below, b = 0.0, 0
        loaded = -1
        m = 0
        for k in range(levels.shape[0]):
            goal = levels[k] * total * (1.0 - 1e-12)
            while b < BINS and below + mass[b] < goal:
                below += mass[b]
                b += 1
            if loaded != b:
                m = 0
                for i in range(n):
                    if bins[i] == b:
                        inside[m] = column[i]
                        inside_weight[m] = weights[i]
                        m += 1
                order = np.argsort(inside[:m])
                loaded = b
            reached = below
            found = inside[order[m - 1]] if m > 0 else high
            for j in range(m):
                reached += inside_weight[order[j]]
                if reached >= goal:
                    found = inside[order[j]]
                    break
            out[k, t] = found
