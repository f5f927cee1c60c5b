"""Mood across sessions: worked out beside the record, kept until what it follows from changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from evenkeel.clinic.course import forecast_warm
from evenkeel.clinic.course.actions.move_course import close_course
from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.course.mood_learned import learned_mood
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers
from evenkeel.clinic.outcome.ahead import learning, work
from evenkeel.clinic.outcome.ahead.doses import GivenDose, doses_of
from evenkeel.clinic.outcome.ahead.inputs import read_inputs
from evenkeel.clinic.outcome.ahead.work import catch_up, forget, pending, work_out
from evenkeel.clinic.outcome.models import MoodAhead, Response
from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.session.models import Session, SessionEvent
from tests.clinic.course.makers import Case, make_case
from tests.clinic.course.test_pages import PLAN
from tests.clinic.outcome.conftest import PHQ9
from tests.clinic.outcome.histories import make_history, paper, past_session, put_appointment
from tests.clinic_factory import Clinic, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same sums on fewer virtual people."""
    monkeypatch.setattr(learning, "DAYS_AHEAD", 21)
    monkeypatch.setattr(learning.learn, "__kwdefaults__", {"n": 100, "seed": 20})


@action("test.correct_response", permission="outcome.enter")
def correct_response(act: Act, response: Response, **changes: Any) -> Response:
    """A stored answer as a correction leaves it: its next version."""
    for name, value in changes.items():
        setattr(response, name, value)
    return act.write(response)


@action("test.change_session", permission="session.start")
def change_session(act: Act, session: Session, **changes: Any) -> Session:
    for name, value in changes.items():
        setattr(session, name, value)
    return act.write(session)


def row_of(course: Course) -> MoodAhead:
    return MoodAhead.objects.get(course=course)


def queries(do: Callable[[], Any]) -> tuple[Any, int]:
    with CaptureQueriesContext(connection) as seen:
        found = do()
    return found, len(seen)


@pytest.fixture
def case(clinic: Clinic) -> Case:
    return make_history(clinic, 4)


def test_what_is_pending_is_worked_out_once_and_again_when_something_changed(
    clinic: Clinic, case: Case
) -> None:
    course = case.fresh()
    assert pending() == [course.pk]
    row = work_out(course.pk, clock=clinic.clock)
    assert (row.reason, row.made_at) == ("", clinic.clock.now())
    assert row.payload["scores"] == {"madrs": 0, "phq9": 5}
    assert row.payload["sessions"] == 4
    assert queries(pending) == ([], 1)
    paper(clinic, course, 12)
    assert pending() == [course.pk]
    assert catch_up(clock=clinic.clock) == 1
    assert row_of(course).payload["scores"]["phq9"] == 6
    assert row_of(course).digest != row.digest
    assert pending() == []


def test_what_does_not_matter_to_it_is_looked_at_once(clinic: Clinic, case: Case) -> None:
    catch_up(clock=clinic.clock)
    made_at = row_of(case.fresh()).made_at
    clinic.clock.advance(timedelta(hours=1))
    case.know(height_cm=172)
    _, first = queries(pending)
    assert first > 1
    assert queries(pending) == ([], 1)
    assert row_of(case.fresh()).made_at == made_at


def test_pending_asks_as_often_for_many_as_for_few(clinic: Clinic, case: Case) -> None:
    catch_up(clock=clinic.clock)
    assert queries(lambda: pending(1))[1] == queries(lambda: pending(50))[1] == 1


def test_somebody_in_a_session_keeps_theirs_until_it_has_ended(clinic: Clinic, case: Case) -> None:
    session = Session.objects.latest("number")
    change_session(case.nurse, session, closed_at=None, state="running")
    assert catch_up(clock=clinic.clock) == 1  # the first is made at any time
    paper(clinic, case.fresh(), 12)
    assert pending() == []
    change_session(case.nurse, session, closed_at=clinic.clock.now(), state="closed")
    assert pending() == [case.fresh().pk]


def test_a_new_model_is_work_for_all(
    clinic: Clinic, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up(clock=clinic.clock)
    monkeypatch.setattr(work, "mood_version", lambda: "mood-ahead/2:other")
    monkeypatch.setattr(
        "evenkeel.clinic.outcome.ahead.inputs.mood_version", lambda: "mood-ahead/2:other"
    )
    assert pending() == [case.fresh().pk]


def test_late_and_corrected_scores_give_what_having_them_in_time_would(
    clinic: Clinic, case: Case
) -> None:
    """One clinic enters a score late and wrong and corrects it; its forecast is the other's."""
    course = case.fresh()
    late = clinic.clock.now() - timedelta(days=12)
    enter_answers(
        clinic.as_("therapist"),
        course_id=course.pk,
        instrument_id="phq9",
        answers=dict.fromkeys(PHQ9[:8], 3) | {PHQ9[8]: 0},
        answered_at=late,
    )
    slip = Response.objects.get(course=course, answered_at=late)
    with_slip = work_out(course.pk, clock=clinic.clock).payload
    correct_response(clinic.as_("therapist"), slip, total=9)
    corrected = work_out(course.pk, clock=clinic.clock).payload
    assert corrected != with_slip
    inputs = read_inputs(course)
    assert [score.at for score in inputs.scores] == sorted(score.at for score in inputs.scores)
    for order in itertools.islice(itertools.permutations(Response.objects.all()), 0, 700, 173):
        replayed = read_inputs(course, responses=list(order))
        assert replayed.digest == inputs.digest
        learned = learning.learn(replayed)
        assert isinstance(learned, learning.Learned)
        assert learned.payload == corrected
    correct_response(clinic.as_("therapist"), slip, total=None)
    assert len(read_inputs(course).scores) == len(inputs.scores) - 1


def test_a_score_that_fits_nobody_is_named(clinic: Clinic, case: Case) -> None:
    for response in Response.objects.filter(total__lt=20):
        correct_response(clinic.as_("therapist"), response, total=4)
    clinic.clock.advance(timedelta(hours=1))
    paper(clinic, case.fresh(), 24)
    odd = Response.objects.order_by("-answered_at").first()
    assert odd is not None
    surprises = work_out(case.fresh().pk, clock=clinic.clock).payload["surprises"]
    assert [score_id for score_id, _ in surprises] == [str(odd.pk)]


def no_weight(case: Case) -> None:
    for fact in Fact.objects.filter(patient=case.patient, key="weight_kg"):
        mark_in_error(case.nurse, fact)


@action("test.mark_in_error", permission="facts.record")
def mark_in_error(act: Act, fact: Any) -> None:
    fact.status = "entered_in_error"
    act.write(fact)


def no_score(case: Case) -> None:
    for response in Response.objects.all():
        correct_response(case.clinic.as_("therapist"), response, total=None)


def other_product(case: Case) -> None:
    for session in Session.objects.all():
        change_session(case.nurse, session, product="retired_product")


def both_drugs(case: Case) -> None:
    change_session(case.nurse, Session.objects.latest("number"), product="esketamine_nasal")


def ended(case: Case) -> None:
    close_course(case.prescriber, course_id=case.fresh().pk, reason="Well.")


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (no_weight, "no_weight", "Record a weight"),
        (no_score, "no_score", "Ask a PHQ-9"),
        (other_product, "no_model", "No model of mood"),
        (both_drugs, "mixed", "both given"),
        (ended, "ended", "has ended"),
    ],
)
def test_where_there_can_be_none_the_row_says_why(
    clinic: Clinic, case: Case, change: Callable[[Case], None], code: str, told: str
) -> None:
    catch_up(clock=clinic.clock)
    change(case)
    row = work_out(case.fresh().pk, clock=clinic.clock)
    assert (row.reason_code, row.payload, row.people) == (code, None, None)
    assert told in f"{row.reason} {row.what_to_do}"
    assert learned_mood(case.fresh()) is None


def test_before_the_first_session_and_with_one_under_way_there_is_none(clinic: Clinic) -> None:
    case = make_case(clinic)
    case.opened()
    paper(clinic, case.fresh(), 18)
    assert read_inputs(case.fresh()).missing is not None
    assert pending() == []  # not treated, so nobody works on it
    case.consented()
    plan = case.planned()
    past_session(case.nurse, course=case.fresh(), plan=plan, number=1)
    session = Session.objects.get()
    assert read_inputs(case.fresh()).missing is None
    change_session(case.nurse, session, closed_at=None, state="running")
    missing = read_inputs(case.fresh()).missing
    assert missing is not None
    assert missing.code == "no_session"


def test_a_failure_of_the_engine_is_kept_as_the_reason_and_not_tried_again(
    clinic: Clinic, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(work, "learn", broken)
    assert work_out(case.fresh().pk, clock=clinic.clock).reason_code == "failed"
    assert pending() == []


def test_forgetting_a_person_takes_their_forecasts(clinic: Clinic, case: Case) -> None:
    catch_up(clock=clinic.clock)
    assert forget(case.patient.pk) == 1
    assert not MoodAhead.objects.exists()


def test_a_madrs_before_the_first_dose_is_where_the_course_began(
    clinic: Clinic, case: Case
) -> None:
    first = Response.objects.order_by("answered_at").first()
    assert first is not None
    correct_response(clinic.as_("therapist"), first, instrument="madrs", total=31)
    inputs = read_inputs(case.fresh())
    assert inputs.baseline_madrs == 31
    assert str(first.pk) not in {score.id for score in inputs.scores}
    assert inputs.baseline_phq9 == 19  # the first that was answered at all
    correct_response(clinic.as_("therapist"), first, total=4)
    assert read_inputs(case.fresh()).baseline_madrs is None  # where no trial began


def test_the_next_visit_is_the_one_booked_else_that_of_the_plan(clinic: Clinic, case: Case) -> None:
    plan = Plan.objects.get(state="signed")
    last = Session.objects.latest("number").first_dose_at
    assert read_inputs(case.fresh()).planned_at == last + timedelta(days=float(plan.spacing_days))
    for days in (9, 5):
        put_appointment(clinic.as_("therapist"), course=case.fresh(), kind="dosing", in_days=days)
    booked = clinic.clock.now() + timedelta(days=5)
    assert read_inputs(case.fresh()).planned_at == booked


class Pump:
    """A session's events as plain values, minute by minute from its first dose."""

    def __init__(self, session: Session) -> None:
        self.session, self.position = session, 0

    def row(self, kind: str, minute: float, **body: Any) -> SessionEvent:
        self.position += 1
        start = self.session.first_dose_at
        assert start is not None
        return SessionEvent(
            session=self.session,
            patient_id=self.session.patient_id,
            site_id=self.session.site_id,
            kind=kind,
            happened_at=start + timedelta(minutes=minute),
            recorded_at=start,
            position=self.position,
            body=body,
            body_digest="",
            via="screen",
        )


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        # the pump stops by itself once the planned 37 mg are in: at 55.5 mg/h after 40 min
        (
            [("infusion_start", 0, {"rate_mg_per_h": 55.5, "planned_mg": 37}),
             ("infusion_stop", 60, {})],
            [(0, 37.0, 40.0)],
        ),
        # stopped early: what was given, not what was planned
        (
            [("infusion_start", 0, {"rate_mg_per_h": 60, "planned_mg": 40}),
             ("infusion_stop", 20, {})],
            [(0, 20.0, 20.0)],
        ),
        # paused for 10 minutes and resumed slower
        (
            [("infusion_start", 0, {"rate_mg_per_h": 60, "planned_mg": 40}),
             ("pause", 10, {}), ("resume", 20, {"rate_mg_per_h": 30}), ("infusion_stop", 40, {})],
            [(0, 10.0, 10.0), (20, 10.0, 20.0)],
        ),
        # it ran out at 40 min, was stopped at 50, and started once more: each gave its own
        (
            [("infusion_start", 0, {"rate_mg_per_h": 30, "planned_mg": 20}),
             ("infusion_stop", 50, {}),
             ("infusion_start", 55, {"rate_mg_per_h": 30, "planned_mg": 10}),
             ("infusion_stop", 90, {})],
            [(0, 20.0, 40.0), (55, 10.0, 20.0)],
        ),
        # nothing on record but the sum: over the minutes of the plan
        ([], [(0, 37.0, 40.0)]),
    ],
)  # fmt: skip
def test_doses_are_what_the_pump_gave(
    case: Case,
    monkeypatch: pytest.MonkeyPatch,
    events: list[tuple[str, float, dict[str, Any]]],
    expected: list[tuple[float, float, float]],
) -> None:
    session = Session.objects.select_related("plan").latest("number")
    pump = Pump(session)
    rows = [pump.row(kind, minute, **body) for kind, minute, body in events]

    class Rows(list[SessionEvent]):
        def only(self, *_: str) -> Iterator[SessionEvent]:
            return iter(self)

    monkeypatch.setattr(SessionEvent.objects, "filter", lambda **_: Rows(rows))
    found, assumed = doses_of([session])
    start = session.first_dose_at
    assert [
        ((dose.at - start) / timedelta(minutes=1), dose.mg, dose.over_min) for dose in found
    ] == [(at, mg, pytest.approx(over)) for at, mg, over in expected]
    assert {dose.route for dose in found} == {"iv"}
    assert assumed == (() if events else (session.number,))


def test_a_session_over_midnight_is_one_session(case: Case) -> None:
    """In UTC a day ends in the afternoon of half the world."""
    inputs = read_inputs(case.fresh())
    late = inputs.began_at.replace(hour=23, minute=50)
    halves = tuple(
        GivenDose(late + timedelta(minutes=m), 15.0, inputs.doses[0].route, 15.0) for m in (0, 30)
    )
    learned = learning.learn(replace(inputs, doses=halves), n=100)
    assert isinstance(learned, learning.Learned)
    assert learned.payload["sessions"] == 1


def test_the_plan_page_goes_on_from_what_was_learned(
    clinic: Clinic, case: Case, pass_time: Callable[[timedelta], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(forecast_warm, "state", lambda: "ready")
    pass_time(timedelta(0))
    client = sign_in(Client(), clinic.staff["prescriber"])
    address = reverse("plan_forecast", args=[case.fresh().pk])
    anew = client.post(address, PLAN).content.decode()
    assert "no score of this course has been learned from yet" in anew
    catch_up(clock=clinic.clock)
    on = client.post(address, PLAN).content.decode()
    assert "learned from 5 PHQ-9, 4 sessions" in on
    assert "begins anew" not in on
    with CaptureQueriesContext(connection) as seen:
        client.post(address, PLAN)
    assert sum("outcome_moodahead" in query["sql"] for query in seen) == 1
