"""Requests about records: what waits, one request and its answer, and staff who write one down."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.oversight.actions.answer_privacy import (
    answer_privacy,
    extend_privacy,
    lift_limit,
    rebut,
)
from evenkeel.clinic.oversight.actions.ask_privacy import LONGEST, ask_privacy, disagree
from evenkeel.clinic.oversight.models import PrivacyRequest
from evenkeel.clinic.oversight.privacy_queries import (
    answered_requests,
    days_left,
    own_requests,
    waiting_requests,
)
from evenkeel.clinic.oversight.retention import rules_of
from evenkeel.clinic.people.pages.people import open_patient
from evenkeel.clinic.people.pages.posting import act_once, submit
from evenkeel.clinic.record.door import log_read, open_record
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, Refused
from evenkeel.clinic.record.routes import page

_SHOWN_HERE: Final = (Invalid, Refused, Conflict)


@page("privacy.view")
def privacy_requests(request: HttpRequest) -> HttpResponse:
    """Open requests of the caller's sites, the first due first, and what was answered lately."""
    ctx = request.ctx  # type: ignore[attr-defined]
    shown = {
        "waiting": waiting_requests(ctx, ctx.clock.now()),
        "answered": answered_requests(ctx),
    }
    log_read(ctx, "requests about records")
    return render(request, "oversight/privacy_requests.html", shown)


@page("privacy.view")
def privacy_request(request: HttpRequest, request_id: Any) -> HttpResponse:
    """One request: read it, answer it, put it off, reply to a statement, end a limit."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = open_record(
        ctx,
        PrivacyRequest,
        request_id,
        "patient",
        "site",
        "taken_by",
        "answered_by",
        permission="privacy.view",
        what="request about a record",
    )
    timezone.activate(ZoneInfo(row.site.timezone))
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: {"id": str(_act(request, row).pk)})
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, "It is recorded.")
            return HttpResponseRedirect(reverse("privacy_request", args=[row.pk]), status=303)
    place = rules_of(row.site.jurisdiction)
    shown = {
        "row": row,
        "waiting": days_left(row, ctx.clock.now()) if row.state == "open" else None,
        "place": place,
        "term": place.terms[row.kind],
        "refusals": place.refusals[row.kind],
        "may": ctx.actor.may("privacy.answer", row.site_id),
        "may_say": ctx.actor.may("privacy.take", row.site_id),
        "error": error,
        "typed": request.POST,
        "longest": LONGEST,
    }
    status = error.status if error else 200
    return render(request, "oversight/privacy_request.html", shown, status=status)


def _act(request: HttpRequest, row: PrivacyRequest) -> PrivacyRequest:
    ctx, said = request.ctx, request.POST  # type: ignore[attr-defined]
    do = said.get("do", "")
    if do == "answer":
        return answer_privacy(
            ctx,
            request_id=row.pk,
            state=said.get("state", ""),
            answer=said.get("answer", ""),
            changed=said.get("changed", ""),
        )
    if do == "extend":
        return extend_privacy(ctx, request_id=row.pk, reason=said.get("reason", ""))
    if do == "disagree":
        return disagree(ctx, request_id=row.pk, text=said.get("text", ""))
    if do == "rebut":
        return rebut(ctx, request_id=row.pk, text=said.get("text", ""))
    if do == "lift":
        return lift_limit(ctx, request_id=row.pk, reason=said.get("lift_reason", ""))
    raise Invalid("Nothing was chosen.")


class AskForm(forms.Form):
    """What somebody asked on paper, by telephone or at the desk."""

    kind = forms.ChoiceField(
        label="What is asked for", choices=PrivacyRequest.KINDS, widget=forms.RadioSelect
    )
    place = forms.ChoiceField(label="Which part of the record", choices=PrivacyRequest.PLACES)
    said = forms.CharField(
        label="What is wrong, or which use shall be limited",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="In their own words.",
    )
    wanted = forms.CharField(
        label="What should stand there instead",
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For a correction.",
    )
    asked_as = forms.ChoiceField(label="Who asks", choices=PrivacyRequest.ASKERS)
    asked_name = forms.CharField(
        label="Their name", max_length=160, required=False, help_text="Where somebody else asks."
    )
    received_on = forms.DateField(
        label="When it came",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The days to answer count from here.",
    )


@page("privacy.take")
def patient_requests(request: HttpRequest, patient_id: Any) -> HttpResponse:
    """What this person asked so far, and a form for staff to write a request down."""
    ctx = request.ctx  # type: ignore[attr-defined]
    patient = open_patient(request, patient_id, "privacy.take", "requests about a record")
    now = ctx.clock.now()
    today = timezone.localtime(now).date()
    form = AskForm(request.POST or None, initial={"received_on": today, "kind": "correction"})

    def do(given: dict[str, Any]) -> dict[str, str]:
        day = given.pop("received_on")
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=timezone.get_current_timezone())
        at = now if day == today else noon
        row = ask_privacy(ctx, patient_id=patient.pk, received_at=at, **given)
        return {"id": str(row.pk)}

    if request.method == "POST" and submit(request, form, do):
        messages.success(request, "The request is recorded.")
        return HttpResponseRedirect(reverse("patient_requests", args=[patient.pk]), status=303)
    shown = {
        "patient": patient,
        "form": form,
        "rows": own_requests(patient.pk),
        "may_view": ctx.actor.may("privacy.view", patient.site_id),
    }
    return render(
        request, "oversight/patient_requests.html", shown, status=422 if form.errors else 200
    )
