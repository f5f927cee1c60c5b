"""Where a matrix can be other than zero, and the lists that let products skip the zeros."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sparsity:
    """The places of a matrix, square unless said, that can be other than zero, row by row."""

    mask: Booleans

    @staticmethod
    def of(mask: Booleans) -> Sparsity:
        """The pattern of ``mask``; the same object for the same mask, with what it worked out."""
        return _known(mask.tobytes(), mask.shape)

    @cached_property
    def rows(self) -> Integers:
        """Row of each place."""
        return np.ascontiguousarray(np.nonzero(self.mask)[0])

    @cached_property
    def cols(self) -> Integers:
        """Column of each place. Contiguous: kernels read it by its address."""
        return np.ascontiguousarray(np.nonzero(self.mask)[1])

    @cached_property
    def start(self) -> Integers:
        """(n + 1,) first place of each row."""
        return np.searchsorted(self.rows, np.arange(len(self.mask) + 1)).astype(np.int64)

    @cached_property
    def place(self) -> Integers:
        """(n, n) the place of an entry, -1 where there is none."""
        found = np.full(self.mask.shape, -1, dtype=np.int64)
        found[self.mask] = np.arange(len(self.rows))
        return found

    @cached_property
    def diagonal(self) -> Integers:
        """(n,) places of the diagonal."""
        return np.ascontiguousarray(np.diagonal(self.place))

    @cached_property
    def closed(self) -> Sparsity:
        """What is reached in any number of steps: the pattern of every power and exponential."""
        reached = self.mask.copy()
        for k in range(len(reached)):
            reached |= np.outer(reached[:, k], reached[k])
        return Sparsity.of(reached)

    @cached_property
    def depth(self) -> int:
        """In how many steps, at most, whatever can be reached is reached."""
        reached, steps = np.eye(len(self.mask), dtype=bool) | self.mask, 1
        while not np.array_equal(ahead := reached | (reached @ self.mask), reached):
            reached, steps = ahead, steps + 1
        return steps

    @lru_cache(maxsize=64)  # noqa: B019 - patterns are few, and live as long as the process
    def times(self, other: Sparsity, out: Sparsity) -> tuple[Integers, Integers, Integers]:
        """``first, left, right``: place p of ``out`` sums left[k] * right[k] over its own k."""
        first, left, right = [0], [], []
        for i, j in zip(out.rows, out.cols, strict=True):
            middle = np.nonzero(self.mask[i] & other.mask[:, j])[0]
            left.extend(self.place[i, middle])
            right.extend(other.place[middle, j])
            first.append(len(left))
        as_integers = [np.array(part, dtype=np.int64) for part in (first, left, right)]
        return as_integers[0], as_integers[1], as_integers[2]

    @cached_property
    def squares(self) -> tuple[Integers, Integers, Integers]:
        """The lists for this pattern times itself, within itself."""
        return self.times(self, self)

    @cached_property
    def horner(self) -> tuple[Integers, Integers, Integers]:
        """The lists for this pattern times its closure."""
        return self.times(self.closed, self.closed)


@lru_cache(maxsize=256)
def _known(content: bytes, shape: tuple[int, ...]) -> Sparsity:
    return Sparsity(np.frombuffer(content, dtype=bool).reshape(shape))
