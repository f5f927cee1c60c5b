"""Addresses of groups."""

from __future__ import annotations

from django.urls import URLPattern, path

from evenkeel.clinic.groups.pages import course_group, group, room, visit

urlpatterns: list[URLPattern] = [
    path("groups/", group.groups, name="groups"),
    path("groups/<uuid:group_id>", group.group, name="group"),
    path("groups/<uuid:group_id>/book", visit.group_book, name="group_book"),
    path("groups/<uuid:group_id>/visits/<uuid:visit_id>", visit.group_visit, name="group_visit"),
    path("groups/<uuid:group_id>/visits/<uuid:visit_id>/room", room.group_room, name="group_room"),
    path("courses/<uuid:course_id>/group", course_group.course_group, name="course_group"),
]
