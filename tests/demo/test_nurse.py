"""The simulated nurse: keeps sessions going, and keeps out of a visitor's way."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.models import Chair
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.session.actions.record_event import record_event
from evenkeel.clinic.session.ledger_lines import agrees
from evenkeel.clinic.session.models import LIVE_STATES, Appointment, Session, SessionEvent
from evenkeel.clinic.stock.models import Move
from evenkeel.demo.cast import cast_of
from evenkeel.demo.giving import arrive, open_for, scene_of
from evenkeel.demo.monitors import Bed
from evenkeel.demo.nurse import Nurse
from evenkeel.demo.opening import file_minutes
from evenkeel.demo.script import LEAD_MIN
from evenkeel.demo.stage import House


class Silent:
    """Takes the place of the monitors' thread; keeps who was shown."""

    def __init__(self) -> None:
        self.beds: dict[Any, Bed | None] = {}

    def show(self, chair: Chair, bed: Bed | None) -> None:
        self.beds[chair.name] = bed


class Stage:
    """A nurse with a clock that is moved by hand, and monitors that send every five minutes."""

    def __init__(self, house: House) -> None:
        self.house, self.clock, self.silent = house, FixedClock(house.start), Silent()
        self.nurse = Nurse(house, cast_of(4), self.clock, self.silent)  # type: ignore[arg-type]

    def go(self, minutes: int) -> None:
        for _ in range(minutes // 5):
            since = self.clock.now()
            now = self.clock.advance(timedelta(minutes=5))
            self._monitors(since, now)
            self.nurse.look()

    def _monitors(self, since: datetime, now: datetime) -> None:
        stories = {story.name: story for story in cast_of(4)}
        for session in Session.objects.filter(state__in=LIVE_STATES).select_related(
            "patient", "chair", "appointment"
        ):
            scene = scene_of(self.house, stories[session.patient.name], session, dip_at_min=-1)
            anchor = session.appointment.starts_at + timedelta(minutes=LEAD_MIN)
            begins, ends = ((at - anchor) / timedelta(minutes=1) for at in (since, now))
            file_minutes(self.house, session, scene, anchor, session.chair, begins, ends)

    def session(self, given_name: str) -> Session:
        return Session.objects.filter(patient__given_name=given_name).latest("opened_at")

    def visit(self, session: Session, kind: str, body: dict[str, Any]) -> SessionEvent:
        """A visitor, signed in as the nurse, enters something by hand."""
        return record_event(
            self.house.ctx("nurse", self.clock.now()),
            session_id=session.pk,
            event_id=uuid.uuid4(),
            kind=kind,
            happened_at=self.clock.now(),
            body=body,
        )

    def kinds(self, session: Session) -> list[str]:
        rows = SessionEvent.objects.filter(session=session).exclude(via="monitor")
        return list(rows.order_by("position").values_list("kind", flat=True))


@pytest.fixture
def stage(house: House) -> Stage:
    return Stage(house)


def test_the_opening_shows_four_phases(stage: Stage) -> None:
    states = dict(
        Session.objects.filter(state__in=LIVE_STATES).values_list("patient__given_name", "state")
    )
    assert states == {"Wren": "before_dose", "Ada": "running", "Tomas": "watching"}
    wren = stage.session("Wren")
    asked = SessionEvent.objects.filter(session=wren, kind="check").values_list("body__name")
    assert {"touch", "medicines_today"}.isdisjoint({name for (name,) in asked})
    ada = SessionEvent.objects.filter(session=stage.session("Ada"))
    assert [e.body["key"] for e in ada.filter(kind="alarm_raised")] == ["oxygen"]
    assert not ada.filter(kind="alarm_acknowledged").exists()
    assert Appointment.objects.get(patient__given_name="Gil", kind="dosing").status == "booked"


def test_left_to_herself_she_brings_everybody_home(stage: Stage) -> None:
    stage.go(60)
    assert stage.session("Tomas").state == "closed"
    assert "infusion_stop" in stage.kinds(stage.session("Ada"))
    assert "alarm_acknowledged" in stage.kinds(stage.session("Ada"))
    assert stage.session("Wren").first_dose_at == stage.house.start + timedelta(minutes=10)
    assert stage.session("Gil").state == "before_dose"
    assert stage.silent.beds["Chair 3"] is None
    stage.go(135)
    assert {stage.session(name).state for name in ("Wren", "Ada", "Gil")} == {"closed"}
    assert all(course.dosed_since is None for course in Course.objects.all())


def test_looking_twice_enters_nothing_twice(stage: Stage) -> None:
    stage.go(15)
    before = SessionEvent.objects.count()
    stage.nurse.look()
    Nurse(stage.house, cast_of(4), stage.clock, stage.silent).look()  # type: ignore[arg-type]
    assert SessionEvent.objects.count() == before


def test_a_session_a_visitor_has_entered_something_in_is_left_alone(stage: Stage) -> None:
    ada, tomas = stage.session("Ada"), stage.session("Tomas")
    stage.visit(ada, "note", {"text": "Looks calm."})
    stage.visit(tomas, "observation", {"dissociation_0_10": 1})
    before = {s.pk: stage.kinds(s) for s in (ada, tomas)}
    stage.go(60)
    for session in (ada, tomas):
        added = stage.kinds(session)[len(before[session.pk]) :]
        assert set(added) <= {"alarm_raised"}
        session.refresh_from_db()
        assert session.closed_at is None
    assert stage.silent.beds["Chair 2"] is not None  # the monitor goes on


def test_acknowledging_an_alarm_is_help_and_no_taking_over(stage: Stage) -> None:
    ada = stage.session("Ada")
    alarm = SessionEvent.objects.get(session=ada, kind="alarm_raised")
    stage.visit(ada, "alarm_acknowledged", {"alarm_event": str(alarm.pk)})
    stage.go(25)
    assert "infusion_stop" in stage.kinds(ada)


def test_whom_a_visitor_checks_in_is_the_visitors_patient(stage: Stage) -> None:
    gil = Appointment.objects.select_related("patient").get(
        patient__given_name="Gil", kind="dosing"
    )
    stage.go(45)
    arrive(stage.house, cast_of(4)[3], gil, stage.clock.now())
    stage.go(15)
    assert not Session.objects.filter(appointment=gil).exists()
    session = open_for(stage.house, Appointment.objects.get(pk=gil.pk), stage.clock.now())
    stage.go(15)
    assert stage.kinds(session) == ["opened"]


def test_a_free_chair_gets_the_next_person(stage: Stage) -> None:
    """With everybody of a short cast just treated, the first who may come again does."""
    stage.go(60)
    assert not Session.objects.filter(chair__name="Chair 3", state__in=LIVE_STATES).exists()
    stage.clock.advance(timedelta(hours=21))
    stage.go(30)
    coming = Appointment.objects.filter(chair__name="Chair 3", starts_at__gt=stage.house.start)
    assert coming.get().patient.given_name in {"Tomas", "Gil"}


def test_every_session_that_has_ended_accounts_for_its_drug(house: House) -> None:
    stage = Stage(house)
    stage.go(60)
    ended = Session.objects.exclude(closed_at=None)
    assert ended.count() > 3
    assert {session.state for session in ended} == {"closed"}
    assert all(agrees(session, stage.clock.now()) for session in ended)
    wasted = Move.objects.filter(kind="waste")
    assert wasted.count() > 0
    assert not wasted.filter(witness=None).exists()
