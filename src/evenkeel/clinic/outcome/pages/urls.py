"""Addresses of this stage."""

from __future__ import annotations

from django.urls import URLPattern, path

from evenkeel.clinic.outcome.pages import answer

urlpatterns: list[URLPattern] = [
    path("q/<path:token>", answer.answer, name="answer"),
]
