"""Two protocol documents beside each other: what one states otherwise than the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .entries import NONE, Entry, Kind, entries, reason_of, strength
from .labels import SECTIONS
from .sources import Source


@dataclass(frozen=True, slots=True)
class Change:
    """One line that two documents state differently. ``before`` and ``after`` are words."""

    kind: Kind
    key: str
    label: str
    section: str
    before: str
    after: str
    source: Source | None
    reason: str
    is_loud: bool


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what ``after`` states otherwise than ``before``, in the order of the sections.

    Values are compared, not marks and notes. Loud: lets through what ``before`` held, or departs
    from what a source says.
    """
    old = {entry.field: entry for entry in entries(before)}
    new = {entry.field: entry for entry in entries(after)}
    found = []
    for field in dict.fromkeys((*old, *new)):
        was, now = old.get(field), new.get(field)
        some = now or was
        assert some is not None
        first = was.value if was else _nothing(some)
        second = now.value if now else _nothing(some)
        if first == second:
            continue
        found.append(
            Change(
                some.kind,
                some.key,
                some.label,
                some.section,
                some.say(first),
                some.say(second),
                now.source if now else None,
                reason_of(after, now) if now else "",
                _loosens(some.kind, first, second) or bool(now and now.is_loud),
            )
        )
    places = list(SECTIONS)
    return tuple(sorted(found, key=lambda change: places.index(change.section)))


def _nothing(entry: Entry) -> str:
    if entry.kind == "discharge":
        return "no"
    return NONE if entry.choices else ""


def _loosens(kind: Kind, before: str, after: str) -> bool:
    if kind == "rule":
        return strength(after) < strength(before)
    if kind == "required":
        order = (NONE, "first", "every")
        return order.index(after) < order.index(before)
    return kind == "discharge" and after == "no"
