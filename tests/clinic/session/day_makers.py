"""Short ways to book and to arrive, for the tests of the day."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.session.actions.book_appointment import book_appointment
from evenkeel.clinic.session.actions.check_in import check_in
from evenkeel.clinic.session.arriving import Arrival
from evenkeel.clinic.session.models import Appointment
from tests.clinic.course.makers import SOUND_FACTS, Case
from tests.clinic_factory import Clinic, sign_in

BORN = date(1990, 3, 14)


def another_case(clinic: Clinic, given: str, family: str, born: date = date(1975, 6, 2)) -> Case:
    """A second synthetic person with an open course."""
    patient = register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name=given,
        family_name=family,
        birth_date=born,
        sex="male",
    )
    case = Case(clinic, patient)
    case.know(**SOUND_FACTS)
    case.opened()
    return case


def book(case: Case, at: datetime | None = None, role: str = "front_desk", **said: Any) -> Any:
    """A dose in the first chair, in an hour unless said otherwise."""
    clinic = case.clinic
    given: dict[str, Any] = {
        "course_id": case.course.pk,
        "kind": "dosing",
        "starts_at": at or clinic.clock.now() + timedelta(hours=1),
        "minutes": 120,
        "chair_id": clinic.chairs[0].pk,
        "nurse_id": clinic.staff["session_nurse"].pk,
    }
    if said.get("kind", "dosing") != "dosing":
        given["chair_id"] = None
    return book_appointment(clinic.as_(role), **{**given, **said})


def arrival(clinic: Clinic, **said: Any) -> Arrival:
    """Somebody for whom everything is settled."""
    now = clinic.clock.now()
    given: dict[str, Any] = {
        "allergies": "as_listed",
        "last_food_at": now - timedelta(hours=5),
        "last_fluids_at": now - timedelta(hours=1),
        "escort": "yes",
        "escort_name": "Eve Escort",
        "escort_phone": "555 0100",
        "benzodiazepine": "no",
        "stimulant": "no",
        "maoi": "no",
        "changes": "no",
    }
    return Arrival(**{**given, **said})


def arrive(case: Case, appointment: Appointment, role: str = "session_nurse", **said: Any) -> Any:
    """Check the person of a case in, with the right name and birth date."""
    return check_in(
        case.clinic.as_(role),
        appointment_id=appointment.pk,
        said_name=case.patient.name,
        said_birth_date=case.patient.birth_date,
        arrival=arrival(case.clinic, **said),
    )


def signed_in(client: Any, clinic: Clinic, role: str) -> Any:
    """The Django test client as this role."""
    return sign_in(client, clinic.staff[role])


def form(**fields: Any) -> dict[str, Any]:
    """Fields of a form with an act id of their own."""
    return {"act_id": str(uuid.uuid4()), **fields}
