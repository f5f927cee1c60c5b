"""How far an answer may be trusted: GRADE by rules that stand in ``certainty.json``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evenkeel.evidence.answering.study_effect import StudyEffect
from evenkeel.evidence.library.fields import read_object
from evenkeel.evidence.library.question import Question
from evenkeel.evidence.library.trial import BIAS, Trial
from evenkeel.evidence.pooling import EvidenceError, Pooled, egger

_FILE = Path(__file__).parent.parent / "certainty.json"
#: What a person can often tell from a treatment that changes perception: nothing was in it.
INERT = (
    "saline",
    "placebo_spray",
    "placebo_spray_alone",
    "placebo_tablets",
    "saline_with_ssri",
)
OPEN = ("open", "unmasked")


@dataclass(frozen=True, slots=True)
class Domain:
    """One doubt: how many levels it costs, why in this case, the rule, its mark and source."""

    name: str
    levels: int
    reason: str
    rule: str
    mark: str
    source: str


@dataclass(frozen=True, slots=True)
class Certainty:
    """``level`` is very low, low, moderate or high; "no trials" where there is nothing to rate."""

    level: str
    start: str
    domains: tuple[Domain, ...]


@cache
def rules() -> dict[str, Any]:
    """The rules as they stand in the file, read once."""
    return read_object(_FILE)


def certainty(
    question: Question,
    trials: Mapping[str, Trial],
    studies: Sequence[StudyEffect],
    pooled: Pooled | None,
) -> Certainty:
    """Rate the body of trials that answers a question."""
    if pooled is None:
        return Certainty("no trials", "", ())
    mine = [trials[s.trial] for s in studies]
    weights = [float(w) for w in pooled.weights]
    found = (
        _risk_of_bias(question, mine, weights),
        _inconsistency(pooled),
        _domain("indirectness", question.indirectness.levels, question.indirectness.reason)
        if question.indirectness.levels
        else _domain("indirectness", 0, "the trials asked what is asked here"),
        _imprecision(studies, pooled),
        _publication_bias(question, pooled),
    )
    levels: list[str] = rules()["levels"]
    randomized = all(t.design != "non_randomized" for t in mine)
    start: str = rules()["start"]["randomized" if randomized else "not_randomized"]
    lost = sum(domain.levels for domain in found)
    return Certainty(levels[max(0, levels.index(start) - lost)], start, found)


def _domain(name: str, levels: int, reason: str) -> Domain:
    rule = rules()[name]
    return Domain(name, levels, reason, rule["rule"], rule["mark"], rule["source"])


def _risk_of_bias(question: Question, mine: list[Trial], weights: list[float]) -> Domain:
    rule = rules()["risk_of_bias"]
    share, sound = rule["share_of_weight"], rule["sound"]
    bare = _weight(mine, weights, lambda t: t.blinding in OPEN)
    seen = _weight(mine, weights, sees_through)
    unknown = _weight(mine, weights, lambda t: t.risk_of_bias is None)
    doubted = _weight(
        mine, weights, lambda t: bool(t.risk_of_bias and t.risk_of_bias.judgment not in sound)
    )
    if bare >= share and question.self_reported:
        reason = f"{100 * bare:.0f} % of the weight is from trials whose masking failed or was none"
        return _domain("risk_of_bias", 2, reason)
    reasons = []
    if seen >= share:
        reasons.append(
            f"{100 * seen:.0f} % of the weight is from trials in which people could often tell "
            "what they got"
        )
    if unknown + doubted >= share:
        if unknown:
            reasons.append(
                "no judgment of the risk of bias was found for trials with "
                f"{100 * unknown:.0f} % of the weight"
            )
        if doubted:
            reasons.append(
                f"a review judged the risk of bias of trials with {100 * doubted:.0f} % of the "
                f"weight, and none of them low ({_judged(mine)})"
            )
    if reasons:
        return _domain("risk_of_bias", 1, "; ".join(reasons))
    return _domain("risk_of_bias", 0, "most of the weight is from trials judged sound")


def _weight(mine: list[Trial], weights: list[float], holds: Callable[[Trial], bool]) -> float:
    return sum(w for t, w in zip(mine, weights, strict=True) if holds(t))


def _judged(mine: list[Trial]) -> str:
    """The words a review used of these trials that are not its word for sound, mildest first."""
    sound = rules()["risk_of_bias"]["sound"]
    found = {t.risk_of_bias.judgment for t in mine if t.risk_of_bias}
    return ", ".join(word for word in BIAS if word in found and word not in sound)


def sees_through(trial: Trial) -> bool:
    """Whether people could often tell what they got: no masking, or an inert comparison."""
    if trial.blinding == "masked":
        return False
    return trial.blinding in OPEN or trial.comparator in INERT


def _inconsistency(pooled: Pooled) -> Domain:
    rule = rules()["inconsistency"]
    if pooled.k < 2:
        return _domain("inconsistency", 0, "one trial alone cannot show how far trials differ")
    i2 = pooled.spread.i2
    both = bool((pooled.y > 0).any() and (pooled.y < 0).any())
    levels = int(i2 >= rule["i2_substantial_percent"])
    if i2 >= rule["i2_considerable_percent"] and both:
        levels = 2
    ways = "trials point both ways" if both else "all trials point the same way"
    few = "; with so few trials I2 is itself uncertain" if pooled.k < 10 else ""
    return _domain("inconsistency", levels, f"I2 is {i2:.0f} %, {ways}{few}")


def _imprecision(studies: Sequence[StudyEffect], pooled: Pooled) -> Domain:
    rule = rules()["imprecision"]
    reasons, levels = [], 0
    if not pooled.significant:
        reasons.append("the interval includes no effect")
        levels += 1
    ratio = pooled.measure in ("RR", "OR")
    if ratio and any(s.events is None for s in studies):
        reasons.append("how many people had the outcome is not known for every trial")
        levels += 1
    else:
        each = [s.events if ratio else s.people for s in studies]
        there = sum(sum(pair) for pair in each if pair)
        enough = rule["events" if ratio else "people"]
        if there < enough:
            far = there < enough * rule["far_fewer_share"]
            levels += 2 if far else 1
            what = "people had the outcome" if ratio else "people took part"
            reasons.append(f"{there} {what}, {'far ' if far else ''}fewer than {enough}")
    told = "; ".join(reasons) or "the interval leaves out no effect, and enough people took part"
    return _domain("imprecision", min(levels, rule["most_levels"]), told)


def _publication_bias(question: Question, pooled: Pooled) -> Domain:
    rule = rules()["publication_bias"]
    if question.publication_bias:
        told = f"{rule['unpublished']} ({rule['unpublished_source']})"
        return _domain("publication_bias", 1, told)
    if pooled.k < rule["least_trials"]:
        few = f"with {pooled.k} trials" if pooled.k > 1 else "with one trial"
        return _domain("publication_bias", 0, f"{few} it cannot be tested; none is known of")
    try:
        p = egger(pooled.y, pooled.se).p
    except EvidenceError as error:
        return _domain("publication_bias", 0, f"it could not be tested: {error}")
    told = f"Egger's test of small trials: p = {p:.2g}"
    return _domain("publication_bias", int(p < rule["p"]), told)
