"""Addresses of therapy around the doses."""

from __future__ import annotations

from django.urls import URLPattern, path

from evenkeel.clinic.therapy.pages import integration, overview, preparation, walled

urlpatterns: list[URLPattern] = [
    path("courses/<uuid:course_id>/therapy", overview.therapy, name="therapy"),
    path(
        "courses/<uuid:course_id>/therapy/preparation",
        preparation.preparation,
        name="preparation",
    ),
    path(
        "courses/<uuid:course_id>/therapy/integration",
        integration.integration,
        name="integration",
    ),
    path("courses/<uuid:course_id>/therapy/notes", walled.walled_notes, name="walled_notes"),
    path("therapy/notes/<uuid:note_id>", walled.walled_note, name="walled_note"),
]
