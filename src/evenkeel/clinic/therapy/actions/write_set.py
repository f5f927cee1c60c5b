"""The set: the person's part, the therapist's notes, and that both were talked over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.therapy.models import SetPart
from evenkeel.clinic.therapy.set_questions import read_answers


@action("own.set", permission="own.prepare")
def write_own_set(act: Act, *, course_id: Any, given: Mapping[str, str]) -> SetPart:
    """The person's part, in their own writing. Raises ``Invalid`` by key, ``Refused``."""
    return _write(act, course_id, given, "patient", "")


@action("therapy.set", permission="therapy.record")
def write_set(
    act: Act, *, course_id: Any, given: Mapping[str, str], side: str, seen_version: int
) -> SetPart:
    """The therapist's notes, or the person's part as it was told.

    ``seen_version`` is that of the part the writer saw, 0 for none. Raises ``Conflict`` where it
    was written meanwhile, so that nobody writes over what a person wrote at home.
    """
    if side not in ("patient", "therapist"):
        raise Invalid("There is no such side.")
    told_to = act.actor.name if side == "patient" else ""
    return _write(act, course_id, given, side, told_to, seen_version)


def _write(
    act: Act,
    course_id: Any,
    given: Mapping[str, str],
    side: str,
    told_to: str,
    seen_version: int | None = None,
) -> SetPart:
    course = act.open(Course, course_id, "patient", "site")
    if course.state == "closed":
        raise Refused("This course is closed.", code="closed")
    answers, wrong = read_answers(side, given)
    if wrong:
        raise Invalid("Some of this cannot be kept.", fields=wrong)
    row = part_of(course, side)
    if seen_version is not None and seen_version != (row.version if row else 0):
        raise Conflict(
            "This was written anew while the page was open.",
            what_to_do="What you typed still stands here. Compare, then save again.",
            code="changed_meanwhile",
        )
    if row is None:
        row = SetPart(site=course.site, course=course, patient=course.patient, side=side)
    row.answers, row.written_at, row.by_name = answers, act.now, act.actor.name
    row.told_to = told_to
    return act.write(row)


def part_of(course: Course, side: str) -> SetPart | None:
    """One side's part, or ``None``."""
    found: SetPart | None = SetPart.objects.filter(course=course, side=side).first()
    return found


@action("therapy.discuss_set", permission="therapy.record")
def discuss_set(act: Act, *, part_id: Any, seen_version: int) -> SetPart:
    """Note that the person's part was talked over as it stands.

    Raises ``Conflict`` where the person wrote it anew meanwhile.
    """
    row = act.open(SetPart, part_id, "course", "site")
    if row.side != "patient":
        raise Refused("Only the person's own part is talked over.", code="own_part_only")
    if row.version != seen_version:
        raise Conflict(
            "The person wrote this anew while the page was open.",
            what_to_do="Read it as it stands now.",
            code="changed_meanwhile",
        )
    row.discussed_at, row.discussed_by = act.now, signer(act)
    return act.write(row)
