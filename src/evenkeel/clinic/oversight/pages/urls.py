"""Addresses of this stage."""

from __future__ import annotations

from django.urls import path

from evenkeel.clinic.oversight.pages import audit, forecast, quality, signatures

urlpatterns = [
    path("", audit.audit, name="audit"),
    path("verify", audit.verify, name="verify"),
    path("quality", quality.quality, name="quality"),
    path("quality.csv", quality.quality_csv, name="quality_csv"),
    path("quality/<slug:measure>", quality.quality_measure, name="quality_measure"),
    path("signatures/<str:kind>/<uuid:key>", signatures.signature_check, name="signature_check"),
    path("forecast", forecast.calibration, name="forecast_calibration"),
    path("forecast/<uuid:site_id>/<slug:product>", forecast.choose, name="forecast_choose"),
]
