"""The simulated nurse: charts, gives, acknowledges and lets people go, by the script.

The rule towards visitors: the nurse touches only sessions she opened herself (they hold an event
under an id that only she makes), and leaves a session alone for good as soon as anybody else has
entered anything in it by hand. Acknowledging an alarm alone does not count as taking over. She
seats somebody only in a free chair, for an appointment she booked and nobody has checked in.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.people.models import Chair
from evenkeel.clinic.record.clock import Clock
from evenkeel.clinic.record.errors import DomainError
from evenkeel.clinic.session.drug_events import LEDGER_KINDS
from evenkeel.clinic.session.models import LIVE_STATES, Session, SessionEvent
from evenkeel.clinic.session.phases import FIRST_DOSE, fold, standing
from evenkeel.demo.cast import Story
from evenkeel.demo.dispensing import waste_rest
from evenkeel.demo.giving import enter, enter_step, farewell, own_event_id, scene_of
from evenkeel.demo.monitors import Bed, Monitors, inputs_of
from evenkeel.demo.opening import DIP_MIN
from evenkeel.demo.physiology import Body, Rest
from evenkeel.demo.script import (
    AGAIN_AFTER_MIN,
    LEAD_MIN,
    LOOK_MIN,
    Figures,
    Scene,
    Step,
    leaving_answers,
    steps_of,
)
from evenkeel.demo.seating import Seating
from evenkeel.demo.stage import LIVE_CHAIRS, House

log = logging.getLogger("evenkeel.demo")
#: An alarm stands at least this long before the nurse answers it, so that a visitor can.
ANSWERS_AFTER: Final = timedelta(minutes=6)
#: How often she looks whether the person may go before a reason is given instead.
_LOOKS: Final = 4
#: A dose that is refused for this long is given up, and the person goes home untreated.
_GIVES_UP_AFTER: Final = timedelta(minutes=20)
_BY_HAND: Final = frozenset({"screen", "paper"})
_NOT_TAKING_OVER: Final = frozenset({"opened", "alarm_acknowledged", "second_person"})


def is_own(house: House, event: SessionEvent) -> bool:
    """Whether the simulated clinic made this event."""
    made = own_event_id(house, event.session_id, event.kind, event.happened_at, event.body)
    return made == event.pk


def is_hers(house: House, events: Sequence[SessionEvent]) -> bool:
    """Whether the simulated nurse runs this session: hers from the start, touched by nobody."""
    by_hand = [e for e in events if e.via in _BY_HAND and e.kind not in _NOT_TAKING_OVER]
    return bool(by_hand) and all(is_own(house, event) for event in by_hand)


class Nurse:
    """Looks at every live chair, again and again."""

    def __init__(
        self, house: House, stories: Sequence[Story], clock: Clock, monitors: Monitors
    ) -> None:
        self.house, self.clock, self.monitors = house, clock, monitors
        self.stories = {story.name: story for story in stories}
        self.seating = Seating(house, self.stories)

    def look(self) -> None:
        """Look once at every chair; what is refused is noted and tried again later."""
        now = self.clock.now()
        live = {
            session.chair_id: session
            for session in Session.objects.filter(state__in=LIVE_STATES).select_related(
                "patient", "appointment", "chair"
            )
        }
        for chair in self.house.chairs[:LIVE_CHAIRS]:
            session = live.get(chair.pk)
            try:
                if session is None:
                    self.monitors.show(chair, None)
                    self.seating.seat(chair, now)
                else:
                    self._watch(chair, session, now)
            except DomainError as refused:
                log.info("%s: %s", chair.name, refused.code)

    def _watch(self, chair: Chair, session: Session, now: datetime) -> None:
        events = list(
            SessionEvent.objects.filter(session=session).exclude(via="monitor").order_by("position")
        )
        story = self.stories.get(session.patient.name)
        anchor = self._anchor(session)
        figures = Figures.of(session.dose_sheet)
        drug = fold(standing(events))
        body = self._body(story, session, figures)
        inputs = inputs_of(drug, anchor, figures.dose_mg or 1.0, now)
        self.monitors.show(chair, Bed(session.pk, body, inputs, anchor))
        if story is None or not is_hers(self.house, events):
            return
        scene = scene_of(self.house, story, session)
        self._chart(session, scene, anchor, events, now)

    def _anchor(self, session: Session) -> datetime:
        appointment = session.appointment
        starts_at = appointment.starts_at if appointment is not None else session.opened_at
        return starts_at + timedelta(minutes=LEAD_MIN)

    def _body(self, story: Story | None, session: Session, figures: Figures) -> Body:
        if story is None:
            return Body(f"{session.patient_id}|{session.number}", Rest())
        dip = DIP_MIN if (story.name, session.number) == ("Ada Sample", 4) else None
        return Scene(story, session.number, self.house.seed, figures, dip).body()

    def _chart(
        self,
        session: Session,
        scene: Scene,
        anchor: datetime,
        events: Sequence[SessionEvent],
        now: datetime,
    ) -> None:
        known = {event.pk for event in events}
        self._answer_alarms(session, events, now)
        given = any(event.kind in FIRST_DOSE for event in events)
        for step in steps_of(scene, has_monitor=True):
            at = anchor + timedelta(minutes=step.minute)
            if at > now:
                return
            if step.kind in LEDGER_KINDS:
                if any(event.kind == step.kind for event in events):
                    continue
            elif own_event_id(self.house, session.pk, step.kind, at, step.body) in known:
                continue
            if step.minute > 0 and not given and step.kind not in FIRST_DOSE:
                break
            given = self._enter_step(session, step, at) or given
        if not given:
            self._send_home(session, anchor, now)
            return
        self._let_go(session, scene, anchor, events, now)

    def _enter_step(self, session: Session, step: Step, at: datetime) -> bool:
        """Enter one step; true where a dose was given by it."""
        doses = step.kind in FIRST_DOSE
        try:
            enter_step(self.house, session, step, at, self.clock)
        except DomainError as refused:
            if not doses:
                log.info("step %s not entered: %s", step.kind, refused.code)
                return False
            return self._enter_with_reason(session, step, at)
        return doses

    def _enter_with_reason(self, session: Session, step: Step, at: datetime) -> bool:
        """A dose that asks for a reason, such as a pressure above the gate."""
        body = {**step.body, "reason": "Repeated and seen by the prescriber; goes on."}
        try:
            enter(self.house, session.pk, step.kind, at, body, by=step.by, clock=self.clock)
        except DomainError as refused:
            log.info("dose not given: %s", refused.code)
            return False
        return True

    def _send_home(self, session: Session, anchor: datetime, now: datetime) -> None:
        """Nothing could be given: the session ends without a dose."""
        if now - anchor < _GIVES_UP_AFTER:
            return
        body = {"override_reason": "No dose today; seen by the prescriber, booked anew."}
        at = anchor + _GIVES_UP_AFTER
        waste_rest(self.house, session, at, clock=self.clock)
        enter(self.house, session.pk, "discharged", at, body, clock=self.clock)

    def _answer_alarms(
        self, session: Session, events: Sequence[SessionEvent], now: datetime
    ) -> None:
        answered = {e.body["alarm_event"] for e in events if e.kind == "alarm_acknowledged"}
        for alarm in events:
            if alarm.kind != "alarm_raised" or str(alarm.pk) in answered:
                continue
            if now - alarm.recorded_at < ANSWERS_AFTER:
                continue
            body = {"alarm_event": str(alarm.pk), "note": "Seen; person and probe looked at."}
            try:
                enter(self.house, session.pk, "alarm_acknowledged", now, body, clock=self.clock)
            except DomainError as refused:
                log.info("alarm not answered: %s", refused.code)

    def _let_go(
        self,
        session: Session,
        scene: Scene,
        anchor: datetime,
        events: Sequence[SessionEvent],
        now: datetime,
    ) -> None:
        """The looks at the door, one after the other, then the farewell."""
        looks = [e for e in events if e.kind == "discharge_check"]
        ready = next((e for e in events if e.kind == "ready"), None)
        clock, pk = self.clock, session.pk
        if ready is not None:
            at = ready.happened_at + timedelta(minutes=8)
            if at <= now:
                # the monitor is taken off first: its readings would belong to nobody
                self.monitors.show(session.chair, None)
                enter(self.house, pk, "discharged", at, self._farewell(scene, events), clock=clock)
            return
        if looks and (looks[-1].body["disposition"] == "discharge" or len(looks) >= _LOOKS):
            at = looks[-1].happened_at + timedelta(minutes=1)
            met = looks[-1].body["disposition"] == "discharge"
            reason = "" if met else "Seen by the prescriber; well enough to go."
            if at <= now:
                body = {} if met else {"override_reason": reason}
                enter(self.house, pk, "ready", at, body, clock=clock)
            return
        at = anchor + timedelta(minutes=LOOK_MIN[scene.way])
        if looks:
            at = looks[-1].happened_at + timedelta(minutes=AGAIN_AFTER_MIN)
        if at <= now:
            answers = {"answers": leaving_answers()}
            enter(self.house, pk, "discharge_check", at, answers, clock=clock)

    def _farewell(self, scene: Scene, events: Sequence[SessionEvent]) -> dict[str, Any]:
        answered = {e.body["alarm_event"] for e in events if e.kind == "alarm_acknowledged"}
        open_alarms = [e for e in events if e.kind == "alarm_raised" and str(e.pk) not in answered]
        body = farewell(scene.story)
        if open_alarms:
            body["override_reason"] = "Alarms seen with the prescriber; settled at the chair."
        return body
