"""The plan page: what is ordered, worked out in large type as it is typed, and signed."""

from __future__ import annotations

import math
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.course.actions.draft_plan import (
    LONGEST_SPACING_DAYS,
    MOST_SESSIONS,
    draft_plan,
    labeled_doses_mg,
)
from evenkeel.clinic.course.actions.sign_plan import sign_plan
from evenkeel.clinic.course.dose_sheet import Figures, measured_weight, work_out
from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.pages.frame import address, course_frame, open_course_page
from evenkeel.clinic.course.pages.plan_form import (
    BY_WEIGHT,
    IN_MG,
    PlanEntry,
    first_entry,
    plain,
    read_entry,
)
from evenkeel.clinic.course.queries import CourseSummary, held_for, protocol_for
from evenkeel.clinic.course.schedule import draw_schedule, session_days
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.act import check_access, find, together
from evenkeel.clinic.record.errors import Conflict, DomainError, Forbidden, Invalid, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.products import PRODUCTS


@page("plan.view")
def plan(request: HttpRequest, course_id: Any) -> HttpResponse:
    """Draft, work out and sign the plan of a course."""
    summary = open_course_page(request, course_id, permission="plan.view", what="plan page")
    course = summary.course
    product = asked_product(request.POST or request.GET, course)
    held = summary.held
    if product != course.product:
        held = held_for(course, product, at=summary.now)
    protocol = held.protocol if held else None
    error: DomainError | None = None
    if request.method == "POST":
        entry = read_entry(request.POST, product)
        try:
            _check_typed(entry)
            reply = act_once(request, lambda: _store(request, course, entry))
        except (Invalid, Refused, Conflict, Forbidden) as refused:
            error = refused
        else:
            signed = reply["state"] == "signed"
            messages.success(request, "The plan is signed." if signed else "The draft is saved.")
            return HttpResponseRedirect(reverse("plan", args=[course.pk]))
    else:
        entry = first_entry(summary.draft or summary.plan, product, protocol)
    shown = {
        **course_frame(request, summary, "plan"),
        **_form(request, summary, entry, protocol, error),
        **_worked_out(course, entry, protocol, summary),
        "held": held,
        "plans": [p for p in summary.plans if p.state != "draft"],
        "changes": _changes(summary),
    }
    return render(request, "course/plan.html", shown, status=error.status if error else 200)


@page("plan.view")
def plan_figures(request: HttpRequest, course_id: Any) -> HttpResponse:
    """The figures alone, redrawn while somebody types on the plan page.

    The page itself was logged when it was opened; this redraws a part of it at each key, so
    access is checked again and no further reading is noted.
    """
    ctx = request.ctx  # type: ignore[attr-defined]
    course = find(Course, course_id, "patient", "patient__site", "site")
    check_access(ctx.actor, course, "plan.view")
    product = asked_product(request.GET, course)
    entry = read_entry(request.GET, product)
    now = ctx.clock.now()
    shown = {
        **_worked_out(course, entry, protocol_for(course, product, at=now), None, now=now),
        "entry": entry,
        "errors": dict(entry.errors),
        "now": now,
        "may_draft": ctx.actor.may("plan.draft", course.site_id),
        "redrawn": True,
    }
    return render(request, "course/plan_figures.html", shown)


def asked_product(given: QueryDict, course: Course) -> str:
    """The product a request names, else that of the course, else the usual one."""
    wanted = str(given.get("product", "") or course.product)
    return wanted if wanted in PRODUCTS else "racemic_iv"


def _check_typed(entry: PlanEntry) -> None:
    if entry.errors:
        raise Invalid(
            "Some figures cannot be read.", fields=dict(entry.errors), code="plan_incomplete"
        )


def _store(request: HttpRequest, course: Course, entry: PlanEntry) -> dict[str, Any]:
    """Save the draft and, where asked, sign it: both or neither."""
    ctx = request.ctx  # type: ignore[attr-defined]
    seen = request.POST.get("seen_version", "")
    with together():
        row = draft_plan(
            ctx,
            course_id=course.pk,
            order=entry.order,
            schedule=entry.schedule,
            note=request.POST.get("note", ""),
            override_reason=request.POST.get("override_reason", ""),
            seen_version=int(seen) if seen.isdigit() and len(seen) < 9 else None,
        )
        if request.POST.get("do") == "sign":
            row = sign_plan(
                ctx, plan_id=row.pk, figures_digest=request.POST.get("figures_digest", "")
            )
    return {"id": str(row.pk), "state": row.state}


def _worked_out(
    course: Course,
    entry: PlanEntry,
    protocol: Protocol | None,
    summary: CourseSummary | None,
    *,
    now: Any = None,
) -> dict[str, Any]:
    """The figures card: arithmetic, stops, weight and the days of the sessions."""
    now = summary.now if summary else now
    weight = measured_weight(course.patient, now=now, product=entry.order.product)
    figures: Figures | None = None
    if protocol is not None:
        figures = work_out(entry.order, weight, now=now, protocol=protocol)
    today = now.astimezone(ZoneInfo(course.site.timezone)).date()
    sessions, spacing = entry.schedule.sessions_planned, entry.schedule.spacing_days
    days = []
    if 1 <= sessions <= MOST_SESSIONS and 0 < spacing <= LONGEST_SPACING_DAYS:
        days = session_days(today, sessions, spacing)
    return {
        "course": course,
        "figures": figures,
        "weight": weight,
        "by_weight": entry.order.dose_mg_per_kg is not None or entry.item.by_weight,
        "days": days,
        "drawn": draw_schedule(days) if days else "",
        "item": entry.item,
        "protocol": protocol,
        "wrong_product": bool(course.product) and course.product != entry.order.product,
        "facts_url": address("patient_facts", patient_id=course.patient_id),
    }


def _form(
    request: HttpRequest,
    summary: CourseSummary,
    entry: PlanEntry,
    protocol: Protocol | None,
    error: DomainError | None,
) -> dict[str, Any]:
    actor, course, draft = request.ctx.actor, summary.course, summary.draft  # type: ignore[attr-defined]
    start = draft or summary.plan
    typed = request.POST
    return {
        "entry": entry,
        "error": error,
        "errors": {**entry.errors, **(error.fields if error else {})},
        "products": list(PRODUCTS.values()),
        "labeled_mg": labeled_doses_mg(protocol) if protocol else (),
        "ranges": _ranges(protocol),
        "sliders": _sliders(protocol),
        "draft": draft,
        "note": typed.get("note", start.note if start else ""),
        "override_reason": typed.get("override_reason", draft.override_reason if draft else ""),
        "may_draft": actor.may("plan.draft", course.site_id)
        and course.state != "closed"
        and not course.patient.deceased,
        "may_sign": actor.may("plan.sign", course.site_id),
    }


def _ranges(protocol: Protocol | None) -> list[dict[str, Any]]:
    """What the protocol says of dose and duration, each with its source."""
    if protocol is None:
        return []
    rows = []
    for key, label in (
        ("dose.allowed_mg", "Label doses"),
        ("dose.range_mg_per_kg", "Published range"),
        ("dose.range_mg", "Published range"),
        ("dose.hard_max_mg", "Never more than"),
        ("dose.hard_max_mg_per_kg", "Never more than"),
        ("dose.duration_range_min", "Published duration"),
    ):
        found = protocol.find(key)
        if found is not None:
            joiner = " or " if key == "dose.allowed_mg" else " to "
            values = joiner.join(f"{value:g}" for value in protocol.numbers(key))
            rows.append({"label": label, "words": f"{values} {found.unit}", "source": found.source})
    return rows


def _sliders(protocol: Protocol | None) -> dict[str, dict[str, Any]]:
    """How far a slider goes: what was published or labeled, and never past it.

    Beyond that one may type, and give the reason the protocol asks for.
    """
    found: dict[str, dict[str, Any]] = {}
    if protocol is None:
        return found
    for name, key, basis, step in (
        ("dose", "dose.range_mg_per_kg", BY_WEIGHT, 0.05),
        ("dose", "dose.range_mg", IN_MG, 5),
        ("duration_min", "dose.duration_range_min", "", 1),
    ):
        low_high = protocol.numbers(key)
        if low_high and name not in found:
            low = round(step * math.ceil(low_high[0] / step - 1e-9), 6)
            high = round(step * math.floor(low_high[-1] / step + 1e-9), 6)
            found[name] = {"low": low, "high": high, "step": step, "basis": basis}
    shortest = protocol.number("session.min_interval_h") / 24.0
    found["spacing_days"] = {"low": math.ceil(2 * shortest) / 2, "high": 28, "step": 0.5}
    return found


def _changes(summary: CourseSummary) -> list[dict[str, str]]:
    """What the draft would change of the plan that stands."""
    before, after = summary.plan, summary.draft
    if before is None or after is None:
        return []
    rows = []
    for label, name, unit in (
        ("Product", "product", ""),
        ("Dose", "dose_mg", "mg"),
        ("By weight", "dose_mg_per_kg", "mg/kg"),
        ("Duration", "duration_min", "min"),
        ("Vial", "concentration_mg_ml", "mg/mL"),
        ("Thinned to", "diluted_mg_ml", "mg/mL"),
        ("Sessions", "sessions_planned", ""),
        ("Spacing", "spacing_days", "days"),
    ):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            rows.append({"label": label, "old": _said(old, unit), "new": _said(new, unit)})
    return rows


def _said(value: Any, unit: str) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return PRODUCTS[value].label if value in PRODUCTS else value
    text = str(value) if isinstance(value, int) else plain(value)
    return f"{text} {unit}".strip()
