"""Several plans side by side: each as it was typed, with what it is expected to do.

Nothing is stored: the plans kept travel with the page. The order is that in which they were kept,
and none is called the best: what is better for one person is not a number.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_POST

from evenkeel.clinic.course import forecast_warm
from evenkeel.clinic.course.dose_sheet import weight_in, work_out
from evenkeel.clinic.course.forecast_facts import about_person, ordered_session
from evenkeel.clinic.course.forecast_terms import About, NoForecast
from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.mood_learned import LearnedMood, learned_mood
from evenkeel.clinic.course.pages.forecast_shown import shown_forecast, shown_mood
from evenkeel.clinic.course.pages.plan import asked_product
from evenkeel.clinic.course.pages.plan_forecast import (
    forecast_or_why,
    going_on,
    mood_or_why,
    plan_words,
)
from evenkeel.clinic.course.pages.plan_form import read_entry
from evenkeel.clinic.course.queries import protocol_for
from evenkeel.clinic.people.facts import assemble_facts
from evenkeel.clinic.record.act import check_access, find
from evenkeel.clinic.record.routes import page
from evenkeel.protocol.facts import Facts

MOST: Final = 4
_LONGEST: Final = 400
_KEPT: Final = (
    "product",
    "basis",
    "dose",
    "duration_min",
    "concentration_mg_ml",
    "diluted_mg_ml",
    "sessions_planned",
    "spacing_days",
)


@require_POST
@page("plan.view")
def plan_compare(request: HttpRequest, course_id: Any) -> HttpResponse:
    """Keep the plan as typed beside those kept before, or drop one; then all of them, forecast.

    As with the forecast, access is checked again and no further reading is noted.
    """
    ctx = request.ctx  # type: ignore[attr-defined]
    course = find(Course, course_id, "patient", "patient__site", "site")
    check_access(ctx.actor, course, "plan.view")
    kept = _kept(request)
    shown: dict[str, Any] = {"course": course, "most": MOST, "full": len(kept) >= MOST}
    if forecast_warm.state() != "ready":
        return render(request, "course/plan_compare.html", {**shown, "kept": kept, "wait": True})
    now = ctx.clock.now()
    facts: dict[str, Facts] = {}
    learned = learned_mood(course) if kept else None
    plans = []
    for text in kept:
        typed = QueryDict(text)
        product = asked_product(typed, course)
        if product not in facts:
            facts[product] = assemble_facts(course.patient, now=now, product=product)
        about = about_person(course, facts[product], now)
        column = _column(course, typed, product, facts[product], about, now, learned)
        plans.append({"text": text, **column})
    shown |= {"plans": plans, "measures": _measures(plans)}
    return render(request, "course/plan_compare.html", shown)


def _measures(plans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row each quantity of a session, a cell each plan; ``None`` where a plan has no forecast."""
    first = next((plan["curves"] for plan in plans if "curves" in plan), [])
    return [
        {
            "title": curve["band"].title,
            "unit": curve["band"].unit,
            "cells": [plan["curves"][n] if "curves" in plan else None for plan in plans],
        }
        for n, curve in enumerate(first)
    ]


def _kept(request: HttpRequest) -> list[str]:
    """The plans to show, each as it was typed; at most ``MOST``, none twice."""
    kept = [text for text in request.POST.getlist("kept") if len(text) <= _LONGEST]
    dropped = request.POST.get("drop", "")
    if dropped.isdigit() and len(dropped) < 3 and int(dropped) < len(kept):
        del kept[int(dropped)]
    elif request.POST.get("do") == "keep":
        kept.append(urlencode({name: request.POST.get(name, "") for name in _KEPT}))
    return [text for text in dict.fromkeys(kept) if len(text) <= _LONGEST][:MOST]


def _column(
    course: Course,
    typed: QueryDict,
    product: str,
    facts: Facts,
    about: About,
    now: Any,
    learned: LearnedMood | None,
) -> dict[str, Any]:
    entry = read_entry(typed, product)
    protocol = protocol_for(course, product, at=now)
    figures = None
    if protocol is not None:
        figures = work_out(entry.order, weight_in(facts), now=now, protocol=protocol)
    ordered = ordered_session(product, figures, unreadable=bool(entry.errors))
    found = forecast_or_why(ordered, about)
    if isinstance(found, NoForecast):
        return {"item": entry.item, "none": found}
    mood = mood_or_why(ordered, about, entry, going_on(learned, entry, now))
    sessions = entry.schedule.sessions_planned
    return {
        "item": entry.item,
        "words": plan_words(ordered),
        "sessions": sessions,
        "spacing": entry.typed["spacing_days"],
        "total_mg": f"{(ordered.dose_mg or 0.0) * sessions:g}",
        "stops": [stop.message for stop in figures.stops] if figures else [],
        "mood": None if isinstance(mood, NoForecast) else shown_mood(mood),
        "no_mood": mood if isinstance(mood, NoForecast) else None,
        **shown_forecast(found, figures, protocol),
    }
