"""Putting a course on a program, and taking it off."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.programs.models import CourseProgram
from evenkeel.clinic.programs.parts import Program
from evenkeel.clinic.programs.queries import program_at, text_digest
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.protocol.products import PRODUCTS


@action("program.choose", permission="program.choose")
def choose_program(act: Act, *, course_id: Any, program: str, reason: str = "") -> CourseProgram:
    """Put a course on a program; one it was on before ends with the reason given.

    Raises ``Invalid`` for an unknown program or a missing reason, ``Refused`` where the course is
    closed, is on it already, or its product is given by a route the program is not made for.
    """
    course = act.open(Course, course_id, "patient", "site")
    if course.state == "closed":
        raise Refused("This course is closed.", code="closed")
    held = program_at(course.site_id, program)
    if held is None:
        raise Invalid("There is no such program.", fields={"program": "Choose a program."})
    refuse_other_route(course, held.program)
    before = CourseProgram.objects.filter(course=course, ended_at=None).first()
    if before is not None:
        if before.text_hash == text_digest(held.text):
            raise Refused("The course is on this program already.", code="same_program")
        _end(act, before, reason)
    return act.write(
        CourseProgram(
            site=course.site,
            course=course,
            patient=course.patient,
            program=held.program.id,
            title=held.program.title,
            used=held.version,
            text=held.text,
            text_hash=text_digest(held.text),
            chosen_by=signer(act),
            chosen_at=act.now,
            reason=_short(reason),
        )
    )


def refuse_other_route(course: Course, program: Program) -> None:
    """Raise ``Refused`` where the product of a course is given by another route."""
    product = PRODUCTS.get(course.product)
    if product is None or product.route in program.routes:
        return
    raise Refused(
        f"{program.title} is made for {', '.join(program.routes)}; "
        f"this course is about {product.label} ({product.route}).",
        what_to_do="Choose another program, or screen for another product first.",
        code="other_route",
    )


@action("program.leave", permission="program.choose")
def leave_program(act: Act, *, course_id: Any, reason: str) -> CourseProgram:
    """Take a course off its program. Raises ``Refused`` where it is on none."""
    course = act.open(Course, course_id, "patient", "site")
    row = CourseProgram.objects.filter(course=course, ended_at=None).first()
    if row is None:
        raise Refused("The course is on no program.", code="no_program")
    return _end(act, row, reason)


def _end(act: Act, row: CourseProgram, reason: str) -> CourseProgram:
    if not reason.strip():
        raise Invalid(
            "The reason is missing.", fields={"reason": "Say why the course leaves its program."}
        )
    row.ended_at, row.ended_by = act.now, signer(act)
    row.end_reason = act.reason = _short(reason)
    return act.write(row)


def _short(text: str) -> str:
    return text.strip()[:1000]
