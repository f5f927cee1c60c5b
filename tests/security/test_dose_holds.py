"""From an answer on the phone to the chair: what must keep a dose from being given does."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.course.actions.withdraw_consent import withdraw_consent
from evenkeel.clinic.course.models import Consent
from evenkeel.clinic.outcome.actions.ask_questionnaire import ask_questionnaire
from evenkeel.clinic.outcome.models import SafetySignal
from evenkeel.clinic.people.actions.mark_deceased import mark_deceased
from evenkeel.clinic.people.actions.set_up import add_chair
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.models import Session, SessionEvent
from tests.clinic.outcome.conftest import FOLLOW_UP, say, say_items
from tests.clinic.session.makers import (
    CALM,
    Stage,
    checked_in_appointment,
    open_stage,
    treatable_case,
)
from tests.clinic_factory import Clinic, sign_in
from tests.conftest import START
from tests.security.world import founder

ON_SOME_DAYS = [1, 1, 1, 1, 1, 1, 1, 1, 1]


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(START, 0.0, 0.0).as_text())


def browser(clinic: Clinic, role: str) -> Client:
    return sign_in(Client(), clinic.staff[role])


def answer_phq9(clinic: Clinic, course_id: uuid.UUID) -> SafetySignal:
    asked = ask_questionnaire(clinic.as_("therapist"), course_id=course_id, instrument_id="phq9")
    ask = say_items(clinic, asked.ask, ON_SOME_DAYS)
    ask = say(clinic, ask, "_help", None)
    say(clinic, ask, FOLLOW_UP["thinking"], 0)
    return SafetySignal.objects.get(course=course_id)


def close(clinic: Clinic, signal: SafetySignal, role: str = "prescriber") -> int:
    return (
        browser(clinic, role)
        .post(
            reverse("safety_signal", args=[signal.pk]),
            {"act_id": str(uuid.uuid4()), "note": "Spoke with Ada; safe at home, plan agreed."},
        )
        .status_code
    )


def begin(stage: Stage, kind: str = "infusion_start", **body: Any) -> Any:
    sent = {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "happened_at": stage.now.isoformat(),
        "body": body or stage.start_body(),
    }
    return browser(stage.clinic, "session_nurse").post(
        reverse("api_session_events", args=[stage.session.pk]),
        json.dumps(sent),
        content_type="application/json",
    )


@pytest.mark.django_db
def test_an_open_signal_keeps_a_session_from_opening_until_a_clinician_closes_it(
    clinic: Clinic,
) -> None:
    case = treatable_case(clinic)
    appointment = checked_in_appointment(case.nurse, case=case, chair=clinic.chairs[0])
    signal = answer_phq9(clinic, case.fresh().pk)
    start = reverse("appointment", args=[appointment.pk])
    nurse = browser(clinic, "session_nurse")

    refused = nurse.post(start, {"act_id": str(uuid.uuid4()), "do": "open_session"})
    assert not Session.objects.exists()
    assert "question 9" in refused.content.decode()

    assert close(clinic, signal, "session_nurse") == 403
    nurse.post(start, {"act_id": str(uuid.uuid4()), "do": "open_session"})
    assert not Session.objects.exists()

    assert close(clinic, signal) in {302, 303}
    nurse.post(start, {"act_id": str(uuid.uuid4()), "do": "open_session"})
    assert Session.objects.get().appointment_id == appointment.pk


@pytest.mark.django_db
def test_a_signal_raised_after_the_session_was_opened_keeps_the_drug_from_starting(
    clinic: Clinic,
) -> None:
    stage = open_stage(clinic).prepared()
    signal = answer_phq9(clinic, stage.case.fresh().pk)

    refused = begin(stage)
    assert refused.status_code == 409
    assert "question 9" in refused.json()["detail"]
    assert not SessionEvent.objects.filter(kind="infusion_start").exists()

    close(clinic, signal)
    assert begin(stage).status_code == 201


def hold(stage: Stage) -> None:
    answer_phq9(stage.clinic, stage.case.fresh().pk)


def withdraw(stage: Stage) -> None:
    consent = Consent.objects.get(course=stage.case.fresh())
    withdraw_consent(stage.clinic.as_("therapist"), consent_id=consent.pk)


def note_death(stage: Stage) -> None:
    mark_deceased(stage.clinic.as_("prescriber"), patient_id=stage.session.patient_id)


AGAINST = pytest.mark.parametrize("happens", [hold, withdraw, note_death])


@pytest.mark.django_db
@AGAINST
def test_nothing_is_begun_resumed_or_raised_but_all_can_be_stopped(
    clinic: Clinic, happens: Callable[[Stage], None]
) -> None:
    stage = open_stage(clinic).started()
    rate = stage.start_body()["rate_mg_per_h"]
    happens(stage)
    up = begin(stage, "rate_change", rate_mg_per_h=rate * 1.2, reason="as ordered")
    assert (up.status_code, up.json()["code"]) == (409, "dose_hold")
    assert begin(stage, "rate_change", rate_mg_per_h=rate / 2, reason="less").status_code == 201
    assert begin(stage, "pause", reason="wait").status_code == 201
    again = begin(stage, "resume", rate_mg_per_h=rate / 2)
    assert (again.status_code, again.json()["code"]) == (409, "dose_hold")
    assert begin(stage, "infusion_stop", reason="stopped").status_code == 201


@pytest.mark.django_db
@AGAINST
def test_a_second_nasal_device_is_refused_as_the_first_would_be(
    clinic: Clinic, happens: Callable[[Stage], None]
) -> None:
    stage = open_stage(clinic, "esketamine_nasal").prepared()
    assert begin(stage, "device", number=1, dose_mg=28).status_code == 201
    happens(stage)
    stage.wait(6)
    refused = begin(stage, "device", number=2, dose_mg=28)
    assert refused.status_code in {409, 422}
    assert SessionEvent.objects.filter(kind="device").count() == 1


@pytest.mark.django_db
def test_what_is_kept_on_paper_describes_and_never_lets_anything_begin_on_screen(
    clinic: Clinic,
) -> None:
    """A sheet may say that a dose was given; the next one is still held."""
    stage = open_stage(clinic).prepared()
    hold(stage)
    backdated: datetime = stage.now - timedelta(minutes=10)
    sent = {
        "id": str(uuid.uuid4()),
        "kind": "infusion_start",
        "happened_at": backdated.isoformat(),
        "body": stage.start_body(),
    }
    refused = browser(clinic, "session_nurse").post(
        reverse("api_session_events", args=[stage.session.pk]),
        json.dumps(sent),
        content_type="application/json",
    )
    assert refused.status_code == 409


@pytest.mark.django_db
def test_one_person_cannot_check_their_own_dose_whatever_they_call_it(clinic: Clinic) -> None:
    stage = open_stage(clinic)
    stage.checks()
    stage.dose_check("session_nurse", by_name="Somebody Else")
    stage.says("observation", body={**CALM})
    refused = begin(stage)
    assert refused.status_code == 409
    assert "second person" in refused.json()["detail"]


@pytest.mark.django_db
def test_nobody_who_has_died_is_booked_checked_in_or_opened(clinic: Clinic) -> None:
    case = treatable_case(clinic)
    appointment = checked_in_appointment(case.nurse, case=case, chair=clinic.chairs[0])
    mark_deceased(clinic.as_("prescriber"), patient_id=case.patient.pk)
    nurse = browser(clinic, "session_nurse")
    where = reverse("appointment", args=[appointment.pk])
    nurse.post(where, {"act_id": str(uuid.uuid4()), "do": "open_session"})
    assert not Session.objects.exists()
    booking = {
        "act_id": str(uuid.uuid4()),
        "kind": "dosing",
        "on": date(2026, 11, 24).isoformat(),
        "at": "10:00",
        "minutes": "120",
        "chair_id": str(clinic.chairs[1].pk),
    }
    refused = nurse.post(reverse("appointment_new", args=[case.fresh().pk]), booking)
    assert refused.status_code in {409, 422}
    assert case.fresh().appointments.count() == 1


@pytest.mark.django_db
def test_a_session_is_not_opened_in_a_chair_of_another_site(clinic: Clinic) -> None:
    case = treatable_case(clinic)
    appointment = checked_in_appointment(case.nurse, case=case, chair=None)
    far = add_chair(founder(clinic), site_id=clinic.other_site.pk, name="Far chair")
    with pytest.raises(Refused, match="another site"):
        open_session(founder(clinic), appointment_id=appointment.pk, chair_id=far.pk)
