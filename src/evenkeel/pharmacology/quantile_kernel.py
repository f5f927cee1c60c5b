"""Compiled weighted quantiles: a histogram finds the bin, and only that bin is sorted.

One pass over a column finds its range, a second counts the weight in each of 512 bins; a quantile
then lies in a known bin, whose few values are sorted. Exact, and linear in the number of people.
All passes but the counting take many people at once.
"""

from __future__ import annotations

import numpy as np

from .lanes import jit
from .vectors import LANES, TILE, transpose

BINS = 512
#: Columns taken together: as many as share the lines of memory that a row's values stand on.
TOGETHER = TILE
#: Up to so many values of a bin are sorted by insertion.
FEW = 48
#: Flags looked at together.
WORD = 8


@jit
def _gather(values, row, scale, shift, who, n, first, count, columns):  # type: ignore[no-untyped-def]
    """columns[c] = scale * values[who, first + c] + shift[who] for ``count`` columns."""
    done = 0
    if count == TOGETHER and n == shift.shape[0]:
        done = n // TOGETHER * TOGETHER
        step = row * 8
        here = values.ctypes.data + first * 8
        for i in range(0, done, TOGETHER):
            transpose(here + i * step, step, columns.ctypes.data + i * 8, columns.strides[0])
        for c in range(count):
            for i in range(done):
                columns[c, i] = columns[c, i] * scale + shift[i]
    for i in range(done, who.shape[0]):
        person = who[i]
        for c in range(count):
            columns[c, i] = values[person * row + first + c] * scale + shift[person]


@jit
def _range(column, low, high):  # type: ignore[no-untyped-def]
    """(smallest, largest finite) of a column (whole rows of LANES)."""
    low[:] = np.inf
    high[:] = -np.inf
    for first in range(0, column.shape[0], LANES):
        for i in range(LANES):
            v = column[first + i]
            low[i] = v if v < low[i] else low[i]
            v = v if v < np.inf else -np.inf
            high[i] = v if v > high[i] else high[i]
    return low.min(), high.max()


@jit
def _bins(column, low, width, bins):  # type: ignore[no-untyped-def]
    """The bin of each value; the infinite ones have the last."""
    for i in range(column.shape[0]):
        v = column[i]
        x = (v - low) * width
        x = x if x < BINS - 1.0 else BINS - 1.0
        bins[i] = np.int32(x if v < np.inf else BINS)


@jit
def _wanted(bins, searched, kinds, flags, words, inside, sizes, member):  # type: ignore[no-untyped-def]
    """inside[m, : sizes[m]] = the people of each bin that is searched."""
    for i in range(bins.shape[0]):
        flags[i] = bins[i] == searched[0]
    for m in range(1, kinds):
        for i in range(bins.shape[0]):
            flags[i] |= bins[i] == searched[m]
    sizes[:kinds] = 0
    for word in range(words.shape[0]):
        if words[word] != 0:
            for i in range(word * WORD, word * WORD + WORD):
                if flags[i] != 0:
                    m = member[bins[i]]
                    inside[m, sizes[m]] = i
                    sizes[m] += 1


@jit
def _sort(people, column):  # type: ignore[no-untyped-def]
    """Bring people in the order of their values."""
    if people.shape[0] > FEW:
        people[:] = people[np.argsort(column[people])]
        return
    for k in range(1, people.shape[0]):
        person = people[k]
        v = column[person]
        j = k - 1
        while j >= 0 and column[people[j]] > v:
            people[j + 1] = people[j]
            j -= 1
        people[j + 1] = person


@jit
def run_quantiles(values, row, scale, shift, weights, levels, out, first, last):  # type: ignore[no-untyped-def]
    """Fill out (levels, T) for the columns first..last of scale * values (N, T) + shift (N,).

    ``values`` is flat; a person's begin ``row`` after those of the one before.
    """
    held = np.nonzero(weights > 0.0)[0]
    n = held.shape[0]
    # Filled up to whole rows with the last person, who then weighs nothing.
    whole = (n + LANES - 1) // LANES * LANES
    who, w = np.empty(whole, dtype=np.int64), np.zeros(whole)
    for i in range(whole):
        who[i] = held[min(i, n - 1)]
        w[i] = weights[who[i]] if i < n else 0.0
    total = w.sum()
    mass = np.empty(BINS + 1)
    member = np.empty(BINS + 1, dtype=np.int64)
    bins = np.empty(whole, dtype=np.int32)
    flags = np.empty(whole, dtype=np.uint8)
    words = flags.view(np.uint64)
    kinds_most = levels.shape[0]
    inside = np.empty((kinds_most, whole), dtype=np.int64)
    sizes, which = np.empty((2, kinds_most), dtype=np.int64)
    searched = np.empty(kinds_most, dtype=np.int32)
    before = np.empty(kinds_most)
    columns = np.empty((TOGETHER, whole))
    lows, highs = np.empty((2, LANES))
    for t in range(first, last):
        place = (t - first) % TOGETHER
        if place == 0:
            _gather(values, row, scale, shift, who, n, t, min(TOGETHER, last - t), columns)
        column = columns[place]
        low, high = _range(column, lows, highs)
        width = BINS / (high - low) if high - low > 1e-300 else 0.0
        _bins(column, low, width, bins)
        mass[:] = 0.0
        for i in range(n):
            mass[bins[i]] += w[i]
        # Which bin each level lies in, and the weight before that bin.
        member[:] = -1
        below, b, kinds = 0.0, 0, 0
        for k in range(levels.shape[0]):
            goal = levels[k] * total * (1.0 - 1e-12)
            while b < BINS and below + mass[b] < goal:
                below += mass[b]
                b += 1
            if member[b] < 0:
                member[b] = kinds
                searched[kinds] = b
                kinds += 1
            which[k], before[k] = member[b], below
        _wanted(bins, searched, kinds, flags, words, inside, sizes, member)
        sorted_kind = -1
        for k in range(levels.shape[0]):
            m = which[k]
            people = inside[m, : sizes[m]]
            if m != sorted_kind:
                _sort(people, column)
                sorted_kind = m
            goal = levels[k] * total * (1.0 - 1e-12)
            reached = before[k]
            found = column[people[-1]]
            for j in range(sizes[m]):
                reached += w[people[j]]
                if reached >= goal:
                    found = column[people[j]]
                    break
            out[k, t] = found
