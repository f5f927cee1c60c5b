"""Addresses of the clinic's protocols."""

from __future__ import annotations

from django.urls import URLPattern, path

from evenkeel.clinic.protocols.pages import editing, reading, signing

urlpatterns: list[URLPattern] = [
    path("", reading.protocols, name="protocols"),
    path("new", editing.protocol_new, name="protocol_new"),
    path("<uuid:version_id>", reading.protocol, name="protocol"),
    path("<uuid:version_id>/compare", reading.protocol_compare, name="protocol_compare"),
    path("<uuid:version_id>/file", reading.protocol_file, name="protocol_file"),
    path("<uuid:version_id>/print", reading.protocol_print, name="protocol_print"),
    path("<uuid:version_id>/pdf", reading.protocol_pdf, name="protocol_pdf"),
    path("<uuid:version_id>/edit", editing.protocol_edit, name="protocol_edit"),
    path("<uuid:version_id>/discard", editing.protocol_discard, name="protocol_discard"),
    path("<uuid:version_id>/sign", signing.protocol_sign, name="protocol_sign"),
    path("<uuid:version_id>/retire", signing.protocol_retire, name="protocol_retire"),
]
