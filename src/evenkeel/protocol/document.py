"""Read the ``evenkeel-facts/1`` document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .allergens import is_allergen, is_allergy
from .conditions import Status, recognize_conditions
from .errors import FactsError
from .facts import Fact
from .naming import plain
from .products import PRODUCTS
from .situations import recognize_situation
from .values import (
    BloodPressure,
    ConditionRecord,
    MedicineUse,
    checked,
    choice,
    items,
    number,
    status,
    text,
)
from .vocabulary import CONDITION_KEYS, SCORE_ALIASES, VOCABULARY

FORMAT: Final = "evenkeel-facts/1"
ORIGIN: Final = "document"

# The keys of the page; condition facts are stated inside "conditions", not by themselves.
_DIRECT: Final = tuple(
    key
    for key in VOCABULARY
    if key not in CONDITION_KEYS
    and key not in ("medicines", "blood_pressure", "other_conditions", "diagnoses")
    and key not in ("allergies", "scores", "pregnancy", "breastfeeding", "contradictions")
)
_OTHER: Final = ("product", "jurisdiction", "diagnoses", "conditions", "medicines", "scores")
_BODY: Final = ("allergies", "pregnancy", "breastfeeding", "blood_pressure")
KEYS: Final = frozenset(("format", *_OTHER, *_BODY, *_DIRECT))
# How a jurisdiction is written, besides the code the protocols are kept under.
_JURISDICTIONS: Final = {
    "us": "US",
    "usa": "US",
    "united states": "US",
    "united states of america": "US",
    "eu": "EU",
    "european union": "EU",
    "uk": "UK",
    "gb": "UK",
    "united kingdom": "UK",
    "great britain": "UK",
}
_LONGEST_AGO_DAYS: Final = 365.25 * 130


def read_facts(document: object) -> tuple[list[Fact], str | None, str | None]:
    """Return the facts, the product and the jurisdiction a document states.

    Raises ``FactsError`` naming the key, and nothing else, whatever the document holds.
    """
    case = fields("document", document, KEYS)
    if case.get("format") != FORMAT:
        raise FactsError("format", f"must be {FORMAT!r}")
    product = case.get("product")
    jurisdiction = case.get("jurisdiction")
    if product is not None:
        product = choice("product", product, tuple(PRODUCTS))
    if jurisdiction is not None:
        stated = text("jurisdiction", jurisdiction)
        jurisdiction = _JURISDICTIONS.get(plain(stated), stated)
    facts = [
        Fact(key, "known", case[key], origin=ORIGIN) for key in _DIRECT if case.get(key) is not None
    ]
    if case.get("scores") is not None:
        facts.append(Fact("scores", "known", _scores(case["scores"]), origin=ORIGIN))
    facts += _listed(case)
    if case.get("medicines") is not None:
        uses = tuple(_medicine(item) for item in items("medicines", case["medicines"]))
        facts.append(Fact("medicines", "known", uses, origin=ORIGIN))
    if case.get("blood_pressure"):
        readings = pressures("blood_pressure", case["blood_pressure"])
        if readings:
            facts.append(Fact("blood_pressure", "known", readings, origin=ORIGIN))
    return facts, product, jurisdiction


def fields(key: str, value: object, allowed: frozenset[str]) -> dict[str, object]:
    """Return ``value`` as an object with only ``allowed`` keys, or raise ``FactsError``."""
    if not isinstance(value, Mapping):
        raise FactsError(key, "must be an object")
    found: dict[str, object] = {}
    for name, item in value.items():
        if not isinstance(name, str) or name not in allowed:
            shown = f"{name!s:.60}"
            raise FactsError(
                shown if key == "document" else f"{key}.{shown}", "is not a key this format knows"
            )
        found[name] = item
    return found


def pressures(key: str, value: object) -> tuple[BloodPressure, ...]:
    """Return the full readings of a list; none where the latest lacks one of its two numbers.

    A number that is absent or null is unknown. An older full reading must not stand in for a
    newer half one, so then the pressure is unknown as a whole. Raises ``FactsError``.
    """
    read = [_pressure(key, item) for item in items(key, value)]
    full = [
        BloodPressure(sbp, dbp, minutes)
        for sbp, dbp, minutes in read
        if sbp is not None and dbp is not None
    ]
    dated = [one.minutes_ago for one in full if one.minutes_ago is not None]
    for sbp, dbp, minutes in read:
        is_half = (sbp is None) != (dbp is None)
        if is_half and (minutes is None or not dated or minutes < min(dated)):
            return ()
    return tuple(full)


def _pressure(key: str, value: object) -> tuple[float | None, float | None, float | None]:
    """Return systolic and diastolic (mmHg) and the minutes since, each None where unknown."""
    entry = fields(key, value, frozenset({"sbp_mmhg", "dbp_mmhg", "minutes_ago"}))
    limits = {
        "sbp_mmhg": (20.0, 350.0),
        "dbp_mmhg": (10.0, 300.0),
        "minutes_ago": (0.0, _LONGEST_AGO_DAYS * 1440),
    }
    sbp, dbp, minutes = (
        None if entry.get(name) is None else number(f"{key}.{name}", entry[name], low, high)
        for name, (low, high) in limits.items()
    )
    return sbp, dbp, minutes


def _scores(value: object) -> object:
    """Return the scores under the names of the vocabulary; HAM-D, QIDS, BDI have several."""
    if not isinstance(value, Mapping):
        return value
    found: dict[object, object] = {}
    for name, score in value.items():
        key = SCORE_ALIASES.get(name, name) if isinstance(name, str) else name
        if found.get(key) is not None and score is not None:
            raise FactsError(f"scores.{name!s:.60}", f"is the same score as {key}")
        if score is not None or key not in found:
            found[key] = score
    return found


@dataclass(slots=True)
class _Lists:
    """What the lists of diagnoses, conditions and allergies come to."""

    records: dict[str, list[ConditionRecord]] = field(default_factory=dict)
    other: list[str] = field(default_factory=list)
    allergies: list[str] = field(default_factory=list)
    stated_as_condition: set[str] = field(default_factory=set)


def _listed(case: Mapping[str, object]) -> list[Fact]:
    """Return the facts of the lists, and those that people also write down as conditions."""
    found = _Lists()
    diagnoses: list[str] = []
    if case.get("diagnoses") is not None:
        diagnoses = [text("diagnoses", item) for item in items("diagnoses", case["diagnoses"])]
    for name in diagnoses:
        _sort_in(found, name, None, None)
    if case.get("conditions") is not None:
        for item in items("conditions", case["conditions"]):
            _sort_in(found, *_condition(item))
    facts = [
        Fact(code, "known", tuple(records), origin=ORIGIN)
        for code, records in found.records.items()
    ]
    if case.get("diagnoses") is not None:
        facts.append(Fact("diagnoses", "known", tuple(diagnoses), origin=ORIGIN))
    if found.other:
        unread = tuple(dict.fromkeys(found.other))
        facts.append(Fact("other_conditions", "known", unread, origin=ORIGIN))
    if case.get("allergies") is not None:
        found.allergies += [
            text("allergies", item) for item in items("allergies", case["allergies"])
        ]
    if found.allergies or case.get("allergies") is not None:
        facts.append(Fact("allergies", "known", tuple(found.allergies), origin=ORIGIN))
    return facts + _also_conditions(case, found.stated_as_condition)


def _sort_in(found: _Lists, name: str, when: Status | None, days_ago: float | None) -> None:
    """Put one name where it belongs: a situation, a condition, an allergy, or to be read."""
    situation = recognize_situation(name)
    if situation is not None:
        code, implied = situation
        if code in VOCABULARY and code not in CONDITION_KEYS:
            if (when or implied or "active") == "active":
                found.stated_as_condition.add(code)
            return
        record = ConditionRecord(when or implied or "active", days_ago)
        found.records.setdefault(code, []).append(record)
        return
    matches = recognize_conditions(name)
    for condition, implied in matches:
        if condition.code in CONDITION_KEYS:
            record = ConditionRecord(when or implied or "active", days_ago)
            found.records.setdefault(condition.code, []).append(record)
    if matches:
        return
    if is_allergy(name) and is_allergen(name):
        found.allergies.append(name)
    else:
        found.other.append(name)


def _also_conditions(case: Mapping[str, object], listed: set[str]) -> list[Fact]:
    """Return pregnancy and breast-feeding; where two statements differ, the worse one stands."""
    facts: list[Fact] = []
    differ: list[str] = []
    worse: dict[str, object] = {"pregnancy": "positive", "breastfeeding": True}
    for key, bad in worse.items():
        value = case.get(key)
        if key in listed:
            if value is not None and value != bad:
                # The value itself is still held against the vocabulary.
                checked(VOCABULARY[key], value)
                shown = "not the case" if value is False else value
                differ.append(f"{key} is {shown}, but it stands in the list of conditions")
            value = bad
        if value is not None:
            facts.append(Fact(key, "known", value, origin=ORIGIN))
    if differ:
        facts.append(Fact("contradictions", "known", tuple(differ), origin=ORIGIN))
    return facts


def _condition(value: object) -> tuple[str, Status | None, float | None]:
    if isinstance(value, str):
        return text("conditions", value), None, None
    entry = fields("conditions", value, frozenset({"code", "status", "days_ago"}))
    days_ago = entry.get("days_ago")
    when = entry.get("status")
    return (
        text("conditions.code", entry.get("code")),
        None if when is None else status("conditions.status", when),
        None if days_ago is None else number("conditions.days_ago", days_ago, 0, _LONGEST_AGO_DAYS),
    )


def _medicine(value: object) -> MedicineUse:
    if isinstance(value, str):
        return MedicineUse(text("medicines", value))
    allowed = frozenset({"name", "dose_mg_per_day", "route", "last_taken_hours_ago", "class"})
    entry = fields("medicines", value, allowed)
    dose, taken = entry.get("dose_mg_per_day"), entry.get("last_taken_hours_ago")
    route, stated = entry.get("route"), entry.get("class")
    return MedicineUse(
        name=text("medicines.name", entry.get("name")),
        dose_mg_per_day=(
            None if dose is None else number("medicines.dose_mg_per_day", dose, 0, 1e6)
        ),
        route="" if route is None else text("medicines.route", route),
        last_taken_hours_ago=(
            None
            if taken is None
            else number("medicines.last_taken_hours_ago", taken, 0, _LONGEST_AGO_DAYS * 24)
        ),
        stated_class="" if stated is None else text("medicines.class", stated),
    )
