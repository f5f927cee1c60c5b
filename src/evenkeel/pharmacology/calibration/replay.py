"""Recorded sessions lived through again: each reading scored before it is taken in."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from ..forecast import Forecast, Learned, Setting
from .score import Score, score_moment
from .sessions import RecordedSession, checked, in_order

#: Virtual people of a replayed forecast; as the live session has.
PEOPLE = 1000
Progress = Callable[[int, int], None]


def replay(
    sessions: Iterable[RecordedSession],
    *,
    n: int = PEOPLE,
    seed: int = 0,
    carry: bool = True,
    progress: Progress | None = None,
) -> list[Score]:
    """Scores of all readings: each as the forecast stood just before it, under what was known then.

    Sessions of one person follow each other, and what was learned in one is the prior of the next
    (``carry``). Each is compared with the prior of a stranger who had no reading. The same
    sessions, ``n`` and ``seed`` give the same scores. ``progress`` is told how many sessions of how
    many are done. Raises ``SessionsError`` for what cannot be replayed, before anything is scored.
    """
    ordered = in_order(checked(one) for one in sessions)
    found: list[Score] = []
    done = 0
    for _, own in groupby(ordered, key=lambda one: one.person):
        learned: Learned | None = None
        of_one = list(own)
        for session in of_one:
            scores, forecast = replay_session(session, n=n, seed=seed, learned=learned)
            found += scores
            if carry and session is not of_one[-1]:
                learned = forecast.carried()
            done += 1
            if progress is not None:
                progress(done, len(ordered))
    return found


def replay_session(
    session: RecordedSession, *, n: int = PEOPLE, seed: int = 0, learned: Learned | None = None
) -> tuple[list[Score], Forecast]:
    """Scores of one session, and the forecast at its end."""
    setting = Setting(
        session.blood_model(),
        session.given[0][1],
        session.covariates,
        session_number=session.number,
        n=n,
        seed=seed_of(session, seed),
        learned=learned,
    )
    forecast, prior = Forecast.prior(setting), Forecast.prior(replace(setting, learned=None))
    found: list[Score] = []
    changes = list(session.given[1:])
    for moment in _moments(session):
        while changes and changes[0][0] < moment[0].time_h:
            at_h, regimen = changes.pop(0)
            forecast = forecast.continued(regimen, at_h)
        found += score_moment(forecast, moment, prior, session_id=session.id)
        forecast = forecast.update(*moment)
    return found, forecast


def seed_of(session: RecordedSession, seed: int) -> int:
    """Each session draws virtual people of its own, so that their chance is not shared by all."""
    return zlib.crc32(f"{seed}/{session.id}".encode())


def _moments(session: RecordedSession) -> Iterator[tuple]:  # type: ignore[type-arg]
    for _, readings in groupby(session.readings, key=lambda one: one.time_h):
        yield tuple(readings)
