"""Which numbers a protocol must state, in which unit, and within which bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .products import PRODUCTS
from .sources import Source


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number (or ascending list of numbers) of a protocol, with its unit and source."""

    key: str
    value: float | tuple[float, ...]
    unit: str
    source: Source


@dataclass(frozen=True, slots=True)
class Need:
    """What is asked of one threshold. ``only`` empty: every product must state it."""

    unit: str
    low: float
    high: float
    many: bool = False
    only: frozenset[str] = frozenset()
    optional: bool = False


_NASAL: Final = frozenset({"esketamine_nasal"})
_INFUSED: Final = frozenset(code for code, item in PRODUCTS.items() if item.is_infusion)

NEEDS: Final[dict[str, Need]] = {
    "bp_gate.sbp_mmhg": Need("mmHg", 80, 250),
    "bp_gate.dbp_mmhg": Need("mmHg", 40, 150),
    "bp_gate.older_age_years": Need("years", 18, 120, optional=True),
    "bp_gate.older_sbp_mmhg": Need("mmHg", 80, 250, optional=True),
    "bp_gate.older_dbp_mmhg": Need("mmHg", 40, 150, optional=True),
    "bp_gate.max_age_min": Need("min", 1, 1440),
    "screen.adult_age_years": Need("years", 12, 21),
    "screen.older_age_years": Need("years", 40, 120),
    "screen.recent_event_days": Need("days", 1, 3650),
    "screen.failed_trials": Need("treatments", 0, 10),
    "screen.lorazepam_mg_per_day": Need("mg/day", 0.1, 20),
    "screen.spo2_percent": Need("%", 80, 100),
    "fasting.food_h": Need("h", 0, 24),
    "fasting.fluids_min": Need("min", 0, 1440),
    "vitals.every_min": Need("min", 1, 240),
    "vitals.after_every_min": Need("min", 1, 240),
    "vitals.fixed_min": Need("min", 0, 1440, many=True, optional=True),
    "vitals.fixed_within_min": Need("min", 0, 60),
    "vitals.grace_min": Need("min", 0, 60),
    "alarm.sbp_hold_mmhg": Need("mmHg", 120, 260),
    "alarm.dbp_hold_mmhg": Need("mmHg", 80, 180),
    "alarm.sbp_low_mmhg": Need("mmHg", 40, 120),
    "alarm.sbp_low_hold_mmhg": Need("mmHg", 35, 120),
    "alarm.sbp_low_emergency_mmhg": Need("mmHg", 30, 120),
    "alarm.sbp_fall_mmhg": Need("mmHg", 10, 120),
    "alarm.sbp_climb_mmhg": Need("mmHg", 5, 120),
    "alarm.climb_within_min": Need("min", 1, 60),
    "alarm.repeat_within_min": Need("min", 1, 60),
    "alarm.symptom_window_min": Need("min", 0, 240),
    "alarm.together_min": Need("min", 0, 120),
    "alarm.sbp_rise_mmhg": Need("mmHg", 5, 120),
    "alarm.dbp_rise_mmhg": Need("mmHg", 5, 80),
    "alarm.rise_window_min": Need("min", 10, 600),
    "alarm.spo2_review_percent": Need("%", 70, 100),
    "alarm.spo2_emergency_percent": Need("%", 60, 100),
    "alarm.spo2_sustained_s": Need("s", 1, 600),
    "alarm.spo2_very_low_percent": Need("%", 40, 100),
    "alarm.spo2_fall_percent": Need("%", 1, 30),
    "alarm.spo2_fall_within_min": Need("min", 1, 240),
    "alarm.spo2_fall_below_percent": Need("%", 80, 100),
    "alarm.moaas_review": Need("level", 0, 5),
    "alarm.moaas_hold": Need("level", 0, 5),
    "alarm.moaas_emergency": Need("level", 0, 5),
    "alarm.respiratory_rate_review_per_min": Need("per min", 4, 20),
    "alarm.respiratory_rate_emergency_per_min": Need("per min", 1, 20),
    "alarm.respiratory_rate_high_review_per_min": Need("per min", 15, 60),
    "alarm.respiratory_rate_high_hold_per_min": Need("per min", 15, 80),
    "alarm.heart_rate_low_review_bpm": Need("per min", 20, 80),
    "alarm.heart_rate_high_review_bpm": Need("per min", 80, 220),
    "alarm.heart_rate_low_hold_bpm": Need("per min", 15, 80),
    "alarm.heart_rate_high_hold_bpm": Need("per min", 90, 250),
    "alarm.dissociation_strong": Need("of 10", 1, 10),
    "plausible.sbp_mmhg": Need("mmHg", 10, 400, many=True),
    "plausible.dbp_mmhg": Need("mmHg", 0, 300, many=True),
    "plausible.heart_rate_bpm": Need("per min", 0, 400, many=True),
    "plausible.spo2_percent": Need("%", 0, 100, many=True),
    "plausible.respiratory_rate_per_min": Need("per min", 0, 150, many=True),
    "discharge.min_since_start_min": Need("min", 0, 1440),
    "discharge.min_since_drug_end_min": Need("min", 0, 1440),
    "discharge.reading_max_age_min": Need("min", 1, 240),
    "discharge.sbp_mmhg": Need("mmHg", 90, 220),
    "discharge.dbp_mmhg": Need("mmHg", 50, 130),
    "discharge.bp_above_baseline_mmhg": Need("mmHg", 0, 60),
    "discharge.spo2_percent": Need("%", 80, 100),
    "discharge.moaas": Need("level", 0, 5),
    "discharge.aldrete": Need("of 10", 0, 10),
    "discharge.recheck_after_hold_min": Need("min", 0, 240),
    "discharge.escalate_after_hold_min": Need("min", 1, 1440),
    "dose.allowed_mg": Need("mg", 1, 1000, many=True, only=_NASAL),
    "dose.first_mg": Need("mg", 1, 1000, only=_NASAL, optional=True),
    "dose.device_mg": Need("mg", 1, 100, only=_NASAL),
    "dose.device_gap_min": Need("min", 1, 60, only=_NASAL),
    "dose.hard_max_mg": Need("mg", 1, 5000, optional=True),
    "dose.hard_max_mg_per_kg": Need("mg/kg", 0.01, 20, optional=True),
    "dose.range_mg_per_kg": Need("mg/kg", 0.01, 20, many=True, optional=True),
    "dose.range_mg": Need("mg", 1, 5000, many=True, optional=True),
    "dose.usual_mg_per_kg": Need("mg/kg", 0.01, 20, optional=True),
    "dose.duration_range_min": Need("min", 1, 10_000, many=True, only=_INFUSED),
    "dose.usual_duration_min": Need("min", 1, 10_000, only=_INFUSED),
    "dose.rate_over_plan": Need("times", 1, 10),
    "weight.low_kg": Need("kg", 1, 100),
    "weight.high_kg": Need("kg", 100, 500),
    "weight.max_age_days": Need("days", 0, 400),
    "weight.bmi_low": Need("kg/m2", 5, 25),
    "weight.bmi_high": Need("kg/m2", 30, 120),
    "staff.prescriber_on_site": Need("people", 0, 10),
    "staff.monitors_per_patient": Need("people", 0, 10),
    "consent.renew_after_days": Need("days", 1, 3650),
    "session.min_interval_h": Need("h", 0, 1000),
}

# Pairs (lower, higher) that must stand in this order where both are stated.
ORDER: Final[tuple[tuple[str, str], ...]] = (
    ("bp_gate.dbp_mmhg", "bp_gate.sbp_mmhg"),
    ("bp_gate.sbp_mmhg", "alarm.sbp_hold_mmhg"),
    ("bp_gate.dbp_mmhg", "alarm.dbp_hold_mmhg"),
    ("bp_gate.older_sbp_mmhg", "alarm.sbp_hold_mmhg"),
    ("bp_gate.older_dbp_mmhg", "alarm.dbp_hold_mmhg"),
    ("alarm.dbp_hold_mmhg", "alarm.sbp_hold_mmhg"),
    ("alarm.sbp_low_mmhg", "alarm.sbp_hold_mmhg"),
    ("alarm.sbp_low_emergency_mmhg", "alarm.sbp_low_hold_mmhg"),
    ("alarm.sbp_low_hold_mmhg", "alarm.sbp_low_mmhg"),
    ("alarm.spo2_very_low_percent", "alarm.spo2_emergency_percent"),
    ("alarm.spo2_emergency_percent", "alarm.spo2_review_percent"),
    ("alarm.moaas_emergency", "alarm.moaas_hold"),
    ("alarm.moaas_hold", "alarm.moaas_review"),
    ("alarm.respiratory_rate_emergency_per_min", "alarm.respiratory_rate_review_per_min"),
    (
        "alarm.respiratory_rate_review_per_min",
        "alarm.respiratory_rate_high_review_per_min",
    ),
    (
        "alarm.respiratory_rate_high_review_per_min",
        "alarm.respiratory_rate_high_hold_per_min",
    ),
    ("alarm.heart_rate_low_hold_bpm", "alarm.heart_rate_low_review_bpm"),
    ("alarm.heart_rate_low_review_bpm", "alarm.heart_rate_high_review_bpm"),
    ("alarm.heart_rate_high_review_bpm", "alarm.heart_rate_high_hold_bpm"),
    ("discharge.sbp_mmhg", "alarm.sbp_hold_mmhg"),
    ("discharge.dbp_mmhg", "alarm.dbp_hold_mmhg"),
    ("screen.adult_age_years", "screen.older_age_years"),
    ("weight.low_kg", "weight.high_kg"),
    ("weight.bmi_low", "weight.bmi_high"),
    ("dose.range_mg_per_kg", "dose.hard_max_mg_per_kg"),
    ("dose.range_mg", "dose.hard_max_mg"),
    ("dose.allowed_mg", "dose.hard_max_mg"),
    ("dose.usual_mg_per_kg", "dose.hard_max_mg_per_kg"),
)
# May be equal, unlike the rest.
MAY_EQUAL: Final = frozenset(
    {
        ("dose.allowed_mg", "dose.hard_max_mg"),
        ("dose.range_mg", "dose.hard_max_mg"),
        ("dose.range_mg_per_kg", "dose.hard_max_mg_per_kg"),
        ("alarm.sbp_low_emergency_mmhg", "alarm.sbp_low_hold_mmhg"),
        ("alarm.sbp_low_hold_mmhg", "alarm.sbp_low_mmhg"),
        ("alarm.spo2_very_low_percent", "alarm.spo2_emergency_percent"),
        ("alarm.moaas_emergency", "alarm.moaas_hold"),
        ("alarm.moaas_hold", "alarm.moaas_review"),
    }
)
