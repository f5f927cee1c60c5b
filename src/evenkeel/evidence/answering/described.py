"""Numbers that are shown by themselves: one group, a crossover, a contrast nobody can pool."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from evenkeel.evidence.library.question import Question
from evenkeel.evidence.library.trial import Row, Trial

_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Described:
    """One reported number in words, with limits in percent where people were counted."""

    trial: str
    label: str
    row: str
    arm: str
    outcome: str
    when: str
    events: int | None
    people: int | None
    percent: float | None
    low: float | None
    high: float | None
    words: str
    why: str
    mark: str
    source: str


def describe(
    question: Question, trials: Mapping[str, Trial], only_verified: bool
) -> tuple[Described, ...]:
    """The rows a question wants shown alone, in their order."""
    found = []
    for alone in question.alone:
        trial = trials[alone.trial]
        for row in trial.rows:
            if row.outcome in alone.outcomes and (row.mark == "verified" or not only_verified):
                found.append(_one(trial, row, alone.why))
    return tuple(found)


def _one(trial: Trial, row: Row, why: str) -> Described:
    percent, low, high = row.percent, None, None
    if row.events is not None and row.n is not None:
        percent = 100 * row.events / row.n
        low, high = wilson(row.events, row.n)
    return Described(
        trial=trial.id,
        label=trial.label,
        row=row.id,
        arm=trial.arm(row.arm).name if row.arm else row.contrast,
        outcome=row.reported_as or row.outcome.replace("_", " "),
        when=row.when,
        events=row.events,
        people=row.n,
        percent=percent,
        low=low,
        high=high,
        words=_words(row),
        why=why,
        mark=row.mark,
        source=row.source.cite,
    )


def _words(row: Row) -> str:
    effect = row.effect
    if row.events is not None and row.n is not None:
        return f"{row.events} of {row.n}"
    if row.mean is not None:
        return f"mean {row.mean:g} on {row.scale}" if row.scale else f"mean {row.mean:g}"
    if row.median_d is not None:
        return f"median {row.median_d:g} days"
    if row.percent is not None:
        return f"{row.percent:g} %; of how many was not read"
    if effect is None:
        return "no number"
    if effect.estimate is None:
        return effect.result or (f"p = {effect.p:g}" if effect.p is not None else "no number")
    words = f"{effect.words} {effect.estimate:g}"
    if effect.low is not None and effect.high is not None:
        return f"{words} ({effect.low:g} to {effect.high:g})"
    return f"{words}, p = {effect.p:g}" if effect.p is not None else words


def wilson(events: int, n: int) -> tuple[float, float]:
    """95 % limits of a share, in percent. Wilson 1927, doi:10.1080/01621459.1927.10502953."""
    p, z2 = events / n, _Z**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)
