"""Ticking a line of the checklist: the person's tick and the therapist's are two."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.programs.queries import program_of
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.therapy.models import PreparationTick


@action("therapy.tick", permission="therapy.record")
def tick(act: Act, *, course_id: Any, item: str, done: bool) -> PreparationTick:
    """The therapist's tick. Raises ``Refused`` without a program, ``Invalid`` without that line."""
    return _tick(act, course_id, item, done, "therapist")


@action("own.tick", permission="own.prepare")
def tick_own(act: Act, *, course_id: Any, item: str, done: bool) -> PreparationTick:
    """The person's own tick. Raises as :func:`tick`, also for a line that is the staff's alone."""
    return _tick(act, course_id, item, done, "patient")


def _tick(act: Act, course_id: Any, item: str, done: bool, side: str) -> PreparationTick:
    course = act.open(Course, course_id, "patient", "site")
    if course.state == "closed":
        raise Refused("This course is closed.", code="closed")
    on = program_of(course.pk)
    if on is None:
        raise Refused(
            "The course is on no program.", what_to_do="Put it on one first.", code="no_program"
        )
    line = on.program.item(item)
    if line is None or (side == "patient" and not line.own_words):
        raise Invalid("There is no such line.", fields={"item": "Reload the page."})
    row = PreparationTick.objects.filter(course=course, item=item, side=side).first()
    if row is None:
        row = PreparationTick(
            site=course.site, course=course, patient=course.patient, item=item, side=side
        )
    row.done, row.ticked_at, row.by_name = done, act.now, act.actor.name
    return act.write(row)
