"""Read the ``evenkeel-facts/1`` document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .conditions import Status, recognize_condition
from .errors import FactsError
from .facts import Fact
from .products import PRODUCTS
from .values import BloodPressure, ConditionRecord, MedicineUse, choice, items, number, status, text
from .vocabulary import CONDITION_KEYS, VOCABULARY

FORMAT: Final = "evenkeel-facts/1"
ORIGIN: Final = "document"

# The keys of the page; condition facts are stated inside "conditions", not by themselves.
_DIRECT: Final = tuple(
    key
    for key in VOCABULARY
    if key not in CONDITION_KEYS
    and key not in ("medicines", "blood_pressure", "other_conditions", "diagnoses")
)
_OTHER: Final = ("product", "jurisdiction", "diagnoses", "conditions", "medicines")
_KEYS: Final = frozenset(("format", "blood_pressure", *_OTHER, *_DIRECT))
_LONGEST_AGO_DAYS: Final = 365.25 * 130


def read_facts(document: object) -> tuple[list[Fact], str | None, str | None]:
    """Return the facts, the product and the jurisdiction a document states.

    Raises ``FactsError`` naming the key, and nothing else, whatever the document holds.
    """
    case = fields("document", document, _KEYS)
    if case.get("format") != FORMAT:
        raise FactsError("format", f"must be {FORMAT!r}")
    product = case.get("product")
    jurisdiction = case.get("jurisdiction")
    if product is not None:
        product = choice("product", product, tuple(PRODUCTS))
    if jurisdiction is not None:
        jurisdiction = text("jurisdiction", jurisdiction)
    facts = [
        Fact(key, "known", case[key], origin=ORIGIN) for key in _DIRECT if case.get(key) is not None
    ]
    facts += _conditions(case)
    if case.get("medicines") is not None:
        uses = tuple(_medicine(item) for item in items("medicines", case["medicines"]))
        facts.append(Fact("medicines", "known", uses, origin=ORIGIN))
    if case.get("blood_pressure"):
        readings = tuple(
            pressure("blood_pressure", item)
            for item in items("blood_pressure", case["blood_pressure"])
        )
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


def pressure(key: str, value: object) -> BloodPressure:
    """Return one blood pressure entry, or raise ``FactsError``."""
    entry = fields(key, value, frozenset({"sbp_mmhg", "dbp_mmhg", "minutes_ago"}))
    minutes = entry.get("minutes_ago")
    return BloodPressure(
        sbp_mmhg=number(f"{key}.sbp_mmhg", entry.get("sbp_mmhg"), 20, 350),
        dbp_mmhg=number(f"{key}.dbp_mmhg", entry.get("dbp_mmhg"), 10, 300),
        minutes_ago=(
            None
            if minutes is None
            else number(f"{key}.minutes_ago", minutes, 0, _LONGEST_AGO_DAYS * 1440)
        ),
    )


def _conditions(case: Mapping[str, object]) -> list[Fact]:
    records: dict[str, list[ConditionRecord]] = {}
    other: list[str] = []
    diagnoses: list[str] = []
    stated: list[tuple[str, Status | None, float | None]] = []
    if case.get("diagnoses") is not None:
        diagnoses = [text("diagnoses", item) for item in items("diagnoses", case["diagnoses"])]
        stated += [(name, None, None) for name in diagnoses]
    if case.get("conditions") is not None:
        stated += [_condition(item) for item in items("conditions", case["conditions"])]
    for name, when, days_ago in stated:
        match = recognize_condition(name)
        if match is None:
            other.append(name)
            continue
        condition, implied = match
        if condition.screened:
            record = ConditionRecord(when or implied or "active", days_ago)
            records.setdefault(condition.code, []).append(record)
    facts = [Fact(code, "known", tuple(found), origin=ORIGIN) for code, found in records.items()]
    if case.get("diagnoses") is not None:
        facts.append(Fact("diagnoses", "known", tuple(diagnoses), origin=ORIGIN))
    if other:
        facts.append(Fact("other_conditions", "known", tuple(dict.fromkeys(other)), origin=ORIGIN))
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
