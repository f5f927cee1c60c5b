"""Where a statement comes from, and whether the number in it is sourced or the clinic's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from .errors import ProtocolError

Mark = Literal["sourced", "clinic policy"]
SOURCED: Final[Mark] = "sourced"
CLINIC_POLICY: Final[Mark] = "clinic policy"


@dataclass(frozen=True, slots=True)
class Source:
    """One citation.

    ``mark`` is ``sourced`` when the source itself makes the demand for this product, and
    ``clinic policy`` when the clinic extends it from another product, from a trial's entry
    criteria, or sets it by itself. ``note`` says how the fact was read.
    """

    title: str
    url: str
    mark: Mark
    note: str = ""


def read_json(folder: str, name: str) -> Any:
    """Return one JSON data file of this room; the caller checks its shape."""
    return json.loads(
        resources.files("evenkeel.protocol").joinpath(folder, name).read_text("utf-8")
    )


@cache
def known_sources() -> dict[str, tuple[str, str, str]]:
    """Return key -> (title, url, note) for every citation the packs may use."""
    raw = read_json("lists", "sources.json")
    if not isinstance(raw, dict):
        raise ProtocolError("sources.json", "must be an object")
    return {
        str(key): (str(entry["title"]), str(entry["url"]), str(entry.get("note", "")))
        for key, entry in raw.items()
    }


def cite(key: str, mark: Mark, note: str = "") -> Source:
    """Return the citation ``key`` with the given mark.

    Raises ``ProtocolError`` naming the key when it is not listed.
    """
    try:
        title, url, own_note = known_sources()[key]
    except KeyError:
        raise ProtocolError(key, "is not a listed source") from None
    return Source(title, url, mark, "; ".join(part for part in (note, own_note) if part))


def as_mark(value: object, key: str) -> Mark:
    """Return ``value`` as a mark, or raise ``ProtocolError`` naming ``key``."""
    if value == SOURCED:
        return SOURCED
    if value == CLINIC_POLICY:
        return CLINIC_POLICY
    raise ProtocolError(key, "mark must be 'sourced' or 'clinic policy'")
