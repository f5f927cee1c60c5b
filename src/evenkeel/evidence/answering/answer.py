"""Answer a question from the trials: pooled, or the single trial, or plainly nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evenkeel.evidence.answering.absolute import Absolute, per_100
from evenkeel.evidence.answering.caveats import cannot_say, found_nothing, masking
from evenkeel.evidence.answering.certainty import Certainty, certainty
from evenkeel.evidence.answering.described import Described, describe
from evenkeel.evidence.answering.selection import Excluded, select
from evenkeel.evidence.answering.study_effect import StudyEffect
from evenkeel.evidence.library import Question, Trial, questions, trials
from evenkeel.evidence.pooling import EvidenceError, Pooled, Study
from evenkeel.evidence.pooling.effects import Effects
from evenkeel.evidence.pooling.heterogeneity import prediction
from evenkeel.evidence.pooling.intervals import hartung_knapp, wald
from evenkeel.evidence.pooling.pool import pool_effects
from evenkeel.evidence.pooling.random import fit, ones, standard_error, tau2_by

METHOD = "REML with Hartung-Knapp limits, never narrower than the usual ones"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the trials say to a question.

    ``state``: "pooled" (two trials or more), "single" (one trial, its own interval), "described"
    (numbers that can only be shown by themselves) or "none". ``pooled`` holds the single trial
    too, with the usual interval; ``usual`` is the pooled interval without Hartung-Knapp. Estimates
    in ``pooled`` are logarithms for RR and OR: ``pooled.natural`` gives the ratio. ``turns`` names
    trials whose leaving out changes whether the interval leaves out no effect.
    """

    question: Question
    state: str
    only_verified: bool
    pooled: Pooled | None
    usual: Pooled | None
    studies: tuple[StudyEffect, ...]
    excluded: tuple[Excluded, ...]
    described: tuple[Described, ...]
    absolute: Absolute | None
    certainty: Certainty
    turns: tuple[str, ...]
    masking: tuple[str, ...]
    found_nothing: tuple[str, ...]
    cannot_say: tuple[str, ...]

    @property
    def k(self) -> int:
        """How many trials are counted."""
        return len(self.studies)

    @property
    def people(self) -> int:
        """How many people stand in the trials that are counted, where that is known."""
        return sum(sum(s.people) for s in self.studies if s.people)


def answer(
    question_id: str,
    only_verified: bool = False,
    trials_by_id: Mapping[str, Trial] | None = None,
) -> Answer:
    """Answer one question; ``only_verified`` leaves out rows nobody read at their source.

    ``trials_by_id`` puts other trials in place of the bundled ones. Raises ``EvidenceError`` for a
    question that does not exist.
    """
    known = questions()
    if question_id not in known:
        raise EvidenceError(
            f"there is no question {question_id[:40]!r}; 'evenkeel evidence list' names them"
        )
    return _answer(known[question_id], trials_by_id or trials(), only_verified)


def answers(only_verified: bool = False) -> list[Answer]:
    """All questions, answered in their order."""
    return [answer(question_id, only_verified) for question_id in questions()]


def _answer(question: Question, known: Mapping[str, Trial], only_verified: bool) -> Answer:
    studies, excluded = select(question, known, only_verified)
    studies.sort(key=lambda s: (s.year, s.label))
    pooled = _pool(question, studies)
    described = describe(question, known, only_verified)
    if pooled is None:
        state = "described" if described else "none"
    else:
        state = "pooled" if pooled.k > 1 else "single"
    return Answer(
        question=question,
        state=state,
        only_verified=only_verified,
        pooled=pooled,
        usual=_usual(pooled),
        studies=tuple(studies),
        excluded=tuple(excluded),
        described=described,
        absolute=_absolute(question, studies, pooled),
        certainty=certainty(question, known, studies, pooled),
        turns=_turns(studies, pooled),
        masking=masking(question, known, studies),
        found_nothing=found_nothing(question, known, studies, excluded),
        cannot_say=cannot_say(question, studies, pooled, only_verified),
    )


def _pool(question: Question, studies: Sequence[StudyEffect]) -> Pooled | None:
    if not studies:
        return None
    named = tuple(Study(s.label, *(s.people or (0, 0))) for s in studies)
    y = np.array([s.y for s in studies], dtype=np.float64)
    v = np.array([s.se**2 for s in studies], dtype=np.float64)
    found = Effects(question.measure, named, y, v)
    if len(studies) == 1:
        return pool_effects(found, "FE", "wald")
    return pool_effects(found, "REML", "hk")


def _usual(pooled: Pooled | None) -> Pooled | None:
    """The same pooling with the normal interval."""
    if pooled is None or pooled.k == 1:
        return pooled
    tau2 = pooled.spread.tau2
    fitted = fit(pooled.y, pooled.se**2, ones(pooled.k), tau2)
    interval = wald(pooled.estimate, standard_error(fitted))
    return replace(
        pooled,
        ci="wald",
        estimate_se=interval.se,
        low=interval.low,
        high=interval.high,
        p=interval.p,
        predicted=prediction(pooled.estimate, interval, tau2),
    )


def _absolute(
    question: Question, studies: Sequence[StudyEffect], pooled: Pooled | None
) -> Absolute | None:
    if pooled is None or question.measure not in ("RR", "OR"):
        return None
    ratios = [pooled.natural(value) for value in (pooled.estimate, pooled.low, pooled.high)]
    return per_100(studies, question.measure, *ratios)


def _turns(studies: Sequence[StudyEffect], pooled: Pooled | None) -> tuple[str, ...]:
    """Trials without which the verdict changes; with two trials, each is everything."""
    if pooled is None or pooled.k < 3:
        return ()
    found = []
    v = pooled.se**2
    for i, study in enumerate(studies):
        y_i, v_i = np.delete(pooled.y, i), np.delete(v, i)
        x = ones(pooled.k - 1)
        interval = hartung_knapp(y_i, fit(y_i, v_i, x, tau2_by("REML", y_i, v_i, x)))
        if (interval.low > 0 or interval.high < 0) != pooled.significant:
            found.append(study.label)
    return tuple(found)
