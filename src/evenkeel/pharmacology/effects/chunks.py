"""Rows of people a piece at a time, so that what lies between stays in the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator

_ELEMENTS = 16_384


def row_slices(n_people: int, n_times: int) -> Iterator[slice]:
    """Slices that cover `n_people` rows of `n_times` each, about 128 KiB of float64 a piece."""
    rows = max(1, _ELEMENTS // max(1, n_times))
    for start in range(0, n_people, rows):
        yield slice(start, min(start + rows, n_people))
