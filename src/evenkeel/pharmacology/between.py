"""Where output times lie on a ladder: in which panel, how far in it, and which lie alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .plan import DEGREE, Ladder

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Two times that follow their events at distances closer than this (h) lie alike: what rounding
#: leaves of the same distance after another event.
ALIKE_H = 2.0**-38
#: So many places that lie alike keep what was worked out for them.
MOST_KEPT = 256


@dataclass(frozen=True, eq=False)
class Landings:
    """For each output time (T,) the ``panel``, counted over the whole ladder, and the ``share`` of
    it that has passed, above 0 and up to 1.

    Panel -1 is before the first event, and the number of all panels after the ladder's end.
    ``alike`` (T,) numbers the places in panels of one kind that several times share, -1 where a
    time is alone; there are ``kept`` of them.
    """

    panel: Integers
    share: Array
    alike: Integers
    kept: int


def landings(steps: Ladder, times: Array) -> Landings:
    """Place ascending ``times`` (T,) on a ladder. A time where two panels meet ends the first."""
    segment = np.searchsorted(steps.start_h, times, side="left") - 1
    kinds = np.where(segment < 0, -1, steps.kind[segment])
    after = times - steps.start_h[segment]
    every = steps.panels * (steps.octaves + 1)
    first = np.append(0, np.cumsum(every[steps.kind]))
    panel, alike = np.full((2, len(times)), -1, dtype=np.int64)
    share, kept = np.ones(len(times)), 0
    for kind in range(len(every)):
        own = np.nonzero(kinds == kind)[0]
        ends = _edges(steps, kind)
        after[own], alike[own], kept = _gathered(after[own], kept)
        # What is past an end by rounding alone is at that end.
        inside = np.searchsorted(ends * (1.0 + 1e-12), after[own], side="left") - 1
        panel[own] = first[segment[own]] + np.clip(inside, 0, every[kind] - 1)
        panel[own[(inside >= every[kind]) & (segment[own] == len(first) - 2)]] = first[-1]
        inside = np.clip(inside, 0, every[kind] - 1)
        share[own] = (after[own] - ends[inside]) / (ends[inside + 1] - ends[inside])
    return Landings(panel, np.clip(share, 0.0, 1.0), alike, kept)


def _gathered(after: Array, kept: int) -> tuple[Array, Integers, int]:
    """Times after their events with those that lie alike made one; the number of its place for
    each (T,), from ``kept`` on, -1 where it is alone; the next number.
    """
    _, first, which, times = np.unique(
        np.round(after / ALIKE_H), return_index=True, return_inverse=True, return_counts=True
    )
    shared = (times > 1) & (np.cumsum(times > 1) <= MOST_KEPT - kept)
    number = np.where(shared, np.cumsum(shared) - 1 + kept, -1)
    return after[first][which], number[which], kept + int(shared.sum())


def _edges(steps: Ladder, kind: int) -> Array:
    """Where the panels of a kind of segment begin and end, in hours after its start."""
    octaves = np.repeat(np.arange(steps.octaves[kind] + 1), steps.panels)
    lengths = DEGREE * steps.unit_h[kind] * 2.0 ** np.maximum(0, octaves - 1)
    return np.concatenate([[0.0], np.cumsum(lengths)])
