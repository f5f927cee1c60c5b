"""Erasing a person's record by law: one asks, another carries it out, both show who they are."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.oversight.actions.erase_person import (
    ask_erasure,
    erase_person,
    withdraw_erasure,
)
from evenkeel.clinic.oversight.erasing import is_erased
from evenkeel.clinic.oversight.models import ErasureRequest
from evenkeel.clinic.oversight.retention.keeping import may_erase
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.people.pages.confirming import confirm_first, is_to_confirm, way_confirmed
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Conflict, DomainError, Forbidden, Invalid, Refused
from evenkeel.clinic.record.routes import page

_SHOWN_HERE: Final = (Invalid, Refused, Conflict, Forbidden)


@page("record.erase_second")
def erasure(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """What would be erased, what stays, and the request as it stands."""
    ctx = request.ctx  # type: ignore[attr-defined]
    patient = open_record(
        ctx, Patient, patient_id, "site", permission="record.erase_second", what="erasure page"
    )
    here = reverse("erasure", args=[patient.pk])
    if is_to_confirm(request):
        return confirm_first(request, here)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            said = act_once(request, lambda: _do(request, patient))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, said["said"])
            return HttpResponseRedirect(here)
    waiting = ErasureRequest.objects.filter(patient=patient, state="open")
    done = ErasureRequest.objects.filter(patient=patient, state="done").order_by("-decided_at")
    today = ctx.clock.now().astimezone(ZoneInfo(patient.site.timezone)).date()
    shown = {
        "patient": patient,
        "erased": is_erased(patient),
        "asked": waiting.select_related("asked_by").first(),
        "done": done.select_related("asked_by", "second").first(),
        "kept": may_erase(patient, today),
        "bases": ErasureRequest.BASES,
        "may_ask": ctx.actor.may("record.erase", patient.site_id),
        "error": error,
        "given": request.POST,
    }
    return render(request, "oversight/erasure.html", shown, status=error.status if error else 200)


def _do(request: HttpRequest, patient: Patient) -> dict[str, str]:
    ctx, said = request.ctx, request.POST  # type: ignore[attr-defined]
    way = way_confirmed(request)
    what = said.get("what", "")
    if what == "ask":
        ask_erasure(
            ctx,
            patient_id=patient.pk,
            basis=said.get("basis", ""),
            law=said.get("law", ""),
            reason=said.get("reason", ""),
            confirmed_by=way,
        )
        return {"said": "It waits for the second person. Nothing is erased yet."}
    if what == "drop":
        withdraw_erasure(ctx, request_id=said.get("request", ""))
        return {"said": "The request was dropped. Nothing was erased."}
    if what == "erase":
        _check_number(said.get("number", ""), patient)
        erase_person(ctx, request_id=said.get("request", ""), confirmed_by=way)
        return {"said": "The record was erased."}
    raise Invalid("Nothing was chosen.", what_to_do="Use one of the buttons.")


def _check_number(number: Any, patient: Patient) -> None:
    if str(number).strip().upper() != patient.mrn.upper():
        raise Invalid(
            "The record number is not the one of this person.",
            fields={"number": "Type the record number that stands above."},
        )
