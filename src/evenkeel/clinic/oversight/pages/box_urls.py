"""Addresses of the complaints box: outside oversight, for those who may not enter it."""

from __future__ import annotations

from django.urls import path

from evenkeel.clinic.oversight.pages import complain

urlpatterns = [
    path("own/complain", complain.own_complain, name="own_complain"),
    path("complain/", complain.complain, name="complain"),
    path("complain/answer", complain.complain_answer, name="complain_answer"),
]
