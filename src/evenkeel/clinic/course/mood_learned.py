"""What the scores of a course have taught of its person: told by the room that keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evenkeel.clinic.course.forecast_terms import Array
from evenkeel.clinic.course.models import Course
from evenkeel.pharmacology import Regimen


@dataclass(frozen=True, eq=False)
class LearnedMood:
    """Virtual people of equal weight who explain the scores so far.

    ``blood`` (n, k) and ``mood`` (n, 4) are their normals under the model ``model_id``; ``given``
    the doses since ``began_at``, in hours from it. ``learned_from`` says of what, in words.
    """

    model_id: str
    began_at: datetime
    given: Regimen
    baseline_madrs: float | None
    blood: Array
    mood: Array
    learned_from: str


_readers: list[Callable[[Any], LearnedMood | None]] = []


def read_with(reader: Callable[[Any], LearnedMood | None]) -> None:
    """Name the function from a course's key to what was learned of it, ``None`` for nothing."""
    _readers[:] = [reader]


def learned_mood(course: Course) -> LearnedMood | None:
    """What was learned so far; ``None`` where no room keeps it."""
    return _readers[0](course.pk) if _readers else None
