"""Requests about one's own record: their days, their answers, what stands beside the record."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from evenkeel.clinic.oversight.actions.answer_privacy import (
    answer_privacy,
    extend_privacy,
    lift_limit,
    rebut,
)
from evenkeel.clinic.oversight.actions.ask_privacy import ask_privacy, disagree, withdraw_privacy
from evenkeel.clinic.oversight.models import PrivacyRequest
from evenkeel.clinic.oversight.privacy_queries import beside_record, limits_of, waiting_requests
from evenkeel.clinic.oversight.retention import rules_of
from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from evenkeel.clinic.record.errors import DomainError
from evenkeel.clinic.record.models import ChainEntry
from tests.clinic.outcome.conftest import make_patient
from tests.clinic_factory import Clinic, sign_in
from tests.conftest import START
from tests.kept import kept

pytestmark = pytest.mark.django_db

#: Last day, and last day once put off, counted on a calendar by hand.
DUE = [
    ("US", "correction", date(2026, 11, 23), date(2027, 1, 22), date(2027, 2, 21)),
    ("UK", "correction", date(2026, 11, 23), date(2026, 12, 23), date(2027, 2, 23)),
    ("EU", "correction", date(2027, 1, 31), date(2027, 2, 28), date(2027, 4, 28)),
    ("EU", "restriction", date(2027, 12, 31), date(2028, 1, 31), date(2028, 3, 31)),
    ("AU", "correction", date(2026, 11, 23), date(2026, 12, 23), date(2026, 12, 23)),
    ("GB", "restriction", date(2028, 1, 30), date(2028, 2, 29), date(2028, 4, 29)),
    ("US-CA", "restriction", date(2026, 3, 1), date(2026, 4, 30), date(2026, 5, 30)),
]


@pytest.mark.parametrize(("code", "kind", "received", "due", "latest"), DUE)
def test_the_last_day_follows_from_the_law(
    code: str, kind: str, received: date, due: date, latest: date
) -> None:
    term = rules_of(code).terms[kind]
    assert (term.due(received), term.latest(received)) == (due, latest)


@pytest.fixture
def patient(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Patient:
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(START, 0.0, 0.0).as_text())

    def make() -> Patient:
        made = make_patient(clinic)
        clinic.patient_context(made)
        return made

    return kept("person with pages", clinic.clock, make, clinic)


def ask(clinic: Clinic, patient: Patient, **given: Any) -> PrivacyRequest:
    body = {"kind": "correction", "place": "facts", "said": "I never smoked.", "wanted": "Never."}
    return ask_privacy(clinic.patient_context(patient), patient_id=patient.pk, **{**body, **given})


def refused(code: str, do: Any) -> None:
    with pytest.raises(DomainError) as caught:
        do()
    assert caught.value.code == code, caught.value.message


def test_a_refused_correction_leaves_the_persons_words_beside_the_record(
    clinic: Clinic, patient: Patient
) -> None:
    director, me = clinic.as_("medical_director"), clinic.patient_context(patient)
    row = ask(clinic, patient)
    assert (row.due_on, row.asked_name, row.taken_by) == (date(2027, 1, 22), "Ada Sample", None)
    assert [one.standing for one in waiting_requests(director, START)] == ["in time"]
    refused("nothing_refused", lambda: disagree(me, request_id=row.pk, text="But it is so."))
    refused("forbidden", lambda: answer(clinic.as_("prescriber"), row, "denied"))
    row = answer(director, row, "denied")
    assert row.answered_by == clinic.staff["medical_director"]
    refused("answered", lambda: answer(director, row, "granted"))
    assert beside_record(patient.pk) == []
    disagree(me, request_id=row.pk, text="I was never asked.")
    refused("stated", lambda: disagree(me, request_id=row.pk, text="Twice."))
    rebut(director, request_id=row.pk, text="It was noted on the day.")
    refused("no_statement", lambda: rebut(director, request_id=row.pk, text="Again."))
    page = sign_in(Client(), clinic.staff["session_nurse"]).get(f"/people/{patient.pk}")
    shown = page.content.decode()
    assert "I was never asked." in shown
    assert "It was noted on the day." in shown


def answer(ctx: Any, row: PrivacyRequest, state: str, **given: Any) -> PrivacyRequest:
    return answer_privacy(ctx, request_id=row.pk, state=state, answer="It is right.", **given)


def test_a_granted_limit_is_seen_until_it_ends(clinic: Clinic, patient: Patient) -> None:
    director = clinic.as_("medical_director")
    row = ask(clinic, patient, kind="restriction", place="whole", said="Not to my insurer.")
    answer(director, row, "granted")
    assert [one.pk for one in limits_of(patient.pk)] == [row.pk]
    client = sign_in(Client(), clinic.staff["front_desk"])
    assert "Use of this record is limited" in client.get(f"/people/{patient.pk}").content.decode()
    refused("invalid", lambda: lift_limit(director, request_id=row.pk, reason=" "))
    lift_limit(director, request_id=row.pk, reason="They asked for it.")
    refused("no_limit", lambda: lift_limit(director, request_id=row.pk, reason="Again."))
    assert limits_of(patient.pk) == []


def test_an_answer_is_put_off_once_and_in_time(clinic: Clinic, patient: Patient) -> None:
    director = clinic.as_("medical_director")
    row = ask(clinic, patient)
    clinic.clock.advance(timedelta(days=60))
    row = extend_privacy(director, request_id=row.pk, reason="We wait for the other clinic.")
    assert row.extended_to == date(2027, 2, 21)
    refused("extended", lambda: extend_privacy(director, request_id=row.pk, reason="More."))
    other = ask(clinic, patient, said="My birthday is wrong.")
    clinic.clock.advance(timedelta(days=61))
    refused("late", lambda: extend_privacy(director, request_id=other.pk, reason="Late."))
    found = waiting_requests(director, clinic.clock.now())
    assert [(one.row.pk, one.standing) for one in found] == [(row.pk, "late"), (other.pk, "late")]


WRONG = [
    ({"kind": "erasure"}, "invalid"),
    ({"place": "garden"}, "invalid"),
    ({"said": "  "}, "invalid"),
    ({"said": "x" * 4001}, "invalid"),
    ({"said": "a\x00b"}, "invalid"),
    ({"wanted": ""}, "invalid"),
    ({"asked_as": "neighbor"}, "invalid"),
]


@pytest.mark.parametrize(("given", "code"), WRONG)
def test_a_request_that_says_nothing_is_not_kept(
    clinic: Clinic, patient: Patient, given: dict[str, Any], code: str
) -> None:
    refused(code, lambda: ask(clinic, patient, **given))
    assert not PrivacyRequest.objects.exists()


def test_staff_write_down_who_asked_and_when(clinic: Clinic, patient: Patient) -> None:
    desk = clinic.as_("front_desk")

    def take(**given: Any) -> PrivacyRequest:
        body = {"kind": "restriction", "place": "therapy", "said": "No letters home."}
        return ask_privacy(desk, patient_id=patient.pk, **{**body, **given})

    refused("invalid", lambda: take(asked_as="representative"))
    refused("invalid", lambda: take(received_at=START + timedelta(hours=1)))
    refused("invalid", lambda: take(received_at=START - timedelta(days=121)))
    row = take(
        asked_as="representative", asked_name="Bo Sample", received_at=START - timedelta(days=30)
    )
    assert (row.taken_by, row.due_on) == (clinic.staff["front_desk"], date(2026, 12, 23))
    refused("asked", lambda: take(asked_as="representative", asked_name="Bo Sample"))
    withdraw_privacy(clinic.patient_context(patient), request_id=row.pk)
    refused("answered", lambda: answer(clinic.as_("medical_director"), row, "granted"))


def test_nobody_reaches_the_request_of_somebody_else(clinic: Clinic, patient: Patient) -> None:
    row = ask(clinic, patient)
    other = clinic.patient_context(make_patient(clinic, "Nia", "Notional"))
    refused("not_found", lambda: withdraw_privacy(other, request_id=row.pk))
    refused("not_found", lambda: disagree(other, request_id=row.pk, text="Mine."))
    refused(
        "not_found",
        lambda: ask_privacy(
            other, patient_id=patient.pk, kind="correction", place="facts", said="x", wanted="y"
        ),
    )


def act(**given: Any) -> dict[str, Any]:
    return {"act_id": str(uuid4()), **given}


def test_a_request_goes_through_the_pages(clinic: Clinic, patient: Patient) -> None:
    mine = sign_in(Client(), Account.objects.get(patient=patient))
    said = act(do="ask", kind="correction", place="facts", said="I never smoked.", wanted="Never.")
    assert mine.post("/own/requests", {**said, "said": ""}).status_code == 422
    said = {**said, "act_id": str(uuid4())}
    assert mine.post("/own/requests", said).status_code == 303
    mine.post("/own/requests", said)
    row = PrivacyRequest.objects.get()
    assert "22 Jan 2027" in mine.get("/own/requests").content.decode().replace("\xa0", " ")
    director = sign_in(Client(), clinic.staff["medical_director"])
    assert "60 days left" in director.get("/oversight/requests").content.decode()
    path = f"/oversight/requests/{row.pk}"
    assert "45 CFR 164.526" in director.get(path).content.decode()
    assert director.post(path, act(do="answer", state="denied", answer="")).status_code == 422
    done = director.post(path, act(do="answer", state="denied", answer="It was asked twice."))
    assert done.status_code == 303
    assert "It was asked twice." in mine.get("/own/requests").content.decode()
    mine.post("/own/requests", act(do="disagree", request=str(row.pk), text="By somebody else."))
    assert "By somebody else." in director.get(path).content.decode()
    auditor = sign_in(Client(), clinic.staff["auditor"])
    assert auditor.get(path).status_code == 200
    assert auditor.post(path, act(do="rebut", text="No.")).status_code == 403
    reads = ChainEntry.objects.filter(action="read request about a record", patient_id=patient.pk)
    assert reads.exists()


def test_the_desk_writes_a_request_down_on_the_persons_page(
    clinic: Clinic, patient: Patient
) -> None:
    desk = sign_in(Client(), clinic.staff["front_desk"])
    path = f"/people/{patient.pk}/requests"
    form = {"kind": "restriction", "place": "whole", "said": "No calls.", "asked_as": "self"}
    assert desk.post(path, act(**form, received_on="2026-12-01")).status_code == 422
    assert desk.post(path, act(**form, received_on="2026-11-20")).status_code == 302 + 1
    assert PrivacyRequest.objects.get().due_on == date(2027, 1, 19)
