"""What the pages of a course's therapy share, and how their forms are read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.course.pages.frame import course_frame, open_course_page
from evenkeel.clinic.course.queries import CourseSummary
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, Refused
from evenkeel.clinic.therapy.queries import Therapy, therapy_of

SHOWN_HERE: Final = (Invalid, Refused, Conflict, Forbidden)
_PARTS: Final = (
    ("therapy", "Overview", "therapy.view"),
    ("preparation", "Preparation", "therapy.view"),
    ("integration", "Integration", "therapy.view"),
    ("walled_notes", "Psychotherapy notes", "therapy.view"),
    ("course_group", "Group", "group.view"),
    ("course_program", "Program", "program.view"),
)
#: An act of a form: what it does, and what is said after it.
Acts = dict[str, tuple[Callable[[HttpRequest, Any], Any], str]]


def therapy_page(
    request: HttpRequest,
    course_id: Any,
    current: str,
    what: str,
    acts: Acts,
    shown: Callable[[HttpRequest, CourseSummary, Therapy], dict[str, Any]],
    *,
    room: str = "therapy",
) -> HttpResponse:
    """A page of a course's therapy: opened and logged, its forms acted on, then drawn.

    ``room`` is the folder of its template.
    """
    summary = open_course_page(request, course_id, permission="therapy.view", what=what)
    course, error = summary.course, None
    timezone.activate(ZoneInfo(course.site.timezone))
    if request.method == "POST":
        do, said = acts.get(request.POST.get("do", ""), (None, ""))
        try:
            if do is None:
                raise Invalid("There is no such act.", what_to_do="Reload the page.")
            act_once(request, lambda: {"id": str(do(request, course).pk)})
        except SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, said)
            return HttpResponseRedirect(reverse(current, args=[course.pk]))
    therapy = therapy_of(summary)
    context = (
        therapy_frame(request, summary, therapy, current)
        | shown(request, summary, therapy)
        | {"error": error, "typed": request.POST if error else {}}
    )
    template = f"{room}/{current}.html"
    return render(request, template, context, status=error.status if error else 200)


def therapy_frame(
    request: HttpRequest, summary: CourseSummary, therapy: Therapy, current: str
) -> dict[str, Any]:
    """The context of ``therapy/therapy_base.html``."""
    course = summary.course
    actor = request.ctx.actor  # type: ignore[attr-defined]
    return course_frame(request, summary, "therapy") | {
        "therapy": therapy,
        "therapy_parts": [
            {"label": label, "url": reverse(name, args=[course.pk]), "current": name == current}
            for name, label, permission in _PARTS
            if actor.may(permission, course.site_id)
        ],
        "may_record": actor.may("therapy.record", course.site_id) and course.state != "closed",
        "may_book": actor.may("appointment.manage", course.site_id),
    }


def typed_moment(text: str, zone: str) -> datetime | None:
    """A local day and time as typed, as an instant; ``None`` where it is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        return None


def typed_day(text: str) -> date | None:
    """A day as typed; ``None`` where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def typed_count(text: str) -> int | None:
    """A whole number as typed; ``None`` where it is none."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 6 else None


def seen_version(request: HttpRequest) -> int:
    """The version of the row that the form was drawn from."""
    return typed_count(request.POST.get("seen_version", "")) or 0
