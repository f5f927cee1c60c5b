"""Setting a time aside for one person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.session.booking import (
    check_bookable,
    keep_next_at,
    minutes_for,
    place,
    read_slot,
)
from evenkeel.clinic.session.models import Appointment

LONGEST_NOTE = 2000


@action("appointment.book", permission="appointment.manage")
def book_appointment(
    act: Act,
    *,
    course_id: Any,
    kind: str,
    starts_at: datetime,
    minutes: int | None = None,
    chair_id: Any = None,
    nurse_id: Any = None,
    therapist_id: Any = None,
    note: str = "",
    confirmed: bool = False,
) -> Appointment:
    """Book an appointment of a course.

    ``minutes`` follow from the kind (for a dose from the signed plan) where none are given.
    Raises ``Invalid`` by field, ``Refused`` (``course_closed``, ``deceased``), ``Conflict``
    (``clash``) naming who takes the chair or what else the person has, and
    :class:`~evenkeel.clinic.session.booking.NeedsConfirmation` unless ``confirmed``.
    """
    course = act.open(Course, course_id, "patient", "site")
    check_bookable(course)
    check_note(note)
    if minutes is None:
        plan = Plan.objects.filter(course=course, state="signed").first()
        minutes = (
            minutes_for(kind, course, plan, at=act.now) if kind in dict(Appointment.KINDS) else 0
        )
    slot = read_slot(
        course,
        kind,
        starts_at=starts_at,
        minutes=minutes,
        chair_id=chair_id,
        nurse_id=nurse_id,
        therapist_id=therapist_id,
    )
    appointment = place(act, course, kind, slot, confirmed=confirmed, note=note)
    keep_next_at(act, course.patient)
    return appointment


def check_note(note: str) -> None:
    """Raise ``Invalid`` for a note that cannot be stored."""
    if len(note) > LONGEST_NOTE or "\x00" in note:
        raise Invalid("The note is too long.", fields={"note": f"At most {LONGEST_NOTE} letters."})
