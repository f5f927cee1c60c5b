"""The decision page: benefit and risk side by side for the plan in hand; what the person says."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.course import forecast_warm
from evenkeel.clinic.course.actions.record_decision import record_decision
from evenkeel.clinic.course.decision import LEANINGS, Decision, Share, decision_for
from evenkeel.clinic.course.dose_sheet import weight_in, work_out
from evenkeel.clinic.course.forecast_facts import about_person, ordered_session
from evenkeel.clinic.course.forecast_terms import NoForecast
from evenkeel.clinic.course.models import Course, DecisionTalk, Plan
from evenkeel.clinic.course.pages.frame import course_frame, open_course_page
from evenkeel.clinic.course.pages.plan_forecast import forecast_or_why
from evenkeel.clinic.course.pages.plan_form import first_entry
from evenkeel.clinic.course.queries import CourseSummary, protocol_for
from evenkeel.clinic.library.certainty import boxes
from evenkeel.clinic.library.pages.evidence import hundred
from evenkeel.clinic.people.facts import assemble_facts
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.errors import Conflict, DomainError, Forbidden, Invalid, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.protocol.facts import Facts
from evenkeel.protocol.products import PRODUCTS

_SHOWN_HERE = (Invalid, Refused, Conflict, Forbidden)
_SAID: Final = ("matters", "questions", "answers", "leaning")


@page("decision.view")
def decide(request: HttpRequest, course_id: Any) -> HttpResponse:
    """Read it together, print it, and keep what the person says."""
    summary = open_course_page(request, course_id, permission="decision.view", what="decision page")
    course = summary.course
    facts = assemble_facts(course.patient, now=summary.now, product=course.product or "racemic_iv")
    decision = decision_for(course.product, facts)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _record(request, course, decision))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, "What was said is kept, beside the numbers shown.")
            return HttpResponseRedirect(reverse("decide", args=[course.pk]))
    shown = {
        **course_frame(request, summary, "decide"),
        **decision_shown(decision),
        "plan_words": _plan_words(summary),
        "expected": _expected(summary, facts),
        "talks": list(
            DecisionTalk.objects.filter(course=course)
            .select_related("talked_with")
            .order_by("-talked_at")
        ),
        "leanings": LEANINGS,
        "error": error,
        "typed": {name: request.POST.get(name, "") for name in _SAID},
        "may_record": request.ctx.actor.may("decision.record", course.site_id)  # type: ignore[attr-defined]
        and course.state != "closed",
    }
    return render(request, "course/decide.html", shown, status=error.status if error else 200)


def _record(request: HttpRequest, course: Course, decision: Decision) -> dict[str, str]:
    row = record_decision(
        request.ctx,  # type: ignore[attr-defined]
        course_id=course.pk,
        decision=decision,
        shown_digest=request.POST.get("shown_digest", ""),
        **{name: request.POST.get(name, "") for name in _SAID},
    )
    return {"id": str(row.pk)}


def decision_shown(decision: Decision) -> dict[str, Any]:
    """The matter of the page as its templates read it; for staff and for the person's own pages."""
    return {
        "decision": decision,
        "compiled_on": date.fromisoformat(decision.aid.compiled_on),
        "better": [_drawn(share) for share in decision.better],
        "fades": [_line(share) for share in decision.fades],
        "harms": [_line(share) for share in decision.harms],
        "long_term": [_line(share) for share in decision.long_term],
    }


def _line(share: Share) -> dict[str, Any]:
    return {
        "share": share,
        "level": share.answer.certainty.level,
        "boxes": boxes(share.answer.certainty.level),
        "trials": [study.label for study in share.answer.studies],
    }


def _drawn(share: Share) -> dict[str, Any]:
    line = _line(share)
    if share.treated is None or share.low is None or share.high is None or share.without is None:
        return line
    question = share.answer.question
    line["with"] = hundred(question.intervention_words, share.treated, share.low, share.high)
    line["alone"] = hundred(question.comparator_words, share.without, hue="compare")
    return line


def _plan_words(summary: CourseSummary) -> str:
    """The plan in hand in plain words; empty where there is none."""
    plan: Plan | None = summary.draft or summary.plan
    if plan is None or plan.product not in PRODUCTS:
        return ""
    count = plan.sessions_planned
    return f"{count} session{'s' if count != 1 else ''} of {PRODUCTS[plan.product].label}"


def _expected(summary: CourseSummary, facts: Facts) -> dict[str, str] | None:
    """How far the upper pressure is expected to rise for this person, where it can be told."""
    plan: Plan | None = summary.draft or summary.plan
    course = summary.course
    if plan is None or forecast_warm.state() != "ready":
        return None
    protocol = protocol_for(course, plan.product, at=summary.now)
    if protocol is None:
        return None
    entry = first_entry(plan, plan.product, protocol)
    figures = work_out(entry.order, weight_in(facts), now=summary.now, protocol=protocol)
    about = about_person(course, facts, summary.now)
    found = forecast_or_why(ordered_session(plan.product, figures, unreadable=False), about)
    if isinstance(found, NoForecast) or about.sbp_mmhg is None:
        return None
    band = found.band("pressure")
    low, _, middle, _, high = (float(value) for value in band.values[:, band.turn()])
    return {
        "usual": f"{about.sbp_mmhg:.0f}/{about.dbp_mmhg:.0f}",
        "middle": f"{middle:.0f}",
        "low": f"{low:.0f}",
        "high": f"{high:.0f}",
    }
