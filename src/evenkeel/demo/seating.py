"""Who comes next into a free chair, so that the demonstration never runs empty."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.transitions import TREATING
from evenkeel.clinic.people.models import Chair
from evenkeel.clinic.record.act import together
from evenkeel.clinic.record.errors import DomainError
from evenkeel.clinic.session.booking import STANDING
from evenkeel.clinic.session.models import LIVE_STATES, Appointment, AppointmentStatus, Session
from evenkeel.demo.cast import PATIENT, Story
from evenkeel.demo.giving import RUN_NOTE, arrive, book, enter, open_for
from evenkeel.demo.progress import progress
from evenkeel.demo.stage import House

#: How long a chair stays free between two people, in minutes.
_GAP_MIN: Final = (9, 18)
#: An own appointment this close ahead is waited for.
_WAITS_FOR: Final = timedelta(minutes=90)
#: Nobody is given two doses nearer than this.
_LEAST_BETWEEN: Final = timedelta(hours=20)


class Seating:
    """Books, checks in and opens for people of the cast."""

    def __init__(self, house: House, stories: Mapping[str, Story]) -> None:
        self.house, self.stories = house, stories
        self._set_aside: set[Any] = set()

    def seat(self, chair: Chair, now: datetime) -> None:
        """Seat whoever is booked and due, or book somebody where nobody is."""
        coming = list(
            Appointment.objects.filter(
                chair=chair,
                status__in=STANDING,
                kind="dosing",
                starts_at__lt=now + _WAITS_FOR,
                ends_at__gt=now - timedelta(hours=1),
                session=None,
            )
            .select_related("patient", "course")
            .order_by("starts_at")
        )
        if any(one.status == AppointmentStatus.CHECKED_IN for one in coming):
            return  # a visitor has let somebody in; the chair is theirs
        own = [one for one in coming if one.note.startswith(RUN_NOTE)]
        if not own:
            if not coming:
                self._book_next(chair, now)
            return
        first = own[0]
        if first.starts_at <= now and first.patient.name in self.stories:
            self._begin(first, now)

    def _begin(self, appointment: Appointment, now: datetime) -> None:
        story = self.stories[appointment.patient.name]
        with together():
            arrive(self.house, story, appointment, now)
            session = open_for(self.house, appointment, now)
            enter(self.house, session.pk, "check", now, {"name": "identity", "ok": True})

    def _book_next(self, chair: Chair, now: datetime) -> None:
        filling = progress()
        if filling is not None and not filling.is_complete:
            return
        draw = random.Random(f"{self.house.seed}|{chair.pk}|{now:%Y%m%d%H%M}")  # noqa: S311
        starts_at = now.replace(second=0, microsecond=0)
        starts_at += timedelta(minutes=draw.randint(*_GAP_MIN))
        for course in self._candidates(now):
            try:
                book(self.house, course, starts_at, booked_at=now, chair=chair, note=RUN_NOTE)
            except DomainError:
                self._set_aside.add(course.pk)
                continue
            return

    def _candidates(self, now: datetime) -> list[Course]:
        """Courses under treatment with nothing against a dose, who waited longest first.

        The one patient with a sign-in stays at home, so that their pages stay as they are.
        """
        busy = set(
            Session.objects.filter(state__in=LIVE_STATES).values_list("patient_id", flat=True)
        ) | set(
            Appointment.objects.filter(
                status__in=STANDING, kind="dosing", starts_at__lt=now + timedelta(hours=20)
            ).values_list("patient_id", flat=True)
        )
        last: dict[Any, datetime] = {}
        for patient_id, closed_at in (
            Session.objects.exclude(closed_at=None)
            .order_by("closed_at")
            .values_list("patient_id", "closed_at")
        ):
            last[patient_id] = closed_at
        found = [
            course
            for course in Course.objects.filter(
                state__in=TREATING, patient__deceased=False
            ).select_related("patient", "site")
            if not course.dose_holds
            and course.pk not in self._set_aside
            and course.patient_id not in busy
            and course.patient.name in self.stories
            and course.patient.name != PATIENT
            and now - last.get(course.patient_id, now - timedelta(days=99)) > _LEAST_BETWEEN
        ]
        never = now - timedelta(days=999)
        return sorted(found, key=lambda c: (last.get(c.patient_id, never), c.patient.mrn))
