"""Plain names of what a protocol states, and the section of a page it stands in."""

from __future__ import annotations

from typing import Final

from .vocabulary import VOCABULARY

#: Sections in the order of care: id -> heading.
SECTIONS: Final[dict[str, str]] = {
    "screening": "Screening",
    "required": "Known before a session",
    "dose": "Dose and weight",
    "session": "In session",
    "leaving": "Leaving",
    "staffing": "Staffing",
    "long_term": "Long term",
}
#: By the first part of a threshold's key. What is new and not listed stands under "Long term".
_SECTION_OF: Final[dict[str, str]] = {
    "screen": "screening",
    "bp_gate": "session",
    "fasting": "session",
    "vitals": "session",
    "alarm": "session",
    "session": "dose",
    "dose": "dose",
    "weight": "dose",
    "discharge": "leaving",
    "liver": "screening",
    "plausible": "session",
    "staff": "staffing",
    "consent": "long_term",
}

THRESHOLD_LABELS: Final[dict[str, str]] = {
    "bp_gate.sbp_mmhg": "Wait before a dose above: systolic pressure",
    "bp_gate.dbp_mmhg": "Wait before a dose above: diastolic pressure",
    "bp_gate.older_age_years": "Another pressure limit from this age",
    "bp_gate.older_sbp_mmhg": "Wait above, older people: systolic pressure",
    "bp_gate.older_dbp_mmhg": "Wait above, older people: diastolic pressure",
    "bp_gate.max_age_min": "The pressure before a dose may be this old",
    "screen.adult_age_years": "Adult from",
    "screen.older_age_years": "Older adult from",
    "screen.recent_event_days": "A cardiovascular event is recent for",
    "screen.failed_trials": "Antidepressants tried without enough effect",
    "screen.lorazepam_mg_per_day": "Benzodiazepine a day, as lorazepam, above which it is reviewed",
    "screen.spo2_percent": "Oxygen saturation at rest, at least",
    "fasting.food_h": "No food before the dose for",
    "fasting.fluids_min": "No fluids before the dose for",
    "vitals.every_min": "Vital signs while the drug is given, every",
    "vitals.after_every_min": "Vital signs afterwards, every",
    "vitals.fixed_min": "Vital signs at these minutes after the start",
    "vitals.fixed_within_min": "A fixed reading counts within",
    "vitals.grace_min": "A reading is late after",
    "alarm.sbp_hold_mmhg": "Hold above: systolic pressure",
    "alarm.dbp_hold_mmhg": "Hold above: diastolic pressure",
    "alarm.sbp_low_mmhg": "Low below: systolic pressure",
    "alarm.sbp_rise_mmhg": "Review at a systolic rise of",
    "alarm.dbp_rise_mmhg": "Review at a diastolic rise of",
    "alarm.rise_window_min": "A rise is counted for",
    "alarm.spo2_review_percent": "Review below: oxygen saturation",
    "alarm.spo2_emergency_percent": "Emergency below: oxygen saturation",
    "alarm.spo2_sustained_s": "A fall in saturation lasts from",
    "alarm.moaas_review": "Review at: sedation (MOAA/S) or lower",
    "alarm.moaas_emergency": "Emergency at: sedation (MOAA/S) or lower",
    "alarm.respiratory_rate_review_per_min": "Review below: breaths",
    "alarm.respiratory_rate_emergency_per_min": "Emergency below: breaths",
    "alarm.heart_rate_low_review_bpm": "Review below: heart rate",
    "alarm.heart_rate_high_review_bpm": "Review above: heart rate",
    "alarm.heart_rate_low_hold_bpm": "Hold below: heart rate",
    "alarm.heart_rate_high_hold_bpm": "Hold above: heart rate",
    "alarm.dissociation_strong": "Strong dissociation from",
    "screen.sbp_mmhg": "Defer screening above: systolic pressure",
    "screen.dbp_mmhg": "Defer screening above: diastolic pressure",
    "screen.sbp_low_mmhg": "Defer below: systolic pressure",
    "screen.heart_rate_low_bpm": "Defer below: heart rate",
    "screen.heart_rate_high_bpm": "Defer above: heart rate",
    "screen.stop_bang": "STOP-BANG score reviewed from",
    "screen.nasal_gap_min": "Other nasal medicine before the spray, at least",
    "screen.induction_sessions": "Sessions after which benefit is weighed",
    "liver.alt_u_per_l": "ALT above",
    "liver.ast_u_per_l": "AST above",
    "liver.ggt_u_per_l": "GGT above",
    "liver.ggt_female_u_per_l": "GGT above, women",
    "liver.alkaline_phosphatase_u_per_l": "Alkaline phosphatase above",
    "liver.bilirubin_umol_per_l": "Bilirubin above",
    "liver.albumin_g_per_l": "Albumin below",
    "alarm.sbp_low_hold_mmhg": "Hold below: systolic pressure",
    "alarm.sbp_low_emergency_mmhg": "Emergency below: systolic pressure",
    "alarm.sbp_fall_mmhg": "Review at a systolic fall of",
    "alarm.sbp_climb_mmhg": "Review at a fast systolic climb of",
    "alarm.climb_within_min": "A climb is fast within",
    "alarm.repeat_within_min": "Repeat a very high pressure within",
    "alarm.symptom_window_min": "A symptom belongs to a pressure within",
    "alarm.together_min": "Sedation, oxygen and breathing belong together within",
    "alarm.spo2_very_low_percent": "Emergency at once below: oxygen saturation",
    "alarm.spo2_fall_percent": "Review at a fall in saturation of",
    "alarm.spo2_fall_within_min": "A fall in saturation is counted for",
    "alarm.spo2_fall_below_percent": "A fall in saturation is counted below",
    "alarm.moaas_hold": "Hold at: sedation (MOAA/S) or lower",
    "alarm.respiratory_rate_high_review_per_min": "Review above: breaths",
    "alarm.respiratory_rate_high_hold_per_min": "Hold above: breaths",
    "alarm.hold_repeat_s": "An unanswered hold sounds again after",
    "alarm.emergency_repeat_s": "An unanswered emergency sounds again after",
    "alarm.hold_unanswered_s": "An unanswered hold calls the next person after",
    "alarm.emergency_unanswered_s": "An unanswered emergency calls the next person after",
    "plausible.sbp_mmhg": "Believed: systolic pressure",
    "plausible.dbp_mmhg": "Believed: diastolic pressure",
    "plausible.heart_rate_bpm": "Believed: heart rate",
    "plausible.spo2_percent": "Believed: oxygen saturation",
    "plausible.respiratory_rate_per_min": "Believed: breaths",
    "dose.rate_over_plan": "A rate is refused above the planned rate by",
    "watch.urinary_every_days": "Ask about bladder and urine every",
    "watch.cognition_every_days": "Ask about memory and thinking every",
    "watch.craving_every_days": "Ask about the wish for the drug every",
    "watch.use_outside_every_days": "Ask about ketamine from elsewhere every",
    "watch.pdmp_every_days": "Check the prescription register every",
    "watch.liver_every_days": "Liver tests every",
    "watch.craving_rise": "The wish for the drug drifts from a rise of",
    "watch.craving_high": "The wish for the drug concerns from",
    "watch.sbp_drift_mmhg": "Systolic pressure drifts from a rise of",
    "watch.grams_per_week": "Amount looked at from",
    "watch.sessions_in_28_days": "Sessions in 28 days looked at above",
    "watch.early_days": "A session is early by at least",
    "watch.early_times": "Coming early is asked about from",
    "watch.requests_times": "Asking for more is asked about from",
    "watch.recent_days": "Looked back on for",
    "spacing.relapse_percent": "Relapse before the next visit is tolerated up to",
    "spacing.longest_days": "The next session is proposed at most this long after the last",
    "spacing.most_sessions": "No session is proposed beyond",
    "discharge.min_since_start_min": "Stays after the first dose at least",
    "discharge.min_since_drug_end_min": "Stays after the end of the drug at least",
    "discharge.reading_max_age_min": "Readings at leaving may be this old",
    "discharge.sbp_mmhg": "Leaves at or below: systolic pressure",
    "discharge.dbp_mmhg": "Leaves at or below: diastolic pressure",
    "discharge.bp_above_baseline_mmhg": "Or above the own baseline by at most",
    "discharge.sbp_rise_mmhg": "Called in at a systolic rise of",
    "discharge.dbp_rise_mmhg": "Called in at a diastolic rise of",
    "discharge.sbp_escalate_low_mmhg": "Called in below: systolic pressure",
    "discharge.heart_rate_low_bpm": "Leaves at or above: heart rate",
    "discharge.heart_rate_high_bpm": "Leaves at or below: heart rate",
    "discharge.heart_rate_above_baseline_bpm": "Heart rate above the own baseline by at most",
    "discharge.heart_rate_below_baseline_bpm": "Heart rate below the own baseline by at most",
    "discharge.respiratory_rate_high_per_min": "Leaves at or below: breaths",
    "discharge.respiratory_rate_escalate_per_min": "Called in at: breaths",
    "discharge.spo2_percent": "Leaves at or above: oxygen saturation",
    "discharge.moaas": "Leaves at: sedation (MOAA/S)",
    "discharge.moaas_escalate": "Called in at: sedation (MOAA/S) or lower",
    "discharge.aldrete": "Leaves at or above: Aldrete score",
    "discharge.min_after_reversal_min": "Stays after a reversal drug at least",
    "discharge.late_after_min": "Called in when still not ready after",
    "discharge.recheck_after_hold_min": "Look again after a hold in",
    "discharge.escalate_after_hold_min": "Call the prescriber after a hold of",
    "dose.allowed_mg": "Doses allowed",
    "dose.first_mg": "First dose",
    "dose.device_mg": "One device holds",
    "dose.device_gap_min": "Between two devices",
    "dose.hard_max_mg": "Never more than",
    "dose.hard_max_mg_per_kg": "Never more than, by weight",
    "dose.range_mg_per_kg": "Usual range, by weight",
    "dose.range_mg": "Usual range",
    "dose.usual_mg_per_kg": "Usual dose, by weight",
    "dose.duration_range_min": "Usual range of the infusion time",
    "dose.usual_duration_min": "Usual infusion time",
    "weight.low_kg": "A weight below this is questioned",
    "weight.high_kg": "A weight above this is questioned",
    "weight.max_age_days": "A weight counts for",
    "weight.bmi_low": "A body mass index below this is questioned",
    "weight.bmi_high": "A body mass index above this is questioned",
    "staff.prescriber_on_site": "Prescribers on site",
    "staff.monitors_per_patient": "People watching each person treated",
    "consent.renew_after_days": "Consent is renewed after",
    "session.min_interval_h": "Between two sessions at least",
}
RULE_LABELS: Final[dict[str, str]] = {
    "deceased": "The person has died",
    "capacity": "Capacity to consent",
    "child_pugh_b": "Liver disease, Child-Pugh B",
    "child_pugh_c": "Liver disease, Child-Pugh C",
    "ecg_abnormal": "Abnormal ECG",
    "rems": "REMS enrollment",
}
DISCHARGE_LABELS: Final[dict[str, str]] = {
    "minimum_time": "The least time has passed",
    "blood_pressure": "Blood pressure",
    "heart_rate": "Heart rate",
    "oxygen": "Oxygen saturation",
    "breathing": "Breathing",
    "sedation": "Awake (MOAA/S)",
    "aldrete": "Aldrete score",
    "dissociation": "Dissociation has passed",
    "orientation": "Oriented",
    "gait": "Walks steadily",
    "symptoms": "No symptom that holds",
    "suicide_risk": "Suicide risk asked",
    "escort": "Escort is here",
    "driving": "Knows not to drive",
    "instructions": "Instructions given",
}
#: Substances of misuse as a program for addiction names them.
SUBSTANCE_LABELS: Final[dict[str, str]] = {
    "alcohol": "Alcohol",
    "cannabis": "Cannabis",
    "cocaine": "Cocaine",
    "stimulants": "Stimulants",
    "sedatives": "Sedatives",
    "hallucinogens": "Hallucinogens",
}
OTHER_LABELS: Final[dict[str, str]] = {"addiction_programme": "Addiction program"}
EFFECT_LABELS: Final[dict[str, str]] = {
    "inform": "Inform",
    "defer": "Defer",
    "needs_specialist_review": "Specialist review",
    "contraindicated": "Not eligible",
}


def threshold_label(key: str) -> str:
    """Return the name of a threshold; one that has none yet is named by its key."""
    return THRESHOLD_LABELS.get(key) or _words(key.replace(".", ": "))


def rule_label(key: str) -> str:
    """Return the name of a rule."""
    return RULE_LABELS.get(key) or _words(key)


def fact_label(key: str) -> str:
    """Return the name of a fact asked for before a session."""
    spec = VOCABULARY.get(key)
    return spec.label if spec is not None else _words(key)


def discharge_label(key: str) -> str:
    """Return the name of a discharge item."""
    return DISCHARGE_LABELS.get(key) or _words(key)


def other_label(key: str) -> str:
    """Return the name of a part of a protocol that has no lines of its own."""
    return OTHER_LABELS.get(key) or _words(key)


def threshold_section(key: str) -> str:
    """Return the id of the section a threshold stands in; one of :data:`SECTIONS`."""
    return _SECTION_OF.get(key.partition(".")[0], "long_term")


def _words(key: str) -> str:
    words = key.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
