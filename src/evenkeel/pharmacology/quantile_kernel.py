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
def run_quantiles(values, scale, shift, weights, levels, out, first, last):  # type: ignore[no-untyped-def]
    """Fill out (levels, T) for the columns first..last of scale * values (N, T) + shift (N,)."""
    n = values.shape[0]
    mass = np.empty(BINS + 1)
    member = np.empty(BINS + 1, dtype=np.int64)
    bins = np.empty(n, dtype=np.int64)
    inside = np.empty((levels.shape[0], n), dtype=np.int64)
    sizes = np.empty(levels.shape[0], dtype=np.int64)
    which = np.empty(levels.shape[0], dtype=np.int64)
    before = np.empty(levels.shape[0])
    columns = np.empty((TOGETHER, n))
    for t in range(first, last):
        place = (t - first) % TOGETHER
        if place == 0:
            for i in range(n):
                for c in range(min(TOGETHER, last - t)):
                    columns[c, i] = values[i, t + c] * scale + shift[i]
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
        width = BINS / (high - low) if high > low else 0.0
        mass[:] = 0.0
        for i in range(n):
            b = -1
            if weights[i] > 0.0:
                v = column[i]
                b = BINS if v == np.inf else min(BINS - 1, int((v - low) * width))
                mass[b] += weights[i]
            bins[i] = b
        # Which bin each level lies in, and the weight before that bin.
        for k in range(BINS + 1):
            member[k] = -1
        below, b, kinds = 0.0, 0, 0
        for k in range(levels.shape[0]):
            goal = levels[k] * total * (1.0 - 1e-12)
            while b < BINS and below + mass[b] < goal:
                below += mass[b]
                b += 1
            if member[b] < 0:
                member[b] = kinds
                sizes[kinds] = 0
                kinds += 1
            which[k], before[k] = member[b], below
        for i in range(n):
            if bins[i] >= 0 and member[bins[i]] >= 0:
                m = member[bins[i]]
                inside[m, sizes[m]] = i
                sizes[m] += 1
        sorted_kind = -1
        for k in range(levels.shape[0]):
            m = which[k]
            people = inside[m, : sizes[m]]
            if m != sorted_kind:
                order = np.argsort(column[people])
                sorted_kind = m
            goal = levels[k] * total * (1.0 - 1e-12)
            reached = before[k]
            found = column[people[order[-1]]]
            for j in range(sizes[m]):
                person = people[order[j]]
                reached += weights[person]
                if reached >= goal:
                    found = column[person]
                    break
            out[k, t] = found
