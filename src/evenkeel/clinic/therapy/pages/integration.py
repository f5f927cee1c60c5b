"""Integration: talks with kind and dose of therapy, themes, commitments, and the shared journal."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from evenkeel.clinic.course.queries import CourseSummary
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.models import Appointment
from evenkeel.clinic.therapy.actions.commit import look_at_commitment, make_commitment
from evenkeel.clinic.therapy.actions.record_talk import (
    correct_talk,
    read_themes,
    record_talk,
    strike_talk,
)
from evenkeel.clinic.therapy.actions.tick import tick
from evenkeel.clinic.therapy.models import THERAPIES, Commitment, Talk
from evenkeel.clinic.therapy.pages.frame import (
    Acts,
    seen_version,
    therapy_page,
    typed_count,
    typed_day,
    typed_moment,
)
from evenkeel.clinic.therapy.queries import Therapy, shared_journal, themes_of


@page("therapy.view")
def integration(request: HttpRequest, course_id: Any) -> HttpResponse:
    """What came up, what was done with it, and what was kept."""
    return therapy_page(request, course_id, "integration", "integration page", _ACTS, _shown)


def _shown(request: HttpRequest, summary: CourseSummary, found: Therapy) -> dict[str, Any]:
    shared = shared_journal(summary.course.pk)
    return {
        "talks": list(reversed(found.talks)),
        "shared": shared,
        "themes": themes_of(found.talks, shared),
        "lines": found.lines("integration"),
        "therapies": THERAPIES,
        "talk_kinds": Talk.KINDS,
        "outcomes": Commitment.OUTCOMES,
        "without_talk": list(
            Appointment.objects.filter(
                course=summary.course,
                kind__in=("preparation", "integration"),
                status__in=("booked", "checked_in", "done"),
                starts_at__lte=summary.now,
                talk=None,
            ).order_by("-starts_at")[:12]
        ),
    }


def _talk_of(request: HttpRequest, course: Any) -> dict[str, Any]:
    said = request.POST
    return {
        "held_at": typed_moment(said.get("held_at", ""), course.site.timezone),
        "minutes": typed_count(said.get("minutes", "")),
        "therapy": said.get("therapy", ""),
        "therapy_other": said.get("therapy_other", ""),
        "themes": read_themes(said.get("themes", "")),
        "note": said.get("note", ""),
    }


def _record(request: HttpRequest, course: Any) -> Any:
    said = request.POST
    visit = said.get("appointment", "")
    kinds = dict(Appointment.objects.filter(course=course).values_list("pk", "kind"))
    kind = {str(pk): kind for pk, kind in kinds.items()}.get(visit, said.get("kind", ""))
    return record_talk(
        request.ctx,  # type: ignore[attr-defined]
        course_id=course.pk,
        kind=kind,
        appointment_id=visit or None,
        **_talk_of(request, course),
    )


def _correct(request: HttpRequest, course: Any) -> Any:
    return correct_talk(
        request.ctx,  # type: ignore[attr-defined]
        talk_id=request.POST.get("talk", ""),
        seen_version=seen_version(request),
        reason=request.POST.get("reason", ""),
        **_talk_of(request, course),
    )


def _strike(request: HttpRequest, course: Any) -> Any:
    return strike_talk(
        request.ctx,  # type: ignore[attr-defined]
        talk_id=request.POST.get("talk", ""),
        seen_version=seen_version(request),
        reason=request.POST.get("reason", ""),
    )


def _commit(request: HttpRequest, course: Any) -> Any:
    return make_commitment(
        request.ctx,  # type: ignore[attr-defined]
        course_id=course.pk,
        text=request.POST.get("commitment", ""),
        until=typed_day(request.POST.get("until", "")),
    )


def _look(request: HttpRequest, course: Any) -> Any:
    return look_at_commitment(
        request.ctx,  # type: ignore[attr-defined]
        commitment_id=request.POST.get("commitment_id", ""),
        outcome=request.POST.get("outcome", ""),
        note=request.POST.get("note", ""),
    )


def _tick(request: HttpRequest, course: Any) -> Any:
    return tick(
        request.ctx,  # type: ignore[attr-defined]
        course_id=course.pk,
        item=request.POST.get("item", ""),
        done=request.POST.get("done") == "yes",
    )


_ACTS: Acts = {
    "talk": (_record, "The talk is recorded."),
    "correct": (_correct, "Corrected. What it said before stays in the record."),
    "strike": (_strike, "Struck out. It stays in the record."),
    "commit": (_commit, "Kept."),
    "look": (_look, "Noted."),
    "tick": (_tick, "Kept."),
}
