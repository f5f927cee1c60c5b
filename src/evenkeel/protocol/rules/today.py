"""What must hold on the day, right before the dose."""

from __future__ import annotations

from ..registry import CLEAR, Case, Fired, Unknown, Verdict, rule, when


def pressure_gate(case: Case) -> tuple[float, float]:
    """Return the systolic and diastolic gate (mmHg) for this person's age."""
    protocol, age = case.protocol, case.number("age_years")
    older = protocol.find("bp_gate.older_age_years")
    if older is not None and age is not None and age >= protocol.number(older.key):
        return (
            protocol.number("bp_gate.older_sbp_mmhg"),
            protocol.number("bp_gate.older_dbp_mmhg"),
        )
    return protocol.number("bp_gate.sbp_mmhg"), protocol.number("bp_gate.dbp_mmhg")


@rule(
    "blood_pressure_gate",
    kind="eligibility",
    reads=("blood_pressure", "age_years"),
    timing="session",
)
def blood_pressure_gate(case: Case) -> Verdict:
    """The latest resting reading is above the gate, or too old to go by."""
    latest = case.latest_pressure()
    if latest is None:
        return Unknown(("blood_pressure",), "Measure blood pressure at rest.")
    sbp_gate, dbp_gate = pressure_gate(case)
    limit_min = case.protocol.number("bp_gate.max_age_min")
    if latest.sbp_mmhg > sbp_gate or latest.dbp_mmhg > dbp_gate:
        return Fired(
            f"Blood pressure {latest.sbp_mmhg:g}/{latest.dbp_mmhg:g} before the dose",
            f"Above {sbp_gate:g} systolic or {dbp_gate:g} diastolic, consider a delay and weigh "
            "benefit and risk.",
            "Rest and measure again; a clinician decides and signs.",
            ("blood_pressure",),
        )
    if latest.minutes_ago is None or latest.minutes_ago > limit_min:
        return Unknown(
            ("blood_pressure",), f"Measure again: a reading of the last {limit_min:g} minutes."
        )
    return CLEAR


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


@rule("rems", kind="process", reads=("rems_enrolled",), timing="session")
def rems(case: Case) -> Verdict:
    """Not enrolled in the REMS."""
    enrolled = case.yes("rems_enrolled")
    return when(
        None if enrolled is None else not enrolled,
        Fired(
            "Not enrolled in the REMS",
            "In the US, an outpatient must be enrolled before the first dose.",
            "Enroll; patient and prescriber sign.",
        ),
        "rems_enrolled",
    )
