"""The scores of one course as lines, each with a table and every definition it rests on."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from evenkeel.clinic.course.pages.frame import course_frame, open_course_page
from evenkeel.clinic.outcome.ahead.points import points_ahead
from evenkeel.clinic.outcome.queries import responses_of, score_lines
from evenkeel.clinic.outcome.score_charts import drawn_scores
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.models import Session
from evenkeel.web.svg import score_chart


@require_GET
@page("outcome.view")
def scores(request: HttpRequest, course_id: Any) -> HttpResponse:
    """Every questionnaire that has totals, drawn; the rest listed."""
    summary = open_course_page(request, course_id, permission="outcome.view", what="scores")
    sessions = list(
        Session.objects.filter(course=summary.course)
        .only("number", "first_dose_at")
        .order_by("number")
    )
    first = next((s.first_dose_at for s in sessions if s.first_dose_at), None)
    lines = score_lines(responses_of(summary.course), first)
    ahead = {} if summary.course.closed_at else points_ahead(summary.course.pk)
    drawn, unscored = drawn_scores(lines, sessions, now=summary.now, forecast=ahead)
    context = course_frame(request, summary, "scores") | {
        "drawn": [{"of": each, "picture": score_chart(each.chart)} for each in drawn],
        "unscored": unscored,
    }
    return render(request, "outcome/scores.html", context)
