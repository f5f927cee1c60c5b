"""What every page of a course shows above its own matter: who, where it stands, where to go."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from evenkeel.clinic.course.models import Course, CourseState
from evenkeel.clinic.course.queries import CourseSummary, course_summary
from evenkeel.clinic.record.door import open_record
from evenkeel.protocol.products import PRODUCTS

_LINE: Final = ("referred", "screening", "consented", "induction", "maintenance")
_TABS: Final = (
    ("course", "The course", "course.view"),
    ("screening", "Screening", "screening.view"),
    ("decide", "Decide", "decision.view"),
    ("consent", "Consent", "consent.view"),
    ("touch", "Touch", "consent.view"),
    ("plan", "Plan", "plan.view"),
    ("therapy", "Therapy", "therapy.view"),
    ("questionnaires", "Questionnaires", "outcome.view"),
    ("scores", "Scores", "outcome.view"),
    ("long_term", "Long term", "outcome.view"),
    ("course_move", "Where it stands", "course.view"),
)


def open_course_page(
    request: HttpRequest, course_id: Any, *, permission: str, what: str
) -> CourseSummary:
    """The course behind a page, its reading logged, with what stands of it now."""
    ctx = request.ctx  # type: ignore[attr-defined]
    course = open_record(
        ctx,
        Course,
        course_id,
        "patient",
        "patient__site",
        "site",
        "prescriber",
        "therapist",
        permission=permission,
        what=what,
    )
    return course_summary(course, ctx.clock.now())


def course_frame(request: HttpRequest, summary: CourseSummary, current: str) -> dict[str, Any]:
    """The context of ``course/course_base.html``."""
    course = summary.course
    ctx = request.ctx  # type: ignore[attr-defined]
    today = summary.now.astimezone(ZoneInfo(course.site.timezone)).date()
    return {
        "course": course,
        "patient": course.patient,
        "age_years": course.patient.age_years(today),
        "summary": summary,
        "product": PRODUCTS.get(course.product),
        "steps": steps_of(course),
        "course_tabs": [
            {"label": label, "url": url, "current": name == current}
            for name, label, permission in _TABS
            if ctx.actor.may_for(permission, course) and (url := address(name, course_id=course.pk))
        ],
        "patient_url": address("patient", patient_id=course.patient_id),
        "now": summary.now,
    }


def address(name: str, **keys: Any) -> str:
    """The address of a route whose one key may bear any name; empty where there is none."""
    try:
        return reverse(name, args=tuple(keys.values()))
    except NoReverseMatch:
        return ""


def steps_of(course: Course) -> list[dict[str, Any]]:
    """The way of a course as steps: done, now, held or still ahead."""
    at = course.state_before_pause if course.state == "paused" else course.state
    place = _LINE.index(at) if at in _LINE else len(_LINE)
    labels = dict(CourseState.choices)
    steps = []
    for n, state in enumerate(_LINE):
        how = "done" if n < place else "now" if n == place else ""
        note = ""
        if course.state == "closed":
            how = "skipped"
        elif n == place and course.state == "paused":
            how, note = "held", "paused"
        steps.append({"label": labels[state], "state": how, "note": note})
    if course.state == "closed":
        steps.append({"label": "Closed", "state": "now", "note": course.close_reason[:60]})
    return steps
