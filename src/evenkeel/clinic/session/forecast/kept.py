"""One session as the forecasting process knows it between two looks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from evenkeel.clinic.course.forecast_terms import NoForecast
from evenkeel.clinic.session.forecast.inputs import Inputs, read_inputs
from evenkeel.clinic.session.forecast.learner import Learner
from evenkeel.clinic.session.forecast.scene import about_of, given_of, scene_of
from evenkeel.clinic.session.models import LIVE_STATES, Session, SessionEvent
from evenkeel.clinic.session.moments import Event
from evenkeel.clinic.session.raising import protocol_of


@dataclass
class Kept:
    """One session as this process knows it. ``waits``: an earlier one is not learned yet."""

    session: Session
    events: list[Event] = field(default_factory=list)
    learner: Learner | None = None
    position: int = -1
    made_at: datetime | None = None
    shown: bool | None = None
    scored: int | None = None
    waits: bool = False
    inputs: Inputs | NoForecast | None = None
    #: What was forecast last, but for the moment: while it is the same, so is the forecast.
    about: Any = None
    told_at: datetime | None = None

    @property
    def newest(self) -> int:
        """The position of its newest event."""
        return max((event.position for event in self.events), default=0)

    @property
    def closed(self) -> bool:
        """Whether nothing more is expected of it."""
        return self.session.state not in LIVE_STATES

    def all_but_the_moment(self, now: datetime) -> Any:
        """What the forecast of a live session hangs on, but for the moment; ``None`` where there is
        none."""
        found = self.inputs
        if not isinstance(found, Inputs) or self.learner is None:
            return None
        scene = scene_of(self.session, self.events, now, protocol_of(self.session))
        said = found.steps, found.drug, found.covariates, found.session_number, found.given
        return (*said, found.about, found.zero, replace(scene, now=self.session.opened_at))

    def begin_anew(self) -> None:
        """Learn it again from the first step at the next turn."""
        self.learner, self.position, self.about = None, -1, None


def inputs_of(session: Session, events: list[Event]) -> Inputs | NoForecast:
    """What a session's events say to the forecast."""
    about = about_of(session, events)
    given = given_of(session, protocol_of(session))
    return read_inputs(events, session.pk, about, given, session.opened_at)


def events_of_session(session_id: UUID, after: int = -1) -> list[Event]:
    """The events of a session beyond a position, in the order they were recorded."""
    rows = SessionEvent.objects.filter(session_id=session_id, position__gt=after)
    return [Event.of(row) for row in rows.order_by("position", "happened_at", "pk")]
