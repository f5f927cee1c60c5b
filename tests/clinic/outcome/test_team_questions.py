"""Asking the team from one's own pages: on the record, answered under a name, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.team_question import (
    LONGEST,
    MOST_WAITING,
    answer_team_question,
    ask_team,
)
from evenkeel.clinic.outcome.models import ContactChoice, TeamQuestion
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry
from tests.clinic.outcome.conftest import make_patient
from tests.clinic.outcome.test_own_pages import signed_in
from tests.clinic_factory import Clinic, sign_in

pytestmark = pytest.mark.django_db


def ask(clinic: Clinic, course: Course, text: str = "May I drink tea before?") -> TeamQuestion:
    ctx = clinic.patient_context(course.patient)
    return ask_team(ctx, patient_id=course.patient_id, text=text)


def test_asked_answered_and_read(clinic: Clinic, course: Course, pass_time: Any) -> None:
    pass_time(timedelta(0))
    client = signed_in(clinic, course.patient)
    said = {"text": "May I drink tea before?", "act_id": str(uuid4())}
    assert client.post("/own/ask", said).status_code == 303
    assert "Waits for an answer" in client.get("/own/ask").content.decode()
    row = TeamQuestion.objects.get()
    assert row.course_id == course.pk
    staff = sign_in(Client(), clinic.staff["session_nurse"])
    assert "May I drink tea before?" in staff.get("/asked/").content.decode()
    course_page = staff.get(f"/courses/{course.pk}").content.decode()
    assert "A question to the team waits" in course_page
    answer = {"question": str(row.pk), "answer": "Until half an hour before."}
    answer["act_id"] = str(uuid4())
    assert staff.post("/asked/", answer).status_code == 303
    page = client.get("/own/ask").content.decode()
    assert "Until half an hour before." in page
    assert "Test session_nurse" in page
    wrote = ChainEntry.objects.filter(patient_id=course.patient_id, action__startswith="team_")
    assert [entry.action for entry in wrote.order_by("position")] == [
        "team_question.ask",
        "team_question.answer",
    ]


@pytest.mark.parametrize("text", ["", "   ", "x" * (LONGEST + 1), "a\x00b"])
def test_what_is_no_question_is_refused(clinic: Clinic, course: Course, text: str) -> None:
    with pytest.raises(Invalid):
        ask(clinic, course, text)
    assert not TeamQuestion.objects.exists()


def test_the_same_twice_and_too_many_are_refused(clinic: Clinic, course: Course) -> None:
    ask(clinic, course)
    with pytest.raises(Refused) as again:
        ask(clinic, course)
    assert again.value.code == "asked"
    for number in range(MOST_WAITING - 1):
        ask(clinic, course, f"And {number}?")
    with pytest.raises(Refused) as many:
        ask(clinic, course, "One more?")
    assert many.value.code == "many"


def test_nobody_asks_or_answers_for_another(clinic: Clinic, course: Course) -> None:
    other = make_patient(clinic, "Nia", "Notional")
    with pytest.raises(NotFound):
        ask_team(clinic.patient_context(other), patient_id=course.patient_id, text="Hm?")
    row = ask(clinic, course)
    for role in ("front_desk", "auditor"):
        with pytest.raises(Forbidden):
            answer_team_question(clinic.as_(role), question_id=row.pk, answer="Yes.")
    elsewhere = clinic.as_("prescriber_elsewhere")
    with pytest.raises(NotFound):
        answer_team_question(elsewhere, question_id=row.pk, answer="Yes.")
    answer_team_question(clinic.as_("therapist"), question_id=row.pk, answer="Yes.")
    with pytest.raises(Refused):
        answer_team_question(clinic.as_("therapist"), question_id=row.pk, answer="No.")


def test_a_person_chooses_their_messages(clinic: Clinic, course: Course, pass_time: Any) -> None:
    pass_time(timedelta(0))
    client = signed_in(clinic, course.patient)
    assert "no address is known" in client.get("/own/messages").content.decode()
    wrong = {"channel": "email", "quiet_from": "21:00", "quiet_until": "late"}
    assert client.post("/own/messages", wrong | {"act_id": str(uuid4())}).status_code == 422
    right = {"channel": "none", "quiet_from": "20:00", "quiet_until": "09:30"}
    assert client.post("/own/messages", right | {"act_id": str(uuid4())}).status_code == 303
    row = ContactChoice.objects.get()
    assert (row.channel, row.quiet_from, row.quiet_until) == ("none", "20:00", "09:30")
