"""The screening page: facts, findings and the decision, side by side."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.course.actions.sign_screening import AS_PROPOSED, sign_screening
from evenkeel.clinic.course.fact_words import fact_groups
from evenkeel.clinic.course.models import Screening
from evenkeel.clinic.course.pages.frame import address, course_frame, open_course_page
from evenkeel.clinic.course.queries import CourseSummary, screened_under_another
from evenkeel.clinic.course.review import DECISIONS, Review, blocking, review_of
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Conflict, DomainError, Forbidden, Invalid, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.protocol.findings import Finding, severity
from evenkeel.protocol.products import PRODUCTS
from evenkeel.protocol.vocabulary import VOCABULARY

#: disposition -> (word, level of the alarm grammar, sentence)
_PROPOSALS: Final[dict[str, tuple[str, str, str]]] = {
    "eligible": ("Eligible", "ok", "Nothing found stands against this treatment."),
    "defer": ("Defer", "hold", "This must be settled first. Nothing found rules it out for good."),
    "needs_specialist_review": (
        "Specialist review",
        "review",
        "A specialist should weigh what was found.",
    ),
    "contraindicated": ("Not eligible", "hold", "What was found rules this treatment out."),
}
_LOUDNESS: Final = ("hold", "review", "inform")
_MOST_TO_SETTLE: Final = 5
_OVERRIDE_LABELS: Final[dict[str, str]] = {
    "eligible": "Eligible, override with reason",
    "defer": "Defer",
    "needs_specialist_review": "Specialist review",
    "contraindicated": "Not eligible",
}


@page("screening.view")
def screening(request: HttpRequest, course_id: Any) -> HttpResponse:
    """Show the screening for a product, and sign it."""
    summary = open_course_page(
        request, course_id, permission="screening.view", what="screening page"
    )
    course = summary.course
    product = request.POST.get("product") or request.GET.get("product") or course.product
    product = product or "racemic_iv"
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _sign(request, course.pk, product))
        except (Invalid, Refused, Conflict, Forbidden) as refused:
            error = refused
        else:
            messages.success(request, "The screening is signed.")
            return HttpResponseRedirect(reverse("screening", args=[course.pk]))
    review, problem = _review(summary, product)
    shown = {
        **course_frame(request, summary, "screening"),
        **_decision(request, summary, review, error),
        "chosen": PRODUCTS.get(product),
        "products": list(PRODUCTS.values()),
        "problem": problem,
        "error": error,
        "review": review,
        "signed": summary.screenings,
        "under_another": screened_under_another(
            summary.screenings, product, review.held if review else None
        ),
        "decision_words": DECISIONS,
        "facts_url": address("patient_facts", patient_id=course.patient_id),
    }
    if review is not None:
        shown |= _findings(review)
    status = error.status if error else 200
    return render(request, "course/screening.html", shown, status=status)


@page("screening.view")
def screening_signed(request: HttpRequest, screening_id: Any) -> HttpResponse:
    """One signed screening as it was: what was known, what was found, what was decided."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = open_record(
        ctx,
        Screening,
        screening_id,
        "patient",
        "signed_by",
        "course",
        permission="screening.view",
        what="signed screening",
    )
    shown = {
        "row": row,
        "patient": row.patient,
        "product": PRODUCTS.get(row.product),
        "decision": DECISIONS.get(row.decision, row.decision),
        "proposed": DECISIONS.get(row.proposed, row.proposed),
        "facts": [
            {"label": VOCABULARY[key].label if key in VOCABULARY else key, **fact}
            for key, fact in row.facts.items()
        ],
        "back": address("screening", course_id=row.course_id),
    }
    return render(request, "course/screening_signed.html", shown)


def _sign(request: HttpRequest, course_id: Any, product: str) -> dict[str, str]:
    row = sign_screening(
        request.ctx,  # type: ignore[attr-defined]
        course_id=course_id,
        product=product,
        decision=request.POST.get("decision", ""),
        read_digest=request.POST.get("read_digest", ""),
        findings_read=request.POST.get("findings_read") == "on",
        reason=request.POST.get("reason", ""),
    )
    return {"id": str(row.pk)}


def _review(summary: CourseSummary, product: str) -> tuple[Review | None, Refused | None]:
    try:
        return review_of(summary.course, product, summary.now), None
    except Refused as refused:
        return None, refused


def _findings(review: Review) -> dict[str, Any]:
    groups = fact_groups(review)
    lines = [line for group in groups for line in group.lines]
    word, level, sentence = _PROPOSALS[review.screening.disposition]
    found = sorted(
        review.screening.findings, key=lambda f: (-severity(f.effect), _LOUDNESS.index(f.level))
    )
    open_questions = [f for f in found if f.kind == "unknown" and f.effect == "inform"]
    settle = [f.statement for f in blocking(review.screening)]
    return {
        "groups": groups,
        "findings": [_shown(f) for f in found if f not in open_questions],
        "open_questions": [_shown(f) for f in open_questions],
        "findings_count": len(found),
        "settle": settle[:_MOST_TO_SETTLE],
        "settle_more": max(0, len(settle) - _MOST_TO_SETTLE),
        "proposed": {"word": word, "level": level, "sentence": sentence},
        "facts_total": len(lines),
        "facts_known": sum(line.standing == "known" for line in lines),
        "facts_missing": sum(line.standing in ("missing", "asked") for line in lines),
        "facts_old": sum(line.standing == "old" for line in lines),
    }


def _shown(f: Finding) -> dict[str, Any]:
    return {
        "level": f.level,
        "title": f.statement,
        "why": f.explanation,
        "todo": f.resolve,
        "todo_word": "To settle:" if f.level == "hold" else "To weigh:",
        "sources": [{"mark": f.source.mark, "title": f.source.title, "url": f.source.url}],
    }


def _decision(
    request: HttpRequest,
    summary: CourseSummary,
    review: Review | None,
    error: DomainError | None,
) -> dict[str, Any]:
    """The decision card: its choices, what was typed, and whether the caller may sign."""
    actor = request.ctx.actor  # type: ignore[attr-defined]
    proposed = review.screening.disposition if review else ""
    options = [(AS_PROPOSED, f"{DECISIONS.get(proposed, '')}, as proposed")] + [
        (value, label) for value, label in _OVERRIDE_LABELS.items() if value != proposed
    ]
    typed = request.POST
    # once the facts have changed, what was decided on the old ones is asked anew
    stale = error is not None and error.code == "facts_changed"
    return {
        "options": options,
        "typed_decision": AS_PROPOSED if stale else typed.get("decision", AS_PROPOSED),
        "typed_reason": typed.get("reason", ""),
        "typed_read": typed.get("findings_read") == "on" and not stale,
        "may_sign": actor.may("screening.sign", summary.course.site_id)
        and summary.course.state != "closed"
        and not summary.course.patient.deceased,
    }
