"""Facts as a page shows them: grouped, what is known beside what is missing or out of date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from evenkeel.clinic.course.review import Review, blocking
from evenkeel.protocol.facts import BloodPressure, ConditionRecord, Fact, MedicineUse
from evenkeel.protocol.vocabulary import CSSRS, GROUPS, SCORES, VOCABULARY, FactSpec

#: ``missing`` holds treatment up; ``asked`` is not known either, but would not.
Standing = Literal["known", "missing", "asked", "old"]
#: Facts of the day of a session; the screening of a course does not ask for them.
_OF_THE_DAY: Final = "Today"
_WORDS: Final[dict[str, str]] = {
    "not_applicable": "does not apply",
    "history": "in the past",
    "resolved": "over",
}
#: Whether a stated list is complete is shown with the list itself, not as a line of its own.
_NOT_SHOWN: Final = frozenset({"deceased", "session_number", "consent_signed"})


@dataclass(frozen=True, slots=True)
class FactLine:
    """One line: its name, what is known, how it stands, and where it comes from."""

    key: str
    label: str
    words: str
    standing: Standing
    origin: str
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class FactGroup:
    """The lines under one heading, and how many of them are known and in date."""

    heading: str
    lines: tuple[FactLine, ...]

    @property
    def known(self) -> int:
        """How many lines are known and in date."""
        return sum(line.standing == "known" for line in self.lines)


def fact_groups(review: Review) -> list[FactGroup]:
    """The facts of a screening by group: every stated one, and every one a finding asks for."""
    asked = {key for finding in review.screening.findings for key in finding.facts}
    holding = {key for finding in blocking(review.screening) for key in finding.facts}
    groups = []
    for heading in GROUPS:
        lines = tuple(
            _line(spec, review, holding)
            for spec in VOCABULARY.values()
            if spec.group == heading and _is_shown(spec, review, asked)
        )
        if lines:
            groups.append(FactGroup(heading, lines))
    return groups


def _is_shown(spec: FactSpec, review: Review, asked: set[str]) -> bool:
    if spec.key in _NOT_SHOWN:
        return False
    if review.facts[spec.key].state != "unknown":
        return True
    if spec.key in asked:
        return True
    return review.product in spec.needed_for and spec.group != _OF_THE_DAY


def _line(spec: FactSpec, review: Review, holding: set[str]) -> FactLine:
    fact = review.facts[spec.key]
    standing: Standing
    if fact.state == "unknown":
        standing = "missing" if spec.key in holding else "asked"
        words = "ask for it" if spec.key in holding else "not asked yet"
        return FactLine(spec.key, spec.label, words, standing, "not found", None)
    standing = "old" if spec.key in review.out_of_date else "known"
    return FactLine(spec.key, spec.label, describe(spec, fact), standing, fact.origin, fact.as_of)


def describe(spec: FactSpec, fact: Fact) -> str:
    """What is known of a fact, in words."""
    if fact.state == "absent" or fact.value is False:
        return "none" if spec.type in ("names", "medicines") else "no"
    value = fact.value
    if value is True:
        return "yes"
    if isinstance(value, float | int):
        return f"{value:g} {spec.unit}".strip()
    if isinstance(value, str):
        return _WORDS.get(value, value.replace("_", " "))
    if isinstance(value, Mapping):
        return _describe_mapping(spec, value)
    if isinstance(value, tuple):
        return ", ".join(_describe_item(item) for item in value) or "none"
    return str(value)


def _describe_item(item: object) -> str:
    if isinstance(item, BloodPressure):
        return f"{item.sbp_mmhg:g}/{item.dbp_mmhg:g}"
    if isinstance(item, MedicineUse):
        dose = f" {item.dose_mg_per_day:g} mg a day" if item.dose_mg_per_day else ""
        return f"{item.name}{dose}"
    if isinstance(item, ConditionRecord):
        return "yes" if item.status == "active" else f"yes, {_WORDS[item.status]}"
    return str(item)


def _describe_mapping(spec: FactSpec, value: Mapping[object, object]) -> str:
    if spec.type == "answers":
        yes = [str(name).upper() for name in CSSRS if value.get(name) is True]
        return "yes to " + ", ".join(yes) if yes else "no to what was asked"
    parts = []
    for name, number in value.items():
        label = SCORES[str(name)][0] if str(name) in SCORES else str(name)
        parts.append(f"{label} {number:g}" if isinstance(number, float | int) else label)
    return ", ".join(parts)
