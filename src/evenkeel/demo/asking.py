"""Questionnaires in the demonstration: on paper, by link, and one answer that worries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.answer_question import (
    answer_question,
    begin_answering,
    context_of,
)
from evenkeel.clinic.outcome.actions.ask_questionnaire import Asked, ask_questionnaire
from evenkeel.clinic.outcome.actions.choose_contact import choose_contact
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers, enter_total
from evenkeel.clinic.outcome.actions.team_question import answer_team_question, ask_team
from evenkeel.clinic.outcome.models import Ask, TeamQuestion
from evenkeel.clinic.outcome.walk import HELP
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.record.permissions import Role
from evenkeel.demo.scores import ITEMS, ScoreCourse
from evenkeel.demo.stage import House
from evenkeel.instruments import load

#: Who fills in every questionnaire: a newcomer sees each of them as a line.
MEASURED_WIDELY: Final = ("Specimen",)
#: The others, with the highest answer the story gives.
_OTHERS: Final = (("gad7", 3), ("who5", 5), ("pcl5", 3))
#: The answers after item 9 of the one open signal: thoughts, no plan, safe now, not alone.
_FOLLOW_UP: Final = (
    ("follow-up-thinking-now", 0),
    ("follow-up-plan", 0),
    ("follow-up-intent", 0),
    ("follow-up-past-3-months", 0),
    ("follow-up-safe-now", 1),
    ("follow-up-with-someone", 1),
)


def enter_paper(
    house: House, course: Course, score: ScoreCourse, at: datetime, *, total: int
) -> None:
    """A PHQ-9 filled in on paper, entered by the therapist."""
    enter_answers(
        house.ctx("therapist", at + timedelta(minutes=5)),
        course_id=course.pk,
        instrument_id="phq9",
        answers=score.answers(total),
        answered_at=at,
    )
    if course.patient.family_name in MEASURED_WIDELY:
        _enter_others(house, course, at + timedelta(minutes=6), total)
        # about the same severity on the clinicians' scale: a stage prop, no crosswalk
        enter_rating(house, course, at + timedelta(minutes=20), total=round(total * 1.6))


def _enter_others(house: House, course: Course, at: datetime, phq9: int) -> None:
    """The other questionnaires of somebody who fills in all of them, in step with the PHQ-9."""
    share = phq9 / 24
    for name, most in _OTHERS:
        items = load(name).items
        answers = {}
        for number, item in enumerate(items):
            worst = max(item.values)
            value = round(share * worst + (0.4 if number % 3 == 0 else -0.3))
            value = min(worst, max(0, value), most)
            # well-being counts the other way round
            answers[item.link_id] = worst - value if name == "who5" else value
        enter_answers(
            house.ctx("therapist", at + timedelta(minutes=5)),
            course_id=course.pk,
            instrument_id=name,
            answers=answers,
            answered_at=at,
        )


def enter_rating(house: House, course: Course, at: datetime, *, total: int) -> None:
    """A MADRS from the clinic's own paper: its words are not loaded, so the total alone."""
    enter_total(
        house.ctx("prescriber", at),
        course_id=course.pk,
        instrument_id="madrs",
        total=total,
        answered_at=at,
    )


def ask_the_team(house: House, patient: Patient) -> None:
    """Two questions from the person's own pages: one answered, one that waits."""
    actor = Actor(
        id=f"patient:{patient.pk}",
        name=patient.name,
        grants=frozenset({(patient.site_id, Role.PATIENT)}),
        patient_id=patient.pk,
    )

    def asked(text: str, at: datetime) -> TeamQuestion:
        ctx = Context(actor, FixedClock(at))
        return ask_team(ctx, patient_id=patient.pk, text=text)

    first = asked(
        "May I take my hay fever tablet on the morning of the session?",
        house.start - timedelta(days=6),
    )
    answer_team_question(
        house.ctx("nurse", house.start - timedelta(days=5, hours=20)),
        question_id=first.pk,
        answer="Yes, with a sip of water. Please tell us its name when you come.",
    )
    asked(
        "My sister can only pick me up at half past four. Is that all right?",
        house.start - timedelta(hours=5),
    )


def choose_messages(house: House, patient: Patient, channel: str) -> None:
    """How somebody wants to be reminded, as they told the front desk."""
    choose_contact(
        house.ctx("desk", house.start - timedelta(days=3)), patient_id=patient.pk, channel=channel
    )


def ask(house: House, course: Course, at: datetime) -> Asked:
    """A PHQ-9 sent by link."""
    return ask_questionnaire(
        house.ctx("therapist", at),
        course_id=course.pk,
        instrument_id="phq9",
        occasion="Before the next session",
        sender="show",
    )


def answer_worrying(
    house: House, course: Course, score: ScoreCourse, at: datetime, *, total: int
) -> None:
    """The person answers by the link, and says "several days" to the question on death."""
    waiting = (
        Ask.objects.select_related("patient")
        .filter(course=course, instrument="phq9", state="sent")
        .first()
    )
    ask_id = waiting.pk if waiting else ask(house, course, at - timedelta(minutes=1)).ask.pk
    row = Ask.objects.select_related("patient").get(pk=ask_id)
    clock = FixedClock(at)
    ctx = context_of(row, clock)
    begin_answering(ctx, ask_id=ask_id)
    answers = score.answers(total, item_9=1)
    for key, value in ((name, answers[name]) for name in ITEMS):
        clock.advance(timedelta(seconds=11))
        answer_question(ctx, ask_id=ask_id, key=key, value=value)
    for key, value in ((HELP, None), *_FOLLOW_UP):
        clock.advance(timedelta(seconds=9))
        row = answer_question(ctx, ask_id=ask_id, key=key, value=value)
