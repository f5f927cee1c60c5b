"""A person's own copy of everything: to read, and as a FHIR Bundle to take along."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from evenkeel.clinic.outcome.pages.own import own_frame, own_record
from evenkeel.clinic.people.fact_words import fact_words
from evenkeel.clinic.people.models import EmergencyAccess
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.therapy.queries import own_journal
from evenkeel.instruments import Instrument
from evenkeel.interop.fhir.own_bundle import label_of, own_bundle, own_record_of


@require_GET
@page("own.view")
def own_download(request: HttpRequest) -> HttpResponse:
    """Everything on one page, in plain words; it prints."""
    me = own_record(request, "own page: everything kept")
    record = own_record_of(me.patient)
    shown: dict[str, Any] = own_frame(me, "") | {
        "record": record,
        "facts": [
            {"label": label_of(row), "words": fact_words(row), "row": row} for row in record.facts
        ],
        "journal": own_journal(me.patient.pk),
        "emergencies": EmergencyAccess.objects.filter(patient=me.patient)
        .select_related("account", "site")
        .order_by("-opened_at"),
        "answered": [
            {
                "response": response,
                "instrument": form,
                "lines": answered_lines(form, response.answers),
            }
            for response, form in reversed(record.responses)
        ],
    }
    return render(request, "fhir/own_download.html", shown)


@require_GET
@page("own.view")
def own_download_file(request: HttpRequest) -> HttpResponse:
    """The same as one FHIR R4 Bundle."""
    me = own_record(request, "own page: download")
    bundle = own_bundle(own_record_of(me.patient), me.now)
    response = HttpResponse(
        json.dumps(bundle, indent=1, ensure_ascii=False), content_type="application/fhir+json"
    )
    response["Content-Disposition"] = 'attachment; filename="my-record.json"'
    response["Cache-Control"] = "no-store, private"
    return response


def answered_lines(form: Instrument, answers: dict[str, int]) -> list[tuple[str, str]]:
    """Question and answer in words; what the words asked today do not know stays as it was kept."""
    known = {item.link_id: item for item in form.items}
    found = []
    for link_id, value in answers.items():
        item = known.get(link_id)
        text = (item.text or f"Question {item.number}") if item is not None else link_id
        words = dict(item.options).get(value, str(value)) if item is not None else str(value)
        found.append((text, words))
    return found
