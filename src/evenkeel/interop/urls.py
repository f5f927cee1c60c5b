"""Addresses at which the outside world comes in."""

from __future__ import annotations

from django.urls import path

from evenkeel.interop.fhir.pages import import_page

urlpatterns = [path("people/import", import_page, name="people_import")]
