"""Recognize a condition by name, SNOMED CT code or ICD-10 code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from .errors import ProtocolError
from .naming import plain
from .sources import read_json

Status = Literal["active", "resolved", "history"]

# Words in front of a name that say when, not what.
_PAST: Final = ("history of ", "past ", "previous ", "prior ", "h o ", "status post ")
_NOW: Final = ("active ", "current ", "acute ", "chronic ", "known ")
_TAIL: Final = (" disorder", " finding", " situation", " unspecified", " nos")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition the product knows. ``screened``: some rule asks about it by itself."""

    code: str
    label: str
    group: str
    names: tuple[str, ...]
    snomed: tuple[str, ...]
    icd10: tuple[str, ...]
    screened: bool


@cache
def known_conditions() -> dict[str, Condition]:
    """Return code -> condition, in the order of the data file."""
    raw = read_json("lists", "conditions.json")
    if not isinstance(raw, dict):
        raise ProtocolError("conditions.json", "must be an object")
    return {
        entry["code"]: Condition(
            code=entry["code"],
            label=entry["label"],
            group=entry["group"],
            names=tuple(entry["names"]),
            snomed=tuple(entry["snomed"]),
            icd10=tuple(entry["icd10"]),
            screened=bool(entry["screened"]),
        )
        for entry in raw["conditions"]
    }


@cache
def _by_name() -> dict[str, tuple[Condition, Status | None]]:
    table: dict[str, tuple[Condition, Status | None]] = {}
    for condition in known_conditions().values():
        for name in (condition.code, condition.label, *condition.names):
            past = name.startswith("history_") or name.endswith("_history")
            entry: tuple[Condition, Status | None] = (condition, "history" if past else None)
            if table.setdefault(plain(name), entry)[0] is not condition:
                raise ProtocolError("conditions.json", f"the name {name!r} stands twice")
    return table


@cache
def _by_snomed() -> dict[str, Condition]:
    return {code: item for item in known_conditions().values() for code in item.snomed}


def recognize_condition(name: str) -> tuple[Condition, Status | None] | None:
    """Return the condition ``name`` stands for and the status its wording implies, else None.

    ``name`` is a snake_case code, plain English, a SNOMED CT code or an ICD-10 code. Only whole
    names match: "no history of stroke" or "family history of psychosis" must be read by a
    person, so they are not recognized.
    """
    words = plain(name)
    table = _by_name()
    implied: Status | None = None
    for _ in range(4):
        if words in table:
            condition, own = table[words]
            return condition, implied or own
        shorter = _strip(words)
        if shorter is None:
            break
        words, past = shorter
        implied = "history" if past else implied
    coded = _by_snomed().get(name.strip()) or _by_icd10(name.strip())
    return (coded, None) if coded is not None else None


def _strip(words: str) -> tuple[str, bool] | None:
    for prefix in _PAST:
        if words.startswith(prefix):
            return words.removeprefix(prefix), True
    for prefix in _NOW:
        if words.startswith(prefix):
            return words.removeprefix(prefix), False
    for tail in _TAIL:
        if words.endswith(tail):
            return words.removesuffix(tail), False
    return None


def _by_icd10(code: str) -> Condition | None:
    if not re.fullmatch(r"[A-Za-z]\d[0-9A-Za-z](\.[0-9A-Za-z]{1,4})?", code):
        return None
    upper = code.upper()
    best: tuple[int, Condition] | None = None
    for condition in known_conditions().values():
        for prefix in condition.icd10:
            longer = best is None or len(prefix) > best[0]
            if upper.startswith(prefix) and longer:
                best = (len(prefix), condition)
    return best[1] if best else None
