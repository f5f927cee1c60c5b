"""Putting a course on a program."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.course.pages.frame import course_frame, open_course_page
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.programs.actions.choose_program import choose_program, leave_program
from evenkeel.clinic.programs.queries import program_of, programs_at, programs_of
from evenkeel.clinic.record.errors import Conflict, DomainError, Forbidden, Invalid, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.protocol.products import PRODUCTS

_SHOWN_HERE = (Invalid, Refused, Conflict, Forbidden)


@page("program.view")
def course_program(request: HttpRequest, course_id: Any) -> HttpResponse:
    """The programs side by side, and the one this course is on."""
    summary = open_course_page(request, course_id, permission="program.view", what="program page")
    course, error = summary.course, None
    if request.method == "POST":
        try:
            act_once(request, lambda: _act(request, course.pk))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            said = "Off its program." if request.POST.get("do") == "leave" else "On its program."
            messages.success(request, said)
            return HttpResponseRedirect(reverse("therapy", args=[course.pk]))
    shown = course_frame(request, summary, "therapy") | _cards(request, summary, error)
    return render(request, "programs/choose.html", shown, status=error.status if error else 200)


def _cards(request: HttpRequest, summary: Any, error: DomainError | None) -> dict[str, Any]:
    course = summary.course
    product = PRODUCTS.get(course.product)
    on = program_of(course.pk)
    actor = request.ctx.actor  # type: ignore[attr-defined]
    return {
        "on": on,
        "cards": [
            {
                "held": held,
                "fits": product is None or product.route in held.program.routes,
                "is_on": on is not None and on.row.program == held.program.id,
                "is_newer": on is not None
                and on.row.program == held.program.id
                and on.row.text != held.text,
                "counts": [
                    (kind, held.program.count(kind))
                    for kind in ("preparation", "dosing", "integration")
                ],
            }
            for held in programs_at(course.site_id)
        ],
        "earlier": [row for row in programs_of(course.pk) if row.ended_at is not None],
        "may_choose": actor.may("program.choose", course.site_id) and course.state != "closed",
        "typed_reason": request.POST.get("reason", ""),
        "error": error,
    }


def _act(request: HttpRequest, course_id: Any) -> dict[str, str]:
    ctx, said = request.ctx, request.POST  # type: ignore[attr-defined]
    reason = said.get("reason", "")
    if said.get("do") == "leave":
        return {"id": str(leave_program(ctx, course_id=course_id, reason=reason).pk)}
    row = choose_program(ctx, course_id=course_id, program=said.get("program", ""), reason=reason)
    return {"id": str(row.pk)}
