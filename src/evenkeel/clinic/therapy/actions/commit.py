"""Commitments between the sessions: made, and looked at again."""

from __future__ import annotations

from datetime import date
from typing import Any

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.therapy.models import Commitment


@action("therapy.commit", permission="therapy.record")
def make_commitment(
    act: Act, *, course_id: Any, text: str, until: date | None = None
) -> Commitment:
    """Write down what the person means to do. Raises ``Invalid`` by field."""
    return _make(act, course_id, text, until)


@action("own.commit", permission="own.journal")
def make_own_commitment(
    act: Act, *, course_id: Any, text: str, until: date | None = None
) -> Commitment:
    """The same, by the person."""
    return _make(act, course_id, text, until)


@action("therapy.look_at_commitment", permission="therapy.record")
def look_at_commitment(act: Act, *, commitment_id: Any, outcome: str, note: str = "") -> Commitment:
    """Say whether it was kept; ``open`` opens it again. Raises ``Invalid``."""
    return _look(act, commitment_id, outcome, note)


@action("own.look_at_commitment", permission="own.journal")
def look_at_own_commitment(
    act: Act, *, commitment_id: Any, outcome: str, note: str = ""
) -> Commitment:
    """The same, by the person."""
    return _look(act, commitment_id, outcome, note)


def _make(act: Act, course_id: Any, text: str, until: date | None) -> Commitment:
    course = act.open(Course, course_id, "patient", "site")
    if course.state == "closed":
        raise Refused("This course is closed.", code="closed")
    text = " ".join(text.split())
    if not text or len(text) > 300:
        raise Invalid(
            "This is not kept yet.", fields={"commitment": "Write it in at most 300 characters."}
        )
    return act.write(
        Commitment(
            site=course.site,
            course=course,
            patient=course.patient,
            text=text,
            until=until,
            made_at=act.now,
            made_by=act.actor.name,
        )
    )


def _look(act: Act, commitment_id: Any, outcome: str, note: str) -> Commitment:
    row = act.open(Commitment, commitment_id, "course", "site", "patient")
    if outcome not in dict(Commitment.OUTCOMES):
        raise Invalid("Say how it went.", fields={"outcome": "Choose one."})
    if len(note) > 400:
        raise Invalid("This is too long.", fields={"note": "At most 400 characters."})
    row.outcome, row.outcome_note = outcome, note.strip()
    row.looked_at, row.looked_by = act.now, act.actor.name
    return act.write(row)
