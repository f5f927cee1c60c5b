"""A question people ask, as data: what would answer it, and what is known beside the trials."""

from __future__ import annotations

from dataclasses import dataclass

FAMILIES = ("about", "benefit", "harm", "comparison", "long_term", "other_condition")
BETTER = ("more", "fewer", "lower", "higher")
QUESTION_MEASURES = ("RR", "OR", "MD", "SMD")


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that is known beside the trials, in a sentence, with its source and mark."""

    text: str
    source: str
    mark: str


@dataclass(frozen=True, slots=True)
class Alone:
    """Rows that are shown by themselves and never pooled, and why."""

    trial: str
    outcomes: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Indirectness:
    """How many levels of certainty the trials lose for asking something else; 0 to 2."""

    levels: int
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """Which rows answer it and how.

    Empty tuples of ``drugs``, ``routes``, ``courses`` and ``scales`` leave all in; ``days`` is the
    window from the first dose, None where any time will do; of several times in the window the
    one nearest to ``target_day`` counts. Without ``outcomes`` no trial here speaks to it.
    """

    id: str
    title: str
    family: str
    order: int
    outcomes: tuple[str, ...]
    outcome_words: str
    days: tuple[float, float] | None
    target_day: float | None
    days_words: str
    population_words: str
    diagnoses: tuple[str, ...]
    designs: tuple[str, ...]
    intervention_words: str
    drugs: tuple[str, ...]
    routes: tuple[str, ...]
    courses: tuple[str, ...]
    comparator_words: str
    comparators: tuple[str, ...]
    scales: tuple[str, ...]
    measure: str
    better: str
    pooled_reports: bool
    self_reported: bool
    indirectness: Indirectness
    publication_bias: bool
    alone: tuple[Alone, ...]
    statements: tuple[Statement, ...]
    published: tuple[Statement, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...]
