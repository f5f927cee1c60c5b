"""Moving a course from one state to the next, pausing, resuming and closing it."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.moving import move
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Refused


@action("course.move", permission="course.move")
def move_course(act: Act, *, course_id: Any, to: str, reason: str = "") -> Course:
    """Move a course to ``to`` by the table in :mod:`evenkeel.clinic.course.transitions`.

    Moving it to where it is changes nothing. Raises ``Refused`` with the code of the first guard
    that stands against it, or ``Invalid`` (``reason``) where only the reason is missing.
    """
    course = act.open(Course, course_id, "patient", "site")
    if course.state == to:
        return course
    if to == "closed":
        raise Refused("Closing is an act of its own.", code="no_such_step")
    return move(act, course, to, reason)


@action("course.close", permission="course.close")
def close_course(act: Act, *, course_id: Any, reason: str) -> Course:
    """Close a course for good, with a reason. Raises as :func:`move_course`."""
    course = act.open(Course, course_id, "patient", "site")
    return move(act, course, "closed", reason)
