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
    "screen.sbp_mmhg": Need("mmHg", 100, 250),
    "screen.dbp_mmhg": Need("mmHg", 60, 150),
    "screen.sbp_low_mmhg": Need("mmHg", 60, 120),
    "screen.heart_rate_low_bpm": Need("per min", 20, 80),
    "screen.heart_rate_high_bpm": Need("per min", 80, 220),
    "screen.stop_bang": Need("of 8", 1, 8),
    "screen.nasal_gap_min": Need("min", 0, 1440, only=_NASAL),
    "screen.induction_sessions": Need("sessions", 1, 100, only=_NASAL),
    "liver.alt_u_per_l": Need("U/L", 10, 5_000),
    "liver.ast_u_per_l": Need("U/L", 10, 5_000),
    "liver.ggt_u_per_l": Need("U/L", 10, 5_000),
    "liver.ggt_female_u_per_l": Need("U/L", 10, 5_000),
    "liver.alkaline_phosphatase_u_per_l": Need("U/L", 10, 5_000),
    "liver.bilirubin_umol_per_l": Need("umol/L", 5, 1_000),
    "liver.albumin_g_per_l": Need("g/L", 5, 60),
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
    "alarm.hold_repeat_s": Need("s", 2, 60),
    "alarm.emergency_repeat_s": Need("s", 1, 60),
    "alarm.hold_unanswered_s": Need("s", 5, 600),
    "alarm.emergency_unanswered_s": Need("s", 5, 600),
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
    "discharge.sbp_rise_mmhg": Need("mmHg", 5, 120),
    "discharge.dbp_rise_mmhg": Need("mmHg", 5, 80),
    "discharge.sbp_escalate_low_mmhg": Need("mmHg", 40, 120),
    "discharge.heart_rate_low_bpm": Need("per min", 20, 80),
    "discharge.heart_rate_high_bpm": Need("per min", 80, 160),
    "discharge.heart_rate_above_baseline_bpm": Need("per min", 0, 60),
    "discharge.heart_rate_below_baseline_bpm": Need("per min", 0, 40),
    "discharge.respiratory_rate_high_per_min": Need("per min", 16, 40),
    "discharge.respiratory_rate_escalate_per_min": Need("per min", 20, 60),
    "discharge.spo2_percent": Need("%", 80, 100),
    "discharge.moaas": Need("level", 0, 5),
    "discharge.moaas_escalate": Need("level", 0, 4),
    "discharge.aldrete": Need("of 10", 0, 10),
    "discharge.min_after_reversal_min": Need("min", 0, 1440),
    "discharge.late_after_min": Need("min", 1, 1440),
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
    "watch.urinary_every_days": Need("days", 1, 1000),
    "watch.cognition_every_days": Need("days", 1, 1000),
    "watch.craving_every_days": Need("days", 1, 1000),
    "watch.use_outside_every_days": Need("days", 1, 1000),
    "watch.pdmp_every_days": Need("days", 1, 1000),
    "watch.liver_every_days": Need("days", 1, 1000),
    "watch.craving_rise": Need("of 10", 1, 10),
    "watch.craving_high": Need("of 10", 1, 10),
    "watch.sbp_drift_mmhg": Need("mmHg", 1, 60),
    "watch.grams_per_week": Need("g/week", 0.001, 10),
    "watch.sessions_in_28_days": Need("sessions", 1, 60),
    "watch.early_days": Need("days", 1, 1000),
    "watch.early_times": Need("sessions", 1, 60),
    "watch.requests_times": Need("requests", 1, 50),
    "watch.recent_days": Need("days", 1, 1000),
    "spacing.relapse_percent": Need("%", 1, 90, optional=True),
    "spacing.longest_days": Need("days", 2, 365, optional=True),
    "spacing.most_sessions": Need("sessions", 1, 500, optional=True),
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
    ("alarm.emergency_repeat_s", "alarm.hold_repeat_s"),
    ("alarm.emergency_unanswered_s", "alarm.hold_unanswered_s"),
    ("discharge.sbp_mmhg", "alarm.sbp_hold_mmhg"),
    ("discharge.dbp_mmhg", "alarm.dbp_hold_mmhg"),
    ("discharge.sbp_escalate_low_mmhg", "alarm.sbp_low_mmhg"),
    ("discharge.heart_rate_low_bpm", "discharge.heart_rate_high_bpm"),
    ("alarm.heart_rate_low_hold_bpm", "discharge.heart_rate_low_bpm"),
    ("discharge.heart_rate_high_bpm", "alarm.heart_rate_high_hold_bpm"),
    ("discharge.respiratory_rate_high_per_min", "discharge.respiratory_rate_escalate_per_min"),
    ("discharge.moaas_escalate", "discharge.moaas"),
    ("screen.adult_age_years", "screen.older_age_years"),
    ("screen.dbp_mmhg", "screen.sbp_mmhg"),
    ("screen.sbp_low_mmhg", "screen.sbp_mmhg"),
    ("screen.sbp_low_mmhg", "bp_gate.sbp_mmhg"),
    ("screen.heart_rate_low_bpm", "screen.heart_rate_high_bpm"),
    ("weight.low_kg", "weight.high_kg"),
    ("watch.craving_rise", "watch.craving_high"),
    ("weight.bmi_low", "weight.bmi_high"),
    ("dose.range_mg_per_kg", "dose.hard_max_mg_per_kg"),
    ("dose.range_mg", "dose.hard_max_mg"),
    ("dose.allowed_mg", "dose.hard_max_mg"),
    ("dose.usual_mg_per_kg", "dose.hard_max_mg_per_kg"),
)
# May be equal, unlike the rest.
MAY_EQUAL: Final = frozenset(
    {
        ("alarm.emergency_repeat_s", "alarm.hold_repeat_s"),
        ("alarm.emergency_unanswered_s", "alarm.hold_unanswered_s"),
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
