"""Addresses of this stage."""

from __future__ import annotations

from django.urls import URLPattern, path

from evenkeel.clinic.course.pages import (
    consent,
    courses,
    decide,
    plan,
    plan_compare,
    plan_forecast,
    screening,
)

urlpatterns: list[URLPattern] = [
    path("people/<uuid:patient_id>/courses/new", courses.course_new, name="course_new"),
    path("courses/<uuid:course_id>/move", courses.course_move, name="course_move"),
    path("courses/<uuid:course_id>/screening", screening.screening, name="screening"),
    path("screenings/<uuid:screening_id>", screening.screening_signed, name="screening_signed"),
    path("courses/<uuid:course_id>/decide", decide.decide, name="decide"),
    path("courses/<uuid:course_id>/consent", consent.consent, name="consent"),
    path("courses/<uuid:course_id>/touch", consent.touch, name="touch"),
    path("courses/<uuid:course_id>/plan", plan.plan, name="plan"),
    path("courses/<uuid:course_id>/plan/figures", plan.plan_figures, name="plan_figures"),
    path(
        "courses/<uuid:course_id>/plan/forecast",
        plan_forecast.plan_forecast,
        name="plan_forecast",
    ),
    path(
        "courses/<uuid:course_id>/plan/compare",
        plan_compare.plan_compare,
        name="plan_compare",
    ),
    path("setup/consent", consent.consent_documents, name="consent_documents"),
]
