"""Checking an extract of the audit: the run of hashes, the entries told whole, the proof."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from evenkeel.clinic.oversight.bundle.range_proof import root_from_range
from evenkeel.clinic.record import merkle
from evenkeel.clinic.record.heads import Head
from evenkeel.clinic.record.sealing import hash_of_entry_named, leaf_data

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Counted:
    """How much of the run could be worked out again."""

    entries: int
    whole: int
    part: int
    place: int


def check_entries(table: dict[str, Any], head: Head) -> tuple[Counted, list[str]]:
    """The run of entries against the signed head, and what does not fit.

    An entry that is told whole has its hash worked out from what it says. Of one with parts
    withheld only its place is proved: its hash stands in the chain and in the tree, but what is
    told of it cannot be worked out without the rest.
    """
    rows, beside = table["rows"], table["beside"]
    faults = list(_links(rows))
    counted = Counted(
        len(rows),
        sum(row.get("told") == "whole" for row in rows),
        sum(row.get("told") == "part" for row in rows),
        sum(row.get("told") == "place" for row in rows),
    )
    if rows and not faults:
        faults += _proof(rows, beside, head)
    return counted, faults[:_SHOWN]


def _links(rows: list[dict[str, Any]]) -> Iterator[str]:
    before: dict[str, Any] | None = None
    for row in rows:
        position, told = row.get("position"), row.get("told")
        hashes = [row.get("hash"), row.get("previous_hash")]
        if (
            not isinstance(position, int)
            or told not in ("whole", "part", "place")
            or not all(isinstance(one, str) and _HASH.fullmatch(one) for one in hashes)
        ):
            yield f"entry {str(position)[:20]} has no place, hash or word of how it is told"
            return
        if before is not None and position != before["position"] + 1:
            yield f"entry {before['position'] + 1} is missing"
        elif before is not None and row["previous_hash"] != before["hash"]:
            yield f"entry {position} does not follow from the entry before it"
        if told == "whole":
            try:
                same = hash_of_entry_named(row) == row["hash"]
            except (KeyError, TypeError, ValueError):
                same = False
            if not same:
                yield f"entry {position} is not what its hash was made of"
        before = row


def _proof(rows: list[dict[str, Any]], beside: dict[str, Any], head: Head) -> Iterator[str]:
    try:
        path = [bytes.fromhex(step) for step in beside["proof"]]
        run = [merkle.hash_leaf(leaf_data(row["hash"])) for row in rows]
        if len(path) > 256 or any(len(step) != merkle.HASH_BYTES for step in path):
            raise ValueError("a step is no hash")
        root = root_from_range(rows[0]["position"] - 1, head.size, run, path)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        yield f"the proof that the entries stand under the head cannot be used: {str(error)[:80]}"
        return
    if root.hex() != head.root:
        yield "the entries do not stand under the signed head"
    last = rows[-1]
    if last["position"] == head.size and last["hash"] != head.chain_hash:
        yield "the last entry is not the one that the head names"
