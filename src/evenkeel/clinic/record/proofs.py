"""That one entry stands under an exported head: the short proof, worked out from the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenkeel.clinic.record.check_chain import STRETCH
from evenkeel.clinic.record.exporting import exported
from evenkeel.clinic.record.heads import Head, proves_entry
from evenkeel.clinic.record.merkle import hash_children, hash_leaf, root
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.sealing import leaf_data

#: Roots of whole stretches, by first entry and the hash of the last: they change only with it.
_known: dict[tuple[int, str], bytes] = {}


@dataclass(frozen=True, slots=True)
class EntryProof:
    """The path (hexadecimal) from an entry's leaf to the root of a head, and whether it holds."""

    head: Head
    path: list[str]
    holds: bool


def proof_of(position: int, entry_hash: str) -> EntryProof | None:
    """The proof under the newest exported head; ``None`` where no head covers the entry yet."""
    newest: Head | None = max(exported(), key=lambda one: (one.size, one.at), default=None)
    if newest is None or newest.size < position:
        return None
    try:
        path = [step.hex() for step in _path(position - 1, newest.size)]
    except ValueError:
        return EntryProof(newest, [], False)
    return EntryProof(newest, path, proves_entry(newest, position, entry_hash, path))


def _path(index: int, size: int) -> list[bytes]:
    """As :func:`.merkle.inclusion_proof`, over the entries of the chain."""
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        if index < middle:
            path.append(_subtree(middle, high))
            high = middle
        else:
            path.append(_subtree(low, middle))
            low = middle
    return path[::-1]


def _subtree(low: int, high: int) -> bytes:
    """The root over the leaves from ``low`` up to ``high`` (from 0). ``ValueError`` for a gap."""
    if high - low > STRETCH:
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        return hash_children(_subtree(low, middle), _subtree(middle, high))
    key = None
    if high - low == STRETCH:
        key = (low, _hashes(high - 1, high)[0])
        if key in _known:
            return _known[key]
    found = root(hash_leaf(leaf_data(one)) for one in _hashes(low, high))
    if key is not None:
        _known[key] = found
    return found


def _hashes(low: int, high: int) -> Sequence[str]:
    rows = ChainEntry.objects.filter(position__gt=low, position__lte=high).order_by("position")
    found = list(rows.values_list("hash", flat=True))
    if len(found) != high - low:
        raise ValueError("entries are missing")
    return found
