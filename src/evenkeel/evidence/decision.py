"""Which numbers a person needs to decide, as data: for a treatment, its other ways, its limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from .plain_answers import AnswerError, AnswerSource, answer_sources

_NAME = "decision.json"


@dataclass(frozen=True, slots=True)
class Treatment:
    """What to show for one way of treatment: ids of evidence questions, in their order.

    ``note`` says how far the trials behind them are from this treatment.
    """

    words: str
    better: tuple[str, ...]
    fades: tuple[str, ...]
    harms: tuple[str, ...]
    long_term: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """Something else one could do, in plain words."""

    name: str
    text: str
    sources: tuple[AnswerSource, ...]


@dataclass(frozen=True, slots=True)
class Admission:
    """A reason why the trials would not have taken a person, and what it means for the numbers.

    Exactly one of ``condition``, ``medicine_class`` and ``fact`` says what to look for; a fact is a
    number that lies ``above`` or ``below`` a limit.
    """

    words: str
    source: AnswerSource
    condition: str = ""
    medicine_class: str = ""
    fact: str = ""
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class DecisionAid:
    """All of it. ``treatments`` by kind: esketamine_nasal, by_vein, other_route."""

    compiled_on: str
    treatments: Mapping[str, Treatment]
    alternatives: tuple[Alternative, ...]
    unknown: tuple[str, ...]
    admission: tuple[Admission, ...]


@cache
def decision_aid() -> DecisionAid:
    """Return the aid's data; ``AnswerError`` naming what a file gets wrong."""
    text = resources.files("evenkeel.evidence").joinpath(_NAME).read_text("utf-8")
    return parse_decision(json.loads(text))


def parse_decision(raw: Mapping[str, Any]) -> DecisionAid:
    """Check a decision document and return it; raises ``AnswerError`` otherwise."""
    treatments = {
        kind: Treatment(
            words=entry["words"],
            better=tuple(entry["better"]),
            fades=tuple(entry["fades"]),
            harms=tuple(entry["harms"]),
            long_term=tuple(entry["long_term"]),
            note=entry["note"],
        )
        for kind, entry in raw["treatments"].items()
    }
    sources = answer_sources()
    alternatives = []
    for entry in raw["alternatives"]:
        named = tuple(sources[key] for key in entry["sources"] if key in sources)
        if len(named) != len(entry["sources"]):
            raise AnswerError(_NAME, f"{entry['name']}: a source is not listed")
        alternatives.append(Alternative(entry["name"], entry["text"], named))
    return DecisionAid(
        compiled_on=raw["compiled_on"],
        treatments=MappingProxyType(treatments),
        alternatives=tuple(alternatives),
        unknown=tuple(raw["unknown"]),
        admission=tuple(_admission(entry) for entry in raw["admission"]),
    )


def _admission(entry: Mapping[str, Any]) -> Admission:
    looked_for = [name for name in ("condition", "medicine_class", "fact") if entry.get(name)]
    if len(looked_for) != 1:
        raise AnswerError(_NAME, f"{entry.get('words', '')[:60]!r} must look for one thing")
    if entry.get("fact") and (entry.get("above") is None) == (entry.get("below") is None):
        raise AnswerError(_NAME, f"{entry['fact']}: give one limit, above or below")
    source = entry["source"]
    return Admission(
        words=entry["words"],
        source=AnswerSource(source["title"], source["url"], "primary"),
        condition=entry.get("condition", ""),
        medicine_class=entry.get("medicine_class", ""),
        fact=entry.get("fact", ""),
        above=entry.get("above"),
        below=entry.get("below"),
    )
