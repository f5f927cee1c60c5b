"""Addresses of this stage."""

from __future__ import annotations

from django.urls import path

from evenkeel.clinic.oversight.pages import audit

urlpatterns = [
    path("", audit.audit, name="audit"),
    path("verify", audit.verify, name="verify"),
]
