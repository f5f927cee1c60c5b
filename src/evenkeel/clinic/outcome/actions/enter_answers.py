"""Answers a person gave on paper or aloud, entered by a member of staff under their own name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.filing import file_response, watch_safety
from evenkeel.clinic.outcome.models import Ask, Response
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid
from evenkeel.instruments import (
    AnswerError,
    Instrument,
    available,
    check_answers,
    follow_up_questions,
    load,
)

#: Paper older than this is a slip of the pen (assumed).
OLDEST_PAPER: Final = timedelta(days=365)


@action("questionnaire.enter", permission="outcome.enter")
def enter_answers(
    act: Act,
    *,
    course_id: Any,
    instrument_id: str,
    answers: Mapping[str, int],
    follow_up: Mapping[str, int] | None = None,
    answered_at: datetime | None = None,
) -> Response:
    """File a filled-in questionnaire; a link to the same one that is still open is thereby used.

    Safety questions count exactly as if the person had answered on a screen. Raises ``Invalid``,
    with the link id of each answer that is wrong.
    """
    course = act.open(Course, course_id, "patient", "site")
    if instrument_id not in available():
        raise Invalid("There is no such questionnaire.", fields={"instrument": "Choose one."})
    instrument = load(instrument_id)
    answered_at = answered_at or act.now
    if not act.now - OLDEST_PAPER <= answered_at <= act.now + timedelta(minutes=1):
        raise Invalid(
            "The time of the answers is not possible.",
            fields={"answered_at": "Enter a time that has passed, within the last year."},
        )
    given = _checked(instrument, answers)
    told = _checked(follow_up_questions(), follow_up or {})
    if not given:
        raise Invalid("No question was answered.", what_to_do="Enter at least one answer.")
    act.happened_at = answered_at
    response = file_response(
        act,
        course=course,
        instrument=instrument,
        answers=given,
        answered_at=answered_at,
        ask=_used_link(act, course, instrument),
        entered_by=act.actor.name[:200],
    )
    for rule in instrument.scoring.safety:
        if given.get(rule.link_id, rule.above + 1) > rule.above:
            asked = told if rule.link_id in given else {}
            watch_safety(act, response, instrument, link_id=rule.link_id, follow_up=asked)
    return response


def _checked(instrument: Instrument, answers: Mapping[str, int]) -> dict[str, int]:
    try:
        return check_answers(instrument, answers)
    except AnswerError as error:
        raise Invalid(
            "One of the answers cannot be used.", fields={error.item: "Choose one of the answers."}
        ) from None


def _used_link(act: Act, course: Course, instrument: Instrument) -> Ask | None:
    ask = (
        Ask.objects.filter(course=course, instrument=instrument.id, state__in=("sent", "begun"))
        .order_by("-sent_at")
        .first()
    )
    if ask is None or ask.expires_at <= act.now:
        return None
    ask.state, ask.finished_at = "answered", act.now
    return act.write(ask)
