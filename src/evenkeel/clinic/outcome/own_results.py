"""The clinic as a trial: what came of its closed courses, uncontrolled and said to be so.

Pure: from plain courses to counts. Small cells are never shown, so that nobody is found in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from evenkeel.evidence.answering.described import wilson

INSTRUMENT: Final = "phq9"
#: From the first dose on, the sessions of this long are the induction. Clinic policy.
INDUCTION: Final = timedelta(days=35)
#: A score this long after the last of them counts as the end of induction. Clinic policy.
END_WITHIN: Final = timedelta(days=14)
#: Below this total a depression is not followed for response: the middle band of the PHQ-9.
LOWEST_BASELINE: Final = 10
#: Who responded and is back at or above it has relapsed. The same boundary.
RELAPSED_FROM: Final = 10
#: How long after the end of induction a relapse is looked for. Clinic policy.
FOLLOWED: Final = timedelta(days=182)
#: At the end below this total it is remission: the PHQ-9's own definition, with its source there.
REMISSION_BELOW: Final = 5
#: So many points above the baseline at the end is worse beyond chance: its reliable change.
WORSE_BY: Final = 6
#: Fewer people than this in a cell, or in its rest, are not shown. Clinic policy.
SMALLEST_CELL: Final = 5


@dataclass(frozen=True, slots=True)
class PastCourse:
    """One closed course: when drug was given, and its totals, in order of time.

    ``alarmed`` is in how many of its sessions a hold or an emergency sounded.
    """

    product: str
    doses_at: tuple[datetime, ...]
    scores: tuple[tuple[datetime, int], ...]
    alarmed: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """``events`` of ``people`` with 95 % limits in percent; all ``None`` where a cell is small."""

    events: int | None
    people: int | None
    percent: float | None
    low: float | None
    high: float | None
    suppressed: bool


@dataclass(frozen=True, slots=True)
class OwnResults:
    """What came of the courses of one product.

    ``alarmed`` counts sessions, not people. ``left_out`` says how many courses could not be
    counted, by reason; it is never hidden. The two shares at the end count those who began ill
    and have no score at the end too: as if none of them, and as if all of them, had responded.
    The truth lies in between.
    """

    product: str
    courses: int
    response: Share
    relapse: Share
    alarmed: Share
    left_out: tuple[tuple[str, int], ...]
    remission: Share
    worse: Share
    if_none_missing_responded: Share
    if_all_missing_responded: Share


def own_results(product: str, courses: Sequence[PastCourse]) -> OwnResults:
    """Count response at the end of induction, and relapse in the half year after it."""
    responded: list[bool] = []
    remitted: list[bool] = []
    worse: list[bool] = []
    relapsed: list[bool] = []
    reasons = {
        "no drug was given": 0,
        "no score before the first dose": 0,
        "too well at the start to count a response": 0,
        "no score at the end of induction": 0,
        "response, and no later score": 0,
    }
    mine = [course for course in courses if course.product == product]
    for course in mine:
        found = _response(course)
        if isinstance(found, str):
            reasons[found] += 1
            continue
        ended_at, came, before, total = found
        responded.append(came)
        remitted.append(total < REMISSION_BELOW)
        worse.append(total - before >= WORSE_BY)
        if came:
            after = _relapse(course, ended_at)
            if after is None:
                reasons["response, and no later score"] += 1
            else:
                relapsed.append(after)
    lost = reasons["no score at the end of induction"]
    return OwnResults(
        product=product,
        courses=len(mine),
        response=share(sum(responded), len(responded)),
        relapse=share(sum(relapsed), len(relapsed)),
        alarmed=share(sum(c.alarmed for c in mine), sum(len(c.doses_at) for c in mine)),
        left_out=tuple((why, count) for why, count in reasons.items() if count),
        remission=share(sum(remitted), len(remitted)),
        worse=share(sum(worse), len(worse)),
        if_none_missing_responded=share(sum(responded), len(responded) + lost),
        if_all_missing_responded=share(sum(responded) + lost, len(responded) + lost),
    )


def _response(course: PastCourse) -> tuple[datetime, bool, int, int] | str:
    """When induction ended by a score, whether it had halved, and both; or why not counted."""
    if not course.doses_at:
        return "no drug was given"
    first = min(course.doses_at)
    last = max(at for at in course.doses_at if at - first <= INDUCTION)
    before = [total for at, total in course.scores if at <= first]
    if not before:
        return "no score before the first dose"
    if before[-1] < LOWEST_BASELINE:
        return "too well at the start to count a response"
    ends = [(at, total) for at, total in course.scores if last < at <= last + END_WITHIN]
    if not ends:
        return "no score at the end of induction"
    at, total = ends[-1]
    return at, 2 * total <= before[-1], before[-1], total


def _relapse(course: PastCourse, since: datetime) -> bool | None:
    later = [total for at, total in course.scores if since < at <= since + FOLLOWED]
    return any(total >= RELAPSED_FROM for total in later) if later else None


def share(events: int, people: int) -> Share:
    """A share with its Wilson limits, or nothing where either side of it is a small cell."""
    if min(events, people - events) < SMALLEST_CELL:
        return Share(None, None, None, None, None, suppressed=True)
    low, high = wilson(events, people)
    return Share(events, people, 100.0 * events / people, low, high, suppressed=False)
