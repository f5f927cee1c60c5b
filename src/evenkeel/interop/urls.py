"""Addresses at which the outside world comes in."""

from __future__ import annotations

from django.urls import path

from evenkeel.interop.export.pages import hand_out_page
from evenkeel.interop.fhir.adverse_event.pages import adverse_event
from evenkeel.interop.fhir.own_pages import own_download, own_download_file
from evenkeel.interop.fhir.pages import import_page

urlpatterns = [
    path("people/import", import_page, name="people_import"),
    path("people/<uuid:patient_id>/copy", hand_out_page, name="hand_out"),
    path("own/download", own_download, name="own_download"),
    path("own/download.json", own_download_file, name="own_download_file"),
    path(
        "oversight/incidents/<uuid:incident_id>/adverse-event.json",
        adverse_event,
        name="adverse_event",
    ),
]
