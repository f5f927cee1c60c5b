"""Item 9: from the answers to the urgency, the hold on the next dose, and its end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.ask_questionnaire import Asked, ask_questionnaire
from evenkeel.clinic.outcome.actions.close_signal import close_signal
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers
from evenkeel.clinic.outcome.models import Ask, Response, SafetySignal
from evenkeel.clinic.outcome.queries import open_signals
from evenkeel.clinic.outcome.walk import HELP
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry
from tests.clinic.outcome.conftest import (
    CALM,
    FOLLOW_UP,
    PHQ9,
    make_course,
    make_patient,
    say,
    say_items,
)
from tests.clinic_factory import Clinic

pytestmark = pytest.mark.django_db


def earlier(clinic: Clinic, course: Course, item9: int) -> None:
    """A PHQ-9 of a week ago with this item 9, its signal closed."""
    answers = dict.fromkeys(PHQ9, 1) | {"phq9-9": item9}
    at = clinic.clock.now() - timedelta(days=7)
    enter_answers(
        clinic.as_("therapist"),
        course_id=course.pk,
        instrument_id="phq9",
        answers=answers,
        follow_up={FOLLOW_UP[name]: value for name, value in CALM.items()},
        answered_at=at,
    )
    for signal in open_signals(clinic.as_("prescriber")):
        close_signal(clinic.as_("prescriber"), signal_id=signal.pk, note="Spoke. Safe plan made.")


def answer_item_9(clinic: Clinic, ask: Ask, value: int | None) -> Ask:
    return say_items(clinic, ask, [1] * 8 + [value])


def test_the_signal_stands_the_moment_item_9_is_answered(
    clinic: Clinic, course: Course, asked: Asked
) -> None:
    ask = answer_item_9(clinic, asked.ask, 1)
    signal = SafetySignal.objects.get()
    assert signal.raised_at == clinic.clock.now()
    assert (signal.urgency, signal.closed_at) == ("today", None)
    assert signal.follow_up["value"] == 1
    holds = Course.objects.get(pk=course.pk).dose_holds
    assert [(h["kind"], h["id"]) for h in holds] == [("safety", str(signal.pk))]
    assert holds[0]["since"] == clinic.clock.now().isoformat()
    # the answers so far are scored, though the person may leave now
    response = Response.objects.get()
    assert (response.total, response.ask_id, ask.finished_at) == (9, ask.pk, None)
    assert signal.response_id == response.pk


#: previous item 9, item 9, what the follow-up answers change from the calm ones -> urgency
FLOW: list[tuple[int | None, int, dict[str, int | None], str]] = [
    (None, 1, {}, "today"),  # no earlier answer to compare
    (0, 1, {}, "today"),  # new
    (1, 2, {}, "today"),  # higher
    (1, 1, {}, "routine"),  # as last time, all calm
    (2, 1, {}, "routine"),  # lower, all calm
    (3, 3, {}, "today"),  # the highest answer
    (1, 1, {"plan": 1}, "now"),
    (1, 1, {"intent": 1}, "now"),
    (1, 1, {"past": 1}, "now"),
    (1, 1, {"safe": 0}, "now"),
    (1, 1, {"thinking": 1}, "today"),  # someone is there
    (1, 1, {"thinking": 1, "someone": 0}, "now"),
    (1, 1, {"someone": 0}, "routine"),  # alone, and not thinking about it
    (1, 1, {"plan": None}, "today"),  # passed over is not a no
    (1, 1, dict.fromkeys(CALM), "today"),
]


@pytest.mark.parametrize(("before", "item9", "told", "urgency"), FLOW)
def test_urgency_follows_the_answers_and_the_change(
    clinic: Clinic,
    course: Course,
    asked: Asked,
    before: int | None,
    item9: int,
    told: dict[str, int | None],
    urgency: str,
) -> None:
    """The table is the product's own policy (instruments/safety_follow_up); item by item."""
    if before is not None:
        earlier(clinic, course, before)
        asked = ask_questionnaire(
            clinic.as_("therapist"), course_id=course.pk, instrument_id="phq9"
        )
    ask = answer_item_9(clinic, asked.ask, item9)
    ask = say(clinic, ask, HELP, None)
    for name, value in ({**CALM, **told}).items():
        ask = say(clinic, ask, FOLLOW_UP[name], value)
    assert ask.finished_at is None  # one question left: how difficult
    ask = say(clinic, ask, "phq9-difficulty", 0)
    assert ask.finished_at == clinic.clock.now()
    signal = SafetySignal.objects.get(closed_at=None)
    assert signal.urgency == urgency
    assert signal.follow_up["previous"] == before
    assert signal.follow_up["reasons"]
    assert Course.objects.get(pk=course.pk).dose_holds[0]["id"] == str(signal.pk)
    assert Response.objects.get(pk=signal.response_id).answers["phq9-difficulty"] == 0


def test_each_follow_up_answer_counts_when_it_is_given(
    clinic: Clinic, course: Course, asked: Asked
) -> None:
    ask = answer_item_9(clinic, asked.ask, 1)
    say(clinic, ask, HELP, None)
    say(clinic, ask, FOLLOW_UP["thinking"], 0)
    say(clinic, ask, FOLLOW_UP["plan"], 1)
    assert SafetySignal.objects.get().urgency == "now"  # and the person may leave here
    say(clinic, ask, FOLLOW_UP["plan"], 0)  # taking it back does not calm it
    signal = SafetySignal.objects.get()
    assert signal.urgency == "now"
    assert "changed afterwards" in signal.follow_up["reasons"][0]


def test_filed_answers_cannot_be_changed_behind_the_help_screen(
    clinic: Clinic, asked: Asked
) -> None:
    ask = answer_item_9(clinic, asked.ask, 2)
    for key in PHQ9:
        with pytest.raises(Invalid):
            say(clinic, ask, key, 0)
    assert SafetySignal.objects.get().follow_up["value"] == 2


def test_item_9_passed_over_is_for_today_and_asks_nothing_further(
    clinic: Clinic, course: Course, asked: Asked
) -> None:
    ask = answer_item_9(clinic, asked.ask, None)
    signal = SafetySignal.objects.get()
    assert (signal.urgency, signal.follow_up["value"]) == ("today", None)
    assert "not answered" in signal.statement
    ask = say(clinic, ask, "phq9-difficulty", 1)
    assert ask.finished_at is not None
    assert SafetySignal.objects.count() == 1


def test_item_9_of_zero_raises_nothing(clinic: Clinic, course: Course, asked: Asked) -> None:
    answer_item_9(clinic, asked.ask, 0)
    assert not SafetySignal.objects.exists()
    assert Course.objects.get(pk=course.pk).dose_holds == []


def test_paper_answers_raise_the_same_signal(clinic: Clinic, course: Course) -> None:
    told = {FOLLOW_UP[n]: v for n, v in ({**CALM, "plan": 1}).items()}
    enter_answers(
        clinic.as_("session_nurse"),
        course_id=course.pk,
        instrument_id="phq9",
        answers=dict.fromkeys(PHQ9, 2),
        follow_up=told,
    )
    assert SafetySignal.objects.get().urgency == "now"
    assert len(Course.objects.get(pk=course.pk).dose_holds) == 1


@pytest.mark.parametrize(
    ("role", "error"),
    [
        ("session_nurse", Forbidden),
        ("front_desk", Forbidden),
        ("pharmacist", Forbidden),
        ("auditor", Forbidden),
        ("administrator", Forbidden),
        ("prescriber_elsewhere", NotFound),
        ("prescriber", None),
        ("therapist", None),
        ("medical_director", None),
    ],
)
def test_only_a_named_clinician_closes_it_and_the_hold_with_it(
    clinic: Clinic, course: Course, asked: Asked, role: str, error: type[Exception] | None
) -> None:
    answer_item_9(clinic, asked.ask, 1)
    signal = SafetySignal.objects.get()
    if error is not None:
        with pytest.raises(error):
            close_signal(clinic.as_(role), signal_id=signal.pk, note="Spoke by telephone.")
        assert len(Course.objects.get(pk=course.pk).dose_holds) == 1
        assert ChainEntry.objects.latest("position").outcome == "refused"
        return
    clinic.clock.advance(timedelta(hours=1))
    closed = close_signal(clinic.as_(role), signal_id=signal.pk, note="Spoke by telephone.")
    assert closed.closed_by == clinic.staff[role]
    assert (closed.closed_at, closed.close_note) == (clinic.clock.now(), "Spoke by telephone.")
    assert Course.objects.get(pk=course.pk).dose_holds == []
    with pytest.raises(Refused):
        close_signal(clinic.as_(role), signal_id=signal.pk, note="Again.")


def test_closing_needs_a_note_and_a_person(clinic: Clinic, course: Course, asked: Asked) -> None:
    answer_item_9(clinic, asked.ask, 1)
    signal = SafetySignal.objects.get()
    with pytest.raises(Invalid):
        close_signal(clinic.as_("prescriber"), signal_id=signal.pk, note="  ")
    with pytest.raises(Forbidden):
        close_signal(clinic.system, signal_id=signal.pk, note="Done.")


def test_other_holds_stay_when_a_signal_is_closed(
    clinic: Clinic, course: Course, asked: Asked
) -> None:
    answer_item_9(clinic, asked.ask, 1)
    first = SafetySignal.objects.get()
    enter_answers(
        clinic.as_("therapist"),
        course_id=course.pk,
        instrument_id="phq9",
        answers=dict.fromkeys(PHQ9, 3),
    )
    second = SafetySignal.objects.exclude(pk=first.pk).get()
    close_signal(clinic.as_("prescriber"), signal_id=first.pk, note="Spoke.")
    holds = Course.objects.get(pk=course.pk).dose_holds
    assert [h["id"] for h in holds] == [str(second.pk)]


def test_a_worse_answer_after_closing_raises_another(
    clinic: Clinic, course: Course, asked: Asked
) -> None:
    ask = answer_item_9(clinic, asked.ask, 1)
    close_signal(
        clinic.as_("prescriber"), signal_id=SafetySignal.objects.get().pk, note="Telephoned."
    )
    say(clinic, ask, HELP, None)
    say(clinic, ask, FOLLOW_UP["thinking"], 0)
    assert not SafetySignal.objects.filter(closed_at=None).exists()
    say(clinic, ask, FOLLOW_UP["plan"], 1)
    again = SafetySignal.objects.get(closed_at=None)
    assert again.urgency == "now"
    assert [h["id"] for h in Course.objects.get(pk=course.pk).dose_holds] == [str(again.pk)]


def test_open_signals_come_most_urgent_first_and_only_of_my_sites(
    clinic: Clinic, course: Course
) -> None:
    people = {"Rita": {**CALM}, "Nora": {**CALM, "plan": 1}, "Tove": {**CALM, "thinking": 1}}
    courses = {
        given: make_course(clinic, make_patient(clinic, given, "Invented")) for given in people
    }
    for other in courses.values():
        earlier(clinic, other, 1)
    for given, told in people.items():
        enter_answers(
            clinic.as_("therapist"),
            course_id=courses[given].pk,
            instrument_id="phq9",
            answers=dict.fromkeys(PHQ9, 1),
            follow_up={FOLLOW_UP[n]: v for n, v in told.items()},
        )
    found = [(s.patient.given_name, s.urgency) for s in open_signals(clinic.as_("prescriber"))]
    assert found == [("Nora", "now"), ("Tove", "today"), ("Rita", "routine")]
    assert not open_signals(clinic.as_("prescriber_elsewhere")).exists()
    assert not open_signals(clinic.as_("front_desk")).exists()
