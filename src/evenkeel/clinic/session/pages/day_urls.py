"""Addresses of the day: appointments, check-in, paper, monitors."""

from __future__ import annotations

from django.urls import URLPattern, path

from evenkeel.clinic.session.pages import appointment, arrival, day, downtime, monitors

urlpatterns: list[URLPattern] = [
    path("day/", day.day, name="day"),
    path("day/downtime", downtime.downtime, name="downtime"),
    path("day/downtime.pdf", downtime.downtime_pdf, name="downtime_pdf"),
    path("day/downtime/enter", downtime.downtime_enter, name="downtime_enter"),
    path(
        "courses/<uuid:course_id>/appointments/new",
        appointment.appointment_new,
        name="appointment_new",
    ),
    path("appointments/<uuid:appointment_id>", appointment.appointment, name="appointment"),
    path("appointments/<uuid:appointment_id>/check-in", arrival.check_in, name="check_in"),
    path(
        "appointments/<uuid:appointment_id>/paper",
        downtime.downtime_sheet,
        name="downtime_sheet",
    ),
    path("monitors/", monitors.monitors, name="monitors"),
    path("monitors/tray", monitors.tray, name="tray"),
]
