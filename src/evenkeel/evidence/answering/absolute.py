"""What a ratio means for 100 people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenkeel.evidence.answering.study_effect import StudyEffect


@dataclass(frozen=True, slots=True)
class Absolute:
    """People of 100 with the outcome, without and with the treatment, with the 95 % interval.

    Not rounded. ``source`` says where the first comes from; ``cut`` where an end of the interval
    ran past everybody and stands at 100.
    """

    without: float
    treated: float
    low: float
    high: float
    source: str
    cut: bool


def per_100(
    studies: Sequence[StudyEffect], measure: str, ratio: float, low: float, high: float
) -> Absolute | None:
    """The comparison groups' share, and what the ratio makes of it and of its limits.

    None where a study did not report counts or nobody in a comparison group had the outcome. A
    risk ratio multiplies the risk, an odds ratio the odds. Cochrane Handbook, section 15.4.4.
    """
    if any(s.events is None or s.people is None for s in studies):
        return None
    events = sum(s.events[1] for s in studies if s.events)
    people = sum(s.people[1] for s in studies if s.people)
    if not events:
        return None
    risk = events / people
    ends = [_risk(measure, risk, value) for value in (ratio, low, high)]
    kept = [min(1.0, end) for end in ends]
    source = f"{events} of {people} people in the comparison groups of the trials that are counted"
    return Absolute(100 * risk, 100 * kept[0], 100 * kept[1], 100 * kept[2], source, max(ends) > 1)


def _risk(measure: str, risk: float, ratio: float) -> float:
    if measure == "RR":
        return risk * ratio
    odds = risk / (1 - risk) * ratio if risk < 1 else float("inf")
    return odds / (1 + odds) if odds != float("inf") else 1.0
