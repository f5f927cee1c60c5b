"""Addresses of inspection, copies, requests about one's own record, retention and backups."""

from __future__ import annotations

from django.urls import path

from evenkeel.clinic.oversight.pages import inspection, keeping, own_privacy, privacy

urlpatterns = [
    path("oversight/inspection", inspection.inspection, name="inspection"),
    path(
        "oversight/inspection/<uuid:bundle_id>",
        inspection.inspection_state,
        name="inspection_state",
    ),
    path(
        "oversight/inspection/<uuid:bundle_id>.zip",
        inspection.inspection_file,
        name="inspection_file",
    ),
    path("oversight/requests", privacy.privacy_requests, name="privacy_requests"),
    path("oversight/requests/<uuid:request_id>", privacy.privacy_request, name="privacy_request"),
    path("oversight/retention", keeping.retention, name="retention"),
    path("oversight/backups", keeping.backups, name="backups"),
    path("people/<uuid:patient_id>/requests", privacy.patient_requests, name="patient_requests"),
    path("own/requests", own_privacy.own_privacy, name="own_privacy"),
]
