"""Collected rows of both kinds, each told by what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..checking import ODD
from ..rows import Target, refusal
from . import pd, pk


def read_collected(rows: Sequence[object]) -> tuple[Target, ...]:
    """Targets of collected rows, in their order; what cannot be read is refused by itself."""
    found: dict[str, Target] = {}
    names: set[str] = set()
    for place, row in enumerate(rows, 1):
        for target in _row(row, place, names):
            name = target.id
            while name in found:
                name += " again"
            found[name] = target
    return tuple(found.values())


def _row(row: object, place: int, names: set[str]) -> Iterator[Target]:
    if not isinstance(row, dict):
        yield refusal("pk", f"row {place}", "must be an object")
        return
    name = row.get("id")
    if not isinstance(name, str) or not name.strip():
        yield refusal("pk", f"row {place}", "id must be text")
        return
    if name in names:
        yield refusal("pk", f"{name} (row {place})", "id stands twice", row=name)
        return
    names.add(name)
    try:
        if "metrics" in row:
            yield from pk.targets_of(row, name)
        elif "values" in row:
            yield from pd.targets_of(row, name)
        else:
            yield refusal("pk", name, "has neither metrics nor values")
    except ODD as error:
        yield refusal("pk", f"{name} (row {place})", f"cannot be understood: {error!r}", row=name)
