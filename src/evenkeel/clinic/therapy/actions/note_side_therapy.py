"""Therapies that go on beside the doses."""

from __future__ import annotations

from datetime import date
from typing import Any

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.therapy.models import SideTherapy


@action("therapy.add_beside", permission="therapy.record")
def add_side_therapy(
    act: Act,
    *,
    course_id: Any,
    kind: str,
    times_a_month: int | None,
    began_on: date | None,
    minutes: int | None = None,
    what: str = "",
    where: str = "",
) -> SideTherapy:
    """Note a therapy beside the doses. Raises ``Invalid`` by field."""
    course = act.open(Course, course_id, "patient", "site")
    if course.state == "closed":
        raise Refused("This course is closed.", code="closed")
    wrong: dict[str, str] = {}
    if kind not in dict(SideTherapy.KINDS):
        wrong["beside"] = "Choose the kind."
    elif kind == "other" and not what.strip():
        wrong["what"] = "Name it."
    if times_a_month is None or not 1 <= times_a_month <= 60:
        wrong["times_a_month"] = "Enter 1 to 60 times a month."
    if minutes is not None and not 5 <= minutes <= 480:
        wrong["beside_minutes"] = "Enter 5 to 480 minutes, or nothing."
    if began_on is None or began_on > act.now.date():
        wrong["began_on"] = "Enter the day it began, today or before."
    if len(what) > 120 or len(where) > 120:
        wrong["what"] = "At most 120 characters."
    if wrong:
        raise Invalid("This is not noted yet.", fields=wrong)
    return act.write(
        SideTherapy(
            site=course.site,
            course=course,
            patient=course.patient,
            kind=kind,
            what=what.strip(),
            where=where.strip(),
            times_a_month=times_a_month,
            minutes=minutes,
            began_on=began_on,
            noted_by=signer(act),
        )
    )


@action("therapy.end_beside", permission="therapy.record")
def end_side_therapy(act: Act, *, therapy_id: Any, reason: str = "") -> SideTherapy:
    """Note that it has ended; again changes nothing."""
    row = act.open(SideTherapy, therapy_id, "course", "site", "patient")
    if row.ended_on is None:
        row.ended_on, row.end_reason = act.now.date(), reason.strip()[:300]
        act.write(row)
    return row
