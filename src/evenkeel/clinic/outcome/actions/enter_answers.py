"""Answers a person gave on paper or aloud, entered by a member of staff under their own name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.filing import file_response, watch_answers
from evenkeel.clinic.outcome.models import Ask, Response
from evenkeel.clinic.outcome.offering import offered, totals_enterable
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid
from evenkeel.instruments import (
    AnswerError,
    Instrument,
    available,
    band_of,
    check_answers,
    check_total,
    follow_up_questions,
    is_asked,
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
    instrument = _instrument(instrument_id, course.site_id)
    answered_at = _moment(act, answered_at)
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
    open_ = {rule.link_id for rule in instrument.scoring.safety} - set(given)
    passed_over = {key for key in open_ if is_asked(instrument.item(key), given)}
    watch_answers(act, response, instrument, passed_over=frozenset(passed_over), follow_up=told)
    return response


@action("questionnaire.enter_total", permission="outcome.enter")
def enter_total(
    act: Act,
    *,
    course_id: Any,
    instrument_id: str,
    total: int,
    answered_at: datetime | None = None,
) -> Response:
    """File a total from the clinic's own paper, of an instrument whose text is not loaded here.

    The answers stay on the paper, so no question of it can raise a safety signal: that remains with
    the clinician who rated it, and the page says so. Raises ``Invalid`` for an instrument without
    such a total or a total it cannot give.
    """
    course = act.open(Course, course_id, "patient", "site")
    instrument = next((each for each in totals_enterable() if each.id == instrument_id), None)
    if instrument is None:
        raise Invalid("No total of it can be entered.", fields={"instrument": "Choose one."})
    try:
        check_total(instrument, total)
    except AnswerError as error:
        raise Invalid(
            "This total cannot be.", fields={"total": f"{instrument.title}: {error.problem}."}
        ) from None
    answered_at = _moment(act, answered_at)
    act.happened_at = answered_at
    band = band_of(instrument, total)
    return act.write(
        Response(
            site=course.site,
            patient_id=course.patient_id,
            course=course,
            instrument=instrument.id,
            instrument_version=instrument.version,
            answers={},
            total=total,
            band=band.label,
            answered_at=answered_at,
            entered_by=act.actor.name[:200],
        )
    )


def _instrument(instrument_id: str, site_id: Any) -> Instrument:
    if instrument_id in available():
        return load(instrument_id)
    found = next((each for each in offered(site_id) if each.id == instrument_id), None)
    if found is None:
        raise Invalid("There is no such questionnaire.", fields={"instrument": "Choose one."})
    return found


def _moment(act: Act, answered_at: datetime | None) -> datetime:
    if answered_at is None:
        return act.now
    if not act.now - OLDEST_PAPER <= answered_at <= act.now + timedelta(minutes=1):
        raise Invalid(
            "The time of the answers is not possible.",
            fields={"answered_at": "Enter a time that has passed, within the last year."},
        )
    return answered_at


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
