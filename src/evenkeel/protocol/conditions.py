"""Recognize a condition by name, SNOMED CT code or ICD-10 code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from .errors import ProtocolError
from .naming import misspellings, plain, suggestion
from .sources import read_json
from .wording import Reading, bag, readings

Status = Literal["active", "resolved", "history"]

_POOR_CONTROL: Final = "poorly_controlled_cardiovascular_disease"
# What "uncontrolled" turns into poorly controlled disease of heart or vessels.
_CARDIOVASCULAR: Final = frozenset({"hypertension", "serious_cardiac_disease", _POOR_CONTROL})
_PARTS: Final = re.compile(r"[,;/&+]| and | with |\bw/", re.IGNORECASE)
_MOST_PARTS: Final = 12
_ICD10: Final = re.compile(r"[A-Za-z]\d[0-9A-Za-z](\.?[0-9A-Za-z]{1,4})?")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition the product knows. ``screened``: some rule asks about it by itself.

    ``icd10`` codes stand for those that begin with them; ``icd10_history`` are those that say
    that it is past. ``well_controlled`` and ``treated``: the status that being so implies.
    ``grade_matters``: a moderate or severe form is another matter, for a person to read.
    """

    code: str
    label: str
    group: str
    names: tuple[str, ...]
    snomed: tuple[str, ...]
    icd10: tuple[str, ...]
    icd10_history: tuple[str, ...]
    screened: bool
    well_controlled: Status | None = None
    treated: Status | None = None
    grade_matters: bool = False


Match = tuple[Condition, Status | None]


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
            icd10_history=tuple(entry.get("icd10_history", ())),
            screened=bool(entry["screened"]),
            well_controlled=entry.get("well_controlled"),
            treated=entry.get("treated"),
            grade_matters=bool(entry.get("grade_matters", False)),
        )
        for entry in raw["conditions"]
    }


@cache
def _by_name() -> dict[str, Match]:
    table: dict[str, Match] = {}
    for condition in known_conditions().values():
        for name in (condition.code, condition.label, *condition.names):
            past = name.startswith("history_") or name.endswith("_history")
            entry: Match = (condition, "history" if past else None)
            if table.setdefault(plain(name), entry)[0] is not condition:
                raise ProtocolError("conditions.json", f"the name {name!r} stands twice")
    return table


@cache
def _by_bag() -> dict[str, Match]:
    """Return the words of each name in alphabetical order -> what it means, where they agree."""
    table: dict[str, Match] = {}
    disputed: set[str] = set()
    for name, entry in _by_name().items():
        words = bag(name)
        if table.setdefault(words, entry)[0] is not entry[0]:
            disputed.add(words)
    return {words: entry for words, entry in table.items() if words not in disputed}


@cache
def _by_snomed() -> dict[str, Condition]:
    return {code: item for item in known_conditions().values() for code in item.snomed}


@cache
def _by_icd10() -> dict[str, Match]:
    table: dict[str, Match] = {}
    for item in known_conditions().values():
        stated: list[tuple[str, Status | None]] = [(code, None) for code in item.icd10]
        stated += [(code, "history") for code in item.icd10_history]
        for code, implied in stated:
            if table.setdefault(code.replace(".", ""), (item, implied))[0] is not item:
                raise ProtocolError("conditions.json", f"the code {code!r} stands twice")
    return table


@cache
def _misspelled() -> dict[str, set[str]]:
    return misspellings(_by_name())


def recognize_condition(name: str) -> Match | None:
    """Return the condition ``name`` stands for and the status its wording implies, else None.

    ``name`` is a snake_case code, plain English, a SNOMED CT code or an ICD-10 code. Every word
    must be accounted for: "no history of stroke", "family history of psychosis" or "possible
    aneurysm" must be read by a person, so they are not recognized. Where several conditions
    stand together ("hypertension and asthma") the one that a rule asks about is returned, and
    None when a rule asks about more than one.
    """
    single = _one(name)
    if single is not None:
        return single
    several = recognize_conditions(name)
    asked = [match for match in several if match[0].screened]
    if len(asked) > 1:
        return None
    reasons = [match for match in several if match[0].group == "Reason for treatment"]
    # Of depression with acute suicidality it is the latter that changes what is asked.
    reasons.sort(key=lambda match: match[0].code != "acute_suicidality")
    return next(iter([*asked, *reasons, *several]), None)


def recognize_conditions(name: str) -> tuple[Match, ...]:
    """Return every condition named in ``name``; empty when any part must be read by a person."""
    single = _one(name)
    if single is not None:
        return (single,)
    parts = [part for part in _PARTS.split(name.replace("_", " ")) if part.strip()]
    if not 1 < len(parts) <= _MOST_PARTS:
        return ()
    matches = [_one(part) for part in parts]
    known = [match for match in matches if match is not None]
    if len(known) < len(matches):
        return ()
    return tuple({match[0].code: match for match in known}.values())


def is_icd10(name: str) -> bool:
    """Return whether ``name`` has the form of an ICD-10 code, known or not."""
    return _ICD10.fullmatch(name.strip()) is not None


def suggest_condition(name: str) -> str | None:
    """Return the known name that ``name`` misses by one letter, for a person to confirm."""
    return None if recognize_condition(name) else suggestion(name, _misspelled())


def _one(name: str) -> Match | None:
    for reading, match in _matches(name):
        found = _judged(match, reading)
        if found is not None:
            return found
    return _coded(name.strip())


def _matches(name: str) -> Iterator[tuple[Reading, Match]]:
    for reading in readings(plain(name)):
        match = _by_name().get(reading.words) or _by_bag().get(bag(reading.words))
        if match is not None:
            yield reading, match


def _judged(match: Match, reading: Reading) -> Match | None:
    """Put what was said about time and control beside the condition it was said of."""
    condition, own = match
    if reading.graded and condition.grade_matters:
        return None
    implied: Status | None = "history" if reading.past else own
    if reading.control == "poor":
        if condition.code in _CARDIOVASCULAR:
            return known_conditions()[_POOR_CONTROL], implied
        # Poorly controlled asthma is not the asthma no rule asks about: a person reads it.
        return (condition, implied) if condition.screened else None
    if reading.control == "good" and condition.well_controlled is not None:
        return condition, condition.well_controlled
    if reading.control == "treated" and condition.treated is not None:
        return condition, condition.treated
    return condition, implied


def _coded(code: str) -> Match | None:
    if code in _by_snomed():
        return _by_snomed()[code], None
    if not is_icd10(code):
        return None
    bare = code.upper().replace(".", "")
    for length in range(len(bare), 2, -1):
        match = _by_icd10().get(bare[:length])
        if match is not None:
            return match
    return None
