"""A named clinician closes a safety signal, and the hold on the next dose with it."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.course.signing import signer
from evenkeel.clinic.outcome.filing import HOLD_KIND
from evenkeel.clinic.outcome.models import SafetySignal
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused

MEANING: Final = "I have seen to this and close it: the next dose is no longer held for it."


@action("safety.close", permission="safety.close")
def close_signal(act: Act, *, signal_id: Any, note: str) -> SafetySignal:
    """Close a signal with a note on what was done; its hold leaves the course in the same act.

    Raises ``Invalid`` without a note, ``Refused`` where it was closed before or where no person
    stands behind the act.
    """
    signal = act.open(SafetySignal, signal_id, "course", "patient")
    note = note.strip()
    if not note:
        raise Invalid(
            "Say what was done.",
            fields={"note": "Write who spoke with the person, what was found and agreed."},
        )
    if signal.closed_at is not None:
        raise Refused("This safety signal was closed before.", code="closed")
    signal.closed_by = signer(act)
    signal.closed_at = act.now
    signal.close_note = note
    signal.meaning = MEANING
    act.write(signal)
    course = signal.course
    kept = [
        hold
        for hold in course.dose_holds
        if (hold.get("kind"), hold.get("id")) != (HOLD_KIND, str(signal.pk))
    ]
    if len(kept) != len(course.dose_holds):
        course.dose_holds = kept
        act.write(course)
    return signal
