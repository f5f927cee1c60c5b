"""When to come back: the forecast in full, the five ways to go on, and the decision."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.course.pages.frame import address, course_frame, open_course_page
from evenkeel.clinic.outcome.actions.decide_spacing import decide_spacing
from evenkeel.clinic.outcome.ahead.standing import Standing, standing_of
from evenkeel.clinic.outcome.course_story import CourseStory, chart_of, gather
from evenkeel.clinic.outcome.models import SpacingDecision
from evenkeel.clinic.outcome.pages.coming_back_shown import (
    band_of,
    decided,
    rows_of,
    shown_standing,
)
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.web.svg import course_chart

_CHOICES = dict(SpacingDecision.DECISIONS)


@page("course.view")
def coming_back(request: HttpRequest, course_id: Any) -> HttpResponse:
    """The forecast of mood with its day; POST writes down what the prescriber decides."""
    summary = open_course_page(request, course_id, permission="course.view", what="coming back")
    story = gather(summary)
    standing = standing_of(story)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _decide(request, story, standing))
        except (Invalid, Refused, Conflict) as refusal:
            error = refusal
        else:
            messages.success(request, "The decision is written down. Nothing was booked by it.")
            return HttpResponseRedirect(
                reverse("coming_back", args=[summary.course.pk]), status=303
            )
    context = (
        course_frame(request, summary, "course")
        | shown_standing(story, standing)
        | {
            "story": story,
            "chart": course_chart(chart_of(story, band_of(story, standing))),
            "rows": rows_of(standing),
            "history": [decided(row, standing) for row in standing.decisions],
            "next_steps": next_steps(request, story, standing),
            "is_whole": True,
            **_form(request, story, standing, error),
        }
    )
    return render(
        request, "outcome/coming_back.html", context, status=error.status if error else 200
    )


def _decide(request: HttpRequest, story: CourseStory, standing: Standing) -> dict[str, str]:
    post = request.POST
    if post.get("shown") != standing.shown_digest:
        raise Conflict(
            "The forecast or what is planned has changed since this page was opened.",
            what_to_do="Read it as it stands now, then decide.",
            code="changed",
        )
    row = decide_spacing(
        request.ctx,  # type: ignore[attr-defined]
        course_id=story.summary.course.pk,
        decision=post.get("decision", ""),
        reason=post.get("reason", ""),
        proposed=standing.snapshot(),
        on_day=_day(post.get("on_day", "")),
        seen=post.get("seen", ""),
    )
    return {"id": str(row.pk)}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _form(
    request: HttpRequest, story: CourseStory, standing: Standing, error: DomainError | None
) -> dict[str, Any]:
    """What the form holds: what was typed, else what the forecast speaks for, else nothing."""
    may = request.ctx.actor.may  # type: ignore[attr-defined]
    course, found = story.summary.course, standing.proposal
    site_id = course.site_id
    is_open = course.state != "closed" and not course.patient.deceased
    typed = request.POST if error else request.GET
    chosen = typed.get("decision", typed.get("way", ""))
    day = typed.get("on_day", "")
    if not day and found is not None and found.moves and found.at is not None:
        day = found.at.date().isoformat()
    return {
        "may_decide": may("spacing.decide", site_id) and is_open,
        "chosen": chosen if chosen in _CHOICES else "",
        "on_day": day,
        "reason": typed.get("reason", "") if error else "",
        "errors": error.fields if error else {},
        "error": error,
    }


def next_steps(
    request: HttpRequest, story: CourseStory, standing: Standing
) -> list[dict[str, str]]:
    """Where what was decided is done: booking, moving, closing, or the other treatments."""
    row = standing.decision
    actor, course = request.ctx.actor, story.summary.course  # type: ignore[attr-defined]
    if row is None or course.state == "closed":
        return []
    wanted: list[tuple[str, str, str]] = []
    if row.decision in ("keep", "earlier", "later"):
        wanted = _booking(story, row)
    elif row.decision == "stop":
        wanted = [("Close the course", address("course_move", course_id=course.pk), "course.close")]
    else:
        wanted = [
            ("The other ways, with numbers", address("decide", course_id=course.pk), "course.view"),
            ("Pause or close", address("course_move", course_id=course.pk), "course.move"),
        ]
    return [
        {"label": label, "url": url}
        for label, url, permission in wanted
        if url and actor.may(permission, course.site_id)
    ]


def _booking(story: CourseStory, row: SpacingDecision) -> list[tuple[str, str, str]]:
    booked = story.next_dosing
    if booked is not None:
        asked = row.on_day is not None and booked.starts_at.date() != row.on_day
        label = "Move the booked visit" if asked else "The booked visit"
        url = address("appointment", appointment_id=booked.pk)
        return [(label, url, "appointment.manage" if asked else "appointment.view")]
    url = address("appointment_new", course_id=story.summary.course.pk)
    on: date | datetime | None = row.on_day
    query = f"?kind=dosing&on={on.isoformat()}" if on else "?kind=dosing"
    return [("Book it", f"{url}{query}", "appointment.manage")]
