"""Signals of every kind, whom they call and until when, and who takes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client, RequestFactory

from evenkeel.clinic.course.actions.open_course import open_course
from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.answer_question import answer_question, context_of
from evenkeel.clinic.outcome.actions.ask_questionnaire import ask_questionnaire
from evenkeel.clinic.outcome.actions.close_signal import close_signal
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers
from evenkeel.clinic.outcome.actions.take_signal import take_signal
from evenkeel.clinic.outcome.models import Ask, SafetySignal, SignalCall
from evenkeel.clinic.outcome.pages import answering
from evenkeel.clinic.outcome.signal_calls import call_for_signals
from evenkeel.clinic.record.errors import Forbidden, Refused
from tests.clinic.outcome.conftest import FOLLOW_UP, PHQ9, make_patient
from tests.clinic.outcome.test_clinic_text import load_it
from tests.clinic_factory import Clinic, sign_in

pytestmark = pytest.mark.django_db


def enter(
    clinic: Clinic,
    course: Course,
    name: str,
    answers: dict[str, int],
    follow_up: dict[str, int] | None = None,
) -> SafetySignal | None:
    response = enter_answers(
        clinic.as_("therapist"),
        course_id=course.pk,
        instrument_id=name,
        answers=answers,
        follow_up=follow_up,
    )
    found: SafetySignal | None = SafetySignal.objects.filter(response=response).first()
    return found


CALM_DAY = {f"day-after-{k}": 0 for k in ("unreal", "confused", "unwell", "urine", "drove")}
CALM_BLADDER = {f"bladder-{k}": 0 for k in ("pain", "often", "night", "blood")}


@pytest.mark.parametrize(
    ("name", "answers", "kind", "urgency"),
    [
        ("day_after", CALM_DAY, None, None),
        ("day_after", CALM_DAY | {"day-after-unreal": 1}, "dissociation", "routine"),
        ("day_after", CALM_DAY | {"day-after-unreal": 2}, "dissociation", "today"),
        ("day_after", CALM_DAY | {"day-after-confused": 1}, "dissociation", "today"),
        ("day_after", CALM_DAY | {"day-after-unwell": 1}, "unwell", "today"),
        ("day_after", CALM_DAY | {"day-after-urine": 1}, "urinary", "routine"),
        ("bladder_check", CALM_BLADDER, None, None),
        ("bladder_check", CALM_BLADDER | {"bladder-often": 1}, "urinary", "routine"),
        ("bladder_check", CALM_BLADDER | {"bladder-blood": 1}, "urinary", "today"),
    ],
)
def test_what_a_worrying_answer_raises(
    clinic: Clinic,
    course: Course,
    name: str,
    answers: dict[str, int],
    kind: str | None,
    urgency: str | None,
) -> None:
    signal = enter(clinic, course, name, answers)
    assert (signal.kind if signal else None, signal.urgency if signal else None) == (kind, urgency)
    holds = Course.objects.get(pk=course.pk).dose_holds
    assert [hold["kind"] for hold in holds] == (["safety"] if signal else [])


def test_the_same_answer_as_last_time_asks_more_quietly(clinic: Clinic, course: Course) -> None:
    worse = CALM_BLADDER | {"bladder-pain": 2}
    first = enter(clinic, course, "bladder_check", worse)
    assert first is not None
    assert first.urgency == "today"
    close_signal(clinic.as_("therapist"), signal_id=first.pk, note="Urine sent to the laboratory.")
    clinic.clock.advance(timedelta(days=28))
    again = enter(clinic, course, "bladder_check", worse)
    assert again is not None
    assert again.urgency == "routine"
    assert "not higher than last time" in again.follow_up["reasons"]


def test_help_comes_at_once_and_the_rest_is_still_asked(clinic: Clinic, course: Course) -> None:
    """By link: a worrying answer shows the crisis contacts next, and files what is known."""
    ask = ask_questionnaire(
        clinic.as_("therapist"), course_id=course.pk, instrument_id="day_after"
    ).ask

    def say(key: str, value: int | None) -> Ask:
        row = Ask.objects.select_related("patient").get(pk=ask.pk)
        return answer_question(context_of(row, clinic.clock), ask_id=ask.pk, key=key, value=value)

    say("day-after-unreal", 2)
    row = Ask.objects.select_related("patient", "site", "course").get(pk=ask.pk)
    request = RequestFactory().get("/q/x")
    shown = answering.show(request, row, "/q/x").content.decode()
    assert 'href="tel:988"' in shown
    assert "Your care team will look at it." in shown
    assert "ketamine" not in shown.lower()
    signal = SafetySignal.objects.get()
    assert signal.urgency == "today"
    say("_help", None)
    say("day-after-confused", 0)
    say("day-after-unwell", 0)
    done = say("day-after-urine", 1)
    assert done.finished_at is None
    say("day-after-drove", 0)
    signal.refresh_from_db()
    assert [link_id for link_id, _ in signal.follow_up["hits"]] == [
        "day-after-unreal",
        "day-after-urine",
    ]
    assert SafetySignal.objects.count() == 1


@pytest.fixture
def urgent(clinic: Clinic, settings: Any) -> SafetySignal:
    """A plan to die, told on paper; the course has a prescriber and no therapist."""
    settings.DEFAULT_FROM_EMAIL = "clinic@clinic.invalid"
    settings.PUBLIC_ADDRESS = "https://clinic.invalid"
    course = open_course(
        clinic.as_("prescriber"),
        patient_id=make_patient(clinic).pk,
        indication="Recurrent depression (synthetic)",
        prescriber_id=clinic.staff["prescriber"].pk,
    )
    yes = {FOLLOW_UP["plan"]: 1, FOLLOW_UP["safe"]: 0}
    signal = enter(clinic, course, "phq9", dict.fromkeys(PHQ9, 2), yes)
    assert signal is not None
    assert signal.urgency == "now"
    return signal


def test_the_team_is_called_at_once_and_then_everybody(
    clinic: Clinic, urgent: SafetySignal
) -> None:
    assert call_for_signals(clinic.clock) == 1
    assert [m.to for m in mail.outbox] == [["prescriber@harbour.invalid"]]
    clinic.clock.advance(timedelta(minutes=9, seconds=59))
    assert call_for_signals(clinic.clock) == 0
    clinic.clock.advance(timedelta(seconds=1))
    assert call_for_signals(clinic.clock) == 1
    call = SignalCall.objects.get(step="everybody")
    assert call.names == ["Test medical_director", "Test prescriber", "Test therapist"]
    assert (call.reached, call.unreached) == (3, 0)
    for _ in range(3):
        clinic.clock.advance(timedelta(hours=5))
        assert call_for_signals(clinic.clock) == 0


def test_a_call_names_nobody_and_tells_no_answer(clinic: Clinic, urgent: SafetySignal) -> None:
    call_for_signals(clinic.clock)
    told = f"{mail.outbox[0].subject} {mail.outbox[0].body}".lower()
    for word in ("ada", "sample", "phq", "death", "plan", "suicid"):
        assert word not in told, word
    assert f"https://clinic.invalid/safety/{urgent.pk}" in told


def test_who_takes_it_is_left_to_it_for_a_while(clinic: Clinic, urgent: SafetySignal) -> None:
    call_for_signals(clinic.clock)
    take_signal(clinic.as_("session_nurse"), signal_id=urgent.pk)
    clinic.clock.advance(timedelta(minutes=59))
    assert call_for_signals(clinic.clock) == 0
    clinic.clock.advance(timedelta(minutes=1))
    assert call_for_signals(clinic.clock) == 1  # still open: the team again
    clinic.clock.advance(timedelta(minutes=10))
    assert call_for_signals(clinic.clock) == 1  # and then everybody


def test_a_closed_signal_calls_nobody_and_cannot_be_taken(
    clinic: Clinic, urgent: SafetySignal
) -> None:
    close_signal(clinic.as_("therapist"), signal_id=urgent.pk, note="With her family, in hospital.")
    assert call_for_signals(clinic.clock) == 0
    with pytest.raises(Refused):
        take_signal(clinic.as_("therapist"), signal_id=urgent.pk)


def test_a_signal_for_the_next_dose_calls_nobody(clinic: Clinic, course: Course) -> None:
    enter(clinic, course, "bladder_check", CALM_BLADDER | {"bladder-night": 1})
    clinic.clock.advance(timedelta(days=30))
    assert call_for_signals(clinic.clock) == 0


def test_without_a_team_everybody_is_called_in_its_place(clinic: Clinic, course: Course) -> None:
    enter(clinic, course, "bladder_check", CALM_BLADDER | {"bladder-blood": 1})
    clinic.clock.advance(timedelta(minutes=4, seconds=59))
    assert call_for_signals(clinic.clock) == 0  # the person may still be answering
    clinic.clock.advance(timedelta(seconds=1))
    assert call_for_signals(clinic.clock) == 1
    assert SignalCall.objects.get().step == "everybody"


@pytest.mark.parametrize("role", ["front_desk", "auditor", "pharmacist"])
def test_only_who_treats_may_take_it(clinic: Clinic, urgent: SafetySignal, role: str) -> None:
    with pytest.raises(Forbidden):
        take_signal(clinic.as_(role), signal_id=urgent.pk)


def test_the_bar_of_the_prescriber_sounds_and_that_of_others_only_later(
    clinic: Clinic, urgent: SafetySignal, pass_time: Any
) -> None:
    pass_time(timedelta(0))

    def bar(role: str) -> str:
        return str(sign_in(Client(), clinic.staff[role]).get("/alarms/mine").content.decode())

    assert 'data-loudest="hold"' in bar("prescriber")
    assert "You are called." in bar("prescriber")
    assert "Safety" not in bar("therapist")
    pass_time(timedelta(minutes=10))
    assert "Nobody has taken it." in bar("therapist")
    take_signal(clinic.as_("therapist"), signal_id=urgent.pk)
    assert "Safety" not in bar("prescriber")


def test_the_page_takes_and_tells_who_was_called(
    clinic: Clinic, urgent: SafetySignal, pass_time: Any
) -> None:
    pass_time(timedelta(0))
    call_for_signals(clinic.clock)
    client = sign_in(Client(), clinic.staff["session_nurse"])
    page = client.get(f"/safety/{urgent.pk}").content.decode()
    assert "Nobody has taken it yet." in page
    assert "The care team called" in page
    taken = {"do": "take", "act_id": str(uuid4())}
    assert client.post(f"/safety/{urgent.pk}", taken).status_code == 303
    assert "Test session_nurse</b> took it" in client.get(f"/safety/{urgent.pk}").content.decode()


@pytest.mark.parametrize(
    ("yes", "urgency"),
    [
        (("cssrs-2", "cssrs-5"), "now"),
        (("cssrs-6-lifetime", "cssrs-6-past-3-months"), "now"),
        (("cssrs-2", "cssrs-3"), "today"),
        (("cssrs-1",), "routine"),
        ((), None),
    ],
)
def test_the_columbia_screener_in_the_clinics_own_text(
    clinic: Clinic, course: Course, yes: tuple[str, ...], urgency: str | None
) -> None:
    load_it(clinic, "cssrs_screen")
    answers = {f"cssrs-{n}": 0 for n in (1, 2)} | {"cssrs-6-lifetime": 0}
    if "cssrs-2" in yes:
        answers |= {f"cssrs-{n}": 0 for n in (3, 4, 5)}
    if "cssrs-6-lifetime" in yes:
        answers["cssrs-6-past-3-months"] = 0
    signal = enter(clinic, course, "cssrs_screen", answers | dict.fromkeys(yes, 1))
    assert (signal.urgency if signal else None) == urgency
    if signal is not None:
        assert signal.kind == "thoughts_of_death"
        page = sign_in(Client(), clinic.staff["therapist"]).get(f"/safety/{signal.pk}")
        assert page.content.decode().count("An invented text") >= len(yes)
