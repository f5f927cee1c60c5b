"""The decision page as the person reads it at home: the same numbers, their own words."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.course.actions.record_decision import record_decision
from evenkeel.clinic.course.decision import LEANINGS, Decision, decision_for
from evenkeel.clinic.course.models import Course, DecisionTalk
from evenkeel.clinic.course.pages.decide import decision_shown
from evenkeel.clinic.outcome.pages.own import own_frame, own_record
from evenkeel.clinic.people.facts import assemble_facts
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, NotFound, Refused
from evenkeel.clinic.record.routes import page


@page("own.view")
def own_decide(request: HttpRequest) -> HttpResponse:
    """Read what may get better and what may go wrong, and note what matters and what to ask."""
    me = own_record(request, "own page: deciding")
    course = me.course
    if course is None:
        raise NotFound("No treatment has been talked about yet.", what_to_do="Ask your clinic.")
    product = course.product or "racemic_iv"
    facts = assemble_facts(me.patient, now=me.now, product=product)
    decision = decision_for(course.product, facts)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _keep(request, course, decision))
        except (Invalid, Refused, Conflict) as refused:
            error = refused
        else:
            messages.success(request, "Kept. Your clinic will talk with you about it.")
            return HttpResponseRedirect(reverse("own_decide"), status=303)
    last = DecisionTalk.objects.filter(course=course).order_by("-talked_at").first()
    shown = {
        **own_frame(me, ""),
        **decision_shown(decision),
        "last": last,
        "leanings": LEANINGS,
        "error": error,
        "typed": {name: request.POST.get(name, "") for name in ("matters", "questions", "leaning")},
        "may_write": course.state != "closed",
    }
    return render(request, "outcome/own_decide.html", shown, status=error.status if error else 200)


def _keep(request: HttpRequest, course: Course, decision: Decision) -> dict[str, Any]:
    row = record_decision(
        request.ctx,  # type: ignore[attr-defined]
        course_id=course.pk,
        decision=decision,
        shown_digest=request.POST.get("shown_digest", ""),
        leaning=request.POST.get("leaning", ""),
        matters=request.POST.get("matters", ""),
        questions=request.POST.get("questions", ""),
    )
    return {"id": str(row.pk)}
