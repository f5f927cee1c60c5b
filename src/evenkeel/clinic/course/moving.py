"""How a course changes its state inside an act: the guards, the row, the person's standing."""

from __future__ import annotations

from dataclasses import replace

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.queries import situation_of
from evenkeel.clinic.course.transitions import Refusal, refusals
from evenkeel.clinic.people.standing import set_standing
from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Invalid, Refused


def refuse(against: tuple[Refusal, ...]) -> None:
    """Raise for the first of ``against``, naming all; nothing when it is empty."""
    if not against:
        return
    first = against[0]
    message = " ".join(r.message for r in against)
    if first.code == "reason" and len(against) == 1:
        raise Invalid(
            first.message,
            what_to_do=first.what_to_do,
            fields={"reason": first.what_to_do},
            code="reason",
        )
    raise Refused(message, what_to_do=first.what_to_do, code=first.code)


def move(act: Act, course: Course, target: str, reason: str = "") -> Course:
    """Move ``course`` to ``target`` if the table allows it. Raises ``Refused`` or ``Invalid``."""
    situation = replace(situation_of(course, act.now), reason=reason)
    refuse(refusals(situation, target))
    return put(act, course, target, reason)


def put(act: Act, course: Course, target: str, reason: str = "") -> Course:
    """Write the new state, for moves already allowed or that only ever make things safer."""
    if target == "paused":
        course.state_before_pause = course.state
    elif course.state == "paused":
        course.state_before_pause = ""
    act.note(moved={"from": course.state, "to": target, "reason": reason})
    course.state = target
    course.state_since = act.now
    if target == "closed":
        course.closed_at, course.close_reason = act.now, reason.strip()
    if reason:
        act.reason = reason.strip()
    act.write(course)
    set_standing(act, course.patient, stage=target)
    return course


def settle(act: Act, course: Course) -> Course:
    """Move on from screening by itself once both the screening and the consent stand."""
    if course.state == "screening" and not refusals(situation_of(course, act.now), "consented"):
        put(act, course, "consented")
    return course


def hold_back(act: Act, course: Course, reason: str) -> Course:
    """Stop a course that may no longer be treated: paused, or back to screening before a dose."""
    if course.state in ("induction", "maintenance"):
        return put(act, course, "paused", reason)
    if course.state == "consented":
        return put(act, course, "screening", reason)
    return course
