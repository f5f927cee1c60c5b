"""The ``evenkeel-discharge/1`` document: what is known of a person who wants to go home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .casefile import check_document
from .document import fields, pressures
from .errors import FactsError
from .products import PRODUCTS
from .values import BloodPressure, choice, items, number, text

GAITS: Final = ("independent", "unsteady", "assisted")
_LONGEST_MIN: Final = 7 * 1440
_NUMBERS: Final[dict[str, tuple[float, float]]] = {
    "minutes_since_start": (0, _LONGEST_MIN),
    "minutes_since_drug_end": (0, _LONGEST_MIN),
    "heart_rate_bpm": (0, 400),
    "spo2_percent": (0, 100),
    "respiratory_rate_per_min": (0, 120),
    "moaas": (0, 5),
    "aldrete": (0, 10),
    "held_at_min": (0, _LONGEST_MIN),
    "minutes_since_reversal": (0, _LONGEST_MIN),
}
_FLAGS: Final = (
    "dissociation_resolved",
    "oriented",
    "cssrs_intent",
    "escort_present",
    "instructions_given",
    "plans_to_drive",
    "insists_on_leaving",
)
_BASELINE: Final[dict[str, tuple[float, float]]] = {
    "sbp_mmhg": (20, 350),
    "dbp_mmhg": (10, 300),
    "heart_rate_bpm": (0, 400),
    "spo2_percent": (0, 100),
}
_KEYS: Final = frozenset(
    {"format", "jurisdiction", "product", "baseline", "blood_pressure", "gait", "symptoms"}
    | set(_NUMBERS)
    | set(_FLAGS)
)


@dataclass(frozen=True, slots=True)
class DischargeFacts:
    """What is known; None is unknown. ``blood_pressure`` latest first, empty unknown.

    Minutes run from the first administration and from the end of the drug. ``symptoms`` None:
    not asked; empty: none. ``held_at_min`` None: not held before; ``minutes_since_reversal`` None:
    no reversal agent was given; ``insists_on_leaving`` None: not that anybody knows.
    """

    product: str | None = None
    jurisdiction: str | None = None
    minutes_since_start: float | None = None
    minutes_since_drug_end: float | None = None
    baseline_sbp_mmhg: float | None = None
    baseline_dbp_mmhg: float | None = None
    baseline_heart_rate_bpm: float | None = None
    baseline_spo2_percent: float | None = None
    blood_pressure: tuple[BloodPressure, ...] = ()
    heart_rate_bpm: float | None = None
    spo2_percent: float | None = None
    respiratory_rate_per_min: float | None = None
    moaas: float | None = None
    aldrete: float | None = None
    dissociation_resolved: bool | None = None
    oriented: bool | None = None
    gait: str | None = None
    symptoms: tuple[str, ...] | None = None
    cssrs_intent: bool | None = None
    held_at_min: float | None = None
    escort_present: bool | None = None
    instructions_given: bool | None = None
    plans_to_drive: bool | None = None
    minutes_since_reversal: float | None = None
    insists_on_leaving: bool | None = None

    @classmethod
    def from_document(cls, document: object) -> DischargeFacts:
        """Read an ``evenkeel-discharge/1`` document; ``FactsError`` naming the key if it is bad."""
        check_document(document, "evenkeel-discharge-1")
        case = fields("document", document, _KEYS)
        numbers = _numbers(case, _NUMBERS, "")
        flags = {key: _flag(key, case.get(key)) for key in _FLAGS}
        stated = case.get("baseline")
        entry = {} if stated is None else fields("baseline", stated, frozenset(_BASELINE))
        baseline = _numbers(entry, _BASELINE, "baseline.")
        product, place, gait = (case.get(key) for key in ("product", "jurisdiction", "gait"))
        symptoms = case.get("symptoms")
        return cls(
            product=None if product is None else choice("product", product, tuple(PRODUCTS)),
            jurisdiction=None if place is None else text("jurisdiction", place),
            minutes_since_start=numbers["minutes_since_start"],
            minutes_since_drug_end=numbers["minutes_since_drug_end"],
            baseline_sbp_mmhg=baseline["sbp_mmhg"],
            baseline_dbp_mmhg=baseline["dbp_mmhg"],
            baseline_heart_rate_bpm=baseline["heart_rate_bpm"],
            baseline_spo2_percent=baseline["spo2_percent"],
            blood_pressure=_pressures(case.get("blood_pressure")),
            heart_rate_bpm=numbers["heart_rate_bpm"],
            spo2_percent=numbers["spo2_percent"],
            respiratory_rate_per_min=numbers["respiratory_rate_per_min"],
            moaas=numbers["moaas"],
            aldrete=numbers["aldrete"],
            dissociation_resolved=flags["dissociation_resolved"],
            oriented=flags["oriented"],
            gait=None if gait is None else choice("gait", gait, GAITS),
            symptoms=(
                None
                if symptoms is None
                else tuple(text("symptoms", item) for item in items("symptoms", symptoms))
            ),
            cssrs_intent=flags["cssrs_intent"],
            held_at_min=numbers["held_at_min"],
            escort_present=flags["escort_present"],
            instructions_given=flags["instructions_given"],
            plans_to_drive=flags["plans_to_drive"],
            minutes_since_reversal=numbers["minutes_since_reversal"],
            insists_on_leaving=flags["insists_on_leaving"],
        )


def _numbers(
    case: dict[str, object], bounds: dict[str, tuple[float, float]], path: str
) -> dict[str, float | None]:
    return {
        key: None if case.get(key) is None else number(path + key, case[key], low, high)
        for key, (low, high) in bounds.items()
    }


def _flag(key: str, value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise FactsError(key, "must be true or false")


def _pressures(value: object) -> tuple[BloodPressure, ...]:
    if value is None:
        return ()
    readings = pressures("blood_pressure", value)
    for place, reading in enumerate(readings):
        if reading.sbp_mmhg <= reading.dbp_mmhg:
            raise FactsError(
                f"blood_pressure[{place}]", "the systolic value must be above the diastolic one"
            )
    oldest_last = float("inf")
    return tuple(
        sorted(readings, key=lambda r: oldest_last if r.minutes_ago is None else r.minutes_ago)
    )
