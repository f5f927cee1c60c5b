"""A person on the Montreal model who has a sign-in of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.programs.actions.choose_program import choose_program
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from tests.clinic.course.makers import Case, make_case
from tests.clinic_factory import Clinic, sign_in
from tests.conftest import START
from tests.kept import kept


@dataclass
class Person:
    """Ada, her course, and ways to act as her and around her."""

    clinic: Clinic
    case: Case
    course: Course

    @property
    def ctx(self) -> Context:
        """Ada herself."""
        return self.clinic.patient_context(self.case.patient)

    @property
    def therapist(self) -> Context:
        return self.clinic.as_("therapist")

    def signed_in(self) -> Any:
        account = Account.objects.get(patient=self.case.patient)
        return sign_in(Client(), account)

    def staff(self, role: str) -> Any:
        return sign_in(Client(), self.clinic.staff[role])

    def page(self, name: str = "") -> str:
        return f"/courses/{self.course.pk}/therapy{name}"


def act(**given: Any) -> dict[str, Any]:
    """A form with what makes it a new act."""
    return {"act_id": str(uuid4()), **given}


def make_person(clinic: Clinic) -> Person:
    case = make_case(clinic)
    course = case.opened()
    person = Person(clinic, case, course)
    choose_program(person.therapist, course_id=course.pk, program="montreal")
    clinic.patient_context(case.patient)  # makes the account
    return person


@pytest.fixture
def person(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Person:
    """On the Montreal model, nothing done yet; pages see the time of the tests' clock."""
    made = kept("person on a program", clinic.clock, lambda: make_person(clinic), clinic)
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(START, 0.0, 0.0).as_text())
    return made
