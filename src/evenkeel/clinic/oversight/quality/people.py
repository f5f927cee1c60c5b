"""A figure by person: for learning, with counts and the span that chance alone makes."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final, Literal

from evenkeel.clinic.oversight.quality.counts import Item
from evenkeel.clinic.oversight.quality.facts import Facts
from evenkeel.clinic.oversight.quality.measures import Measure
from evenkeel.evidence.control_charts import share_limits

#: With fewer cases nothing is said of one person. Clinic policy.
FEWEST_CASES: Final = 20


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person's counts. ``low`` and ``high``: between which shares chance alone lies, 0 to 1."""

    who: str
    events: int
    cases: int
    value: float | None
    low: float | None
    high: float | None
    standing: Literal["few", "chance", "outside"]


def by_person(measure: Measure, facts: Facts) -> list[PersonRow]:
    """Each person's share beside everybody's, in order of name; none for other measures."""
    if not measure.person:
        return []
    names: dict[str, str] = {}
    events, cases = defaultdict(list), defaultdict(list)
    for into, rows in ((events, measure.events(facts)), (cases, _cases(measure, facts))):
        for item in rows:
            names[item.who_id] = item.who
            into[item.who_id].append(item)
    every = sum(map(len, cases.values()))
    share = sum(map(len, events.values())) / every if every and measure.cases else None
    found = [_row(measure, names[key], events[key], cases[key], share) for key in names]
    return sorted(found, key=lambda row: row.who.casefold())


def _cases(measure: Measure, facts: Facts) -> list[Item]:
    return (measure.cases or measure.events)(facts)


def _row(
    measure: Measure, who: str, events: list[Item], cases: list[Item], share: float | None
) -> PersonRow:
    count = len(cases)
    if share is None:
        value = statistics.median(one.amount for one in events) if events else None
        return PersonRow(who, len(events), count, value, None, None, "few")
    value = len(events) / count if count else None
    if count < FEWEST_CASES or value is None:
        return PersonRow(who, len(events), count, value, None, None, "few")
    low, high = share_limits(share, count)
    standing: Literal["chance", "outside"] = "chance" if low <= value <= high else "outside"
    return PersonRow(who, len(events), count, value, low, high, standing)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule: in how many signed screenings it spoke, and how many of those went otherwise."""

    rule: str
    words: str
    spoke: int
    overridden: int


def by_rule(facts: Facts) -> list[RuleRow]:
    """The findings that stood against treatment in screenings decided otherwise, most first."""
    spoke: dict[str, int] = defaultdict(int)
    overridden: dict[str, int] = defaultdict(int)
    words: dict[str, str] = {}
    for row in facts.screenings:
        for finding in _against(row.findings):
            words.setdefault(finding["id"], finding["statement"])
            spoke[finding["id"]] += 1
            overridden[finding["id"]] += row.overrides
    found = [
        RuleRow(rule, words[rule], spoke[rule], count)
        for rule, count in overridden.items()
        if count
    ]
    return sorted(found, key=lambda one: (-one.overridden, one.rule))


def _against(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The findings of one screening that asked for something, each rule once."""
    found = {f["id"]: f for f in findings if f.get("effect") != "inform" and f.get("id")}
    return list(found.values())
