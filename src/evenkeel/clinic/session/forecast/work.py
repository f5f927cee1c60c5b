"""The work of the forecasting process: which sessions have something new, and what is made of them.

It reads the record and writes only rows that follow from it. An error of one session is that
session's reason for having no forecast; the others, and the sessions themselves, go on. Whoever is
in a chair comes first: closed sessions are learned in between, a step at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q

from evenkeel.clinic.course.forecast_terms import NoForecast
from evenkeel.clinic.session.forecast.backlog import Backlog
from evenkeel.clinic.session.forecast.calibration import calibration_of, doubts
from evenkeel.clinic.session.forecast.inputs import Inputs
from evenkeel.clinic.session.forecast.kept import Kept, events_of_session, inputs_of
from evenkeel.clinic.session.forecast.learner import Learner, version_of
from evenkeel.clinic.session.forecast.payload import as_payload, as_refusal
from evenkeel.clinic.session.forecast.scene import scene_of
from evenkeel.clinic.session.forecast.shown import shown_pairs
from evenkeel.clinic.session.forecast.store import (
    Made,
    Told,
    learned_in,
    store,
    store_position,
    store_scores,
)
from evenkeel.clinic.session.models import LIVE_STATES, Session, SessionEvent, SessionForecast
from evenkeel.clinic.session.raising import protocol_of
from evenkeel.pharmacology import PeopleError
from evenkeel.pharmacology.calibration import Score

log = logging.getLogger("evenkeel.forecast")
#: A forecast is looked at again after so long without anything new: the next half hour moves on.
AGAIN_AFTER: Final = timedelta(minutes=1)
#: Where an entry changes nothing that is forecast, screens are told so this often at most.
_WORD_EVERY: Final = timedelta(seconds=2)
#: So many steps may wait to be scored while others are forecast.
_MOST_UNTOLD: Final = 8
#: How the forecast does at a site is counted anew after so long.
JUDGED_EVERY: Final = timedelta(hours=1)
_ROWS: Final = ("patient", "site", "protocol_used")


class Forecaster:
    """Keeps the forecast of every live session up to date. One a database.

    ``within`` makes the context in which one session is worked out: it may raise ``TimeoutError``
    there, and that session then has no forecast. ``alive`` is called after each. ``write`` runs
    what writes, so that it may be done by a thread that is not made to stand back.
    """

    def __init__(
        self,
        within: Callable[[], AbstractContextManager[Any]] = nullcontext,
        alive: Callable[[], None] = lambda: None,
        write: Callable[[Callable[[], None]], None] = lambda do: do(),
    ) -> None:
        self.kept: dict[UUID, Kept] = {}
        self.backlog = Backlog()
        self._within, self._alive, self._write = within, alive, write
        self._untold: dict[UUID, Kept] = {}
        self._judged: dict[tuple[UUID, str], tuple[datetime | None, list[str]]] = {}
        self._seen: int | None = None
        self._hurried: int | None = None
        self._behind: Kept | None = None

    def hurry(self, now: datetime) -> int:
        """Work out the known live sessions of which something was just recorded, and look at
        nothing else; returns how many. What this passes over ``turn`` finds."""
        rows = SessionEvent.objects.order_by("position")
        if self._hurried is None:
            newest = rows.aggregate(newest=Max("position"))["newest"]
            self._hurried = newest or 0
            return 0
        fresh = list(rows.filter(position__gt=self._hurried).values_list("session_id", "position"))
        if not fresh:
            return 0
        self._hurried = fresh[-1][1]
        done = 0
        for key in dict.fromkeys(session_id for session_id, _ in fresh):
            kept = self.kept.get(key)
            if kept is not None and kept.shown is not None and not kept.closed:
                self.make(kept, now, kept.shown, score=False)
                done += 1
        return done

    def score_one(self, now: datetime) -> bool:
        """Score what was forecast in a hurry, one session a call; whether there was any."""
        if not self._untold:
            return False
        _, kept = self._untold.popitem()
        self._tell(kept, now)
        return True

    def turn(self, now: datetime) -> int:
        """Bring up to date what has something new, what changed first; returns how many."""
        self._heed_corrections()
        sessions = self._to_look_at()
        shown = shown_pairs({(s.site_id, s.product) for s in sessions})
        due = self._due(sessions, shown, now)
        for kept in due:
            self.make(kept, now, (kept.session.site_id, kept.session.product) in shown)
        for key in [key for key, kept in self.kept.items() if kept.closed]:
            del self.kept[key]
        return len(due)

    def catch_up(self, now: datetime) -> bool:
        """One step with the closed sessions that are still to be learned; whether there was any."""
        if self._behind is None:
            key = self.backlog.next(now, [k.session.course_id for k in self.kept.values()])
            session = key and Session.objects.filter(pk=key).select_related(*_ROWS).first()
            if not session:
                return False
            self._behind = Kept(session)
        kept = self._behind
        if not self._learned_a_step(kept):
            return True
        self._behind = None
        session = kept.session
        pair = (session.site_id, session.product)
        before = learned_in(session.pk)
        self.make(kept, now, pair in shown_pairs({pair}))
        self.backlog.done(session.pk)
        if before is not None and before != learned_in(session.pk):
            self.backlog.relearn(session.course_id, session.number + 1)
        for other in self.kept.values():
            if other.session.course_id == session.course_id:
                other.begin_anew()
        return True

    def _learned_a_step(self, kept: Kept) -> bool:
        """Learn one more step of a closed session; whether that was the last, or it cannot be."""
        if not kept.events:
            kept.events = events_of_session(kept.session.pk)
            kept.learner = Learner(self._learned_before(kept))
        try:
            inputs = inputs_of(kept.session, kept.events)
            if isinstance(inputs, NoForecast) or kept.learner is None:
                return True
            with self._within():
                done = kept.learner.learn_one(inputs)
            self._scores(kept.learner, inputs)
            return done
        except Exception:
            return True  # it fails again, and is told, where it is made

    def _heed_corrections(self) -> None:
        """Closed sessions of which something was recorded since the last turn are learned anew."""
        newest = SessionEvent.objects.aggregate(newest=Max("position"))["newest"] or 0
        before, self._seen = self._seen, newest
        if before is None:
            self._heed_what_was_missed()
            return
        if newest == before:
            return
        touched = set(
            SessionEvent.objects.filter(position__gt=before).values_list("session_id", flat=True)
        ) - set(self.kept)
        if not touched:
            return
        rows = SessionForecast.objects.filter(pk__in=touched, session__closed_at__isnull=False)
        self.backlog.again |= set(rows.values_list("pk", flat=True))
        self.backlog.look()

    def _heed_what_was_missed(self) -> None:
        """While this process did not run, sessions closed that it had begun with, and closed ones
        were corrected. What could not be learned then is tried once more."""
        later = SessionEvent.objects.filter(
            session_id=OuterRef("pk"), position__gt=OuterRef("position")
        )
        rows = SessionForecast.objects.filter(
            Q(learned__isnull=True) | Q(Exists(later)),
            session__closed_at__isnull=False,
            session__first_dose_at__isnull=False,
        )
        self.backlog.again |= set(rows.values_list("pk", flat=True))
        self.backlog.look()

    def _to_look_at(self) -> list[Session]:
        """Live sessions, and those that were until the last turn."""
        rows = Session.objects.select_related(*_ROWS)
        live = list(rows.filter(state__in=LIVE_STATES))
        gone = set(self.kept) - {s.pk for s in live}
        ended = list(rows.filter(pk__in=gone)) if gone else []
        for session in (*live, *ended):
            self.kept.setdefault(session.pk, Kept(session)).session = session
        return [*live, *ended]

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
        # of what only aged, one a turn: whoever just entered something must not wait for all of it
        return [kept for _, kept in sorted(fresh, key=lambda pair: pair[0])] + stale[:1]

    def make(self, kept: Kept, now: datetime, shown: bool, *, score: bool = True) -> None:
        """Work out one session and store what came of it. Raises only what the database does.

        Of a live session the forecast is stored first and its scores after: screens wait for it.
        Without ``score`` they are left to ``score_one``, within bounds.
        """
        kept.events += events_of_session(kept.session.pk, kept.newest if kept.events else -1)
        if not self._is_as_forecast(kept, now, shown):
            made = self._made(kept, now)
            if kept.closed:
                self._tell(kept, now)
            self._store(kept, made, now, shown)
            if not kept.closed:
                self._untold[kept.session.pk] = kept
                if score or (kept.learner is not None and kept.learner.untold > _MOST_UNTOLD):
                    self._tell(kept, now)
        self._alive()

    def _store(self, kept: Kept, made: Made, now: datetime, shown: bool) -> None:
        session, newest = kept.session, kept.newest
        self._write(lambda: store(session, made, newest, shown=shown, now=now))
        kept.position, kept.made_at, kept.shown, kept.told_at = newest, now, shown, now

    def _is_as_forecast(self, kept: Kept, now: datetime, shown: bool) -> bool:
        """Whether what was recorded since changes nothing of the forecast that stands.

        So it is with a note, and with readings of a monitor that say the same thing again. Screens
        hear that it is in, now and then.
        """
        about, kept.about = kept.about, None
        if kept.closed or shown != kept.shown or kept.made_at is None or about is None:
            return False
        if now - kept.made_at >= AGAIN_AFTER:
            return False
        kept.inputs = inputs_of(kept.session, kept.events)
        if about != kept.all_but_the_moment(now):
            return False
        kept.about = about
        if kept.told_at is None or now - kept.told_at >= _WORD_EVERY:
            session, newest = kept.session, kept.newest
            self._write(lambda: store_position(session.pk, newest))
            kept.position, kept.told_at = newest, now
        return True

    def _made(self, kept: Kept, now: datetime) -> Made:
        learner = kept.learner or Learner(self._learned_before(kept))
        kept.learner = learner
        try:
            with self._within():
                return self._worked_out(kept, learner, now)
        except Exception as error:
            log.exception("the forecast of session %s failed", kept.session.pk)
            if isinstance(error, PeopleError) and learner.carried_in:
                # what was carried in was learned by an earlier version
                self.backlog.relearn(kept.session.course_id)
            kept.learner = None
            return Made(_failed(error))

    def _worked_out(self, kept: Kept, learner: Learner, now: datetime) -> Made:
        inputs = kept.inputs = inputs_of(kept.session, kept.events)
        if isinstance(inputs, NoForecast):
            return Made(as_refusal(**asdict(inputs)))
        forecast = learner.learn(inputs)
        assert learner.prior is not None
        scene = scene_of(kept.session, kept.events, now, protocol_of(kept.session))
        payload = as_payload(inputs, forecast, learner.prior, scene)
        payload["waits"] = kept.waits
        payload["unreliable"] = self._doubts(kept.session, now)
        kept.about = kept.all_but_the_moment(now)
        given = inputs.first_dose_h is not None
        learned = learner.carried() if kept.closed and given else None
        return Made(payload, str(payload["version"]), learned)

    def _tell(self, kept: Kept, now: datetime) -> None:
        """Score what was learned since this was done last, and store it.

        Where that fails, the forecast stands all the same.
        """
        self._untold.pop(kept.session.pk, None)
        learner, inputs = kept.learner, kept.inputs
        told = Told()
        if learner is not None and isinstance(inputs, Inputs):
            told = Told(self._scores(learner, inputs), version_of(inputs.model.id))
            told.anew, learner.rewritten = learner.rewritten, False
        known, kept.scored = kept.scored, len(told.scores)
        if known is None or known > kept.scored:
            told.anew = True
        if not told.anew:
            told.scores = told.scores[known:]
        if told.anew or told.scores:
            session = kept.session
            self._write(lambda: store_scores(session, told, now=now))

    def _scores(self, learner: Learner, inputs: Inputs) -> list[Score]:
        try:
            with self._within():
                return list(learner.tell(inputs))
        except Exception:
            log.exception("a reading of session %s could not be scored", inputs.session_id)
            learner.pass_over()
            return list(learner.scores)

    def _doubts(self, session: Session, now: datetime) -> list[str]:
        """Where the bands did not hold at this site so far; counted anew now and then."""
        pair = (session.site_id, session.product)
        asked_at, found = self._judged.get(pair, (None, []))
        if asked_at is None or now - asked_at >= JUDGED_EVERY:
            found = doubts(calibration_of(*pair))
            self._judged[pair] = (now, found)
        return found

    def _learned_before(self, kept: Kept) -> dict[str, Any] | None:
        """What the newest earlier session of the same course taught that taught anything; ``None``
        for the first, and (``kept.waits``) where the one before is not learned yet."""
        session = kept.session
        before = list(
            Session.objects.filter(
                course_id=session.course_id,
                number__lt=session.number,
                first_dose_at__isnull=False,
                closed_at__isnull=False,
            )
            .order_by("-number")
            .values_list("pk", "forecast__pk")
        )
        newest = before[0] if before else None
        kept.waits = newest is not None and (newest[1] is None or newest[0] in self.backlog.again)
        if kept.waits:
            return None
        return next((taught for pk, _ in before if (taught := learned_in(pk)) is not None), None)


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
