"""A person's own answers, one at a time, kept as they come."""

from __future__ import annotations

import uuid
from typing import Any

from evenkeel.clinic.outcome.filing import file_response, watch_answers
from evenkeel.clinic.outcome.models import Ask, Response
from evenkeel.clinic.outcome.offering import USUAL_LANGUAGE, form_of_ask
from evenkeel.clinic.outcome.walk import Said, Walk
from evenkeel.clinic.record.act import Act, Actor, Context, action
from evenkeel.clinic.record.clock import Clock, system_clock
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.record.permissions import Role
from evenkeel.instruments import AnswerError, follow_up_questions


def context_of(ask: Ask, clock: Clock | None = None) -> Context:
    """Whoever holds the link acts as the person it was made for, and may do nothing else."""
    actor = Actor(
        id=f"patient:{ask.patient_id}",
        name=ask.patient.name,
        grants=frozenset({(ask.site_id, Role.PATIENT)}),
        patient_id=ask.patient_id,
    )
    return Context(actor=actor, clock=clock or system_clock(), via="link")


def walk_of(ask: Ask) -> Walk:
    """The way through this ask as it stands."""
    language = (ask.language or USUAL_LANGUAGE).partition("-")[0]
    said = Said.from_json(ask.partial)
    return Walk(form_of_ask(ask), said, follow_up_questions(language))


def is_open(ask: Ask, now: Any) -> bool:
    """Whether its link still opens questions."""
    return ask.state != "withdrawn" and ask.finished_at is None and now < ask.expires_at


@action("questionnaire.begin", permission="outcome.answer")
def begin_answering(act: Act, *, ask_id: Any) -> Ask:
    """The person has pressed Start; pressing again changes nothing."""
    ask = open_ask(act, ask_id)
    if ask.state != "sent":
        return ask
    ask.state, ask.begun_at = "begun", act.now
    return act.write(ask)


@action("questionnaire.answer", permission="outcome.answer")
def answer_question(act: Act, *, ask_id: Any, key: str, value: int | None) -> Ask:
    """Keep what was said on one screen: ``value``, or ``None`` to pass on (or: has read it).

    The answers are filed and scored when the last screen is left. A safety question answered above
    its limit, or passed over, files them at once and raises its signal: whatever the person does
    next, the clinic knows. Saying the same again changes nothing. Raises ``Refused`` for a link
    that is closed, ``Invalid`` for a screen that is not open or a value it does not offer.
    """
    ask = open_ask(act, ask_id)
    walk = walk_of(ask)
    screen = walk.reach(key)
    if screen is None:
        raise Invalid("This question is not open now.", code="question_not_open")
    try:
        walk = walk.say(screen, value)
    except AnswerError:
        raise Invalid(
            "That is not one of the answers.",
            fields={"answer": "Choose one of the answers."},
            code="answer",
        ) from None
    before = (ask.partial, ask.state)
    safety = {*walk.worries, *walk.passed_over}
    last = walk.next_screen is None
    if last or screen.kind == "follow_up" or screen.key in safety:
        walk = _file(act, ask, walk)
    ask.partial = walk.said.as_json()
    if ask.begun_at is None:
        ask.state, ask.begun_at = "begun", act.now
    if walk.said.closed:
        ask.state = "answered"
    if last:
        ask.finished_at = act.now
    if (ask.partial, ask.state) != before or last:
        act.write(ask)
    return ask


def _file(act: Act, ask: Ask, walk: Walk) -> Walk:
    """File the answers so far, and raise or update the safety signal they call for."""
    response = Response.objects.filter(ask=ask).first()
    answered_at = response.answered_at if response else act.now
    if response is None or response.answers != dict(walk.said.answers):
        response = file_response(
            act,
            course=ask.course,
            instrument=walk.instrument,
            answers=walk.said.answers,
            answered_at=answered_at,
            ask=ask,
        )
    watch_answers(
        act,
        response,
        walk.instrument,
        passed_over=walk.passed_over,
        follow_up=walk.said.follow_up,
    )
    return walk.close()


def open_ask(act: Act, ask_id: uuid.UUID) -> Ask:
    """The ask whose link is open. Raises ``Refused`` for one that is closed."""
    ask = act.open(Ask, ask_id, "course", "course__site", "patient", "site")
    if not is_open(ask, act.now):
        raise Refused("This link is closed.", code="link_closed")
    return ask
