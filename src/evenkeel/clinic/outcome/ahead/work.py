"""The forecasts of mood kept up to date, outside any request.

Whoever has time to spare asks :func:`pending` for courses whose inputs changed, and hands each to
:func:`work_out`. Both may be called at any time and by several at once: a row is a function of the
record, so whoever writes last writes the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from evenkeel.clinic.course.forecast_terms import NoForecast
from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.ahead.inputs import AheadInputs, read_inputs
from evenkeel.clinic.outcome.ahead.learning import learn
from evenkeel.clinic.outcome.models import MoodAhead
from evenkeel.clinic.record.chain import head
from evenkeel.clinic.record.clock import Clock, system_clock
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.queue import WritersQueue
from evenkeel.clinic.session.models import LIVE_STATES, Session
from evenkeel.pharmacology.forecast import mood_version

log = logging.getLogger("evenkeel.forecast")
#: States in which a course is given sessions or waits between them.
_FOLLOWED: Final = ("induction", "maintenance", "paused")
#: How many courses are looked at, for one that is found to need work.
_LOOKED_AT: Final = 8
_FAILED: Final = NoForecast(
    "failed",
    "The forecast of mood could not be worked out; nothing else depends on it.",
    "The reason is in the log of the clinic's server.",
)


#: Runs what writes: a process that stands back for others does not do so with the lock in hand.
Write = Callable[[Callable[[], Any]], Any]


def _here(do: Callable[[], Any]) -> Any:
    return do()


def pending(limit: int = 10, *, write: Write = _here) -> list[UUID]:
    """Courses whose forecast is not that of their inputs, those never worked out first.

    Somebody in a session keeps the one they have until it has ended: until then much is recorded
    of them that does not matter here.

    One query finds the courses whose person the record has said something of since they were last
    looked at; of each the inputs are read (six queries), and where they are what they were, that
    is noted and nothing is worked out.
    """
    since = ChainEntry.objects.filter(
        patient_id=OuterRef("patient_id"), position__gt=OuterRef("mood_ahead__position")
    )
    live = Session.objects.filter(course=OuterRef("pk"), state__in=LIVE_STATES)
    anew = ~Q(mood_ahead__model_version=mood_version()) | Exists(since)
    rows = (
        Course.objects.filter(state__in=_FOLLOWED)
        .filter(Q(mood_ahead=None) | (~Exists(live) & anew))
        .select_related("patient", "site", "mood_ahead")
        .order_by(F("mood_ahead__made_at").asc(nulls_first=True), "pk")
    )
    found: list[UUID] = []
    for course in rows[: limit * _LOOKED_AT]:
        if len(found) == limit:
            break
        position = head()[0]
        row = getattr(course, "mood_ahead", None)
        if row is not None and row.digest == read_inputs(course).digest:
            write(partial(_note_looked_at, row, position))
        else:
            found.append(course.pk)
    return found


def _note_looked_at(row: MoodAhead, position: int) -> None:
    with WritersQueue():
        MoodAhead.objects.filter(pk=row.pk, digest=row.digest).update(position=position)


def work_out(course_id: Any, *, clock: Clock | None = None, write: Write = _here) -> MoodAhead:
    """Make the forecast of a course anew and keep it. Half a second to a few; raises nothing for
    any state of the record. ``Course.DoesNotExist`` for a key of none.
    """
    course = Course.objects.select_related("patient", "site").get(pk=course_id)
    position = head()[0]
    inputs = read_inputs(course)
    found = _learned(inputs)
    told: dict[str, Any] = {"payload": None, "people": None}
    told |= {"reason_code": "", "reason": "", "what_to_do": ""}
    if isinstance(found, NoForecast):
        told |= {"reason_code": found.code, "reason": found.words, "what_to_do": found.what_to_do}
    else:
        told |= {"payload": found.payload, "people": found.people}
    told |= {
        "patient_id": course.patient_id,
        "digest": inputs.digest,
        "model_version": mood_version(),
        "made_at": (clock or system_clock()).now(),
        "position": position,
    }
    kept: MoodAhead = write(partial(_keep, course, told))
    return kept


def _keep(course: Course, told: dict[str, Any]) -> MoodAhead:
    with WritersQueue():
        return MoodAhead.objects.update_or_create(course=course, defaults=told)[0]


def _learned(inputs: AheadInputs) -> Any:
    try:
        return learn(inputs)
    except Exception:
        log.exception("no forecast of mood for a course")
        return _FAILED


def catch_up(*, clock: Clock | None = None, most: int = 10_000, write: Write = _here) -> int:
    """Work out everything that is pending, in this process; the number of courses worked out."""
    done = 0
    while done < most:
        course_ids = pending(min(10, most - done), write=write)
        if not course_ids:
            break
        for course_id in course_ids:
            work_out(course_id, clock=clock, write=write)
            done += 1
    return done


def forget(patient_id: Any) -> int:
    """Take away every forecast of a person, as when what it follows from is erased; how many.

    While the record still says something of their courses, it would be worked out anew.
    """
    gone, _ = MoodAhead.objects.filter(patient_id=patient_id).delete()
    return gone
