"""What a plan as typed is expected to do: the forecast beside the figures, redrawn while typing."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from evenkeel.clinic.course import forecast_warm
from evenkeel.clinic.course.dose_sheet import Figures, weight_in, work_out
from evenkeel.clinic.course.forecast import forecast_plan
from evenkeel.clinic.course.forecast_facts import about_person, ordered_session
from evenkeel.clinic.course.forecast_mood import (
    GoingOn,
    MoodForecast,
    forecast_mood,
    within_reach,
)
from evenkeel.clinic.course.forecast_terms import About, NoForecast, Ordered, PlanForecast
from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.course.mood_learned import LearnedMood, learned_mood
from evenkeel.clinic.course.pages.forecast_shown import shown_forecast, shown_mood
from evenkeel.clinic.course.pages.plan import asked_product
from evenkeel.clinic.course.pages.plan_form import PlanEntry, first_entry, read_entry
from evenkeel.clinic.course.queries import protocol_for
from evenkeel.clinic.people.facts import assemble_facts
from evenkeel.clinic.record.act import check_access, find
from evenkeel.clinic.record.routes import page
from evenkeel.protocol.pack import Protocol

log = logging.getLogger("evenkeel.forecast")
_FAILED: Final = NoForecast(
    "failed",
    "The forecast could not be worked out. Nothing else on this page depends on it.",
    "The reason is in the log of the clinic's server.",
)


@require_POST
@page("plan.view")
def plan_forecast(request: HttpRequest, course_id: Any) -> HttpResponse:
    """The forecast alone. Posted, so that no dose stands in an address; it stores nothing.

    As with the figures, access is checked again and no further reading is noted.
    """
    ctx = request.ctx  # type: ignore[attr-defined]
    course = find(Course, course_id, "patient", "patient__site", "site")
    check_access(ctx.actor, course, "plan.view")
    state = forecast_warm.state()
    if state == "cold":
        forecast_warm.begin()
    shown: dict[str, Any] = {"course": course}
    if state in {"cold", "warming"}:
        return render(request, "course/plan_forecast.html", {**shown, "preparing": True})
    product = asked_product(request.POST, course)
    now = ctx.clock.now()
    protocol = protocol_for(course, product, at=now)
    facts = assemble_facts(course.patient, now=now, product=product)
    entry = _entry(request, course, product, protocol)
    figures: Figures | None = None
    if protocol is not None:
        figures = work_out(entry.order, weight_in(facts), now=now, protocol=protocol)
    about = about_person(course, facts, now)
    ordered = ordered_session(product, figures, unreadable=bool(entry.errors))
    found = forecast_or_why(ordered, about) if state == "ready" else _FAILED
    shown["about"] = about
    if isinstance(found, NoForecast):
        return render(request, "course/plan_forecast.html", {**shown, "none": found})
    shown |= shown_forecast(found, figures, protocol)
    shown["plan_words"] = plan_words(ordered)
    after = going_on(learned_mood(course), entry, now)
    mood = mood_or_why(ordered, about, entry, after, first_ones=True)
    planned = entry.schedule.sessions_planned
    shown["mood"] = None if isinstance(mood, NoForecast) else shown_mood(mood, planned)
    shown["no_mood"] = mood if isinstance(mood, NoForecast) else None
    return render(request, "course/plan_forecast.html", shown)


def _entry(
    request: HttpRequest, course: Course, product: str, protocol: Protocol | None
) -> PlanEntry:
    """What is typed; or what stands, for who may look but not type (no field is sent then)."""
    if "sessions_planned" in request.POST:
        return read_entry(request.POST, product)
    standing = (
        Plan.objects.filter(course=course, state__in=("draft", "signed"))
        .order_by("-number")
        .first()
    )
    return first_entry(standing, product, protocol)


def plan_words(ordered: Ordered) -> str:
    """Which dose a forecast is of, so that one left on a screen is never read as another's."""
    over = "" if ordered.duration_min is None else f" over {ordered.duration_min:g} min"
    return f"{ordered.dose_mg:g} mg{over}"


def forecast_or_why(ordered: Ordered, about: About) -> PlanForecast | NoForecast:
    """The forecast of one session; an error of the engine is logged and said calmly."""
    try:
        return forecast_plan(ordered, about)
    except Exception:
        # Whatever goes wrong in the engine, the plan is still written and signed.
        log.exception("no forecast of a plan")
        return _FAILED


def going_on(learned: LearnedMood | None, entry: PlanEntry, now: datetime) -> GoingOn | None:
    """Where a plan goes on: its next session a spacing after the last one, and not before now."""
    if learned is None:
        return None
    last_h = max(dose.at_h for dose in learned.given)
    now_h = (now - learned.began_at).total_seconds() / 3600.0
    return GoingOn(learned, max(now_h, last_h + 24.0 * float(entry.schedule.spacing_days)))


def mood_or_why(
    ordered: Ordered,
    about: About,
    entry: PlanEntry,
    after: GoingOn | None,
    *,
    first_ones: bool = False,
) -> MoodForecast | NoForecast:
    """Mood over the planned sessions, in the same way; with ``first_ones`` over as many of them as
    mood is forecast for, where that is not all."""
    sessions, spacing = entry.schedule.sessions_planned, float(entry.schedule.spacing_days)
    if first_ones:
        sessions = within_reach(sessions, spacing)
    try:
        return forecast_mood(ordered, about, sessions, spacing, going_on=after)
    except Exception:
        log.exception("no forecast of mood")
        return _FAILED
