"""Closed sessions that are still to be learned, the oldest of a course first.

What a session taught is where the next one begins, so the order within a course is that of its
sessions; courses with somebody in a chair come first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from evenkeel.clinic.session.models import Session

#: Sessions that closed before this process ran are learned afterwards, as far back as this.
#: [assumed]
LOOK_BACK: Final = timedelta(days=180)
#: Whether there is any is asked this often.
_ASK_EVERY: Final = timedelta(seconds=20)


@dataclass
class Backlog:
    """Which closed sessions wait. ``again``: learned once, and to be learned anew."""

    again: set[UUID] = field(default_factory=set)
    _waiting: list[UUID] = field(default_factory=list)
    _asked_at: datetime | None = None

    def next(self, now: datetime, urgent: Iterable[UUID]) -> UUID | None:
        """The session to learn next; ``urgent`` are the courses that wait for it."""
        if not self._waiting and (self._asked_at is None or now - self._asked_at >= _ASK_EVERY):
            self._ask(now, set(urgent))
        return self._waiting[0] if self._waiting else None

    def done(self, session_id: UUID) -> None:
        """It was learned, or cannot be."""
        self.again.discard(session_id)
        self._waiting = [one for one in self._waiting if one != session_id]

    def relearn(self, course_id: UUID, from_number: int = 0) -> None:
        """The closed sessions of a course from a number on are learned anew."""
        rows = _given().filter(course_id=course_id, number__gte=from_number)
        self.again |= set(rows.values_list("pk", flat=True))
        self.look()

    def look(self) -> None:
        """Ask again at the next turn: something closed, or was corrected."""
        self._waiting, self._asked_at = [], None

    def _ask(self, now: datetime, urgent: set[UUID]) -> None:
        # however long ago: somebody who sits in a chair waits for what was learned of them
        wanted = Q(closed_at__gte=now - LOOK_BACK) | Q(course_id__in=urgent)
        never = _given().filter(wanted, forecast=None)
        found = {*never.values_list("pk", "course_id", "number", "closed_at")}
        if self.again:
            more = _given().filter(pk__in=self.again)
            found |= {*more.values_list("pk", "course_id", "number", "closed_at")}
        begins: dict[Any, datetime] = {}
        for _, course, _, closed_at in found:
            begins[course] = min(begins.get(course, closed_at), closed_at)
        ordered = sorted(
            found, key=lambda row: (row[1] not in urgent, begins[row[1]], str(row[1]), row[2])
        )
        self._waiting, self._asked_at = [row[0] for row in ordered], now


def _given() -> Any:
    return Session.objects.filter(closed_at__isnull=False, first_dose_at__isnull=False)
