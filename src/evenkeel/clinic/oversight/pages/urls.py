"""Addresses of this stage."""

from __future__ import annotations

from django.urls import path

from evenkeel.clinic.oversight.pages import audit, erasure, forecast

urlpatterns = [
    path("", audit.audit, name="audit"),
    path("verify", audit.verify, name="verify"),
    path("entry/<int:position>", audit.entry, name="audit_entry"),
    path("audit.csv", audit.as_csv, name="audit_csv"),
    path("erasure/<uuid:patient_id>", erasure.erasure, name="erasure"),
    path("forecast", forecast.calibration, name="forecast_calibration"),
    path("forecast/<uuid:site_id>/<slug:product>", forecast.choose, name="forecast_choose"),
]
