"""The work of the forecasting process: which sessions have something new, and what is made of them.

It reads the record and writes only rows that follow from it. An error of one session is that
session's reason for having no forecast; the others, and the sessions themselves, go on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Max

from evenkeel.clinic.course.forecast_terms import NoForecast
from evenkeel.clinic.session.forecast.inputs import Inputs, read_inputs
from evenkeel.clinic.session.forecast.learner import Learner
from evenkeel.clinic.session.forecast.payload import as_payload, as_refusal
from evenkeel.clinic.session.forecast.scene import about_of, given_of, scene_of
from evenkeel.clinic.session.forecast.shown import shown_pairs
from evenkeel.clinic.session.forecast.store import Made, learned_in, store
from evenkeel.clinic.session.models import LIVE_STATES, Session, SessionEvent, SessionForecast
from evenkeel.clinic.session.moments import Event
from evenkeel.clinic.session.raising import protocol_of
from evenkeel.pharmacology import PeopleError

log = logging.getLogger("evenkeel.forecast")
#: A forecast is looked at again after so long without anything new: the next half hour moves on.
AGAIN_AFTER: Final = timedelta(minutes=1)
#: Sessions that closed before this process ran are learned afterwards, as far back as this.
#: [assumed]
LOOK_BACK: Final = timedelta(days=180)
#: As many earlier sessions are learned one from another at most.
_MOST_EARLIER: Final = 60


@dataclass
class Kept:
    """One session as this process knows it."""

    session: Session
    events: list[Event] = field(default_factory=list)
    learner: Learner | None = None
    position: int = -1
    made_at: datetime | None = None
    shown: bool | None = None
    scored: int = 0

    @property
    def newest(self) -> int:
        """The position of its newest event."""
        return max((event.position for event in self.events), default=0)

    @property
    def closed(self) -> bool:
        """Whether nothing more is expected of it."""
        return self.session.state not in LIVE_STATES


class Forecaster:
    """Keeps the forecast of every live session up to date. One a database."""

    def __init__(self) -> None:
        self.kept: dict[UUID, Kept] = {}
        self._seen: int | None = None

    def turn(self, now: datetime) -> int:
        """Bring up to date what has something new, what changed first; returns how many."""
        sessions = self._to_look_at()
        shown = shown_pairs({(s.site_id, s.product) for s in sessions})
        due = self._due(sessions, shown, now)
        for kept in due:
            self.make(kept, now, (kept.session.site_id, kept.session.product) in shown)
        for key in [key for key, kept in self.kept.items() if kept.closed]:
            del self.kept[key]
        return len(due)

    def catch_up(self, now: datetime) -> bool:
        """Learn one closed session that was never learned; whether there was one."""
        behind = (
            Session.objects.filter(
                closed_at__gte=now - LOOK_BACK, first_dose_at__isnull=False, forecast=None
            )
            .select_related(*_ROWS)
            .order_by("closed_at")
            .first()
        )
        if behind is None:
            return False
        pair = (behind.site_id, behind.product)
        self.make(Kept(behind), now, pair in shown_pairs({pair}))
        return True

    def _to_look_at(self) -> list[Session]:
        """Live sessions, those that were until the last turn, and closed ones just corrected."""
        rows = Session.objects.select_related(*_ROWS)
        live = list(rows.filter(state__in=LIVE_STATES))
        more = (set(self.kept) | self._touched()) - {s.pk for s in live}
        ended = list(rows.filter(pk__in=more)) if more else []
        for session in (*live, *ended):
            self.kept.setdefault(session.pk, Kept(session)).session = session
        return [*live, *ended]

    def _touched(self) -> set[UUID]:
        """The sessions of which something was recorded since the last turn."""
        newest = SessionEvent.objects.aggregate(newest=Max("position"))["newest"] or 0
        before, self._seen = self._seen, newest
        if before is None or newest == before:
            return set()
        rows = SessionEvent.objects.filter(position__gt=before)
        return set(rows.values_list("session_id", flat=True))

    def _due(self, sessions: Iterable[Session], shown: set[Any], now: datetime) -> list[Kept]:
        newest = dict(
            SessionEvent.objects.filter(session_id__in=[s.pk for s in sessions])
            .values_list("session_id")
            .annotate(newest=Max("position"))
        )
        fresh, stale = [], []
        for session in sessions:
            kept = self.kept[session.pk]
            to_show = (session.site_id, session.product) in shown
            if newest.get(session.pk, 0) > kept.position or kept.closed or to_show != kept.shown:
                fresh.append((newest.get(session.pk, 0), kept))
            elif kept.made_at is None or now - kept.made_at >= AGAIN_AFTER:
                stale.append(kept)
        return [kept for _, kept in sorted(fresh, key=lambda pair: pair[0])] + stale

    def make(self, kept: Kept, now: datetime, shown: bool) -> None:
        """Work out one session and store what came of it. Raises only what the database does."""
        kept.events += _events_after(kept.session.pk, kept.newest if kept.events else -1)
        try:
            made = self._worked_out(kept, now)
        except Exception as error:
            log.exception("the forecast of session %s failed", kept.session.pk)
            kept.learner = None
            made = Made(_failed(error))
        made.anew = made.anew or kept.scored > len(made.scores)
        store(kept.session, made, kept.newest, shown=shown, now=now, known=kept.scored)
        kept.scored = len(made.scores)
        kept.position, kept.made_at, kept.shown = kept.newest, now, shown

    def _worked_out(self, kept: Kept, now: datetime) -> Made:
        inputs = inputs_of(kept.session, kept.events)
        if isinstance(inputs, NoForecast):
            return Made(as_refusal(**asdict(inputs)))
        learner = kept.learner or Learner(self.learned_before(kept.session, now))
        try:
            forecast = learner.learn(inputs)
        except PeopleError:
            # learned by an earlier version: it is learned again from that session's readings
            learner = Learner(self.learned_before(kept.session, now, anew=True))
            forecast = learner.learn(inputs)
        kept.learner = learner
        assert learner.prior is not None
        scene = scene_of(kept.session, kept.events, now, protocol_of(kept.session))
        payload = as_payload(inputs, forecast, learner.prior, scene)
        anew, learner.rewritten = learner.rewritten, False
        given = inputs.first_dose_h is not None
        learned = learner.carried() if kept.closed and given else None
        return Made(payload, str(payload["version"]), learned, list(learner.scores), anew)

    def learned_before(
        self, session: Session, now: datetime, *, anew: bool = False, depth: int = 0
    ) -> dict[str, Any] | None:
        """What the newest earlier session of the same course taught, learned now where it must be;
        ``None`` for the first."""
        before = (
            Session.objects.filter(
                course_id=session.course_id,
                number__lt=session.number,
                first_dose_at__isnull=False,
                closed_at__isnull=False,
            )
            .select_related(*_ROWS, "forecast")
            .order_by("-number")
            .first()
        )
        if before is None or depth > _MOST_EARLIER:
            return None
        if not anew and SessionForecast.objects.filter(pk=before.pk).exists():
            return learned_in(before.pk)
        kept = Kept(before)
        kept.learner = Learner(self.learned_before(before, now, anew=anew, depth=depth + 1))
        pair = (before.site_id, before.product)
        self.make(kept, now, pair in shown_pairs({pair}))
        return learned_in(before.pk)


_ROWS: Final = ("patient", "site", "protocol_used")


def inputs_of(session: Session, events: list[Event]) -> Inputs | NoForecast:
    """What a session's events say to the forecast."""
    about = about_of(session, events)
    given = given_of(session, protocol_of(session))
    return read_inputs(events, session.pk, about, given, session.opened_at)


def _events_after(session_id: UUID, position: int) -> list[Event]:
    rows = SessionEvent.objects.filter(session_id=session_id, position__gt=position)
    return [Event.of(row) for row in rows.order_by("position", "happened_at", "pk")]


def _failed(error: Exception) -> dict[str, Any]:
    if isinstance(error, TimeoutError):
        return as_refusal(
            "too_long",
            "The forecast took too long and was given up.",
            "The session does not need it.",
        )
    return as_refusal(
        "failed",
        "The forecast could not be worked out.",
        "The session does not need it. What went wrong stands in the log of the forecaster.",
    )
