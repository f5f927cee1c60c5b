"""Preparation: both sides' ticks, the set, and what was talked over."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from evenkeel.clinic.course.queries import CourseSummary
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.therapy.actions.tick import tick
from evenkeel.clinic.therapy.actions.write_set import discuss_set, write_set
from evenkeel.clinic.therapy.pages.frame import Acts, seen_version, therapy_page
from evenkeel.clinic.therapy.queries import Therapy
from evenkeel.clinic.therapy.set_questions import SCALE, asked_of


@page("therapy.view")
def preparation(request: HttpRequest, course_id: Any) -> HttpResponse:
    """The checklist with both sides' ticks, the person's part of the set, notes beside it."""
    return therapy_page(request, course_id, "preparation", "preparation page", _ACTS, _shown)


def _shown(request: HttpRequest, summary: CourseSummary, found: Therapy) -> dict[str, Any]:
    typed = request.POST if request.method == "POST" else {}
    own, notes = found.parts.get("patient"), found.parts.get("therapist")
    return {
        "lines": found.lines("preparation"),
        "own": own,
        "notes": notes,
        "own_questions": _questions("patient", own, typed),
        "note_questions": _questions("therapist", notes, typed),
        "scale": SCALE,
        "touch": summary.touch,
        "has_account": hasattr(summary.course.patient, "account"),
    }


def _questions(side: str, part: Any, typed: Any) -> list[dict[str, Any]]:
    """Each question with what stands, and what stands in the form."""
    answers = part.answers if part else {}
    mine = typed.get("do") == f"set_{side}"
    return [
        {
            "q": question,
            "answer": answers.get(question.key),
            "typed": typed.get(question.key, "") if mine else answers.get(question.key, ""),
        }
        for question in asked_of(side)
    ]


def _tick(request: HttpRequest, course: Any) -> Any:
    said = request.POST
    return tick(
        request.ctx,  # type: ignore[attr-defined]
        course_id=course.pk,
        item=said.get("item", ""),
        done=said.get("done") == "yes",
    )


def _write(side: str) -> Any:
    def write(request: HttpRequest, course: Any) -> Any:
        return write_set(
            request.ctx,  # type: ignore[attr-defined]
            course_id=course.pk,
            given=request.POST.dict(),
            side=side,
            seen_version=seen_version(request),
        )

    return write


def _discuss(request: HttpRequest, course: Any) -> Any:
    return discuss_set(
        request.ctx,  # type: ignore[attr-defined]
        part_id=request.POST.get("part", ""),
        seen_version=seen_version(request),
    )


_ACTS: Acts = {
    "tick": (_tick, "Kept."),
    "set_patient": (_write("patient"), "Kept as the person told it."),
    "set_therapist": (_write("therapist"), "Kept."),
    "discuss": (_discuss, "Noted: talked over."),
}
