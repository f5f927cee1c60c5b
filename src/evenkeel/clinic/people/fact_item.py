"""One fact as it is entered or imported, and the checks that keep anything else out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.record.chain import canonical
from evenkeel.clinic.record.errors import Invalid
from evenkeel.protocol.errors import FactsError
from evenkeel.protocol.facts import BloodPressure, Facts
from evenkeel.protocol.facts import Fact as ProtocolFact
from evenkeel.protocol.vocabulary import VOCABULARY

#: Facts of which a person has many at once; each row names one.
LISTS: Final[dict[str, str]] = {
    "condition": "Condition",
    "medicine": "Medicine",
    "allergy": "Allergy",
}
#: Worked out from other rows, so never entered by themselves.
DERIVED: Final = frozenset(
    {
        "age_years",
        "sex",
        "deceased",
        "medicines",
        "allergies",
        "other_conditions",
        "session_number",
        "consent_signed",
    }
)
#: Measured and kept, though no rule reads them: key -> (label, unit, lowest, highest).
#: The bounds only catch slips of the pen (assumed).
KEPT: Final[dict[str, tuple[str, str, float, float]]] = {
    "respiratory_rate_per_min": ("Breathing rate", "per min", 0, 120),
    "temperature_c": ("Temperature", "°C", 20, 46),
    "bmi_kg_m2": ("Body mass index", "kg/m²", 5, 150),
}
STATUSES: Final = frozenset(
    {
        "active",
        "inactive",
        "resolved",
        "history",
        "refuted",
        "planned",
        "final",
        "preliminary",
        "unknown",
        "entered_in_error",
    }
)
MAX_VALUE_CHARS: Final = 16_000
MAX_NAME_CHARS: Final = 300


@dataclass(frozen=True, slots=True)
class FactItem:
    """One fact to store.

    ``key`` is a key of the protocol's vocabulary, ``condition``, ``medicine``, ``allergy``, or one
    of :data:`KEPT`. ``value``: a number, text or yes-no as the vocabulary says; for
    ``blood_pressure`` ``{"sbp_mmhg", "dbp_mmhg"}``; for ``scores`` ``{"phq9": 17}``; for
    ``cssrs`` ``{"q1": true, ...}``; for a condition of the vocabulary ``None`` or ``true``; for
    the lists ``{"label", "codings": [{"system", "code"}], ...}``, for a medicine also
    ``dose_mg_per_day``, ``route``, ``last_taken_at``, ``class``. ``source_key`` names where an
    imported fact came from, the same at every import.
    """

    key: str
    value: Any = None
    state: str = "known"
    as_of: datetime | None = None
    origin: str = "entered here"
    status: str = "active"
    source_key: str = ""


def label_of(key: str) -> str:
    """What a fact key is called. Raises ``Invalid`` for a key nobody knows."""
    if key in VOCABULARY:
        return VOCABULARY[key].label
    if key in LISTS:
        return LISTS[key]
    if key in KEPT:
        return KEPT[key][0]
    raise Invalid(f"{key[:60]!r} is not a fact this product knows.", fields={"key": "Unknown."})


def checked_item(item: FactItem, *, now: datetime, born: date | None = None) -> FactItem:
    """The item in the form it is stored in. Raises ``Invalid`` naming the field."""
    label = label_of(item.key)
    if item.key in DERIVED:
        raise Invalid(f"{label} is worked out from other facts.", fields={"key": "Not entered."})
    if item.state not in {"known", "absent"}:
        raise Invalid("A fact is known or absent.", fields={"state": "Choose one."})
    if item.status not in STATUSES:
        raise Invalid("The status is not a known one.", fields={"status": "Choose one."})
    _check_date(item.as_of, now, born)
    value = _checked_value(item, label)
    origin = _text(item.origin or "entered here", "origin", 160)
    source_key = _text(item.source_key, "source_key", 200)
    return FactItem(item.key, value, item.state, item.as_of, origin, item.status, source_key)


def _check_date(as_of: datetime | None, now: datetime, born: date | None) -> None:
    if as_of is None:
        return
    if as_of.tzinfo is None:
        raise Invalid("The date needs a time zone.", fields={"as_of": "Enter date and time."})
    if as_of > now + timedelta(minutes=1):
        raise Invalid("The date lies ahead.", fields={"as_of": "Enter when it was found."})
    # a day of grace: the hour of birth is not known, nor the time zone it happened in
    if born is not None and as_of.date() < born - timedelta(days=1):
        raise Invalid(
            "The date lies before the person was born.", fields={"as_of": "Check the date."}
        )


def _checked_value(item: FactItem, label: str) -> Any:
    value = _plain_json(item.value)
    if item.key in LISTS:
        if item.state == "absent":
            return None
        name = list_name(value)
        if not name:
            raise Invalid(f"{label}: the name is missing.", fields={"name": "Enter a name."})
        return value if isinstance(value, dict) else {"label": name}
    if item.key in KEPT:
        _, _, low, high = KEPT[item.key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise Invalid(
                f"{label} must be a number between {low:g} and {high:g}.",
                fields={"value": "Check the number."},
            )
        return value
    try:
        Facts([ProtocolFact(item.key, item.state, protocol_value(item.key, value))])  # type: ignore[arg-type]
    except FactsError as error:
        raise Invalid(f"{label} {error.message}.", fields={"value": error.message}) from None
    return value


def protocol_value(key: str, value: Any) -> Any:
    """A stored value as the protocol's own types. Raises ``FactsError`` where it cannot be one."""
    if key == "blood_pressure":
        if not isinstance(value, dict):
            raise FactsError(key, "needs both numbers")
        return [BloodPressure(value.get("sbp_mmhg"), value.get("dbp_mmhg"))]
    if VOCABULARY[key].type == "condition":
        return True
    return value


def list_name(value: Any) -> str:
    """What a list-like fact is called: its label, or the text itself."""
    name = value.get("label") or value.get("name") if isinstance(value, dict) else value
    return name.strip()[:MAX_NAME_CHARS] if isinstance(name, str) else ""


def _plain_json(value: Any) -> Any:
    try:
        text = canonical(value)
        text.encode("utf-8")
        plain = json.loads(text, parse_constant=_no_constant)
    except (TypeError, ValueError, RecursionError):
        raise Invalid("The value cannot be stored.", fields={"value": "Check it."}) from None
    # PostgreSQL stores no NUL in a JSON text, and no person means one
    if len(text) > MAX_VALUE_CHARS or "\\u0000" in text:
        raise Invalid("The value cannot be stored.", fields={"value": "Check it."})
    return plain


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _text(value: str, name: str, longest: int) -> str:
    if "\x00" in value or len(value) > longest:
        raise Invalid(f"The {name} is too long or holds strange signs.", fields={name: "Check it."})
    return value.strip()
