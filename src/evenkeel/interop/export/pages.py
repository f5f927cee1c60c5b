"""Handing out a copy of somebody's whole record: to whom, on what ground, and that it was done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from evenkeel.clinic.oversight.actions.hand_out import hand_out
from evenkeel.clinic.oversight.privacy_queries import limits_of
from evenkeel.clinic.oversight.retention import rules_of
from evenkeel.clinic.people.pages.people import open_patient
from evenkeel.clinic.people.pages.posting import submit
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.therapy.wall import count_walled
from evenkeel.interop.export.copy import Copy, make_copy


class HandOutForm(forms.Form):
    """To whom a copy goes, and how it was made sure that they may have it."""

    to_whom = forms.CharField(
        label="Who gets it",
        max_length=160,
        help_text="Name, and in what capacity: the person, a relative who may act for them, "
        "another clinic.",
    )
    made_sure = forms.CharField(
        label="How you made sure that it is them, and that they may have it",
        max_length=300,
        help_text="Such as an identity card seen, or a signed authorization.",
    )
    reason = forms.CharField(label="Why", max_length=300, initial="Asked for a copy")


@page("copy.hand_out")
def hand_out_page(request: HttpRequest, patient_id: Any) -> HttpResponse:
    """The form, and on POST the archive itself; each time it is an entry of the record."""
    ctx = request.ctx  # type: ignore[attr-defined]
    patient = open_patient(request, patient_id, "copy.hand_out", "copy of the whole record")
    form = HandOutForm(request.POST or None)
    made: list[Copy] = []

    def do(given: dict[str, Any]) -> dict[str, str]:
        made.append(make_copy(patient, ctx.clock.now()))
        hand_out(ctx, patient_id=patient.pk, sha256=made[0].sha256, walled=made[0].walled, **given)
        return {"sha256": made[0].sha256}

    if request.method == "POST" and submit(request, form, do):
        # a form that was sent twice: the copy is made again, the record says it once
        copy = made[0] if made else make_copy(patient, ctx.clock.now())
        response = HttpResponse(copy.content, content_type="application/zip")
        response["Content-Disposition"] = 'attachment; filename="record-copy.zip"'
        response["Cache-Control"] = "no-store, private"
        return response
    place = rules_of(patient.site.jurisdiction)
    shown = {
        "patient": patient,
        "form": form,
        "walled": count_walled(patient),
        "place": place,
        "limits": limits_of(patient.pk),
    }
    return render(request, "export/hand_out.html", shown, status=422 if form.errors else 200)
