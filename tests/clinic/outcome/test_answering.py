"""Asking and answering as acts: what is kept, filed and scored, and what a link still opens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.answer_question import (
    answer_question,
    begin_answering,
    context_of,
)
from evenkeel.clinic.outcome.actions.ask_questionnaire import (
    Asked,
    ask_questionnaire,
    withdraw_ask,
)
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers
from evenkeel.clinic.outcome.models import Ask, Response, SafetySignal
from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.people.sign_in import token_hash
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry, ChainPayload
from evenkeel.clinic.record.permissions import PERMISSIONS, Role
from evenkeel.instruments import load, score
from tests.clinic.outcome.conftest import PHQ9, make_course, make_patient, say, say_items
from tests.clinic_factory import Clinic

pytestmark = pytest.mark.django_db


def test_only_the_hash_of_a_token_is_stored(clinic: Clinic, asked: Asked) -> None:
    ask = Ask.objects.get(pk=asked.ask.pk)
    assert ask.token_hash == token_hash(asked.token)
    assert len(asked.token) >= 40
    payloads = "".join(ChainPayload.objects.values_list("body", flat=True))
    assert asked.token not in payloads
    assert ask.token_hash in payloads  # the chain covers the hash


@pytest.mark.parametrize(
    ("values", "total", "band"),
    [
        ([0] * 9, 0, "none to minimal"),
        ([1, 1, 1, 1, 1, 0, 0, 0, 0], 5, "mild"),
        ([2, 2, 2, 2, 2, 0, 0, 0, 0], 10, "moderate"),
        ([3, 3, 3, 3, 3, 0, 0, 0, 0], 15, "moderately severe"),
        ([3, 3, 3, 3, 3, 3, 2, 0, 0], 20, "severe"),
    ],
)
def test_the_last_answer_files_and_scores(
    clinic: Clinic, asked: Asked, values: list[int], total: int, band: str
) -> None:
    """Bands as LOINC's answer list LL382-3 draws them: 5, 10, 15 and 20 begin a new one."""
    ask = say_items(clinic, asked.ask, values)
    if any(values):
        assert ask.state == "begun"
        assert not Response.objects.exists()
        ask = say(clinic, ask, "phq9-difficulty", 1)
    response = Response.objects.get()
    assert (ask.state, ask.finished_at) == ("answered", clinic.clock.now())
    assert (response.total, response.band) == (total, band)
    assert score(load("phq9"), response.answers).total == total
    assert response.entered_by == ""
    assert not SafetySignal.objects.exists()
    fact = Fact.objects.get(key="scores")
    assert (fact.value, fact.as_of) == ({"phq9": total}, clinic.clock.now())


def test_the_person_acts_under_their_own_name_without_an_account(
    clinic: Clinic, asked: Asked
) -> None:
    say(clinic, asked.ask, "phq9-1", 2)
    entry = ChainEntry.objects.latest("position")
    assert entry.action == "questionnaire.answer"
    assert entry.actor_id == f"patient:{asked.ask.patient_id}"
    assert (entry.via, entry.patient_id) == ("link", asked.ask.patient_id)


def test_a_skipped_question_is_kept_as_skipped_and_refuses_the_total(
    clinic: Clinic, asked: Asked
) -> None:
    ask = say_items(clinic, asked.ask, [1, None, 1, 1, 1, 1, 1, 1, 0])
    say(clinic, ask, "phq9-difficulty", None)
    response = Response.objects.get()
    assert (response.total, response.band) == (None, "")
    assert "question 2" in response.refused_reason.lower()
    assert "phq9-2" not in response.answers
    assert not Fact.objects.filter(key="scores").exists()


def test_saying_the_same_twice_writes_once_and_a_changed_mind_counts(
    clinic: Clinic, asked: Asked
) -> None:
    first = say(clinic, asked.ask, "phq9-1", 1)
    again = say(clinic, asked.ask, "phq9-1", 1)
    assert again.version == first.version
    changed = say(clinic, asked.ask, "phq9-1", 3)
    assert changed.partial["answers"] == {"phq9-1": 3}
    assert changed.version == first.version + 1


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("phq9-3", 1, "question_not_open"),  # ahead of the next one
        ("phq9-difficulty", 1, "question_not_open"),
        ("follow-up-plan", 1, "question_not_open"),
        ("_help", None, "question_not_open"),
        ("gad7-1", 1, "question_not_open"),
        ("", 1, "question_not_open"),
        ("phq9-1", 4, "answer"),
        ("phq9-1", -1, "answer"),
        ("phq9-1", True, "answer"),
        ("phq9-1", "1", "answer"),
    ],
)
def test_what_a_screen_does_not_offer_is_refused(
    clinic: Clinic, asked: Asked, key: str, value: object, code: str
) -> None:
    with pytest.raises(Invalid) as raised:
        say(clinic, asked.ask, key, value)  # type: ignore[arg-type]
    assert raised.value.code == code
    assert Ask.objects.get(pk=asked.ask.pk).partial == {}


def test_asking_again_withdraws_the_former_and_takes_a_recent_half_along(
    clinic: Clinic, course: Course, asked: Asked
) -> None:
    say_items(clinic, asked.ask, [1, 2])
    ctx = clinic.as_("session_nurse")
    clinic.clock.advance(timedelta(hours=2))
    second = ask_questionnaire(ctx, course_id=course.pk, instrument_id="phq9")
    assert Ask.objects.get(pk=asked.ask.pk).state == "withdrawn"
    assert second.ask.partial["answers"] == {"phq9-1": 1, "phq9-2": 2}
    with pytest.raises(Refused):
        say(clinic, asked.ask, "phq9-3", 1)
    say(clinic, second.ask, "phq9-3", 1)
    clinic.clock.advance(timedelta(hours=30))
    third = ask_questionnaire(ctx, course_id=course.pk, instrument_id="phq9")
    fourth = ask_questionnaire(ctx, course_id=course.pk, instrument_id="gad7")
    assert (third.ask.partial, fourth.ask.partial) == ({}, {})
    assert Ask.objects.get(pk=third.ask.pk).state == "sent"  # another questionnaire is another


def test_a_link_closes_by_time_by_withdrawal_and_by_its_last_answer(
    clinic: Clinic, course: Course
) -> None:
    ctx = clinic.as_("therapist")
    gone = ask_questionnaire(ctx, course_id=course.pk, instrument_id="phq9").ask
    withdraw_ask(ctx, ask_id=gone.pk)
    used = ask_questionnaire(ctx, course_id=course.pk, instrument_id="gad7").ask
    for n in range(1, 8):
        used = say(clinic, used, f"gad7-{n}", 1)
    assert used.finished_at is not None
    old = ask_questionnaire(ctx, course_id=course.pk, instrument_id="phq9").ask
    clinic.clock.advance(timedelta(days=14))
    for ask, key in ((gone, "phq9-1"), (used, "gad7-1"), (old, "phq9-1")):
        with pytest.raises(Refused) as raised:
            say(clinic, ask, key, 0)
        assert raised.value.code == "link_closed"


@pytest.mark.parametrize("role", ["prescriber", "session_nurse", "therapist", "front_desk"])
def test_staff_cannot_answer_in_a_persons_name(clinic: Clinic, asked: Asked, role: str) -> None:
    with pytest.raises(Forbidden):
        answer_question(clinic.as_(role), ask_id=asked.ask.pk, key="phq9-1", value=0)


def test_another_person_cannot_answer_this_ask(clinic: Clinic, asked: Asked) -> None:
    other = make_patient(clinic, "Bram", "Specimen")
    stranger = Context(
        Actor(
            f"patient:{other.pk}",
            other.name,
            frozenset({(other.site_id, Role.PATIENT)}),
            other.pk,
        ),
        clinic.clock,
    )
    for act in (
        lambda: answer_question(stranger, ask_id=asked.ask.pk, key="phq9-1", value=0),
        lambda: begin_answering(stranger, ask_id=asked.ask.pk),
    ):
        with pytest.raises(NotFound):
            act()
    assert Ask.objects.get(pk=asked.ask.pk).version == 1


def test_the_holder_of_a_link_may_do_nothing_else(clinic: Clinic, asked: Asked) -> None:
    ask = Ask.objects.select_related("patient").get(pk=asked.ask.pk)
    holder = context_of(ask, clinic.clock).actor
    held = {name for name in PERMISSIONS if holder.may(name)}
    assert held == {name for name, roles in PERMISSIONS.items() if Role.PATIENT in roles}
    assert not {name for name in held if name.startswith(("people.", "course.", "session."))}


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("prescriber", True),
        ("therapist", True),
        ("session_nurse", True),
        ("medical_director", True),
        ("front_desk", False),
        ("pharmacist", False),
        ("auditor", False),
        ("prescriber_elsewhere", False),
    ],
)
def test_paper_answers_carry_the_name_of_who_entered_them(
    clinic: Clinic, course: Course, role: str, allowed: bool
) -> None:
    answers = dict.fromkeys(PHQ9, 1) | {"phq9-9": 0}
    at = clinic.clock.now() - timedelta(hours=3)

    def enter() -> Response:
        return enter_answers(
            clinic.as_(role),
            course_id=course.pk,
            instrument_id="phq9",
            answers=answers,
            answered_at=at,
        )

    if not allowed:
        with pytest.raises((Forbidden, NotFound)):
            enter()
        assert not Response.objects.exists()
        return
    response = enter()
    assert (response.total, response.answered_at) == (8, at)
    assert response.entered_by == f"Test {role}"
    assert ChainEntry.objects.latest("position").happened_at == at


def test_paper_answers_use_up_the_open_link(clinic: Clinic, course: Course, asked: Asked) -> None:
    response = enter_answers(
        clinic.as_("therapist"),
        course_id=course.pk,
        instrument_id="phq9",
        answers=dict.fromkeys(PHQ9, 0),
    )
    assert response.ask_id == asked.ask.pk
    with pytest.raises(Refused):
        say(clinic, asked.ask, "phq9-1", 1)


@pytest.mark.parametrize(
    ("answers", "at_h", "field"),
    [
        ({}, 0, None),
        ({"phq9-1": 7}, 0, "phq9-1"),
        ({"nonsense": 1}, 0, "'nonsense'"),
        ({"phq9-1": 1}, 2, "answered_at"),
        ({"phq9-1": 1}, -24 * 400, "answered_at"),
    ],
)
def test_paper_answers_that_cannot_be_are_refused(
    clinic: Clinic, course: Course, answers: dict[str, int], at_h: int, field: str | None
) -> None:
    with pytest.raises(Invalid) as raised:
        enter_answers(
            clinic.as_("therapist"),
            course_id=course.pk,
            instrument_id="phq9",
            answers=answers,
            answered_at=clinic.clock.now() + timedelta(hours=at_h),
        )
    assert field is None or field in raised.value.fields
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"instrument_id": "cssrs_screen"},  # its wording does not ship
        {"instrument_id": "safety_follow_up"},  # never asked alone
        {"instrument_id": "../phq9"},
        {"sender": "pigeon"},
        {"occasion": "x" * 61},
        {"due_days": -1},
        {"due_days": 15},
    ],
)
def test_an_ask_that_cannot_be_is_refused(
    clinic: Clinic, course: Course, wrong: dict[str, object]
) -> None:
    given = {"instrument_id": "phq9"} | wrong
    days = given.pop("due_days", None)
    due = None if days is None else clinic.clock.now() + timedelta(days=float(str(days)))
    with pytest.raises(Invalid):
        ask_questionnaire(clinic.as_("therapist"), course_id=course.pk, due_at=due, **given)
    assert not Ask.objects.exists()


def test_asks_of_another_site_are_not_there(clinic: Clinic, course: Course, asked: Asked) -> None:
    elsewhere = clinic.as_("prescriber_elsewhere")
    with pytest.raises(NotFound):
        ask_questionnaire(elsewhere, course_id=course.pk, instrument_id="phq9")
    with pytest.raises(NotFound):
        withdraw_ask(elsewhere, ask_id=asked.ask.pk)


def test_two_people_two_asks(clinic: Clinic, course: Course, asked: Asked) -> None:
    other = make_course(clinic, make_patient(clinic, "Bram", "Specimen"))
    ask_questionnaire(clinic.as_("therapist"), course_id=other.pk, instrument_id="phq9")
    assert Ask.objects.get(pk=asked.ask.pk).state == "sent"
