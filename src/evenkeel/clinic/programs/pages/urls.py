"""Addresses of programs."""

from __future__ import annotations

from django.urls import URLPattern, path

from evenkeel.clinic.programs.pages import choosing, editing, reading

urlpatterns: list[URLPattern] = [
    path("programs/", reading.programs, name="programs"),
    path("programs/new", editing.program_new, name="program_new"),
    path("programs/shipped/<slug:program>", reading.program_shipped, name="program_shipped"),
    path("programs/<uuid:version_id>", reading.program_version, name="program_version"),
    path("programs/<uuid:version_id>/file", reading.program_file, name="program_file"),
    path("programs/<uuid:version_id>/edit", editing.program_edit, name="program_edit"),
    path("programs/<uuid:version_id>/discard", editing.program_discard, name="program_discard"),
    path("programs/<uuid:version_id>/sign", editing.program_sign, name="program_sign"),
    path("courses/<uuid:course_id>/program", choosing.course_program, name="course_program"),
]
