"""The consent page, the touch agreement, and the documents a medical director publishes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.course.actions.agree_touch import agree_touch, width, withdraw_touch
from evenkeel.clinic.course.actions.publish_document import publish_document
from evenkeel.clinic.course.actions.take_consent import MEANING, take_consent
from evenkeel.clinic.course.actions.withdraw_consent import withdraw_consent
from evenkeel.clinic.course.consent_text import GROUPS, default_document, parts_of
from evenkeel.clinic.course.decision import LEANINGS
from evenkeel.clinic.course.models import ConsentDocument, DecisionTalk, TouchAgreement
from evenkeel.clinic.course.pages.frame import course_frame, open_course_page
from evenkeel.clinic.course.queries import KIND_TREATMENT
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.errors import Conflict, DomainError, Forbidden, Invalid, Refused
from evenkeel.clinic.record.routes import page

_SHOWN_HERE = (Invalid, Refused, Conflict, Forbidden)


@page("consent.view")
def consent(request: HttpRequest, course_id: Any) -> HttpResponse:
    """Read the document together, sign it, or take consent back."""
    summary = open_course_page(request, course_id, permission="consent.view", what="consent page")
    course, error = summary.course, None
    if request.method == "POST":
        try:
            act_once(request, lambda: _consent_act(request, summary.consent, course.pk))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            said = "Consent was withdrawn." if _withdraws(request) else "The consent is signed."
            messages.success(request, said)
            return HttpResponseRedirect(reverse("consent", args=[course.pk]))
    actor = request.ctx.actor  # type: ignore[attr-defined]
    document = summary.document
    shown = {
        **course_frame(request, summary, "consent"),
        "document": document,
        "parts": parts_of(document.body) if document else [],
        "consent": summary.consent,
        "standing": summary.consent_standing,
        "meaning": MEANING,
        "error": error,
        "typed_name": request.POST.get("signed_name", ""),
        "typed_agreed": request.POST.get("agreed") == "on"
        and (error is None or error.code != "document_changed"),
        "typed_note": request.POST.get("note", ""),
        "may_take": actor.may("consent.take", course.site_id) and course.state != "closed",
        "may_withdraw": actor.may("consent.withdraw", course.site_id),
        "is_dosed": course.dosed_since is not None,
        "talk": DecisionTalk.objects.filter(course=course)
        .select_related("talked_with")
        .order_by("-talked_at")
        .first(),
        "leanings": LEANINGS,
    }
    return render(request, "course/consent.html", shown, status=error.status if error else 200)


def _withdraws(request: HttpRequest) -> bool:
    return request.POST.get("do") == "withdraw"


def _consent_act(request: HttpRequest, standing: Any, course_id: Any) -> dict[str, str]:
    ctx = request.ctx  # type: ignore[attr-defined]
    if _withdraws(request):
        if standing is None:
            raise Refused("There is no consent to withdraw.", code="no_consent")
        row = withdraw_consent(ctx, consent_id=standing.pk, note=request.POST.get("note", ""))
        return {"id": str(row.pk)}
    row = take_consent(
        ctx,
        course_id=course_id,
        document_hash=request.POST.get("document_hash", ""),
        signed_name=request.POST.get("signed_name", ""),
        agreed=request.POST.get("agreed") == "on",
    )
    return {"id": str(row.pk)}


@page("consent.view")
def touch(request: HttpRequest, course_id: Any) -> HttpResponse:
    """Agree on touch and the stop word, or take it back."""
    summary = open_course_page(request, course_id, permission="consent.view", what="touch page")
    course, error = summary.course, None
    if request.method == "POST":
        try:
            act_once(request, lambda: _touch_act(request, summary.touch, course.pk))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            said = "There is no touch now." if _withdraws(request) else "The agreement is signed."
            messages.success(request, said)
            return HttpResponseRedirect(reverse("touch", args=[course.pk]))
    actor, agreement = request.ctx.actor, summary.touch  # type: ignore[attr-defined]
    narrowest = width(agreement.level if agreement else "none")
    is_dosed = course.dosed_since is not None
    shown = {
        **course_frame(request, summary, "touch"),
        "agreement": agreement,
        "levels": [
            {"value": value, "label": label, "closed": is_dosed and width(value) > narrowest}
            for value, label in TouchAgreement.LEVELS
        ],
        "error": error,
        "typed_level": request.POST.get("level", agreement.level if agreement else ""),
        "typed_word": request.POST.get("stop_word", agreement.stop_word if agreement else ""),
        "typed_sign": request.POST.get("stop_sign", _said(agreement, "stop_sign")),
        "typed_boundaries": request.POST.get("boundaries", _said(agreement, "boundaries")),
        "typed_name": request.POST.get("signed_name", ""),
        "may_agree": actor.may("touch.agree", course.site_id) and course.state != "closed",
        "may_withdraw": actor.may("touch.withdraw", course.site_id),
        "is_dosed": is_dosed,
    }
    return render(request, "course/touch.html", shown, status=error.status if error else 200)


def _said(agreement: TouchAgreement | None, name: str) -> str:
    return (getattr(agreement, name) or "") if agreement else ""


def _touch_act(request: HttpRequest, standing: Any, course_id: Any) -> dict[str, str]:
    ctx = request.ctx  # type: ignore[attr-defined]
    if _withdraws(request):
        if standing is None:
            raise Refused("There is no agreement to take back.", code="no_agreement")
        return {"id": str(withdraw_touch(ctx, agreement_id=standing.pk).pk)}
    row = agree_touch(
        ctx,
        course_id=course_id,
        level=request.POST.get("level", ""),
        stop_word=request.POST.get("stop_word", ""),
        boundaries=request.POST.get("boundaries", ""),
        stop_sign=request.POST.get("stop_sign", ""),
        signed_name=request.POST.get("signed_name", ""),
    )
    return {"id": str(row.pk)}


@page("consent.publish")
def consent_documents(request: HttpRequest) -> HttpResponse:
    """The documents in force at each site, their history, and the form for the next version."""
    ctx = request.ctx  # type: ignore[attr-defined]
    sites = list(_sites(ctx))
    group = request.POST.get("product_group") or request.GET.get("for") or next(iter(GROUPS))
    group = group if group in GROUPS else next(iter(GROUPS))
    wanted = request.POST.get("site") or request.GET.get("site") or ""
    site = next((s for s in sites if str(s.pk) == wanted), sites[0] if sites else None)
    error: DomainError | None = None
    if request.method == "POST" and site is not None:
        try:
            act_once(request, lambda: _publish(request, site, group))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, "Published. Everybody is asked again.")
            back = f"{reverse('consent_documents')}?site={site.pk}&for={group}"
            return HttpResponseRedirect(back)
    versions = list(
        ConsentDocument.objects.filter(site=site, kind=KIND_TREATMENT, product_group=group)
        .select_related("published_by")
        .order_by("-number")
    )
    in_force = next((d for d in versions if d.retired_at is None), None)
    title, body = (in_force.title, in_force.body) if in_force else default_document(group)
    typed_body = request.POST.get("body", body)
    shown = {
        "sites": sites,
        "site": site,
        "groups": GROUPS,
        "group": group,
        "versions": versions,
        "in_force": in_force,
        "error": error,
        "typed_title": request.POST.get("title", title),
        "typed_body": typed_body,
        "typed_note": request.POST.get("change_note", ""),
        "parts": parts_of(typed_body),
    }
    status = error.status if error else 200
    return render(request, "course/consent_documents.html", shown, status=status)


def _sites(ctx: Any) -> Any:
    sites = ctx.actor.sites("consent.publish")
    rows = Site.objects.filter(active=True).order_by("name")
    return rows if sites is None else rows.filter(pk__in=sites)


def _publish(request: HttpRequest, site: Site, group: str) -> dict[str, str]:
    row = publish_document(
        request.ctx,  # type: ignore[attr-defined]
        site_id=site.pk,
        product_group=group,
        title=request.POST.get("title", ""),
        body=request.POST.get("body", ""),
        change_note=request.POST.get("change_note", ""),
    )
    return {"id": str(row.pk)}
