"""Addresses of this stage."""

from __future__ import annotations

from django.urls import URLPattern, path

from evenkeel.clinic.session.pages import api, board, day_urls, drug, mine, note, session

urlpatterns: list[URLPattern] = [
    *day_urls.urlpatterns,
    path("board", board.board, name="board"),
    path("alarms/mine", mine.my_alarms_part, name="my_alarms"),
    path("watch", mine.watch_here, name="watch_here"),
    path("sessions/<uuid:session_id>", session.session_page, name="session"),
    path("sessions/<uuid:session_id>/checks", session.session_checks, name="session_checks"),
    path("sessions/to-account", drug.to_account, name="sessions_to_account"),
    path("sessions/<uuid:session_id>/ledger", drug.session_ledger, name="session_ledger"),
    path(
        "sessions/<uuid:session_id>/containers",
        drug.session_containers,
        name="session_containers",
    ),
    path("sessions/<uuid:session_id>/dose-check", session.dose_check, name="session_dose_check"),
    path(
        "sessions/<uuid:session_id>/discharge",
        session.session_discharge,
        name="session_discharge",
    ),
    path("sessions/<uuid:session_id>/note", note.session_note, name="session_note"),
    path("sessions/<uuid:session_id>/note.pdf", note.session_note_pdf, name="session_note_pdf"),
    path(
        "api/sessions/<uuid:session_id>/events",
        api.session_events,
        name="api_session_events",
    ),
    path("api/sessions/<uuid:session_id>", api.session_state, name="api_session_view"),
]
