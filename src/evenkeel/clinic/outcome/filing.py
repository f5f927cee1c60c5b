"""Filing answers inside an act: the score, the safety signal, and the hold on the next dose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.queries import open_course_of
from evenkeel.clinic.outcome.models import Ask, Response, SafetySignal
from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.record.act import Act
from evenkeel.instruments import Instrument, Item, Urgency, score, tier_urgency, urgency
from evenkeel.protocol.vocabulary import DEPRESSION_SCORES

#: The kind of hold that an open safety signal puts on ``Course.dose_holds``.
HOLD_KIND: Final = "safety"
SIGNAL_KIND: Final = "thoughts_of_death"
#: From least to most urgent.
LEVELS: Final = ("none", "routine", "today", "now")
#: What a signal is about, in words for staff.
ABOUT: Final[dict[str, str]] = {
    "thoughts_of_death": "thoughts of death or self-harm",
    "dissociation": "still feeling unreal or confused",
    "urinary": "bladder",
    "unwell": "feeling unwell or unsafe",
}


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
    """Store the answers with the score they add up to; filing an ask again is its next version.

    Of an ask, the language its questions were read in stands beside the answers.
    """
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
    if ask is not None:
        response.language = instrument.languages[0]
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


def previous_answers(response: Response) -> list[dict[str, int]]:
    """What the person answered to this instrument before ``response``, on any course, newest first.

    At most twenty.
    """
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
    return list(earlier)


def previous_value(response: Response, link_id: str) -> int | None:
    """What the person last answered to this item before ``response``, on any course."""
    earlier = previous_answers(response)
    return next((given[link_id] for given in earlier if link_id in given), None)


def watch_answers(
    act: Act,
    response: Response,
    instrument: Instrument,
    *,
    passed_over: frozenset[str],
    follow_up: Mapping[str, int],
) -> list[SafetySignal]:
    """Raise or bring up to date every signal that the answers call for.

    ``passed_over`` are safety questions that were put and not answered: unknown is not "no".
    """
    hit = {s.link_id for s in score(instrument, response.answers).safety} | passed_over
    rules = [rule for rule in instrument.scoring.safety if rule.link_id in hit]
    if instrument.scoring.urgency:
        signal = _watch_tiers(act, response, instrument) if rules else None
        return [signal] if signal is not None else []
    found = []
    for rule in rules:
        asked = follow_up if rule.link_id in response.answers else {}
        signal = watch_safety(act, response, instrument, link_id=rule.link_id, follow_up=asked)
        if signal is not None:
            found.append(signal)
    return found


def _watch_tiers(act: Act, response: Response, instrument: Instrument) -> SafetySignal | None:
    """The one signal of an instrument whose tiers say how soon somebody must act.

    As with a single question: a closed one is left closed, and worse news raises another.
    """
    earlier = previous_answers(response)
    judged = tier_urgency(instrument, response.answers, earlier[0] if earlier else None)
    if judged.level == "none":
        return None
    result = score(instrument, response.answers)
    hits = result.safety
    about = [s.kind for s in hits] or [rule.kind for rule in instrument.scoring.safety]
    told: dict[str, Any] = {
        "hits": [[s.link_id, s.value] for s in hits],
        "previous": earlier[0] if earlier else None,
        "answers": {},
        "unanswered": list(judged.unanswered),
        "reasons": list(judged.reasons),
    }
    kind = max(set(about), key=lambda k: (k == "thoughts_of_death", about.count(k), k))
    told["band"] = result.band.label if result.band else ""
    statement = f"{instrument.title} ({ABOUT[kind]}): {told['band'] or 'not finished'}"[:300]
    signal = _newest_signal(response)
    if signal is not None and signal.closed_at is not None:
        if _rank(judged.level) <= _rank(signal.urgency):
            return signal
        signal = None
    if signal is not None:
        return _update(act, signal, judged, told, statement)
    return raise_signal(
        act,
        response.course,
        SafetySignal(
            response=response,
            kind=kind,
            statement=statement,
            urgency=judged.level,
            follow_up=told,
        ),
    )


def _newest_signal(response: Response) -> SafetySignal | None:
    found: SafetySignal | None = (
        SafetySignal.objects.filter(response=response)
        .select_related("course")
        .order_by("-raised_at", "-created_at")
        .first()
    )
    return found


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
    judged = urgency(
        _of_three(instrument, link_id, value), _of_three(instrument, link_id, previous), follow_up
    )
    if judged.level == "none":
        return None
    signal = _newest_signal(response)
    told = _told(link_id, value, previous, follow_up, judged)
    if signal is not None and signal.closed_at is not None:
        if _rank(judged.level) <= _rank(signal.urgency):
            return signal
        signal = None
    if signal is None:
        return _raise(act, response, instrument, judged, told)
    return _update(act, signal, judged, told)


def _of_three(instrument: Instrument, link_id: str, value: int | None) -> int | None:
    """A safety item's value on the scale of 0 to 3 that the urgency is defined on.

    What is not above the item's limit is 0; the rest is spread over 1 to 3, rounded up.
    """
    if value is None:
        return None
    rule = next(rule for rule in instrument.scoring.safety if rule.link_id == link_id)
    most = max(instrument.item(link_id).values)
    if value <= rule.above:
        return 0
    return ceil(3 * (value - rule.above) / (most - rule.above))


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
    item = instrument.item(told["link_id"])
    return raise_signal(
        act,
        response.course,
        SafetySignal(
            response=response,
            kind=SIGNAL_KIND,
            statement=_statement(instrument, item, told["value"]),
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


def _update(
    act: Act, signal: SafetySignal, judged: Urgency, told: dict[str, Any], statement: str = ""
) -> SafetySignal:
    before = (signal.urgency, signal.follow_up, signal.statement)
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
    if statement and statement != signal.statement:  # what was not finished is finished now
        signal.statement = statement
        _say_in_hold(act, signal)
    now = (signal.urgency, signal.follow_up, signal.statement)
    return signal if now == before else act.write(signal)


def _say_in_hold(act: Act, signal: SafetySignal) -> None:
    """The hold of a signal says what the signal says."""
    course = signal.course
    mine = (HOLD_KIND, str(signal.pk))
    course.dose_holds = [
        hold | {"statement": signal.statement}
        if (hold.get("kind"), hold.get("id")) == mine
        else hold
        for hold in course.dose_holds
    ]
    act.write(course)


def _statement(instrument: Instrument, item: Item, value: int | None) -> str:
    about = f"{instrument.title} question {item.number} ({ABOUT[SIGNAL_KIND]})"
    if value is None:
        return f"{about} was not answered"
    return f"{about}: {value} of {max(item.values)}"


def _rank(level: str) -> int:
    return LEVELS.index(level)
