"""The part of the live session that is about the room: the program's steps and the setting."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.course.pages.frame import address
from evenkeel.clinic.programs.queries import program_of
from evenkeel.clinic.session.models import Session
from evenkeel.clinic.session.setting_events import (
    INTERVENTIONS,
    MUSIC_ACTS,
    PERSON_ROLES,
    TOUCH_WHAT,
    TOUCH_WHERE,
)
from evenkeel.clinic.session.setting_items import setting_list


def room_frame(session: Session) -> dict[str, Any]:
    """What the part is drawn from. One query: the program of the course."""
    on = program_of(session.course_id)
    found = setting_list()
    return {
        "on_program": on,
        "setting_list": found,
        "person_roles": PERSON_ROLES,
        "music_acts": MUSIC_ACTS,
        "touch_what": TOUCH_WHAT,
        "touch_where": TOUCH_WHERE,
        "interventions": INTERVENTIONS,
        "therapy_url": address("preparation", course_id=session.course_id),
        "room_data": {
            "items": {item.id: item.title for item in found.in_words},
            "steps": {step.id: step.title for step in on.program.steps} if on else {},
            "roles": PERSON_ROLES,
            "music": MUSIC_ACTS,
            "touch": TOUCH_WHAT,
            "where": TOUCH_WHERE,
            "interventions": INTERVENTIONS,
        },
    }
