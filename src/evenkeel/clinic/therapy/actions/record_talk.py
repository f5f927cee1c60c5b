"""A talk that took place: recorded, corrected, struck out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.session.actions.finish_visit import finish_visit
from evenkeel.clinic.session.models import Appointment
from evenkeel.clinic.therapy.models import THERAPIES, Talk

LONGEST_NOTE: Final = 6000
MOST_THEMES: Final = 8
LONGEST_THEME: Final = 60
MINUTES: Final = (5, 480)


def read_themes(text: str) -> list[str]:
    """Themes as typed, one a line or between commas; without repeats. Raises ``Invalid``."""
    parts = [" ".join(part.split()) for part in text.replace("\n", ",").split(",")]
    found = list(dict.fromkeys(part for part in parts if part))
    if len(found) > MOST_THEMES or any(len(part) > LONGEST_THEME for part in found):
        raise Invalid(
            "There are too many themes.",
            fields={"themes": f"At most {MOST_THEMES}, of {LONGEST_THEME} characters each."},
        )
    return found


@action("therapy.record_talk", permission="therapy.record")
def record_talk(
    act: Act,
    *,
    course_id: Any,
    kind: str,
    held_at: datetime | None,
    minutes: int | None,
    therapy: str,
    therapy_other: str = "",
    themes: Sequence[str] = (),
    note: str = "",
    appointment_id: Any = None,
) -> Talk:
    """Record a preparation or an integration; an appointment it was made for is then done.

    Raises ``Invalid`` by field, ``Refused`` where the course is closed or the appointment has a
    talk already.
    """
    course = act.open(Course, course_id, "patient", "site")
    if course.state == "closed":
        raise Refused("This course is closed.", code="closed")
    row = Talk(site=course.site, course=course, patient=course.patient, held_by=signer(act))
    if appointment_id:
        row.appointment = _appointment(act, course, appointment_id, kind)
        held_at = held_at or row.appointment.starts_at
    _put(act, row, kind, held_at, minutes, therapy, therapy_other, themes, note)
    act.happened_at = row.held_at
    act.write(row)
    visit = row.appointment
    if visit is not None and visit.status in ("booked", "checked_in"):
        finish_visit(act.ctx, appointment_id=visit.pk)
    return row


def _appointment(act: Act, course: Course, appointment_id: Any, kind: str) -> Appointment:
    visit = act.open(Appointment, appointment_id)
    if visit.course_id != course.pk or visit.kind != kind:
        raise Invalid(
            "This appointment is another one.",
            fields={"appointment": "Choose an appointment of this course and kind."},
        )
    if Talk.objects.filter(appointment=visit).exists():
        raise Refused("A talk was recorded for this appointment already.", code="recorded_already")
    return visit


@action("therapy.correct_talk", permission="therapy.record")
def correct_talk(
    act: Act,
    *,
    talk_id: Any,
    seen_version: int,
    reason: str,
    held_at: datetime | None,
    minutes: int | None,
    therapy: str,
    therapy_other: str = "",
    themes: Sequence[str] = (),
    note: str = "",
) -> Talk:
    """Write a talk anew; what it said before stays in the record. Raises as ``record_talk``."""
    row = _open(act, talk_id, seen_version, reason)
    _put(act, row, row.kind, held_at, minutes, therapy, therapy_other, themes, note)
    return act.write(row)


@action("therapy.strike_talk", permission="therapy.record")
def strike_talk(act: Act, *, talk_id: Any, seen_version: int, reason: str) -> Talk:
    """Strike out a talk that did not take place; it stays in the record."""
    row = _open(act, talk_id, seen_version, reason)
    row.struck_at = act.now
    return act.write(row)


def _open(act: Act, talk_id: Any, seen_version: int, reason: str) -> Talk:
    row = act.open(Talk, talk_id, "course", "site", "patient")
    if row.struck_at is not None:
        raise Refused("This talk was struck out.", code="struck")
    if row.version != seen_version:
        raise Conflict("Somebody else changed this talk meanwhile.", code="changed_meanwhile")
    if not reason.strip():
        raise Invalid("The reason is missing.", fields={"reason": "Say why it is changed."})
    row.reason = act.reason = reason.strip()[:1000]
    return row


def _put(
    act: Act,
    row: Talk,
    kind: str,
    held_at: datetime | None,
    minutes: int | None,
    therapy: str,
    therapy_other: str,
    themes: Sequence[str],
    note: str,
) -> None:
    wrong: dict[str, str] = {}
    if kind not in dict(Talk.KINDS):
        wrong["kind"] = "Choose preparation or integration."
    if held_at is None:
        wrong["held_at"] = "Enter the day and the time."
    elif held_at > act.now:
        wrong["held_at"] = "This time has not come."
    if minutes is None or not MINUTES[0] <= minutes <= MINUTES[1]:
        wrong["minutes"] = f"Enter {MINUTES[0]} to {MINUTES[1]} minutes."
    if therapy not in dict(THERAPIES):
        wrong["therapy"] = "Choose the kind of therapy."
    elif therapy == "other" and not therapy_other.strip():
        wrong["therapy_other"] = "Name it."
    if len(therapy_other) > 80:
        wrong["therapy_other"] = "At most 80 characters."
    if len(note) > LONGEST_NOTE or "\x00" in note:
        wrong["note"] = f"At most {LONGEST_NOTE} characters."
    if wrong:
        raise Invalid("The talk is not recorded yet.", fields=wrong)
    assert held_at is not None
    assert minutes is not None
    row.kind, row.held_at, row.minutes = kind, held_at, minutes
    row.therapy = therapy
    row.therapy_other = therapy_other.strip() if therapy == "other" else ""
    row.themes, row.note = list(themes), note.strip()
