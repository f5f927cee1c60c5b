"""The clinic's own recorded sessions, replayed as they were forecast: by course, one after another.

Nothing that leaves here names a person: sessions are told apart by a running number.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from evenkeel.clinic.course.forecast_terms import NoForecast
from evenkeel.clinic.session.forecast.kept import events_of_session, inputs_of
from evenkeel.clinic.session.forecast.learner import Learner
from evenkeel.clinic.session.models import Session
from evenkeel.pharmacology import PharmacologyError
from evenkeel.pharmacology.calibration import Score

log = logging.getLogger("evenkeel.forecast")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it. ``left_out`` are reasons and how many sessions each left out."""

    scores: tuple[Score, ...]
    sessions: int
    people: int
    left_out: dict[str, int]


def replay_recorded(
    *,
    product: str = "",
    since: datetime | None = None,
    carry: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Replayed:
    """Every closed session in which drug was given, scored reading by reading.

    Of somebody in the middle of a course the sessions before ``since`` are replayed too, for what
    they taught, and not scored: else the rest would be forecast as of a stranger.
    The same record gives the same scores. ``progress`` is told how many sessions of how many are
    done. A session that cannot be forecast is left out, with the reason counted.
    """
    rows = Session.objects.filter(closed_at__isnull=False, first_dose_at__isnull=False)
    if product:
        rows = rows.filter(product=product)
    if since is not None:
        rows = rows.filter(course_id__in=rows.filter(opened_at__gte=since).values("course_id"))
        if not carry:
            rows = rows.filter(opened_at__gte=since)
    ordered = list(
        rows.select_related("patient", "site", "protocol_used").order_by("course_id", "number")
    )
    scores: list[Score] = []
    left_out: dict[str, int] = {}
    people: set[Any] = set()
    kept = 0
    for done, (_, own) in enumerate(groupby(enumerate(ordered), key=lambda p: p[1].course_id)):
        carried: dict[str, Any] | None = None
        for place, session in own:
            found = _one(session, carried if carry else None)
            counts = since is None or session.opened_at >= since
            if not isinstance(found, str):
                told, carried = found
                if counts:
                    scores += [replace(s, session_id=str(place), reading_id="") for s in told]
                    people.add(done)
                    kept += 1
            elif counts:
                left_out[found] = left_out.get(found, 0) + 1
            if progress is not None:
                progress(place + 1, len(ordered))
    return Replayed(tuple(scores), kept, len(people), left_out)


def _one(
    session: Session, carried: dict[str, Any] | None
) -> tuple[list[Score], dict[str, Any] | None] | str:
    inputs = inputs_of(session, events_of_session(session.pk))
    if isinstance(inputs, NoForecast):
        return inputs.words
    learner = Learner(carried)
    try:
        learner.learn(inputs)
        told = learner.tell(inputs)
    except PharmacologyError:
        log.exception("a recorded session could not be replayed")
        return "The numbers of it do not work out."
    return told, learner.carried()
