"""Which complaints may go home, which keep a person here, and which need a clinician now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from .alarms import symptom_code
from .errors import ProtocolError
from .naming import plain
from .sources import Source, as_mark, cite, read_json

_LISTS = ("tolerated", "emergency", "suicidal")


@dataclass(frozen=True, slots=True)
class Complaints:
    """Complaints by what they ask for, each in plain words. ``holding`` includes unlisted ones."""

    tolerated: tuple[str, ...]
    holding: tuple[str, ...]
    emergency: tuple[str, ...]
    suicidal: tuple[str, ...]


def sort_complaints(names: Sequence[str]) -> Complaints:
    """Sort complaints in any spelling. One that is on no list keeps the person here."""
    found: dict[str, list[str]] = {"tolerated": [], "holding": [], "emergency": [], "suicidal": []}
    for name in names:
        where, words = _where(name)
        if where and words not in found[where]:
            found[where].append(words)
    return Complaints(**{key: tuple(value) for key, value in found.items()})


def complaint_source(group: str) -> Source:
    """Return the source of one of the lists: ``tolerated``, ``emergency`` or ``suicidal``."""
    return _read().sources[group]


@dataclass(frozen=True, slots=True)
class _Lists:
    groups: dict[str, str]
    sources: dict[str, Source]
    none: frozenset[str]
    mild: frozenset[str]
    strong: frozenset[str]


@cache
def _read() -> _Lists:
    raw = read_json("lists", "leaving_symptoms.json")
    groups: dict[str, str] = {}
    sources: dict[str, Source] = {}
    for group in _LISTS:
        entry = raw[group]
        mark = as_mark(entry["mark"], group)
        sources[group] = cite(entry["source"], mark, str(entry.get("note", "")))
        for name in entry["names"]:
            if plain(name) in groups:
                raise ProtocolError(name, "stands on two lists of leaving_symptoms.json")
            groups[plain(name)] = group
    words = {key: frozenset(plain(one) for one in raw[key]) for key in ("none", "mild", "strong")}
    return _Lists(groups, sources, words["none"], words["mild"], words["strong"])


def _where(name: str) -> tuple[str, str]:
    lists = _read()
    code = symptom_code(name)
    words = plain(code) or name.strip()
    if words in lists.none:
        return "", words
    if words in lists.groups:
        return lists.groups[words], words
    # A sentence that names one of the grave ones ("some chest pain since noon") is grave.
    padded = f" {words} "
    for listed, group in lists.groups.items():
        if group != "tolerated" and f" {listed} " in padded:
            return group, words
    parts = words.split()
    core = " ".join(p for p in parts if p not in lists.mild and p not in lists.strong)
    strong = any(part in lists.strong for part in parts)
    tolerated = lists.groups.get(core) == "tolerated" and not strong
    return "tolerated" if tolerated else "holding", words
