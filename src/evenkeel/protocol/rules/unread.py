"""Names nobody here understands: a person must read them."""

from __future__ import annotations

from ..registry import CLEAR, Case, Fired, Verdict, rule


@rule("unread_conditions", kind="unknown", reads=("other_conditions",))
def unread_conditions(case: Case) -> Verdict:
    """Conditions and diagnoses that are not recognized."""
    names = case.names("other_conditions")
    if not names:
        return CLEAR
    return Fired(
        "Not recognized, please read: " + ", ".join(names),
        "These conditions are not in the list the rules know, so no rule has looked at them.",
        "A clinician reads them.",
    )


@rule("unread_medicines", kind="unknown", reads=("medicines",))
def unread_medicines(case: Case) -> Verdict:
    """Medicines that are not recognized."""
    names = [use.name for use in case.medicines() if not use.recognized]
    if not names:
        return CLEAR
    return Fired(
        "Not recognized, please read: " + ", ".join(names),
        "These medicines are not in the list the rules know; only a stated class was looked at.",
        "A clinician reads them.",
    )
