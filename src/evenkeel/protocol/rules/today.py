"""What must hold on the day, right before the dose."""

from __future__ import annotations

from ..gate import pressure_gate_for
from ..registry import CLEAR, Case, Fired, Unknown, Verdict, rule, when


@rule(
    "blood_pressure_gate",
    kind="eligibility",
    reads=("blood_pressure", "age_years"),
    timing="session",
)
def blood_pressure_gate(case: Case) -> Verdict:
    """The latest resting reading is above the gate, or too old to go by."""
    readings = case.governing_pressures()
    if not readings:
        return Unknown(("blood_pressure",), "Measure blood pressure at rest.")
    gate = pressure_gate_for(case.protocol, case.number("age_years"))
    limit_min = case.protocol.number("bp_gate.max_age_min")
    worst = max(readings, key=lambda r: (gate.holds(r.sbp_mmhg, r.dbp_mmhg), r.sbp_mmhg))
    if gate.holds(worst.sbp_mmhg, worst.dbp_mmhg):
        return Fired(
            f"Blood pressure {worst.sbp_mmhg:g}/{worst.dbp_mmhg:g} before the dose",
            f"Above {gate.sbp_mmhg:g} systolic or {gate.dbp_mmhg:g} diastolic, consider a delay "
            "and weigh benefit and risk.",
            "Rest and measure again; a clinician decides and signs.",
            ("blood_pressure",),
        )
    if not any(r.minutes_ago is not None and r.minutes_ago <= limit_min for r in readings):
        return Unknown(
            ("blood_pressure",), f"Measure again: a reading of the last {limit_min:g} minutes."
        )
    return CLEAR


@rule("blood_pressure_at_screening", kind="eligibility", reads=("blood_pressure",))
def blood_pressure_at_screening(case: Case) -> Verdict:
    """Before a first session, a resting pressure above what a trial took."""
    if (case.number("session_number") or 1) > 1:
        return CLEAR
    readings = case.governing_pressures()
    sbp_mmhg = case.protocol.number("screen.sbp_mmhg")
    dbp_mmhg = case.protocol.number("screen.dbp_mmhg")
    high = [r for r in readings if r.sbp_mmhg > sbp_mmhg or r.dbp_mmhg > dbp_mmhg]
    return when(
        bool(high) if readings else None,
        Fired(
            f"Resting blood pressure {high[0].sbp_mmhg:g}/{high[0].dbp_mmhg:g}" if high else "",
            f"Above {sbp_mmhg:g} systolic or {dbp_mmhg:g} diastolic at screening, a trial waited.",
            "Have it treated first, then measure again.",
        ),
        "blood_pressure",
    )


@rule("low_pressure", kind="eligibility", reads=("blood_pressure",), timing="session")
def low_pressure(case: Case) -> Verdict:
    """Low blood pressure before the dose."""
    readings = case.governing_pressures()
    limit = case.protocol.number("screen.sbp_low_mmhg")
    low = [r for r in readings if r.sbp_mmhg < limit]
    return when(
        bool(low) if readings else None,
        Fired(
            f"Blood pressure {low[0].sbp_mmhg:g}/{low[0].dbp_mmhg:g} before the dose"
            if low
            else "",
            f"Under {limit:g} systolic, find out why before a sedating drug is given.",
            "Measure again; a clinician decides and signs.",
        ),
        "blood_pressure",
    )


@rule("heart_rate", kind="eligibility", reads=("heart_rate_bpm",), timing="session")
def heart_rate(case: Case) -> Verdict:
    """A resting pulse that is very slow or very fast."""
    rate = case.number("heart_rate_bpm")
    low = case.protocol.number("screen.heart_rate_low_bpm")
    high = case.protocol.number("screen.heart_rate_high_bpm")
    return when(
        None if rate is None else not low <= rate <= high,
        Fired(
            f"Heart rate {rate:g} a minute before the dose" if rate is not None else "",
            f"Outside {low:g} to {high:g} a minute at rest, find out why; the drug speeds it up.",
            "Rest and measure again, with an ECG; a clinician decides and signs.",
        ),
        "heart_rate_bpm",
    )


@rule(
    "fasting",
    kind="process",
    reads=("hours_since_food", "minutes_since_fluids"),
    timing="session",
)
def fasting(case: Case) -> Verdict:
    """Food or drink too soon before the dose."""
    food_h, fluids_min = case.number("hours_since_food"), case.number("minutes_since_fluids")
    food_limit_h = case.protocol.number("fasting.food_h")
    fluids_limit_min = case.protocol.number("fasting.fluids_min")
    late: dict[str, str] = {}
    if food_h is not None and food_h < food_limit_h:
        late["hours_since_food"] = f"food {food_h:g} hours ago"
    if fluids_min is not None and fluids_min < fluids_limit_min:
        late["minutes_since_fluids"] = f"drink {fluids_min:g} minutes ago"
    if late:
        return Fired(
            "Not long enough since " + " and ".join(late.values()),
            f"No food for {food_limit_h:g} hours and no drink for {fluids_limit_min:g} minutes "
            "before the dose: nausea and vomiting are common.",
            "Wait, or another time.",
            tuple(late),
        )
    missing = tuple(
        key
        for key, value in (("hours_since_food", food_h), ("minutes_since_fluids", fluids_min))
        if value is None
    )
    return Unknown(missing, "Ask about food and drink.") if missing else CLEAR


@rule(
    "session_interval",
    kind="process",
    reads=("hours_since_last_session", "session_number"),
    timing="session",
)
def session_interval(case: Case) -> Verdict:
    """Too soon after the session before."""
    hours, limit = (
        case.number("hours_since_last_session"),
        case.protocol.number("session.min_interval_h"),
    )
    if hours is None and (case.number("session_number") or 1) <= 1:
        return CLEAR
    return when(
        None if hours is None else hours < limit,
        Fired(
            f"{hours:g} hours since the last session" if hours is not None else "",
            f"At least {limit:g} hours must lie between two sessions.",
            f"Wait until {limit:g} hours have passed.",
        ),
        "hours_since_last_session",
    )


@rule("low_oxygen", kind="eligibility", reads=("spo2_percent",), timing="session")
def low_oxygen(case: Case) -> Verdict:
    """Low oxygen before the dose."""
    oxygen, limit = case.number("spo2_percent"), case.protocol.number("screen.spo2_percent")
    return when(
        None if oxygen is None else oxygen < limit,
        Fired(
            f"Oxygen saturation under {limit:g} % before the dose",
            "The drug can slow breathing.",
            "Check the probe and the breathing; a clinician decides.",
        ),
        "spo2_percent",
    )


@rule(
    "intoxication_or_withdrawal",
    kind="eligibility",
    reads=("acute_intoxication", "acute_withdrawal"),
    timing="session",
)
def intoxication_or_withdrawal(case: Case) -> Verdict:
    """Intoxicated or in withdrawal today."""
    keys = ("acute_intoxication", "acute_withdrawal")
    missing = [key for key in keys if case.active(key) is None]
    return when(
        case.active(*keys),
        Fired(
            "Intoxicated or in withdrawal today",
            "Effects add up and consent is in doubt.",
            "Another day.",
        ),
        *missing,
    )


@rule("consent", kind="process", reads=("consent_signed",), timing="session")
def consent(case: Case) -> Verdict:
    """No signed consent."""
    signed = case.yes("consent_signed")
    return when(
        None if signed is None else not signed,
        Fired("Consent is not signed", "No treatment without consent.", "Talk, then sign."),
        "consent_signed",
    )


@rule("escort", kind="process", reads=("escort_arranged",), timing="session")
def escort(case: Case) -> Verdict:
    """Nobody to take the person home."""
    arranged = case.yes("escort_arranged")
    return when(
        None if arranged is None else not arranged,
        Fired(
            "Nobody to take the person home",
            "No driving until the next day after restful sleep.",
            "Arrange someone, or another day.",
        ),
        "escort_arranged",
    )


@rule("rems", kind="process", reads=("rems_enrolled", "setting"), timing="session")
def rems(case: Case) -> Verdict:
    """Not enrolled in the REMS. An inpatient need not be."""
    if case.word("setting") == "inpatient":
        return CLEAR
    enrolled = case.yes("rems_enrolled")
    return when(
        None if enrolled is None else not enrolled,
        Fired(
            "Not enrolled in the REMS",
            "In the US, an outpatient must be enrolled before the first dose.",
            "Enroll; patient and prescriber sign.",
            ("rems_enrolled",),
        ),
        "rems_enrolled",
    )


@rule("prescription_monitoring", kind="process", reads=("pdmp_checked",))
def prescription_monitoring(case: Case) -> Verdict:
    """The prescription monitoring program was not looked at."""
    checked = case.yes("pdmp_checked")
    return when(
        None if checked is None else not checked,
        Fired(
            "The prescription monitoring program was not checked",
            "It shows ketamine and sedatives from other prescribers.",
            "Check it, and note the date.",
        ),
        "pdmp_checked",
    )
