"""How many sessions were given on a course: told by the room that gives them, which comes later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evenkeel.clinic.course.models import Course

_counters: list[Callable[[Any], int]] = []


def count_with(counter: Callable[[Any], int]) -> None:
    """Name the function from a course's key to the number of sessions in which drug was given."""
    _counters[:] = [counter]


def sessions_given(course: Course) -> int:
    """Sessions given so far; 0 where no room gives any."""
    return _counters[0](course.pk) if _counters else 0
