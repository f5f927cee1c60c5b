"""Addresses of this stage."""

from __future__ import annotations

from django.urls import URLPattern, path

from evenkeel.clinic.outcome.pages import (
    answer,
    call,
    coming_back,
    course_page,
    languages,
    long_term,
    own,
    own_asking,
    own_decide,
    own_therapy,
    questionnaires,
    results,
    safety,
    scores,
    shelf,
    team_questions,
)

urlpatterns: list[URLPattern] = [
    # a whole path, so that a mangled link too ends on the page that says what to do
    path("q/<path:token>", answer.answer, name="answer"),
    path("courses/<uuid:course_id>", course_page.course, name="course"),
    path(
        "courses/<uuid:course_id>/questionnaires",
        questionnaires.questionnaires,
        name="questionnaires",
    ),
    path("courses/<uuid:course_id>/scores", scores.scores, name="scores"),
    path("courses/<uuid:course_id>/long-term", long_term.long_term, name="long_term"),
    path("courses/<uuid:course_id>/coming-back", coming_back.coming_back, name="coming_back"),
    path("appointments/<uuid:appointment_id>/call", call.follow_up, name="follow_up"),
    path("safety/", safety.safety_signals, name="safety_signals"),
    path("safety/<uuid:signal_id>", safety.safety_signal, name="safety_signal"),
    path("questionnaires/", shelf.shelf, name="instruments"),
    path("questionnaires/languages", languages.languages, name="instrument_languages"),
    path("questionnaires/<slug:instrument_id>", shelf.instrument, name="instrument"),
    path(
        "questionnaires/<slug:instrument_id>/template",
        shelf.template_file,
        name="instrument_template",
    ),
    path("asked/", team_questions.team_questions, name="team_questions"),
    path("results", results.results, name="own_results"),
    path("own/", own.own, name="own"),
    path("own/ready", own.own_ready, name="own_ready"),
    path("own/questions", own.own_questions, name="own_questions"),
    path("own/questions/<uuid:ask_id>", own.own_answer, name="own_answer"),
    path("own/help", own.own_help, name="own_help"),
    path("own/decide", own_decide.own_decide, name="own_decide"),
    path("own/before", own_therapy.own_prepare, name="own_prepare"),
    path("own/journal", own_therapy.own_journal_page, name="own_journal"),
    path("own/journal/<uuid:entry_id>", own_therapy.own_entry, name="own_entry"),
    path("own/choices", own.own_choices, name="own_choices"),
    path("own/ask", own_asking.own_ask, name="own_ask"),
    path("own/messages", own_asking.own_contact, name="own_contact"),
]
