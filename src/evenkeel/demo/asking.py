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
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers
from evenkeel.clinic.outcome.models import Ask
from evenkeel.clinic.outcome.walk import HELP
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.demo.scores import ITEMS, ScoreCourse
from evenkeel.demo.stage import House

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
    waiting = Ask.objects.select_related("patient").filter(course=course, state="sent").first()
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
