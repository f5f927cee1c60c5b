"""The clinic's own results beside those of the trials."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome import own_results as counting
from evenkeel.clinic.outcome.models import Ask, Response
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import log_read, visible
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.models import Session, SessionEvent
from evenkeel.evidence.answering import answer, in_words
from evenkeel.instruments import load
from evenkeel.protocol.products import PRODUCTS

#: Over how long it is told what was asked and came back. Clinic policy.
ASKED_OVER: Final = timedelta(days=182)
#: The published question that comes nearest; what it compares is another thing, and is said.
BESIDE: Final = {"esketamine_nasal": "response-28d-esketamine"}
BESIDE_ELSE: Final = "response-course-midazolam"


@page("outcome.view")
def results(request: HttpRequest) -> HttpResponse:
    """Closed courses of the caller's sites, counted; no person can be told from it."""
    ctx = request.ctx  # type: ignore[attr-defined]
    courses = past_courses(ctx)
    products = [code for code in PRODUCTS if any(c.product == code for c in courses)]
    shown = {
        "rows": [_row(code, courses) for code in products],
        "smallest": counting.SMALLEST_CELL,
        "induction_days": counting.INDUCTION.days,
        "end_days": counting.END_WITHIN.days,
        "followed_days": counting.FOLLOWED.days,
        "remission_below": counting.REMISSION_BELOW,
        "worse_by": counting.WORSE_BY,
        "asked": _asked(ctx),
        "asked_days": ASKED_OVER.days,
        "instrument_url": reverse("instrument", args=[counting.INSTRUMENT]),
    }
    log_read(ctx, "the clinic's own results")
    return render(request, "outcome/results.html", shown)


def _asked(ctx: Context) -> list[dict[str, Any]]:
    """Scheduled questionnaires whose time is over, by name: how many were answered. One query."""
    now = ctx.clock.now()
    rows = visible(
        ctx,
        Ask.objects.filter(occasion_key__isnull=False, sent_at__gte=now - ASKED_OVER).exclude(
            state="withdrawn"
        ),
        "outcome.view",
    ).values_list("instrument", "state", "expires_at")
    asked: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    for name, state, expires_at in rows:
        if state == "answered":
            answered[name] += 1
        elif expires_at > now:
            continue
        asked[name] += 1
    return [
        {
            "title": load(name).title,
            "asked": count,
            "answered": answered[name],
            "missing": count - answered[name],
            "percent": 100 * answered[name] / count,
        }
        for name, count in sorted(asked.items())
    ]


def _row(product: str, courses: list[counting.PastCourse]) -> dict[str, Any]:
    beside = answer(BESIDE.get(product, BESIDE_ELSE))
    return {
        "item": PRODUCTS[product],
        "found": counting.own_results(product, courses),
        "beside": beside.question,
        "beside_words": in_words(beside),
    }


def past_courses(ctx: Any) -> list[counting.PastCourse]:
    """Every closed course the caller may see: doses, PHQ-9 totals, sessions with an alarm."""
    rows = list(
        visible(ctx, Course.objects.filter(state="closed"), "outcome.view").values_list(
            "pk", "product"
        )
    )
    wanted = [pk for pk, _ in rows]
    doses: dict[Any, list[datetime]] = defaultdict(list)
    given = Session.objects.filter(course_id__in=wanted, first_dose_at__isnull=False)
    for course_id, at in given.values_list("course_id", "first_dose_at"):
        doses[course_id].append(at)
    scores: dict[Any, list[tuple[datetime, int]]] = defaultdict(list)
    answered = Response.objects.filter(
        course_id__in=wanted, instrument=counting.INSTRUMENT, total__isnull=False
    ).order_by("answered_at")
    for course_id, at, total in answered.values_list("course_id", "answered_at", "total"):
        scores[course_id].append((at, total))
    sounded = (
        SessionEvent.objects.filter(
            session__course_id__in=wanted,
            kind="alarm_raised",
            body__level__in=["hold", "emergency"],
            session__first_dose_at__isnull=False,
        )
        .values_list("session__course_id", "session_id")
        .distinct()
    )
    alarmed = Counter(course_id for course_id, _ in sounded)
    return [
        counting.PastCourse(product, tuple(sorted(doses[pk])), tuple(scores[pk]), alarmed[pk])
        for pk, product in rows
    ]
