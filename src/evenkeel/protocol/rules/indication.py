"""Is this what the treatment is for?"""

from __future__ import annotations

from ..conditions import recognize_condition
from ..registry import CLEAR, Case, Fired, Unknown, Verdict, rule, when
from ..situations import recognize_situation


def _codes(case: Case) -> set[str]:
    matches = (recognize_condition(name) for name in case.names("diagnoses"))
    return {match[0].code for match in matches if match is not None}


def _recognized(name: str) -> bool:
    return recognize_condition(name) is not None or recognize_situation(name) is not None


@rule("indication", kind="indication", reads=("diagnoses",))
def indication(case: Case) -> Verdict:
    """Some depression must be the reason."""
    if case.facts["diagnoses"].state == "unknown":
        return Unknown(("diagnoses",), "State the diagnosis.")
    if _codes(case) & {"major_depression", "acute_suicidality", "bipolar"}:
        return CLEAR
    unread = [name for name in case.names("diagnoses") if not _recognized(name)]
    if unread:
        # Nobody can tell whether it is a depression; a name this list lacks is no refusal.
        return Unknown(("diagnoses",), "Say whether this is a depression: " + ", ".join(unread))
    return Fired(
        "No depression among the diagnoses",
        "The protocol is for depression.",
        "A specialist decides whether to treat outside it.",
    )


@rule("failed_trials", kind="indication", reads=("failed_adequate_trials", "diagnoses"))
def failed_trials(case: Case) -> Verdict:
    """Enough other treatments must have failed, unless suicidality is acute."""
    if "acute_suicidality" in _codes(case):
        return CLEAR
    count, asked = (
        case.number("failed_adequate_trials"),
        case.protocol.number("screen.failed_trials"),
    )
    if count is None:
        return Unknown(("failed_adequate_trials",), "Count treatments of adequate dose and time.")
    if count >= asked:
        return CLEAR
    return Fired(
        f"Fewer than {asked:g} adequate treatments have failed",
        f"Treatment-resistant depression means {asked:g} or more in this episode.",
        "A specialist decides, or another treatment comes first.",
    )


@rule("off_label", kind="indication", reads=())
def off_label(case: Case) -> Verdict:
    """Say so when the use is off label."""
    if not case.product.off_label:
        return CLEAR
    return Fired(
        f"{case.product.label} for depression is off label",
        "No label sets a dose or a limit; the clinic's protocol does.",
        "The consent form says so.",
    )


@rule(
    "compounded_warning",
    kind="process",
    reads=("compounded_warning_acknowledged",),
    timing="session",
)
def compounded_warning(case: Case) -> Verdict:
    """The consent must name the FDA alerts where the use is off label."""
    told = case.yes("compounded_warning_acknowledged")
    return when(
        None if told is None else not told,
        Fired(
            "The consent does not name the FDA alerts",
            "The FDA warned of compounded ketamine used without supervision (2022 and 2023).",
            "Talk the alerts over, and have the consent say so.",
        ),
        "compounded_warning_acknowledged",
    )


@rule(
    "benefit_after_induction",
    kind="indication",
    reads=("benefit_after_induction", "session_number"),
)
def benefit_after_induction(case: Case) -> Verdict:
    """After induction, go on only where there is benefit."""
    number = case.number("session_number")
    induction = case.protocol.number("screen.induction_sessions")
    if number is None or number <= induction:
        return CLEAR
    seen = case.yes("benefit_after_induction")
    return when(
        None if seen is None else not seen,
        Fired(
            f"No benefit seen after {induction:g} sessions",
            "Benefit is judged after induction, to decide whether to go on.",
            "The prescriber decides with the person whether to go on.",
        ),
        "benefit_after_induction",
    )
