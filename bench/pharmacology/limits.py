"""What the machine's memory allows: filling an array as large as a result, and copying."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from bench.pharmacology.workloads import Array

#: Far larger than any cache.
COPIED_BYTES = 256 * 1024**2


def fresh_fill(shape: tuple[int, ...], threads: int) -> Callable[[], Array]:
    """Return work that makes an array and fills it: what nobody who returns one can beat.

    Up to about 32 MiB the allocator may hand out pages that were touched before.
    """

    def work() -> Array:
        made = np.empty(shape)
        _fill(made, threads)
        return made

    return work


def held_fill(shape: tuple[int, ...], threads: int) -> Callable[[], Array]:
    """Return work that fills an array which is there already, its pages touched."""
    held = np.zeros(shape)
    _fill(held, threads)

    def work() -> Array:
        _fill(held, threads)
        return held

    return work


def copy(threads: int) -> Callable[[], Array]:
    """Return work that copies ``COPIED_BYTES`` from one array to another that is there already."""
    source, target = np.ones(COPIED_BYTES // 8), np.zeros(COPIED_BYTES // 8)

    def part(mine: slice) -> None:
        target[mine] = source[mine]

    def work() -> Array:
        _spread(part, len(source), threads)
        return target

    return work


def copied_gb_per_s(seconds: float) -> float:
    """Bytes read and bytes written, in GB/s."""
    return 2 * COPIED_BYTES / seconds / 1e9


def _fill(array: Array, threads: int) -> None:
    flat = array.reshape(-1)

    def part(mine: slice) -> None:
        flat[mine] = 1.0

    _spread(part, len(flat), threads)


def _spread(part: Callable[[slice], None], length: int, threads: int) -> None:
    """Run the part on equal slices; NumPy lets go of the lock in each."""
    edges = np.linspace(0, length, threads + 1).astype(int).tolist()
    slices = [slice(edges[i], edges[i + 1]) for i in range(threads)]
    if threads == 1:
        part(slices[0])
    else:
        list(_pool(threads).map(part, slices))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)
