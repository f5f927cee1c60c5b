"""Merkle trees as RFC 6962 (section 2.1) and RFC 9162 (section 2.1) define them, with SHA-256.

Pure: bytes in, bytes out. A leaf is given as its leaf hash (:func:`hash_leaf` of what it stands
for), a tree as the sequence of its leaf hashes. Whoever holds two roots and a short proof can tell
that an entry stands in a tree, or that one tree only grew out of another, without the entries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

HASH_BYTES = 32
#: The root of a tree without leaves: the hash of nothing (RFC 9162, 2.1.1).
EMPTY_ROOT = hashlib.sha256(b"").digest()


def hash_leaf(data: bytes) -> bytes:
    """The hash of a leaf that stands for ``data``: SHA-256 of a zero byte and the data."""
    return hashlib.sha256(b"\x00" + data).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two subtrees: SHA-256 of a one byte and both hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that grows leaf by leaf and remembers only its peaks: at most one hash a level.

    ``peaks`` are the roots of its perfect subtrees, the largest first; their sizes are the powers
    of two in ``size``.
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size, self.peaks = size, list(peaks)
        if len(self.peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks")

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the end."""
        peaks, size = self.peaks, self.size
        while size & 1:
            leaf = hash_children(peaks.pop(), leaf)
            size >>= 1
        peaks.append(leaf)
        self.size += 1

    def join(self, other: Frontier) -> None:
        """Add the leaves of ``other`` at the end.

        Raises ``ValueError`` unless this tree's size is a multiple of a power of two that is at
        least ``other``'s size: only then are the peaks of both those of the whole.
        """
        if other.size and self.size % (1 << (other.size - 1).bit_length()):
            raise ValueError(f"{other.size} leaves cannot be joined to {self.size} by their peaks")
        at = self.size
        for level in range(other.size.bit_length() - 1, -1, -1):
            if other.size >> level & 1:
                peak = other.peaks[(other.size >> (level + 1)).bit_count()]
                self._add_subtree(peak, at, level)
                at += 1 << level
        self.size = at

    def _add_subtree(self, peak: bytes, at: int, level: int) -> None:
        while at >> level & 1:
            peak = hash_children(self.peaks.pop(), peak)
            level += 1
        self.peaks.append(peak)

    def copy(self) -> Frontier:
        """The same tree, to go on from separately."""
        return Frontier(self.size, self.peaks)

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        if not self.peaks:
            return EMPTY_ROOT
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = hash_children(peak, found)
        return found


def root(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree over these leaf hashes; :data:`EMPTY_ROOT` for none."""
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The path from the leaf at ``index`` (from 0) to the root (RFC 9162, 2.1.3.1).

    Raises ``ValueError`` where there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} among {len(leaves)}")
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low = middle
    return path[::-1]


def consistency_proof(first: int, leaves: Sequence[bytes]) -> list[bytes]:
    """That the tree over the first ``first`` leaves grew into this one (RFC 9162, 2.1.4.1).

    Raises ``ValueError`` unless ``first`` is between 1 and the number of leaves.
    """
    if not 1 <= first <= len(leaves):
        raise ValueError(f"no tree of {first} leaves grew into one of {len(leaves)}")
    path: list[bytes] = []
    low, high, whole = 0, len(leaves), True
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low, whole = middle, False
    if not whole:
        path.append(root(leaves[low:high]))
    return path[::-1]


def verify_inclusion(
    index: int, size: int, leaf: bytes, path: Sequence[bytes], expected_root: bytes
) -> bool:
    """Whether ``path`` leads from the leaf hash at ``index`` to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for other in path:
        if last == 0 or len(other) != HASH_BYTES:
            return False
        if node & 1 or node == last:
            found = hash_children(other, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = hash_children(found, other)
        node, last = node >> 1, last >> 1
    return last == 0 and found == expected_root


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the tree of ``second`` leaves begins with that of ``first`` (RFC 9162, 2.1.4.2)."""
    if not 1 <= first <= second or any(len(other) != HASH_BYTES for other in path):
        return False
    if first == second:
        return not path and first_root == second_root
    path = list(path)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = hash_children(other, old), hash_children(other, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = hash_children(new, other)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
