"""One trial's effect from its rows: arms combined, a shared comparator counted once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evenkeel.evidence.library.question import Question
from evenkeel.evidence.library.trial import Funding, RiskOfBias, Row, Trial
from evenkeel.evidence.pooling import EvidenceError, Study, effects

_Z = 1.959964
_RATIOS = ("RR", "OR")


class Unusable(Exception):
    """The rows hold no effect of the measure; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class StudyEffect:
    """The effect ``y`` of a trial with its standard error, on the scale of pooling (log ratios).

    ``events`` and ``people`` are (treatment, comparator) where they are known; ``means`` are
    (mean, SD) of each. ``made_of`` says in words what was combined or worked out. ``funding`` and
    ``risk_of_bias`` are the trial's own, None where nothing was found.
    """

    trial: str
    label: str
    year: int
    rows: tuple[str, ...]
    y: float
    se: float
    people: tuple[int, int] | None
    events: tuple[int, int] | None
    means: tuple[tuple[float, float], tuple[float, float]] | None
    when: str
    outcome: str
    definition: str
    treatment: str
    comparator: str
    mark: str
    made_of: tuple[str, ...]
    sources: tuple[str, ...]
    funding: Funding | None
    risk_of_bias: RiskOfBias | None

    @property
    def crosses_none(self) -> bool:
        """Whether the trial's own 95 % interval includes no effect."""
        return abs(self.y) <= _Z * self.se


def study_effect(question: Question, trial: Trial, rows: Sequence[Row]) -> StudyEffect:
    """The effect of these rows: all of arms, or all contrasts, of one outcome at one time.

    Raises ``Unusable`` where they do not hold one.
    """
    if not rows:
        raise Unusable("nothing was reported for it")
    if rows[0].contrast:
        return _of_contrasts(question, trial, rows)
    sides = [[r for r in rows if trial.arm(r.arm).role == side] for side in _SIDES]
    if not sides[0] or not sides[1]:
        missing = "treatment" if not sides[0] else "comparison"
        raise Unusable(f"there is no number for the {missing} group")
    if question.measure in _RATIOS:
        return _counted(question, trial, sides)
    return _measured(question, trial, sides)


_SIDES = ("treatment", "comparator")


def _counted(question: Question, trial: Trial, sides: list[list[Row]]) -> StudyEffect:
    rows = [r for side in sides for r in side]
    if any(r.events is None or r.n is None for r in rows):
        raise Unusable("a percentage or words were reported, not how many of how many people")
    events = [sum(r.events or 0 for r in side) for side in sides]
    people = [sum(r.n or 0 for r in side) for side in sides]
    study = Study(trial.label, people[0], people[1], events1=events[0], events2=events[1])
    try:
        found = effects([study], question.measure)
    except EvidenceError as error:
        raise Unusable("nobody in either group had the event: a ratio cannot be formed") from error
    made = list(_combined(sides))
    if 0 in (*events, people[0] - events[0], people[1] - events[1]):
        made.append("a group without events: 0.5 added to all four cells")
    return _study(
        trial,
        rows,
        (float(found.y[0]), float(found.v[0]) ** 0.5),
        made,
        people=(people[0], people[1]),
        events=(events[0], events[1]),
    )


def _measured(question: Question, trial: Trial, sides: list[list[Row]]) -> StudyEffect:
    rows = [r for side in sides for r in side]
    if any(r.mean is None or r.n is None or (r.sd is None and r.se is None) for r in rows):
        raise Unusable("mean, standard deviation or number of people was not reported")
    groups = [_one_group([_group(r) for r in side]) for side in sides]
    (n1, m1, sd1), (n2, m2, sd2) = groups
    study = Study(trial.label, n1, n2, mean1=m1, sd1=sd1, mean2=m2, sd2=sd2)
    found = effects([study], question.measure)
    made = list(_combined(sides))
    if any(r.se is not None for r in rows):
        made.append("standard deviations worked out from standard errors")
    return _study(
        trial,
        rows,
        (float(found.y[0]), float(found.v[0]) ** 0.5),
        made,
        people=(n1, n2),
        means=((m1, sd1), (m2, sd2)),
    )


def _group(row: Row) -> tuple[int, float, float]:
    n, mean = row.n or 0, row.mean or 0.0
    return n, mean, row.sd if row.sd is not None else (row.se or 0.0) * math.sqrt(n)


def _one_group(groups: Sequence[tuple[int, float, float]]) -> tuple[int, float, float]:
    """Groups as if they had been one: n, mean, SD.

    Cochrane Handbook, section 6.5.2.10 (table 6.5.a).
    """
    n, mean, sd = groups[0]
    for n2, mean2, sd2 in groups[1:]:
        squares = (n - 1) * sd**2 + (n2 - 1) * sd2**2 + n * n2 / (n + n2) * (mean - mean2) ** 2
        mean = (n * mean + n2 * mean2) / (n + n2)
        n += n2
        sd = math.sqrt(squares / (n - 1))
    return n, mean, sd


def _combined(sides: list[list[Row]]) -> list[str]:
    told = []
    for side, word in zip(sides, ("treatment", "comparison"), strict=True):
        if len(side) > 1:
            told.append(f"{len(side)} {word} arms combined, so nobody is counted twice")
    return told


def _of_contrasts(question: Question, trial: Trial, rows: Sequence[Row]) -> StudyEffect:
    usable = [r for r in rows if r.effect is not None and _fits(question, r)]
    if not usable:
        told = rows[0].effect.words if rows[0].effect else ""
        raise Unusable(f"only a contrast was reported that this measure cannot use ({told})")
    pairs = [_reported(r, question.measure in _RATIOS) for r in usable]
    made = [f"as the trial reports it: {usable[0].effect.words if usable[0].effect else ''}"]
    if len(usable) == 1:
        (y, se), effect = pairs[0], usable[0].effect
        people = (effect.n1, effect.n2) if effect and effect.n1 and effect.n2 else None
    else:
        y, se, people = _sharing(usable, pairs)
        made.append(f"{len(usable)} doses against one comparison group, combined with that shared")
    counted = (people[0], people[1]) if people and people[0] and people[1] else None
    return _study(trial, usable, (y, se), made, people=counted)


def _fits(question: Question, row: Row) -> bool:
    effect = row.effect
    assert effect is not None
    limits = effect.se is not None or (effect.low is not None and effect.high is not None)
    return effect.kind == question.measure and effect.estimate is not None and limits


def _reported(row: Row, ratio: bool) -> tuple[float, float]:
    effect = row.effect
    assert effect is not None
    assert effect.estimate is not None
    y = math.log(effect.estimate) if ratio else effect.estimate
    if effect.se is not None and not ratio:
        return y, effect.se
    assert effect.low is not None
    assert effect.high is not None
    low, high = effect.low, effect.high
    width = math.log(high) - math.log(low) if ratio else high - low
    return y, width / (2 * _Z)


def _sharing(
    rows: Sequence[Row], pairs: Sequence[tuple[float, float]]
) -> tuple[float, float, tuple[int, int]]:
    """Doses of one trial against one comparator, as one contrast weighted by people.

    With one spread s in all arms, se_i^2 = s^2 (1/n_i + 1/n_c), and two contrasts covary by
    s^2 / n_c through the comparator they share. Gleser and Olkin, in Cooper, Hedges and Valentine,
    The Handbook of Research Synthesis, chapter on dependent effect sizes.
    """
    sizes = [(r.effect.n1, r.effect.n2) for r in rows if r.effect and r.effect.n1 and r.effect.n2]
    if len(sizes) < len(rows) or len({n2 for _, n2 in sizes}) != 1:
        raise Unusable("several doses share a comparison group whose size was not reported")
    first = [n1 or 0 for n1, _ in sizes]
    shared = sizes[0][1] or 0
    total = sum(first)
    spread = [se**2 / (1 / n + 1 / shared) for n, (_, se) in zip(first, pairs, strict=True)]
    common = sum(n * s for n, s in zip(first, spread, strict=True)) / total
    y = sum(n * y_i for n, (y_i, _) in zip(first, pairs, strict=True)) / total
    return y, math.sqrt(common * (1 / total + 1 / shared)), (total, shared)


def _study(
    trial: Trial,
    rows: Sequence[Row],
    effect: tuple[float, float],
    made: Sequence[str],
    people: tuple[int, int] | None = None,
    events: tuple[int, int] | None = None,
    means: tuple[tuple[float, float], tuple[float, float]] | None = None,
) -> StudyEffect:
    marks = [r.mark for r in rows]
    worst = next(m for m in ("unverified", "partly verified", "verified") if m in marks)
    derived = tuple(dict.fromkeys(r.derived for r in rows if r.derived))
    return StudyEffect(
        trial=trial.id,
        label=trial.label,
        year=trial.year,
        rows=tuple(r.id for r in rows),
        y=effect[0],
        se=effect[1],
        people=people,
        events=events,
        means=means,
        when=rows[0].when,
        outcome=rows[0].reported_as or rows[0].outcome.replace("_", " "),
        definition=rows[0].definition,
        treatment=trial.regimen,
        comparator=trial.comparator_words,
        mark=worst,
        made_of=(*made, *derived),
        sources=tuple(dict.fromkeys(r.source.cite for r in rows)),
        funding=trial.funding,
        risk_of_bias=trial.risk_of_bias,
    )
