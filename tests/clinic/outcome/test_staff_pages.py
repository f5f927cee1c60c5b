"""Questionnaires and safety signals as staff use them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.ask_questionnaire import Asked
from evenkeel.clinic.outcome.models import Ask, Response, SafetySignal
from evenkeel.clinic.people.actions.register_patient import edit_patient
from evenkeel.clinic.record.models import ChainEntry, ChainPayload, IdempotentReply
from tests.clinic.outcome.conftest import FOLLOW_UP, PHQ9, say, say_items
from tests.clinic.outcome.test_answer_page import text_of
from tests.clinic_factory import Clinic, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pass_time")]
PassTime = Callable[[timedelta], None]


def browser(clinic: Clinic, role: str = "therapist") -> Client:
    return sign_in(Client(), clinic.staff[role])


def at(course: Course) -> str:
    return f"/courses/{course.pk}/questionnaires"


def ask(client: Client, course: Course, act_id: str = "a1", **fields: str) -> Any:
    given = {"do": "ask", "instrument": "phq9", "sender": "show", "act_id": act_id} | fields
    return client.post(at(course), given)


def link_in(page: Any) -> str:
    found = re.search(r'value="(http://testserver/q/[^"]+)"', page.content.decode())
    assert found is not None
    return found.group(1)


def test_asking_shows_a_link_that_works_and_is_kept_nowhere(
    clinic: Clinic, course: Course, caplog: pytest.LogCaptureFixture
) -> None:
    client = browser(clinic)
    with caplog.at_level(logging.DEBUG):
        page = ask(client, course, occasion="before session 1")
        link = link_in(page)
    assert "10 short questions" in text_of(Client().get(link))
    token = link.rsplit("/", 1)[1]
    kept = "".join(ChainPayload.objects.values_list("body", flat=True))
    kept += str(list(IdempotentReply.objects.values())) + caplog.text
    assert token not in kept
    again = client.get(at(course))
    assert token not in again.content.decode()
    assert "PHQ-9 before session 1" in text_of(again)
    assert "Sent, not opened yet" in text_of(again)


def test_a_double_press_makes_one_link(clinic: Clinic, course: Course) -> None:
    client = browser(clinic)
    link = link_in(ask(client, course))
    twice = ask(client, course)
    assert twice.status_code == 303
    assert Ask.objects.count() == 1
    assert "10 short questions" in text_of(Client().get(link))


def test_withdrawing_closes_the_link(clinic: Clinic, course: Course, asked: Asked) -> None:
    client = browser(clinic)
    client.post(at(course), {"do": "withdraw", "ask": str(asked.ask.pk), "act_id": "w1"})
    assert Ask.objects.get().state == "withdrawn"
    assert Client().get(f"/q/{asked.token}").status_code == 404


def test_e_mail_is_offered_only_when_set_up_and_says_nothing_clinical(
    clinic: Clinic, course: Course, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = browser(clinic)
    assert "Send it by e-mail" not in text_of(client.get(at(course)))
    patient = course.patient
    given = {"given_name": patient.given_name, "email": "ada@people.invalid"}
    edit_patient(clinic.as_("front_desk"), patient_id=patient.pk, **given)
    settings.DEFAULT_FROM_EMAIL = "clinic@harbour.invalid"
    assert "Send it by e-mail" in text_of(client.get(at(course)))
    with caplog.at_level(logging.DEBUG, logger="evenkeel"):
        answer = ask(client, course, sender="email")
    assert answer.status_code == 303
    [message] = mail.outbox
    assert message.to == ["ada@people.invalid"]
    for word in ("ketamine", "PHQ", "depress", "Ada", "Harbour"):
        assert word.lower() not in (message.subject + message.body).lower()
    link = re.search(r"http://testserver/q/\S+", message.body)
    assert link is not None
    assert Client().get(link.group()).status_code == 200
    assert link.group().rsplit("/", 1)[1] not in caplog.text
    assert "ada@people.invalid" not in caplog.text


def test_a_failing_mail_server_shows_the_link_instead(
    clinic: Clinic, course: Course, settings: Any
) -> None:
    patient = course.patient
    edit_patient(clinic.as_("front_desk"), patient_id=patient.pk, email="ada@people.invalid")
    settings.DEFAULT_FROM_EMAIL = "clinic@harbour.invalid"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 2
    page = ask(browser(clinic), course, sender="email")
    assert "The e-mail failed" in text_of(page)
    assert Client().get(link_in(page)).status_code == 200


def test_paper_answers_from_the_form(clinic: Clinic, course: Course) -> None:
    client = browser(clinic, "session_nurse")
    page = client.get(at(course), {"paper": "phq9"})
    assert page.content.decode().count('type="radio" name="phq9-') == 40
    filled = dict.fromkeys(PHQ9, "1") | {
        FOLLOW_UP["plan"]: "0",
        "do": "enter",
        "instrument": "phq9",
        "answered_at": "2026-11-23T09:30",
        "act_id": "p1",
    }
    assert client.post(at(course), filled).status_code == 303
    assert client.post(at(course), filled).status_code == 303  # pressed twice
    response = Response.objects.get()
    assert (response.total, response.entered_by) == (9, "Test session_nurse")
    assert response.answered_at.isoformat() == "2026-11-23T09:30:00+00:00"
    assert SafetySignal.objects.get().follow_up["answers"] == {FOLLOW_UP["plan"]: 0}
    assert "entered by Test session_nurse" in text_of(client.get(at(course)))


def test_a_wrong_paper_form_keeps_what_was_typed(clinic: Clinic, course: Course) -> None:
    client = browser(clinic)
    page = client.post(
        at(course),
        {
            "do": "enter",
            "instrument": "phq9",
            "phq9-1": "2",
            "phq9-2": "9",
            "answered_at": "2026-11-23T09:30",
            "act_id": "p2",
        },
    )
    assert page.status_code == 422
    shown = page.content.decode()
    assert re.search(r'name="phq9-1" value="2" checked', shown)
    assert 'value="2026-11-23T09:30"' in shown
    assert "Choose one of the answers." in shown
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"do": "ask", "instrument": "nonsense"}, 422),
        ({"do": "ask", "instrument": "phq9", "sender": "pigeon"}, 422),
        ({"do": "withdraw", "ask": "no-uuid"}, 422),
        ({"do": "withdraw", "ask": "00000000-0000-4000-8000-000000000000"}, 422),
        ({"do": "enter", "instrument": "../etc"}, 422),
        ({"do": "enter", "instrument": "phq9", "answered_at": "yesterday", "phq9-1": "1"}, 422),
        ({"do": "enter", "instrument": "phq9", "phq9-1": "\u0663"}, 422),
        ({"do": "dance"}, 303),
    ],
)
def test_hostile_forms_store_nothing(
    clinic: Clinic, course: Course, fields: dict[str, str], status: int
) -> None:
    page = browser(clinic).post(at(course), fields | {"act_id": "h1"})
    assert page.status_code == status
    assert not Ask.objects.exists()
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    ("role", "sees", "asks", "enters"),
    [
        ("medical_director", 200, True, True),
        ("prescriber", 200, True, True),
        ("session_nurse", 200, True, True),
        ("therapist", 200, True, True),
        ("auditor", 200, False, False),
        ("front_desk", 403, False, False),
        ("pharmacist", 403, False, False),
        ("prescriber_elsewhere", 404, False, False),
    ],
)
def test_who_may_do_what(
    clinic: Clinic, course: Course, role: str, sees: int, asks: bool, enters: bool
) -> None:
    client = browser(clinic, role)
    page = client.get(at(course))
    assert page.status_code == sees
    shown = page.content.decode()
    assert ("Make the link" in shown) is asks
    assert ("From paper or aloud" in shown) is enters
    ask(client, course)
    assert Ask.objects.exists() is asks
    client.post(at(course), {"do": "enter", "instrument": "phq9", "phq9-1": "1", "act_id": "e"})
    assert Response.objects.exists() is enters


@pytest.fixture
def signal(clinic: Clinic, asked: Asked) -> SafetySignal:
    ask_ = say_items(clinic, asked.ask, [1] * 8 + [2])
    say(clinic, ask_, "_help", None)
    say(clinic, ask_, FOLLOW_UP["thinking"], 1)
    say(clinic, ask_, FOLLOW_UP["plan"], 1)
    return SafetySignal.objects.get()


def test_the_signal_page_tells_the_answers_and_closes(
    clinic: Clinic, course: Course, signal: SafetySignal
) -> None:
    client = browser(clinic, "prescriber")
    address = f"/safety/{signal.pk}"
    shown = text_of(client.get(address))
    for words in ("Emergency", "More than half the days", "Have you made a plan? Yes"):
        assert words in shown
    assert "Is someone with you? not answered" in shown
    assert ChainEntry.objects.latest("position").action == "read safety signal"
    empty = client.post(address, {"note": " ", "act_id": "c0"})
    assert empty.status_code == 422
    assert "Say what was done." in text_of(empty)
    done = client.post(address, {"note": "Spoke by telephone. Safe.", "act_id": "c1"})
    assert done.status_code == 303
    shown = text_of(client.get(address))
    assert "Closed by Test prescriber" in shown
    assert "Spoke by telephone. Safe." in shown
    assert Course.objects.get(pk=course.pk).dose_holds == []


@pytest.mark.parametrize(
    ("role", "sees", "closes"),
    [
        ("therapist", 200, True),
        ("session_nurse", 200, False),
        ("auditor", 200, False),
        ("front_desk", 403, False),
        ("pharmacist", 403, False),
        ("prescriber_elsewhere", 404, False),
    ],
)
def test_who_sees_and_closes_a_signal(
    clinic: Clinic, signal: SafetySignal, role: str, sees: int, closes: bool
) -> None:
    client = browser(clinic, role)
    assert client.get(f"/safety/{signal.pk}").status_code == sees
    client.post(f"/safety/{signal.pk}", {"note": "Spoke.", "act_id": "c2"})
    assert (SafetySignal.objects.get().closed_at is not None) is closes


def test_the_list_of_open_signals(clinic: Clinic, signal: SafetySignal) -> None:
    shown = text_of(browser(clinic, "prescriber").get("/safety/"))
    assert "Ada Sample" in shown
    assert "Act now" in shown
    elsewhere = text_of(browser(clinic, "prescriber_elsewhere").get("/safety/"))
    assert "None is open" in elsewhere


def test_query_ceilings(
    clinic: Clinic, course: Course, signal: SafetySignal, django_assert_max_num_queries: Any
) -> None:
    client = browser(clinic, "prescriber")
    # one of them is PostgreSQL's lock of the writers, taken when the reading is logged
    for address, ceiling in ((at(course), 25), (f"/safety/{signal.pk}", 16), ("/safety/", 16)):
        client.get(address)
        with django_assert_max_num_queries(ceiling):
            assert client.get(address).status_code == 200
