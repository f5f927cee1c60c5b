"""A group of three, each with a signed plan for injections, on the group program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from evenkeel.clinic.course.actions.move_course import move_course
from evenkeel.clinic.course.dose_sheet import DoseOrder
from evenkeel.clinic.groups.actions.book_visit import book_visit
from evenkeel.clinic.groups.actions.join_group import join_group, take_group_consent
from evenkeel.clinic.groups.actions.manage_group import open_group
from evenkeel.clinic.groups.models import GroupMember, GroupPlace, GroupVisit, TherapyGroup
from evenkeel.clinic.groups.seating import Seat
from evenkeel.clinic.programs.actions.choose_program import choose_program
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.models import Session
from tests.clinic.course.makers import Case, make_case
from tests.clinic.session.day_makers import arrive
from tests.clinic.session.makers import another_case
from tests.clinic_factory import Clinic, sign_in
from tests.conftest import START
from tests.kept import kept

NAMES = ("Ada", "Bea", "Cyd")
IM_ORDER = DoseOrder("racemic_im", dose_mg_per_kg=Decimal("0.5"), concentration_mg_ml=Decimal(50))


@dataclass
class Circle:
    """The group, the people in it, and short ways to act."""

    clinic: Clinic
    cases: list[Case]
    group: TherapyGroup

    @property
    def now(self) -> datetime:
        return self.clinic.clock.now()

    @property
    def members(self) -> list[GroupMember]:
        rows = GroupMember.objects.filter(group=self.group).select_related("patient")
        return list(rows.order_by("joined_at", "created_at"))

    def seats(self, **changes: Any) -> list[Seat]:
        """A chair each, the nurse for all; ``changes`` by name for one person."""
        nurse = self.clinic.staff["session_nurse"].pk
        found = []
        for number, member in enumerate(self.members):
            given = {"chair_id": self.clinic.chairs[number].pk, "nurse_id": nurse}
            given |= changes.get(member.patient.given_name, {})
            found.append(Seat(member.pk, **given))
        return found

    def booked(self, kind: str = "dosing", role: str = "therapist", **said: Any) -> GroupVisit:
        given: dict[str, Any] = {
            "group_id": self.group.pk,
            "kind": kind,
            "starts_at": self.now + timedelta(minutes=30),
            "minutes": 180 if kind == "dosing" else 90,
            "seats": self.seats(),
        }
        return book_visit(self.clinic.as_(role), **{**given, **said})

    def place(self, visit: GroupVisit, name: str) -> GroupPlace:
        return GroupPlace.objects.select_related("appointment").get(
            visit=visit, patient__given_name=name
        )

    def opened(self, visit: GroupVisit, name: str) -> Session:
        """Somebody arrives, and their session is opened."""
        place = self.place(visit, name)
        case = next(c for c in self.cases if c.patient.given_name == name)
        arrive(case, place.appointment)
        nurse = self.clinic.as_("session_nurse")
        return open_session(nurse, appointment_id=place.appointment_id)

    def client(self, role: str) -> Any:
        return sign_in(Client(), self.clinic.staff[role])

    def page(self, visit: GroupVisit | None = None, more: str = "") -> str:
        where = f"/groups/{self.group.pk}"
        return f"{where}/visits/{visit.pk}{more}" if visit else where + more


def act(**given: Any) -> dict[str, Any]:
    """A form with what makes it a new act."""
    return {"act_id": str(uuid4()), **given}


def on_the_program(clinic: Clinic, name: str) -> Case:
    """Somebody in induction with injections, on the group program."""
    case = make_case(clinic) if name == "Ada" else another_case(clinic, name)
    case.consented("racemic_im")
    case.planned(IM_ORDER)
    move_course(case.prescriber, course_id=case.course.pk, to="induction")
    choose_program(clinic.as_("therapist"), course_id=case.course.pk, program="group")
    return case


def joined(clinic: Clinic, case: Case, group: TherapyGroup) -> GroupMember:
    ctx, course = clinic.as_("therapist"), case.course.pk
    take_group_consent(
        ctx, course_id=course, group_id=group.pk, signed_name=case.patient.name, agreed=True
    )
    return join_group(ctx, course_id=course, group_id=group.pk)


def opened_group(clinic: Clinic, name: str = "Tuesday circle") -> TherapyGroup:
    leads = [clinic.staff["therapist"].pk, clinic.staff["prescriber"].pk]
    return open_group(
        clinic.as_("therapist"),
        site_id=clinic.site.pk,
        name=name,
        program="group",
        room="Garden room",
        account_ids=leads,
    )


def make_circle(clinic: Clinic) -> Circle:
    cases = [on_the_program(clinic, name) for name in NAMES]
    group = opened_group(clinic)
    for case in cases:
        joined(clinic, case, group)
    return Circle(clinic, cases, group)


@pytest.fixture
def circle(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Circle:
    """Three members, nothing booked; pages see the time of the tests' clock."""
    made = kept("circle", clinic.clock, lambda: make_circle(clinic), clinic)
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(START, 0.0, 0.0).as_text())
    return made
