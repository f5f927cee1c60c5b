"""Addresses of this stage."""

from __future__ import annotations

from django.urls import path

from evenkeel.clinic.oversight.pages import (
    audit,
    complaints,
    erasure,
    forecast,
    incidents,
    overview,
    quality,
    rems,
    rems_enrollment,
    reports,
    signatures,
)

urlpatterns = [
    path("", overview.oversight, name="oversight"),
    path("audit", audit.audit, name="audit"),
    path("verify", audit.verify, name="verify"),
    path("entry/<int:position>", audit.entry, name="audit_entry"),
    path("audit.csv", audit.as_csv, name="audit_csv"),
    path("erasure/<uuid:patient_id>", erasure.erasure, name="erasure"),
    path("quality", quality.quality, name="quality"),
    path("quality.csv", quality.quality_csv, name="quality_csv"),
    path("quality/<slug:measure>", quality.quality_measure, name="quality_measure"),
    path("signatures/<str:kind>/<uuid:key>", signatures.signature_check, name="signature_check"),
    path("forecast", forecast.calibration, name="forecast_calibration"),
    path("forecast/<uuid:site_id>/<slug:product>", forecast.choose, name="forecast_choose"),
    # harm
    path("incidents/", incidents.incidents, name="incidents"),
    path(
        "incidents/new/<slug:source>/<uuid:source_id>", incidents.incident_new, name="incident_new"
    ),
    path("incidents/<uuid:incident_id>", incidents.incident, name="incident"),
    path(
        "incidents/<uuid:incident_id>/correct", incidents.incident_correct, name="incident_correct"
    ),
    path("reports/<uuid:report_id>", reports.report, name="report"),
    path("reports/<uuid:report_id>/print", reports.report_paper, name="report_paper"),
    path("reports/<uuid:report_id>/pdf", reports.report_pdf, name="report_pdf"),
    # complaints, for those who may read them
    path("complaints/", complaints.complaints, name="complaints"),
    path("complaints/new", complaints.complaint_new, name="complaint_new"),
    path("complaints/<uuid:complaint_id>", complaints.complaint, name="complaint"),
    # the risk program
    path("rems/", rems.rems, name="rems"),
    path("rems/sessions/<uuid:session_id>", rems.rems_form, name="rems_form"),
    path("rems/sessions/<uuid:session_id>/print", rems.rems_form_paper, name="rems_form_paper"),
    path("rems/sessions/<uuid:session_id>/pdf", rems.rems_form_pdf, name="rems_form_pdf"),
    path("rems/sites/<uuid:site_id>", rems_enrollment.rems_site, name="rems_site"),
    path("rems/people/<uuid:patient_id>", rems_enrollment.rems_patient, name="rems_patient"),
]
