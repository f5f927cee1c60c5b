"""What people have asked the team: open questions first, answered under one's own name."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.outcome.actions.team_question import LONGEST, answer_team_question
from evenkeel.clinic.outcome.models import TeamQuestion
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.door import log_read, visible
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, Refused
from evenkeel.clinic.record.routes import page

_ANSWERED_SHOWN = 30


@page("team_question.view")
def team_questions(request: HttpRequest) -> HttpResponse:
    """Open questions of the caller's sites, the oldest first; POST answers one."""
    ctx = request.ctx  # type: ignore[attr-defined]
    error: DomainError | None = None
    which = request.POST.get("question", "")
    if request.method == "POST":
        try:
            act_once(request, lambda: _answer(request, which))
        except (Invalid, Refused, Conflict) as refused:
            error = refused
        else:
            messages.success(request, "The answer stands on their own page now.")
            return HttpResponseRedirect(reverse("team_questions"), status=303)
    rows = visible(
        ctx,
        TeamQuestion.objects.select_related("patient", "course", "answered_by"),
        "team_question.view",
    )
    shown: dict[str, Any] = {
        "open": [
            {"row": row, "may": ctx.actor.may("team_question.answer", row.site_id)}
            for row in rows.filter(answered_at=None).order_by("asked_at")
        ],
        "answered": rows.exclude(answered_at=None).order_by("-answered_at")[:_ANSWERED_SHOWN],
        "error": error,
        "which": which,
        "typed": request.POST.get("answer", ""),
        "longest": LONGEST,
        "now": ctx.clock.now(),
    }
    log_read(ctx, "questions to the team")
    return render(
        request, "outcome/team_questions.html", shown, status=error.status if error else 200
    )


def _answer(request: HttpRequest, question_id: str) -> dict[str, str]:
    row = answer_team_question(
        request.ctx,  # type: ignore[attr-defined]
        question_id=question_id,
        answer=request.POST.get("answer", ""),
    )
    return {"id": str(row.pk)}
