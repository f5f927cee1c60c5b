"""Addresses of the library."""

from __future__ import annotations

from django.urls import path

from evenkeel.clinic.library.pages import answers, evidence

urlpatterns = [
    path("answers", answers.answers, name="library"),
    path("answers/<slug:answer_id>", answers.answer, name="library_answer"),
    path("answers/<slug:answer_id>/review", answers.review, name="library_review"),
    path("evidence", evidence.evidence, name="evidence"),
    path("evidence/<slug:question_id>", evidence.question, name="evidence_question"),
    path("api/evidence", evidence.api_evidence, name="api_evidence"),
    path("api/evidence/<slug:question_id>", evidence.api_question, name="api_question"),
    path("setup/library", answers.opening, name="setup_library"),
]
