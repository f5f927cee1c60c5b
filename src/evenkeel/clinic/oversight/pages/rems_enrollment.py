"""Enrollment in the risk programme: the site with its form's version, and the person."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.oversight.actions.enroll_rems import end_patient, enroll_patient, enroll_site
from evenkeel.clinic.oversight.actions.load_rems_form import MAX_BYTES, load_form, withdraw_form
from evenkeel.clinic.oversight.models import RemsDefinition, RemsPatient
from evenkeel.clinic.oversight.pages.days import as_day
from evenkeel.clinic.oversight.rems import (
    HOW,
    JURISDICTION,
    PROGRAM,
    definition_for,
    standing_patient,
    standing_site,
)
from evenkeel.clinic.people.models import Patient, Site
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, NotFound, Refused
from evenkeel.clinic.record.routes import page

_SHOWN_HERE: Final = (Invalid, Refused, Conflict)
_PHARMACIES: Final = 4


@page("rems.manage")
def rems_site(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """The enrollment of a site, and which version of the form it fills in."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    error: DomainError | None = None
    if request.method == "POST":
        do = {"load": _load, "withdraw": _withdraw}.get(request.POST.get("do", ""), _enroll_site)
        try:
            said = act_once(request, lambda: {"said": do(request, site_id)})
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, said["said"])
            return HttpResponseRedirect(reverse("rems_site", args=[site_id]), status=303)
    site = open_record(ctx, Site, site_id, permission="rems.manage", what="enrollment of a site")
    if site.jurisdiction != JURISDICTION and error is None:
        raise NotFound("This programme does not hold here.")
    timezone.activate(site.timezone)
    versions = RemsDefinition.objects.filter(site=site, program=PROGRAM)
    enrolled = standing_site(site.pk)
    shown = {
        "site": site,
        "enrolled": enrolled,
        "definition": definition_for(site.pk),
        "versions": versions.order_by("-loaded_at"),
        "pharmacies": _pharmacies(request, enrolled),
        "error": error,
        "typed": request.POST,
    }
    return render(request, "oversight/rems_site.html", shown, status=error.status if error else 200)


@page("rems.view")
def rems_patient(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The enrollment of a person: signed by both, before the first dose."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    error: DomainError | None = None
    if request.method == "POST":
        do = _end if request.POST.get("do") == "end" else _enroll
        try:
            said = act_once(request, lambda: {"said": do(request, patient_id)})
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, said["said"])
            return HttpResponseRedirect(reverse("rems_patient", args=[patient_id]), status=303)
    patient = open_record(
        ctx, Patient, patient_id, "site", permission="rems.view", what="REMS enrollment"
    )
    timezone.activate(patient.site.timezone)
    rows = RemsPatient.objects.filter(patient=patient).select_related("prescriber")
    shown = {
        "patient": patient,
        "holds": patient.site.jurisdiction == JURISDICTION,
        "enrolled": standing_patient(patient),
        "before": list(rows.exclude(ended_at=None).order_by("-ended_at")),
        "may_enroll": ctx.actor.may("rems.enroll", patient.site_id),
        "ways": HOW.items(),
        "how": HOW,
        "error": error,
        "typed": request.POST,
        "today": timezone.localtime(ctx.clock.now()).date(),
    }
    return render(
        request, "oversight/rems_patient.html", shown, status=error.status if error else 200
    )


def _pharmacies(request: HttpRequest, enrolled: Any) -> list[dict[str, str]]:
    """The rows of the form: what was typed, else what stands, and a few empty ones."""
    if "pharmacy" in request.POST:
        names, numbers = request.POST.getlist("pharmacy"), request.POST.getlist("pharmacy_number")
        rows = [{"name": a, "number": b} for a, b in zip(names, numbers, strict=False)]
    else:
        rows = list(enrolled.pharmacies) if enrolled else []
    empty = max(1, _PHARMACIES - len(rows))
    return [*rows, *({"name": "", "number": ""} for _ in range(empty))]


def _enroll_site(request: HttpRequest, site_id: Any) -> str:
    names, numbers = request.POST.getlist("pharmacy"), request.POST.getlist("pharmacy_number")
    enroll_site(
        request.ctx,  # type: ignore[attr-defined]
        site_id=site_id,
        representative=request.POST.get("representative", ""),
        enrolled_on=as_day(request.POST.get("enrolled_on", "")),
        enrollment_number=request.POST.get("enrollment_number", ""),
        pharmacies=[{"name": a, "number": b} for a, b in zip(names, numbers, strict=False)],
    )
    return "The enrollment of the site is on record."


def _load(request: HttpRequest, site_id: Any) -> str:
    file = request.FILES.get("file")
    if file is None:
        raise Invalid("Choose the file.", fields={"file": "Choose the file."})
    content = file.read(MAX_BYTES + 1)
    row = load_form(request.ctx, site_id=site_id, content=content)  # type: ignore[attr-defined]
    return f"“{row.title}”, {row.edition}, is filled in from now on."


def _withdraw(request: HttpRequest, site_id: Any) -> str:
    version = request.POST.get("version", "")
    withdraw_form(request.ctx, definition_id=version)  # type: ignore[attr-defined]
    return "The version was withdrawn."


def _enroll(request: HttpRequest, patient_id: Any) -> str:
    post = request.POST
    enroll_patient(
        request.ctx,  # type: ignore[attr-defined]
        patient_id=patient_id,
        signed_name=post.get("signed_name", ""),
        signed_on=as_day(post.get("signed_on", "")),
        submitted_on=as_day(post.get("submitted_on", "")),
        submitted_how=post.get("submitted_how", ""),
        reference=post.get("reference", ""),
    )
    return "The enrollment is on record."


def _end(request: HttpRequest, patient_id: Any) -> str:
    end_patient(
        request.ctx,  # type: ignore[attr-defined]
        enrollment_id=request.POST.get("enrollment", ""),
        reason=request.POST.get("reason", ""),
    )
    return "The enrollment has ended. No dose starts until there is another."
