"""Recording a telephone call: reached or not, what was said, and the worry that it leaves."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.outcome.actions.record_watch import LONGEST_NOTE, note_complaint
from evenkeel.clinic.outcome.filing import raise_signal
from evenkeel.clinic.outcome.models import SafetySignal
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.session.booking import change_status
from evenkeel.clinic.session.follow_up import SIDE_EFFECTS, WATCHED, call_worry, read_answers
from evenkeel.clinic.session.models import Appointment, AppointmentStatus

MOST_ATTEMPTS: Final = 20
CALL_KIND: Final = "follow_up_call"


@action("follow_up.record", permission="follow_up.record")
def record_follow_up(
    act: Act, *, appointment_id: Any, reached: bool, answers: dict[str, Any] | None = None
) -> Appointment:
    """Record one attempt. A call that reached nobody stays due; one that did is done.

    ``answers``: see :func:`~evenkeel.clinic.session.follow_up.read_answers`; where nobody was
    reached only ``attempt_note`` counts. What is worrying raises a safety signal in the same act,
    and no dose starts until a named clinician has closed it. A complaint that belongs to the
    long-term watch is put there too. Raises ``Invalid`` by field,
    ``Refused`` for what is no open call.
    """
    call = act.open(Appointment, appointment_id, "patient", "course__site")
    if call.kind != "follow_up_call":
        raise Refused("This appointment is not a call.", code="not_a_call")
    if call.status != AppointmentStatus.BOOKED:
        raise Refused(
            f"This call is {call.get_status_display().lower()}.",
            what_to_do="What was recorded stands; book another call if one is needed.",
            code="no_such_step",
        )
    said = answers or {}
    note = str(said.get("attempt_note") or "").strip()
    if len(note) > 500 or "\x00" in note:
        raise Invalid("The note is too long.", fields={"attempt_note": "At most 500 letters."})
    attempts = list((call.outcome or {}).get("attempts", []))[-MOST_ATTEMPTS:]
    attempts.append(
        {"at": act.now.isoformat(), "by": act.actor.name, "reached": reached, "note": note}
    )
    if not reached:
        call.outcome = {"reached": False, "attempts": attempts}
        return act.write(call)
    call.outcome = {
        "reached": True,
        "attempts": attempts,
        "at": act.now.isoformat(),
        "by": act.actor.name,
        **read_answers(said),
    }
    done = change_status(act, call, AppointmentStatus.DONE)
    _watch(act, done)
    worry = call_worry(done.outcome)
    if worry is not None:
        raise_signal(
            act,
            call.course,
            SafetySignal(
                call=done,
                kind=CALL_KIND,
                statement=worry.statement,
                urgency=worry.level,
                follow_up={"reasons": list(worry.reasons)},
            ),
        )
    return done


def _watch(act: Act, call: Appointment) -> None:
    """Put the complaints of a call that the long-term watch follows among its answers."""
    outcome = call.outcome or {}
    for effect in outcome["side_effects"]:
        if effect in WATCHED:
            item, value = WATCHED[effect]
            words = f"Said on the telephone: {SIDE_EFFECTS[effect].lower()}."
            note = " ".join(filter(None, (words, outcome["side_effects_note"])))
            note_complaint(act, call.course, item=item, value=value, note=note[:LONGEST_NOTE])
