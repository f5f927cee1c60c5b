"""Holding exported heads against the chain: a cut end and a rewritten chain show here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evenkeel.clinic.record.audit_key import statements_on_chain
from evenkeel.clinic.record.check_chain import Break, Stretch
from evenkeel.clinic.record.heads import Head, KeyRing, KeyStatement, read_folder
from evenkeel.clinic.record.merkle import Frontier
from evenkeel.clinic.record.set_aside import set_aside


@dataclass(slots=True)
class HeadsFound:
    """The heads of all folders, and which keys are believed."""

    heads: list[Head] = field(default_factory=list)
    keys: list[KeyStatement] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def sizes(self) -> list[int]:
        """How many entries each head covers."""
        return sorted({head.size for head in self.heads})


@dataclass(slots=True)
class HeadsChecked:
    """What the heads prove: up to which entry, and what does not fit."""

    breaks: list[Break] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fitting: int = 0
    newest: Head | None = None
    set_aside: int = 0


def read_heads(folders: Sequence[Path]) -> HeadsFound:
    """Every head in these folders, each once."""
    found, seen, keys = HeadsFound(), set(), set()
    for folder in folders:
        heads, statements, unread = read_folder(folder)
        found.unread += unread
        for head in heads:
            if head.line() not in seen:
                seen.add(head.line())
                found.heads.append(head)
        for one in statements:
            if one.line() not in keys:
                keys.add(one.line())
                found.keys.append(one)
    found.heads.sort(key=lambda head: (head.size, head.at))
    return found


def check_heads(
    found: HeadsFound, stretches: Sequence[Stretch], *, first_hash: str, trusted: str = ""
) -> HeadsChecked:
    """Each head against the chain that was walked; ``trusted`` is a key known from elsewhere."""
    checked = HeadsChecked()
    checked.breaks += [
        Break(None, f"a file of heads cannot be read: {what}") for what in found.unread
    ]
    ring = _ring(found, checked, trusted)
    trees = _trees(stretches, set(found.sizes))
    length = stretches[-1].last if stretches else 0
    apart = set_aside()
    good = 0
    for head in found.heads:
        why = ring.why_not(head)
        if not why and head.installation != first_hash:
            why = "is of another installation, or the first entry was changed"
        if not why:
            why = _why_it_does_not_fit(head, trees.get(head.size), length, good)
            if why and head.signature in apart:
                checked.set_aside += 1
                continue
        if why:
            checked.breaks.append(Break(head.size, f"the head exported {_when(head)} {why}"))
            continue
        good = checked.fitting = head.size
        checked.newest = head
    if checked.set_aside:
        by = ", ".join(str(position) for position in sorted(set(apart.values())))
        checked.notes.append(
            f"{checked.set_aside} exported heads stand for entries that were lost; "
            f"entry {by} says so, by whom and why."
        )
    return checked


def _ring(found: HeadsFound, checked: HeadsChecked, trusted: str) -> KeyRing:
    announced = statements_on_chain()
    known = {one.key for one in announced}
    for one in found.keys:
        if one.key not in known:
            checked.breaks.append(
                Break(None, f"key {one.key} was exported, and no entry announces it")
            )
    both = {one.line(): one for one in (*found.keys, *announced)}
    ring = KeyRing(both.values(), trusted=trusted)
    checked.breaks += [Break(None, doubt) for doubt in ring.doubts]
    if trusted and trusted not in ring.keys:
        checked.breaks.append(Break(None, f"the key {trusted} was never this installation's"))
    checked.notes += [
        f"Key {one.key} of {one.at:%Y-%m-%d} is vouched for by no key before it: the entry that "
        "announces it says why."
        for one in ring.unvouched
    ]
    return ring


def _when(head: Head) -> str:
    return f"on {head.at:%Y-%m-%d at %H:%M} UTC over {head.size} entries"


def _trees(stretches: Sequence[Stretch], sizes: set[int]) -> dict[int, tuple[str, str]]:
    """For each size the root of the tree and the hash of its last entry, as they are now."""
    whole = Frontier()
    found = {}
    for stretch in stretches:
        for size, (inside, entry_hash) in stretch.at_size.items():
            if size in sizes and whole.size + inside.size == size:
                so_far = whole.copy()
                so_far.join(inside)
                found[size] = (so_far.root().hex(), entry_hash)
        try:
            whole.join(stretch.tree)
        except ValueError:
            break  # entries are missing: no tree beyond here is what it was
    return found


def _why_it_does_not_fit(head: Head, now: tuple[str, str] | None, length: int, good: int) -> str:
    since = f"after entry {good}" if good else "from the first entry on"
    if head.size > length:
        return f"covers entries that are gone: the chain was cut at entry {length}"
    if now is None:
        return f"does not fit: entries are missing {since}"
    if now != (head.root, head.chain_hash):
        return f"does not fit: the chain was rewritten {since}"
    return ""
