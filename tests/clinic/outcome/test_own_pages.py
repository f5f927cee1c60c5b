"""A patient's own pages: what is next, the questions, help and choices; and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from evenkeel.clinic.course.models import Consent, Course, TouchAgreement
from evenkeel.clinic.outcome.actions.ask_questionnaire import ask_questionnaire
from evenkeel.clinic.outcome.crisis import contacts_anywhere, contacts_of
from evenkeel.clinic.outcome.models import Ask, Response, SafetySignal
from evenkeel.clinic.people.models import Account, Patient, Site
from evenkeel.clinic.record.models import ChainEntry
from tests.clinic.course.makers import Case
from tests.clinic.outcome.conftest import PHQ9, make_course, make_patient
from tests.clinic.outcome.histories import make_history, put_appointment
from tests.clinic.outcome.test_answer_page import text_of
from tests.clinic_factory import Clinic, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pass_time")]
PassTime = Callable[[timedelta], None]
PAGES = ("/own/", "/own/ready", "/own/questions", "/own/help", "/own/choices")


def signed_in(clinic: Clinic, patient: Patient) -> Client:
    clinic.patient_context(patient)
    client = Client(enforce_csrf_checks=False)
    return sign_in(client, Account.objects.get(patient=patient))


@pytest.fixture
def case(clinic: Clinic, pass_time: PassTime) -> Case:
    made = make_history(clinic, 1)
    put_appointment(
        clinic.as_("therapist"),
        course=made.fresh(),
        kind="dosing",
        in_days=1,
        chair=clinic.chairs[1],
        nurse=clinic.staff["session_nurse"],
    )
    pass_time(timedelta(0))
    return made


def test_the_next_session_in_plain_words(clinic: Clinic, case: Case) -> None:
    shown = text_of(signed_in(clinic, case.patient).get("/own/"))
    for words in (
        "Hello Ada.",
        "Your next session is tomorrow",
        "2:00\u00a0pm".replace("\u00a0", " "),
        "Harbour, room 2",
        "No food. Water is fine until 1:30 pm.",
        "The drip, 40 minutes, then rest",
        "Somebody takes you home",
        "Answer your questions",
    ):
        assert words in shown, words
    assert "ketamine" not in shown.lower()  # somebody may look over a shoulder


@pytest.mark.parametrize("page", PAGES)
def test_every_page_stands_without_course_or_appointment(clinic: Clinic, page: str) -> None:
    client = signed_in(clinic, make_patient(clinic, "Nia", "Notional"))
    answer = client.get(page)
    assert answer.status_code == 200
    assert 'class="phone-help" href="/own/help"' in answer.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_staff_have_no_own_pages_and_strangers_none(
    clinic: Clinic, course: Course, page: str
) -> None:
    assert sign_in(Client(), clinic.staff["prescriber"]).get(page).status_code == 403
    answer = Client().get(page)
    assert answer.status_code == 302
    assert "/accounts/login" in answer["Location"]


def test_no_other_person_is_reachable(clinic: Clinic, case: Case) -> None:
    other = make_course(clinic, make_patient(clinic, "Bram", "Specimen"))
    theirs = ask_questionnaire(
        clinic.as_("therapist"), course_id=other.pk, instrument_id="phq9"
    ).ask
    client = signed_in(clinic, case.patient)
    for address in (
        f"/own/questions/{theirs.pk}",
        f"/courses/{other.pk}",
        f"/courses/{case.course.pk}",
        f"/courses/{other.pk}/questionnaires",
        f"/people/{other.patient_id}",
        f"/people/{case.patient.pk}",
        "/people/",
        "/safety/",
    ):
        assert client.get(address).status_code in (403, 404), address
    said = {"question": "phq9-1", "answer": "1", "go": "next"}
    assert client.post(f"/own/questions/{theirs.pk}", said).status_code == 404
    assert Ask.objects.get(pk=theirs.pk).partial == {}
    for page in PAGES:
        assert "Bram" not in client.get(page).content.decode()


def test_answering_signed_in(clinic: Clinic, case: Case) -> None:
    ask = ask_questionnaire(
        clinic.as_("therapist"), course_id=case.course.pk, instrument_id="phq9"
    ).ask
    client = signed_in(clinic, case.patient)
    here = f"/own/questions/{ask.pk}"
    assert here in client.get("/own/questions").content.decode()
    client.post(here, {"go": "start"})
    for key in PHQ9:
        client.post(here, {"question": key, "answer": "1", "go": "next"})
    page = client.get(here)
    assert "Thank you for telling us" in text_of(page)
    assert b'name="csrfmiddlewaretoken"' in page.content
    assert b'content="same-origin"' in page.content
    assert SafetySignal.objects.get().response == Response.objects.latest("answered_at")
    account = Account.objects.get(patient=case.patient)
    assert ChainEntry.objects.filter(
        action="questionnaire.answer", actor_id=str(account.pk)
    ).exists()


def test_forms_signed_in_are_checked_for_forgery(clinic: Clinic, case: Case) -> None:
    client = Client(enforce_csrf_checks=True)
    clinic.patient_context(case.patient)
    sign_in(client, Account.objects.get(patient=case.patient))
    assert client.post("/own/choices", {"do": "consent", "act_id": "x"}).status_code == 403
    assert Consent.objects.get().withdrawn_at is None


def test_consent_and_touch_can_be_taken_back(clinic: Clinic, case: Case) -> None:
    client = signed_in(clinic, case.patient)
    shown = text_of(client.get("/own/choices"))
    assert "Take back my consent" in shown
    assert "lantern" in shown
    assert client.post("/own/choices", {"do": "touch", "act_id": "t1"}).status_code == 303
    assert TouchAgreement.objects.get().withdrawn_at is not None
    assert client.post("/own/choices", {"do": "consent", "act_id": "t2"}).status_code == 303
    consent = Consent.objects.get()
    assert (consent.withdrawn_at, consent.withdrawn_by) == (clinic.clock.now(), "Ada Sample")
    assert case.fresh().state == "paused"
    assert "Nothing you agreed to stands now." in text_of(client.get("/own/choices"))


@pytest.mark.parametrize(
    ("crisis_line", "numbers"),
    [
        ("988 (call or text), every hour", ["911", "988"]),
        ("116 123, day and night; Text SHOUT to 85258", ["911", "116 123", "85258"]),
        (
            "+49 (0)800 111 0 111\nYour own doctor",
            ["911", "+49 (0)800 111 0 111", "Your own doctor"],
        ),
        ("", ["911", "988"]),
    ],
)
def test_crisis_lines_as_staff_write_them(crisis_line: str, numbers: list[str]) -> None:
    site = Site(name="Harbour", crisis_line=crisis_line, jurisdiction="US")
    found = contacts_of(site)
    assert [contact.number for contact in found] == numbers
    assert all(set(contact.dial) <= set("+0123456789") for contact in found)


def test_no_emergency_number_is_guessed() -> None:
    [contact] = contacts_of(Site(name="Far", jurisdiction="XX"))
    assert (contact.number, contact.dial) == ("Your emergency number", "")
    assert contacts_anywhere([])[0].dial == ""


def test_query_ceilings(clinic: Clinic, case: Case, django_assert_max_num_queries: Any) -> None:
    client = signed_in(clinic, case.patient)
    for page in PAGES:
        client.get(page)
        # one of them is PostgreSQL's lock of the writers, taken when the reading is logged
        with django_assert_max_num_queries(17):
            client.get(page)
