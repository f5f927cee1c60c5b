"""That a run of entries stands in the record, all at once, in the manner of RFC 6962.

An inclusion proof leads one leaf to the root. For a run of leaves the proof is the same, shared:
the hashes of those subtrees that lie wholly outside the run, in the order of the tree. With the
run's own leaves they give the root, and they give it for no other run at that place.
"""

from __future__ import annotations

from collections.abc import Sequence

from evenkeel.clinic.record import merkle


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def prove_range(first: int, last: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The proof for the leaves ``first`` to ``last`` (from 0, both in it) of a tree.

    Raises ``ValueError`` where there is no such run.
    """
    if not 0 <= first <= last < len(leaves):
        raise ValueError(f"there is no run {first} to {last} among {len(leaves)}")
    path: list[bytes] = []

    def walk(low: int, high: int) -> None:
        if high <= first or low > last:
            path.append(merkle.root(leaves[low:high]))
        elif not (first <= low and high - 1 <= last):
            middle = low + _split(high - low)
            walk(low, middle)
            walk(middle, high)

    walk(0, len(leaves))
    return path


def root_from_range(first: int, size: int, run: Sequence[bytes], path: Sequence[bytes]) -> bytes:
    """The root of a tree of ``size`` leaves that has ``run`` from ``first`` on (from 0).

    Raises ``ValueError`` where the proof does not fit the place.
    """
    last = first + len(run) - 1
    if not run or not 0 <= first <= last < size:
        raise ValueError("the run does not lie in the tree")
    left = list(reversed(path))

    def walk(low: int, high: int) -> bytes:
        if high <= first or low > last:
            if not left:
                raise ValueError("the proof is too short")
            return left.pop()
        if first <= low and high - 1 <= last:
            return merkle.root(run[low - first : high - first])
        middle = low + _split(high - low)
        return merkle.hash_children(walk(low, middle), walk(middle, high))

    found = walk(0, size)
    if left:
        raise ValueError("the proof is too long")
    return found
