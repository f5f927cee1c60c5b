"""Therapy at a glance: where the person is, what is next, what is missing, what goes on beside."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from evenkeel.clinic.course.queries import CourseSummary
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.therapy.actions.note_side_therapy import add_side_therapy, end_side_therapy
from evenkeel.clinic.therapy.evidence import therapy_evidence
from evenkeel.clinic.therapy.models import SideTherapy
from evenkeel.clinic.therapy.pages.frame import Acts, therapy_page, typed_count, typed_day
from evenkeel.clinic.therapy.queries import Therapy, shared_journal, themes_of


@page("therapy.view")
def therapy(request: HttpRequest, course_id: Any) -> HttpResponse:
    """The way of the program, what is missing, and the therapies beside the doses."""
    return therapy_page(request, course_id, "therapy", "therapy page", _ACTS, _shown)


def _shown(request: HttpRequest, summary: CourseSummary, found: Therapy) -> dict[str, Any]:
    shared = shared_journal(summary.course.pk)
    part = found.parts.get("patient")
    return {
        "themes": themes_of(found.talks, shared),
        "answers": part.answers if part else {},
        "kinds_beside": SideTherapy.KINDS,
        "evidence": therapy_evidence(),
        "touch": summary.touch,
        "plan": summary.plan,
        "today": summary.now.date(),
    }


def _add(request: HttpRequest, course: Any) -> Any:
    said = request.POST
    return add_side_therapy(
        request.ctx,  # type: ignore[attr-defined]
        course_id=course.pk,
        kind=said.get("beside", ""),
        what=said.get("what", ""),
        where=said.get("where", ""),
        times_a_month=typed_count(said.get("times_a_month", "")),
        minutes=typed_count(said.get("beside_minutes", "")),
        began_on=typed_day(said.get("began_on", "")),
    )


def _end(request: HttpRequest, course: Any) -> Any:
    return end_side_therapy(
        request.ctx,  # type: ignore[attr-defined]
        therapy_id=request.POST.get("therapy", ""),
        reason=request.POST.get("reason", ""),
    )


_ACTS: Acts = {"beside": (_add, "Noted."), "end_beside": (_end, "Noted as ended.")}
