"""A person with a course, and ways to ask and answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from evenkeel.clinic.course.actions.open_course import open_course
from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.answer_question import answer_question, context_of
from evenkeel.clinic.outcome.actions.ask_questionnaire import Asked, ask_questionnaire
from evenkeel.clinic.outcome.models import Ask
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from tests.clinic_factory import Clinic
from tests.kept import kept

PHQ9 = [f"phq9-{n}" for n in range(1, 10)]
FOLLOW_UP = {
    "thinking": "follow-up-thinking-now",
    "plan": "follow-up-plan",
    "intent": "follow-up-intent",
    "past": "follow-up-past-3-months",
    "safe": "follow-up-safe-now",
    "someone": "follow-up-with-someone",
}
CALM = {"thinking": 0, "plan": 0, "intent": 0, "past": 0, "safe": 1, "someone": 1}


def make_patient(clinic: Clinic, given: str = "Ada", family: str = "Sample") -> Patient:
    return register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name=given,
        family_name=family,
        birth_date=date(1975, 3, 4),
        sex="female",
    )


def make_course(clinic: Clinic, patient: Patient) -> Course:
    return open_course(
        clinic.as_("prescriber"),
        patient_id=patient.pk,
        indication="Recurrent depression (synthetic)",
        referred_by="Dr Invented",
    )


@pytest.fixture
def course(clinic: Clinic) -> Course:
    return kept("course", clinic.clock, lambda: make_course(clinic, make_patient(clinic)), clinic)


@pytest.fixture
def asked(clinic: Clinic, course: Course) -> Asked:
    return ask_questionnaire(clinic.as_("therapist"), course_id=course.pk, instrument_id="phq9")


def say(clinic: Clinic, ask: Ask, key: str, value: int | None) -> Ask:
    """Answer one screen as the person who holds the link."""
    fresh = Ask.objects.select_related("patient").get(pk=ask.pk)
    return answer_question(context_of(fresh, clinic.clock), ask_id=fresh.pk, key=key, value=value)


def say_items(clinic: Clinic, ask: Ask, values: list[int | None]) -> Ask:
    """Answer the first items of PHQ-9 in order."""
    for key, value in zip(PHQ9, values, strict=False):
        ask = say(clinic, ask, key, value)
    return ask


@pytest.fixture
def pass_time(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Hold the clock of the pages at the clinic's, and move both on when called."""

    def move(by: timedelta) -> None:
        at = clinic.clock.advance(by)
        monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(at, 0.0, 0.0).as_text())

    move(timedelta(0))
    return move
