"""Filing answers inside an act: the score, the safety signal, and the hold on the next dose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.queries import open_course_of
from evenkeel.clinic.outcome.models import Ask, Response, SafetySignal
from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.record.act import Act
from evenkeel.instruments import Instrument, Urgency, score, urgency
from evenkeel.protocol.vocabulary import DEPRESSION_SCORES

#: The kind of hold that an open safety signal puts on ``Course.dose_holds``.
HOLD_KIND: Final = "safety"
SIGNAL_KIND: Final = "thoughts_of_death"
#: From least to most urgent.
LEVELS: Final = ("none", "routine", "today", "now")


def file_response(
    act: Act,
    *,
    course: Course,
    instrument: Instrument,
    answers: Mapping[str, int],
    answered_at: datetime,
    ask: Ask | None = None,
    entered_by: str = "",
) -> Response:
    """Store the answers with the score they add up to; filing an ask again is its next version."""
    result = score(instrument, answers)
    response = Response.objects.filter(ask=ask).first() if ask is not None else None
    if response is None:
        response = Response(
            site=course.site,
            ask=ask,
            patient_id=course.patient_id,
            course=course,
            instrument=instrument.id,
            instrument_version=instrument.version,
            answered_at=answered_at,
            entered_by=entered_by,
        )
    response.answers = dict(answers)
    response.total = result.total
    response.band = result.band.label if result.band else ""
    response.refused_reason = (result.refused_reason or "")[:200]
    act.write(response)
    if result.total is not None:
        _note_fact(act, response, instrument)
    return response


def _note_fact(act: Act, response: Response, instrument: Instrument) -> None:
    """A depression score is a fact that screening asks for; keep it once, with its origin."""
    if instrument.id not in DEPRESSION_SCORES:
        return
    key = f"response:{response.pk}"
    if Fact.objects.filter(patient_id=response.patient_id, source_key=key).exists():
        return
    how = "entered from paper" if response.entered_by else "answered by the person"
    act.write(
        Fact(
            site=response.site,
            patient_id=response.patient_id,
            key="scores",
            value={instrument.id: response.total},
            as_of=response.answered_at,
            origin=f"{instrument.title}, {how}",
            source_key=key,
        )
    )


def previous_value(response: Response, link_id: str) -> int | None:
    """What the person last answered to this item before ``response``, on any course."""
    earlier = (
        Response.objects.filter(
            patient_id=response.patient_id,
            instrument=response.instrument,
            answered_at__lte=response.answered_at,
        )
        .exclude(pk=response.pk)
        .order_by("-answered_at", "-created_at")
        .values_list("answers", flat=True)[:20]
    )
    return next((given[link_id] for given in earlier if link_id in given), None)


def watch_safety(
    act: Act,
    response: Response,
    instrument: Instrument,
    *,
    link_id: str,
    follow_up: Mapping[str, int],
) -> SafetySignal | None:
    """Raise the signal of a safety item, or bring the open one up to date with the answers.

    Once an answer asked to act now, a later, calmer one does not lower the level. A signal that was
    closed meanwhile is left closed, and a worse answer raises another.
    Returns ``None`` where nothing asks for action.
    """
    value = response.answers.get(link_id)
    previous = previous_value(response, link_id)
    judged = urgency(value, previous, follow_up)
    if judged.level == "none":
        return None
    signal = (
        SafetySignal.objects.filter(response=response)
        .select_related("course")
        .order_by("-raised_at", "-created_at")
        .first()
    )
    told = _told(link_id, value, previous, follow_up, judged)
    if signal is not None and signal.closed_at is not None:
        if _rank(judged.level) <= _rank(signal.urgency):
            return signal
        signal = None
    if signal is None:
        return _raise(act, response, instrument, judged, told)
    return _update(act, signal, judged, told)


def _told(
    link_id: str,
    value: int | None,
    previous: int | None,
    follow_up: Mapping[str, int],
    judged: Urgency,
) -> dict[str, Any]:
    return {
        "link_id": link_id,
        "value": value,
        "previous": previous,
        "answers": dict(follow_up),
        "unanswered": list(judged.unanswered),
        "reasons": list(judged.reasons),
    }


def _raise(
    act: Act, response: Response, instrument: Instrument, judged: Urgency, told: dict[str, Any]
) -> SafetySignal:
    number = instrument.item(told["link_id"]).number
    return raise_signal(
        act,
        response.course,
        SafetySignal(
            response=response,
            kind=SIGNAL_KIND,
            statement=_statement(instrument.title, number, told["value"]),
            urgency=judged.level,
            follow_up=told,
        ),
    )


def raise_signal(act: Act, course: Course, signal: SafetySignal) -> SafetySignal:
    """Store a new signal, and the hold that it puts on the next dose."""
    if course.state == "closed":
        # the dose to hold back is that of the course under way, whichever asked
        course = open_course_of(course.patient_id) or course
    signal.site, signal.course, signal.patient_id = course.site, course, course.patient_id
    signal.raised_at = act.now
    act.write(signal)
    hold = {
        "kind": HOLD_KIND,
        "id": str(signal.pk),
        "statement": signal.statement,
        "since": act.now.isoformat(),
    }
    if signal.call_id is not None:
        hold["call"] = str(signal.call_id)
    course.dose_holds = [*course.dose_holds, hold]
    act.write(course)
    return signal


def _update(act: Act, signal: SafetySignal, judged: Urgency, told: dict[str, Any]) -> SafetySignal:
    before = (signal.urgency, signal.follow_up)
    level: str = judged.level
    if signal.urgency == "now" and level != "now":
        # "now" comes from a clear answer alone; taking it back is a reason to talk, not to relax
        level = "now"
        told["reasons"] = [
            "An answer that asked to act now was changed afterwards",
            *told["reasons"],
        ]
    signal.urgency = level
    signal.follow_up = told
    return signal if (signal.urgency, signal.follow_up) == before else act.write(signal)


def _statement(title: str, number: str, value: int | None) -> str:
    if value is None:
        return f"{title} question {number} (thoughts of death or self-harm) was not answered"
    return f"{title} question {number} (thoughts of death or self-harm): {value} of 3"


def _rank(level: str) -> int:
    return LEVELS.index(level)
