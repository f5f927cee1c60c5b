"""An incident as a file for another system."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from evenkeel.clinic.oversight.actions.record_incident import newest_account
from evenkeel.clinic.oversight.models import Incident
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.routes import page
from evenkeel.interop.fhir.adverse_event.writing import write_adverse_event


@require_GET
@page("report.view")
def adverse_event(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The FHIR R4 AdverseEvent of an incident; with ``?named=yes`` the person is in it."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    named = request.GET.get("named") == "yes"
    row = open_record(
        ctx,
        Incident,
        incident_id,
        "patient",
        permission="report.view",
        what="incident as FHIR, with the name" if named else "incident as FHIR",
    )
    resource = write_adverse_event(row, newest_account(row), named=named)
    response = HttpResponse(
        json.dumps(resource, indent=1, ensure_ascii=False), content_type="application/fhir+json"
    )
    name = f"adverse-event-{row.number}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store, private"
    return response
