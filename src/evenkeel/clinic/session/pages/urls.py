"""Addresses of this stage."""

from __future__ import annotations

from django.urls import URLPattern, path

from evenkeel.clinic.session.pages import api

urlpatterns: list[URLPattern] = [
    path(
        "api/sessions/<uuid:session_id>/events",
        api.session_events,
        name="api_session_events",
    ),
    path("api/sessions/<uuid:session_id>", api.session_state, name="api_session_view"),
]
