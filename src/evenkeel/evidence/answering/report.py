"""An answer as plain data, and as one sentence."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from evenkeel.evidence.answering.answer import METHOD, Answer
from evenkeel.evidence.answering.study_effect import StudyEffect
from evenkeel.evidence.pooling import EvidenceError, Pooled
from evenkeel.evidence.pooling.pool import PREDICTION_CONVENTION

_Z = 1.959964
#: An interval over this many of 100 people leaves hardly anything out (the project's own line).
_SAYS_NOTHING = 75
_RATIO_WORDS = {"RR": "risk ratio", "OR": "odds ratio"}


def in_words(answer: Answer) -> str:
    """The answer in a sentence or two: numbers of 100 people where they can be given."""
    question, pooled, absolute = answer.question, answer.pooled, answer.absolute
    if pooled is None:
        if question.family == "about":
            return question.statements[0].text
        if answer.described:
            return "No trial here can answer this; what there is stands alone below."
        return "No trial here speaks to this."
    whose = "One trial" if pooled.k == 1 else f"{pooled.k} trials"
    least = "" if all(s.people for s in answer.studies) else "at least "
    people = f"{whose}, {least}{answer.people:,} people" if answer.people else whose
    unsure = "" if pooled.significant else " The interval includes no effect."
    if absolute is not None and absolute.high - absolute.low >= _SAYS_NOTHING:
        unsure += " So wide an interval says almost nothing."
    if absolute is not None:
        return (
            f"Of 100 people, about {absolute.treated:.0f} with {question.intervention_words} "
            f"({absolute.low:.0f} to {absolute.high:.0f}) and {absolute.without:.0f} with "
            f"{question.comparator_words}: {question.outcome_words}. {people}.{unsure}"
        )
    low, high = pooled.natural(pooled.low), pooled.natural(pooled.high)
    unit = question.scales[0] if question.measure == "MD" and question.scales else question.measure
    if question.measure in _RATIO_WORDS:
        unit = _RATIO_WORDS[question.measure]
    return (
        f"{question.outcome_words[0].upper()}{question.outcome_words[1:]}, "
        f"{question.intervention_words} against "
        f"{question.comparator_words}: {pooled.natural(pooled.estimate):.1f} ({low:.1f} to "
        f"{high:.1f}; {unit}). {people}.{unsure}"
    )


def as_data(answer: Answer) -> dict[str, Any]:
    """What ``--json`` prints: ratios on the natural scale, ``se`` and ``tau2`` of logarithms."""
    question = answer.question
    return {
        "question": question.id,
        "title": question.title,
        "state": answer.state,
        "in_words": in_words(answer),
        "only_verified": answer.only_verified,
        "outcome": question.outcome_words,
        "time": question.days_words,
        "population": question.population_words,
        "intervention": question.intervention_words,
        "comparator": question.comparator_words,
        "better": question.better,
        "k": answer.k,
        "people": answer.people,
        "pooled": _pooled(answer.pooled, answer.usual) if answer.pooled else None,
        "studies": [_study(answer, i) for i in range(answer.k)],
        "excluded": [
            {**asdict(e), "another_question": e.another_question} for e in answer.excluded
        ],
        "described": [asdict(d) for d in answer.described],
        "per_100": asdict(answer.absolute) if answer.absolute else None,
        "certainty": asdict(answer.certainty),
        "turns_without": list(answer.turns),
        "masking": list(answer.masking),
        "found_nothing": list(answer.found_nothing),
        "cannot_say": list(answer.cannot_say),
        "statements": [asdict(s) for s in question.statements],
        "published": [asdict(s) for s in question.published],
        "notes": list(question.notes),
    }


def _pooled(pooled: Pooled, usual: Pooled | None) -> dict[str, Any]:
    natural, spread = pooled.natural, pooled.spread
    predicted = pooled.predicted
    return {
        "measure": pooled.measure,
        "method": METHOD if pooled.k > 1 else "the trial's own interval",
        "estimate": natural(pooled.estimate),
        "ci_low": natural(pooled.low),
        "ci_high": natural(pooled.high),
        "se": pooled.estimate_se,
        "p": pooled.p,
        "usual_low": natural(usual.low) if usual else None,
        "usual_high": natural(usual.high) if usual else None,
        "tau2": spread.tau2,
        "tau2_low": spread.tau2_low,
        "tau2_high": spread.tau2_high,
        "i2": spread.i2,
        "q": spread.q,
        "q_p": spread.q_p,
        "prediction_low": natural(predicted[0]) if predicted else None,
        "prediction_high": natural(predicted[1]) if predicted else None,
        "prediction_convention": PREDICTION_CONVENTION[pooled.ci] if predicted else None,
    }


def _study(answer: Answer, i: int) -> dict[str, Any]:
    study, pooled = answer.studies[i], answer.pooled
    assert pooled is not None
    return {**asdict(study), **limits(study, pooled), "weight": 100 * float(pooled.weights[i])}


_UNITS = {"RR": "Risk ratio", "OR": "Odds ratio", "MD": "Difference", "SMD": "SD"}


def forest_data(answer: Answer) -> dict[str, Any]:
    """What a forest plot needs, on the reader's scale: the fields of a drawing, ``studies`` first.

    Raises ``EvidenceError`` where no trial is counted.
    """
    pooled, question = answer.pooled, answer.question
    if pooled is None:
        raise EvidenceError("no trial is counted here, so there is nothing to draw")
    natural, predicted = pooled.natural, pooled.predicted
    ratio = question.measure in _RATIO_WORDS
    several = pooled.k > 1
    ends = (natural(pooled.estimate), natural(pooled.low), natural(pooled.high))
    return {
        "studies": [
            {
                "name": study.label,
                **limits(study, pooled),
                "weight": 100 * float(weight),
                "counts": counts(study),
            }
            for study, weight in zip(answer.studies, pooled.weights, strict=True)
        ],
        "title": question.title,
        "ratio": ratio,
        "unit": _UNITS[question.measure],
        "together": ends if several else None,
        "further": (natural(predicted[0]), natural(predicted[1])) if predicted else None,
        "left": "fewer" if ratio else "lower",
        "right": "more" if ratio else "higher",
        "counts_head": "With v. without" if ratio else "",
    }


def counts(study: StudyEffect) -> str:
    """Events of people in both groups, as 12/34 v. 1/33; empty where they were not reported."""
    events, people = study.events, study.people
    if events is None or people is None:
        return ""
    return f"{events[0]}/{people[0]} v. {events[1]}/{people[1]}"


def limits(study: StudyEffect, pooled: Pooled) -> dict[str, float]:
    """A study's effect and 95 % limits on the reader's scale."""
    natural = pooled.natural
    half = _Z * study.se
    return {
        "effect": natural(study.y),
        "low": natural(study.y - half),
        "high": natural(study.y + half),
    }
