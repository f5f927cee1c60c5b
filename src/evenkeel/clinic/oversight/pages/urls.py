"""Addresses of this stage."""

from __future__ import annotations

from django.urls import path

from evenkeel.clinic.oversight.pages import audit, forecast, signatures

urlpatterns = [
    path("", audit.audit, name="audit"),
    path("verify", audit.verify, name="verify"),
    path("signatures/<str:kind>/<uuid:key>", signatures.signature_check, name="signature_check"),
    path("forecast", forecast.calibration, name="forecast_calibration"),
    path("forecast/<uuid:site_id>/<slug:product>", forecast.choose, name="forecast_choose"),
]
