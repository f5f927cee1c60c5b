"""The rows about a person, put together as the facts the protocol judges."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.people.fact_item import list_name
from evenkeel.clinic.people.models import Fact, Patient
from evenkeel.clinic.people.unread import (
    allergy_name,
    condition_of,
    is_unread,
    medicine_name,
    names_of,
    of_no_concern,
)
from evenkeel.protocol.conditions import Status
from evenkeel.protocol.errors import FactsError
from evenkeel.protocol.facts import BloodPressure, ConditionRecord, Facts, MedicineUse
from evenkeel.protocol.facts import Fact as ProtocolFact
from evenkeel.protocol.vocabulary import CONDITION_KEYS, VOCABULARY

#: What a stored status means to the rules; None: it does not count. Unknown counts as active,
#: for a condition nobody has ended must not be overlooked.
_CONDITION: Final[dict[str, Status | None]] = {
    "active": "active",
    "unknown": "active",
    "final": "active",
    "preliminary": "active",
    "inactive": "history",
    "history": "history",
    "resolved": "resolved",
    "refuted": None,
    "planned": None,
    "entered_in_error": None,
}
_IN_USE: Final = frozenset({"active", "unknown", "final", "preliminary"})
_VOID: Final = frozenset({"refuted", "entered_in_error"})
_ONE_OCCASION: Final = timedelta(hours=24)


def facts_of(patient: Patient) -> list[Fact]:
    """The rows that stand now: not replaced, not entered in error; newest first."""
    rows = Fact.objects.filter(patient=patient, replaced_by=None)
    standing = [row for row in rows if row.status != "entered_in_error"]
    return sorted(standing, key=_age_key, reverse=True)


def _age_key(row: Fact) -> tuple[datetime, datetime]:
    return (row.as_of or row.created_at, row.created_at)


def assemble_facts(
    patient: Patient,
    *,
    now: datetime,
    product: str | None = None,
    jurisdiction: str | None = None,
    rows: Iterable[Fact] | None = None,
) -> Facts:
    """Everything known of ``patient`` at ``now``, as the protocol room's :class:`Facts`.

    One query, none where ``rows`` (from :func:`facts_of`) are given. The newest row of a key
    stands; lists keep every row. A stored value the vocabulary does not allow reads as unknown.
    """
    standing = facts_of(patient) if rows is None else list(rows)
    by_key: dict[str, list[Fact]] = {}
    for row in standing:
        by_key.setdefault(row.key, []).append(row)
    found: list[ProtocolFact] = _about_the_person(patient, now)
    found += _conditions(by_key, now)
    found += _medicines(by_key.get("medicine", []), now)
    found += _allergies(by_key.get("allergy", []))
    for key, of_key in by_key.items():
        if key in VOCABULARY and key not in CONDITION_KEYS and key != "diagnoses":
            found += _newest(key, [row for row in of_key if row.status not in _VOID], now)
    stated = {fact.key: fact for fact in found}
    return Facts(
        (fact for fact in stated.values() if _sound(fact)),
        product=product,
        jurisdiction=jurisdiction,
    )


def _sound(fact: ProtocolFact) -> bool:
    try:
        Facts([fact])
    except FactsError:
        return False
    return True


def _about_the_person(patient: Patient, now: datetime) -> list[ProtocolFact]:
    today = now.astimezone(ZoneInfo(patient.site.timezone)).date()
    origin = patient.origin
    found = [
        ProtocolFact("age_years", "known", float(patient.age_years(today)), now, "birth date"),
        ProtocolFact("deceased", "known", patient.deceased, patient.deceased_at, origin),
    ]
    if patient.sex in {"female", "male", "other"}:
        found.append(ProtocolFact("sex", "known", patient.sex, None, origin))
    return found


def _newest(key: str, rows: list[Fact], now: datetime) -> list[ProtocolFact]:
    if not rows:
        return []
    row, value = rows[0], rows[0].value
    if row.state == "absent":
        return [ProtocolFact(key, "absent", None, row.as_of, row.origin)]
    if key == "blood_pressure":
        value = _pressures(rows, now)
    elif VOCABULARY[key].type == "scores":
        value = _merged(rows, VOCABULARY[key].max_age_days)
    return [ProtocolFact(key, "known", value, row.as_of, row.origin)]


def _pressures(rows: list[Fact], now: datetime) -> list[BloodPressure]:
    """The readings of one occasion: those within a day of the newest."""
    newest = rows[0].as_of
    found = []
    for row in rows:
        if row.state != "known" or not isinstance(row.value, dict):
            continue
        if row is not rows[0] and (
            newest is None or row.as_of is None or newest - row.as_of > _ONE_OCCASION
        ):
            continue
        minutes = None if row.as_of is None else max(0.0, (now - row.as_of).total_seconds() / 60)
        found.append(BloodPressure(row.value.get("sbp_mmhg"), row.value.get("dbp_mmhg"), minutes))
    return found


def _merged(rows: list[Fact], max_age_days: float | None) -> dict[str, Any]:
    """Each score at its newest, as far as it was taken with the newest of all."""
    newest = rows[0].as_of
    found: dict[str, Any] = {}
    for row in rows:
        near = row is rows[0] or (
            newest is not None
            and row.as_of is not None
            and max_age_days is not None
            and newest - row.as_of <= timedelta(days=max_age_days)
        )
        if near and isinstance(row.value, dict):
            for name, value in row.value.items():
                found.setdefault(name, value)
    return found


def _conditions(by_key: dict[str, list[Fact]], now: datetime) -> list[ProtocolFact]:
    records: dict[str, list[ConditionRecord]] = {}
    dates: dict[str, Fact] = {}
    other: dict[str, Fact] = {}
    diagnoses: dict[str, Fact] = {}
    for row in by_key.get("condition", []):
        status = _CONDITION.get(row.status, "active")
        if status is None or row.state == "absent":
            continue
        if of_no_concern(row.value):
            continue
        match = condition_of(row.value)
        if match is None:
            other.setdefault(list_name(row.value), row)
            continue
        condition, implied = match
        if condition.group == "Reason for treatment" and status == "active":
            diagnoses.setdefault(condition.label, row)
        if condition.code in CONDITION_KEYS:
            when = implied if implied and status == "active" else status
            records.setdefault(condition.code, []).append(
                ConditionRecord(when, _days_ago(row, now))
            )
            dates.setdefault(condition.code, row)
    for row in by_key.get("allergy", []):
        if is_unread(row):
            other.setdefault(f"allergy {list_name(row.value)}", row)
    found = []
    for key in CONDITION_KEYS:
        rows = by_key.get(key, [])
        found += _condition_by_key(key, rows, records, dates, now)
    return found + _names("other_conditions", other) + _diagnoses(by_key, diagnoses)


def _condition_by_key(
    key: str,
    rows: list[Fact],
    records: dict[str, list[ConditionRecord]],
    dates: dict[str, Fact],
    now: datetime,
) -> list[ProtocolFact]:
    """A condition asked by name, with those of the list; one that is listed is never absent."""
    listed = records.get(key, [])
    asked = next((row for row in rows if row.status not in _VOID), None)
    if asked is not None and asked.state == "known" and asked.value is not False:
        status = _CONDITION.get(asked.status, "active") or "active"
        entry = ConditionRecord(status, _days_ago(asked, now))
        return [ProtocolFact(key, "known", (entry, *listed), asked.as_of, asked.origin)]
    if listed:
        return [ProtocolFact(key, "known", tuple(listed), dates[key].as_of, dates[key].origin)]
    if asked is not None:
        return [ProtocolFact(key, "absent", None, asked.as_of, asked.origin)]
    return []


def _diagnoses(by_key: dict[str, list[Fact]], listed: dict[str, Fact]) -> list[ProtocolFact]:
    asked = next((r for r in by_key.get("diagnoses", []) if r.status not in _VOID), None)
    names = list(listed)
    if asked is not None and isinstance(asked.value, list):
        names = list(dict.fromkeys([*asked.value, *names]))
    source = asked or next(iter(listed.values()), None)
    if source is None:
        return []
    if not names:
        return [ProtocolFact("diagnoses", "absent", None, source.as_of, source.origin)]
    return [ProtocolFact("diagnoses", "known", tuple(names), source.as_of, source.origin)]


def _names(key: str, rows: dict[str, Fact]) -> list[ProtocolFact]:
    if not rows:
        return []
    newest = max(rows.values(), key=_age_key)
    return [ProtocolFact(key, "known", tuple(rows), newest.as_of, newest.origin)]


def _days_ago(row: Fact, now: datetime) -> float | None:
    """How long ago it happened or ended; what the source says ended it comes first."""
    ended = row.value.get("ended_at") if isinstance(row.value, dict) else None
    moment = row.as_of
    if isinstance(ended, str):
        try:
            parsed = datetime.fromisoformat(ended)
        except ValueError:
            parsed = None
        if parsed is not None and parsed.tzinfo is not None:
            moment = parsed
    return None if moment is None else max(0.0, (now - moment) / timedelta(days=1))


def _medicines(rows: list[Fact], now: datetime) -> list[ProtocolFact]:
    in_use = [row for row in rows if row.state == "known" and row.status in _IN_USE]
    if in_use:
        # A medicine a clinician found to be of no concern is kept, and no rule is asked of it.
        uses = tuple(
            {
                list_name(r.value): _use(r, now)
                for r in reversed(in_use)
                if not of_no_concern(r.value)
            }.values()
        )
        return [ProtocolFact("medicines", "known", uses, in_use[0].as_of, in_use[0].origin)]
    none = next((row for row in rows if row.state == "absent"), None)
    return [ProtocolFact("medicines", "absent", None, none.as_of, none.origin)] if none else []


def _use(row: Fact, now: datetime) -> MedicineUse:
    value = row.value if isinstance(row.value, dict) else {}
    dose, taken = value.get("dose_mg_per_day"), value.get("last_taken_at")
    hours = None
    if isinstance(taken, str):
        try:
            hours = max(0.0, (now - datetime.fromisoformat(taken)) / timedelta(hours=1))
        except (ValueError, TypeError):
            hours = None
    return MedicineUse(
        name=medicine_name(row.value),
        dose_mg_per_day=float(dose) if isinstance(dose, int | float) else None,
        route=str(value.get("route") or ""),
        last_taken_hours_ago=hours,
        stated_class=str(value.get("class") or ""),
    )


def _allergies(rows: list[Fact]) -> list[ProtocolFact]:
    standing = [row for row in rows if row.state == "known" and row.status in _IN_USE]
    if standing:
        return _names("allergies", {allergy_name(row.value): row for row in standing})
    none = next((row for row in rows if row.state == "absent"), None)
    return [ProtocolFact("allergies", "absent", None, none.as_of, none.origin)] if none else []


__all__ = ["assemble_facts", "facts_of", "names_of"]
