"""How a person is over the months: what is due, what drifts, what concerns, from a dated history.

Pure: a history in, findings out. What looks like misuse is put as a question to the person, for
coming early or asking for more has many reasons, and the first of them is that the dose wears off.
No cumulative limit for treatment was found in any source, so the amount given is shown and asked
about, never judged as harm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from .errors import FactsError
from .findings import Level
from .long_term_items import WatchQuestion, WatchState, questions_for, watch_questions
from .pack import Protocol
from .sources import Source

#: Findings that a talk settles: their id is the item under which the talk is written down.
TALKED_OVER: Final = ("early_return", "dose_requests", "blood_pressure", "exposure", "frequency")
#: What a person said that is counted and not judged.
REQUEST: Final = "dose_request"
_WORST: Final[tuple[WatchState, ...]] = ("fine", "due", "drifting", "concerning")
_FEWEST_FOR_TREND: Final = 6
_LATEST: Final = 3


@dataclass(frozen=True, slots=True)
class GivenSession:
    """One session in which drug was given. None is unknown. ``planned_days``: spacing ordered."""

    at: datetime
    total_mg: float | None = None
    sbp_mmhg: float | None = None
    dbp_mmhg: float | None = None
    planned_days: float | None = None


@dataclass(frozen=True, slots=True)
class WatchAnswer:
    """One thing that was asked and answered. ``item`` a question's id, ``REQUEST`` or a talk."""

    item: str
    at: datetime
    value: str


@dataclass(frozen=True, slots=True)
class LongHistory:
    """What is known over the months, in any order.

    ``since`` is when the course began. ``liver_tests`` is (when, "normal" or "abnormal").
    ``grams_per_week`` is the exposure smoothed over half a year, None where it is not known.
    """

    now: datetime
    since: datetime
    sessions: tuple[GivenSession, ...] = ()
    answers: tuple[WatchAnswer, ...] = ()
    liver_tests: tuple[datetime, str] | None = None
    grams_per_week: float | None = None


@dataclass(frozen=True, slots=True)
class WatchItem:
    """One line of the long-term watch.

    ``last`` and ``last_at`` are what was last known, ``due_at`` when it is to be asked again
    (None: it follows from the sessions). ``statement`` is what was found in plain words, or the
    question to put. ``level`` is how loudly it stands before the next dose.
    """

    id: str
    label: str
    state: WatchState
    level: Level
    statement: str
    todo: str
    source: Source
    last: str = ""
    last_at: datetime | None = None
    due_at: datetime | None = None


def watch_long_term(history: LongHistory, protocol: Protocol) -> tuple[WatchItem, ...]:
    """Return every line of the watch, the worst first. What happened after ``now`` is left out.

    Raises ``FactsError`` where times have no zone or an answer is none that can be given.
    """
    history = _until_now(history)
    found = [_asked(question, history, protocol) for question in questions_for(protocol)]
    found += [judge(history, protocol) for judge in _FOLLOWING]
    return tuple(sorted(found, key=lambda item: (-_WORST.index(item.state), item.level != "hold")))


def _until_now(history: LongHistory) -> LongHistory:
    moments = [history.now, history.since, *(s.at for s in history.sessions)]
    moments += [answer.at for answer in history.answers]
    if any(moment.tzinfo is None for moment in moments):
        raise FactsError("history", "needs times with their zone")
    questions = watch_questions()
    for answer in history.answers:
        if answer.item in questions:
            questions[answer.item].read(answer.value)
        elif answer.item not in (*TALKED_OVER, REQUEST):
            raise FactsError(answer.item, "is not an item of the long-term watch")
    return LongHistory(
        now=history.now,
        since=history.since,
        sessions=tuple(
            sorted((s for s in history.sessions if s.at <= history.now), key=lambda s: s.at)
        ),
        answers=tuple(
            sorted((a for a in history.answers if a.at <= history.now), key=lambda a: a.at)
        ),
        liver_tests=history.liver_tests,
        grams_per_week=history.grams_per_week,
    )


def _of(history: LongHistory, item: str) -> list[WatchAnswer]:
    return [answer for answer in history.answers if answer.item == item]


def _asked(question: WatchQuestion, history: LongHistory, protocol: Protocol) -> WatchItem:
    """Judge one question: never asked and long ago are due; an answer says itself what it is."""
    source = question.source_for(protocol)
    every = timedelta(days=protocol.number(question.every))
    given = _of(history, question.id)
    if not given:
        text = "Not asked yet: what is there before or early in treatment is compared with later."
        return WatchItem(
            question.id, question.label, "due", "inform", text, question.ask, source,
            due_at=history.since,
        )  # fmt: skip
    newest = given[-1]
    due_at = newest.at + every
    state, level, statement, todo, shown = (
        _scaled(question, given, protocol)
        if question.scale is not None
        else _chosen(question, newest)
    )
    again = "Time to ask again." if history.now >= due_at else ""
    if question.each_session and any(s.at > newest.at for s in history.sessions):
        again = "A session was given since it was asked: ask again before the next."
    if state == "fine" and again:
        state, level, statement, todo = "due", "inform", again, question.ask
    elif again:
        statement += f" {again}"
    return WatchItem(
        id=question.id,
        label=question.label,
        state=state,
        level=level,
        statement=statement,
        todo=todo,
        source=source,
        last=shown,
        last_at=newest.at,
        due_at=due_at,
    )


def _chosen(
    question: WatchQuestion, answer: WatchAnswer
) -> tuple[WatchState, Level, str, str, str]:
    choice = question.choice(answer.value)
    assert choice is not None  # checked when the history was read
    statement = "" if choice.state == "fine" else f"Last answer: {choice.label}."
    return choice.state, choice.level, statement, choice.todo, choice.label


def _scaled(
    question: WatchQuestion, given: Sequence[WatchAnswer], protocol: Protocol
) -> tuple[WatchState, Level, str, str, str]:
    """Judge a scale: high by itself, or risen above what it usually was before."""
    values = [int(answer.value) for answer in given]
    high = protocol.number("watch.craving_high")
    rise = protocol.number("watch.craving_rise")
    usual = median(values[:-1]) if len(values) > 1 else None
    shown = f"{values[-1]} of {question.scale[1] if question.scale else 10}"
    if values[-1] >= high:
        return "concerning", "review", f"{shown}: strong.", question.todo, shown
    if usual is not None and values[-1] - usual >= rise:
        return "drifting", "review", f"{shown}; before it was {usual:g}.", question.todo, shown
    return "fine", "inform", "", "", shown


def _after_talk(history: LongHistory, item: str) -> datetime | None:
    talks = _of(history, item)
    return talks[-1].at if talks else None


def _follows(
    history: LongHistory,
    item_id: str,
    label: str,
    found: tuple[WatchState, str, str],
    source: Source,
    last: str = "",
) -> WatchItem:
    """Return a line that follows from the sessions; a talk about it is shown as its last date."""
    state, statement, todo = found
    level: Level = "review" if state in ("drifting", "concerning") else "inform"
    return WatchItem(
        id=item_id,
        label=label,
        state=state,
        level=level,
        statement=statement,
        todo=todo,
        source=source,
        last=last,
        last_at=_after_talk(history, item_id),
    )


def _liver(history: LongHistory, protocol: Protocol) -> WatchItem:
    limit = protocol.threshold("watch.liver_every_days")
    every = timedelta(days=protocol.number(limit.key))
    if history.liver_tests is None:
        text = "No liver tests are known."
        return WatchItem(
            "liver", "Liver tests", "due", "inform", text, "Take liver tests.", limit.source,
            due_at=history.since,
        )  # fmt: skip
    at, result = history.liver_tests
    state: WatchState = "fine"
    statement = todo = ""
    level: Level = "inform"
    if result != "normal":
        state, level = "concerning", "review"
        statement, todo = "The last liver tests were not normal.", "A clinician reads them first."
    elif history.now >= at + every:
        state, statement, todo = "due", "Time to test again.", "Take liver tests."
    return WatchItem(
        "liver", "Liver tests", state, level, statement, todo, limit.source,
        last=result, last_at=at, due_at=at + every,
    )  # fmt: skip


def _blood_pressure(history: LongHistory, protocol: Protocol) -> WatchItem:
    """Compare the resting pressure before the latest doses with that before the first."""
    limit = protocol.threshold("watch.sbp_drift_mmhg")
    since = _after_talk(history, "blood_pressure")
    read = [s for s in history.sessions if s.sbp_mmhg is not None and s.dbp_mmhg is not None]
    last = f"{read[-1].sbp_mmhg:g}/{read[-1].dbp_mmhg:g}" if read else ""
    found: tuple[WatchState, str, str] = ("fine", "", "")
    if not read and history.sessions:
        text = "No pressure before a dose is known."
        found = ("due", text, "Measure at rest before the next dose.")
    latest = [s for s in read if since is None or s.at > since][-_LATEST:]
    if len(latest) == _LATEST:
        sbp = median(s.sbp_mmhg or 0 for s in latest)
        dbp = median(s.dbp_mmhg or 0 for s in latest)
        first = median(s.sbp_mmhg or 0 for s in read[:_LATEST])
        gate = (protocol.number("bp_gate.sbp_mmhg"), protocol.number("bp_gate.dbp_mmhg"))
        if sbp > gate[0] or dbp > gate[1]:
            found = (
                "concerning",
                f"Before the last {_LATEST} doses the pressure was {sbp:g}/{dbp:g} (median).",
                "Have the pressure at rest looked at outside the sessions.",
            )
        elif len(read) >= _FEWEST_FOR_TREND and sbp - first >= protocol.number(limit.key):
            found = (
                "drifting",
                f"Before a dose the pressure has risen from {first:g} to {sbp:g} systolic.",
                "Ask about new medicines, pain, sleep and salt; measure at home for a week.",
            )
    return _follows(history, "blood_pressure", "Pressure at rest", found, limit.source, last)


def _exposure(history: LongHistory, protocol: Protocol) -> WatchItem:
    limit = protocol.threshold("watch.grams_per_week")
    grams, top = history.grams_per_week, protocol.number(limit.key)
    doses = [s.total_mg for s in history.sessions]
    known = sum(dose for dose in doses if dose is not None)
    unknown = sum(1 for dose in doses if dose is None)
    amount = f"{known / 1000:.2f} g" if known >= 1000 else f"{known:.0f} mg"
    last = f"{amount} in {_count(len(doses), 'session')}" if doses else "none yet"
    if unknown:
        last = f"{amount} known, {_count(unknown, 'session')} of unknown dose"
    found: tuple[WatchState, str, str] = ("fine", "", "")
    if grams is None:
        text = "Not every dose is known, so the amount cannot be added up."
        found = ("due", text, "Complete the notes of the sessions.")
    elif grams > top and _since_talk(history, "exposure"):
        found = (
            "drifting",
            f"{grams:.2f} g a week over half a year is more than trials of treatment followed.",
            "Ask closely about the bladder, and whether the spacing can be wider.",
        )
    return _follows(history, "exposure", "Amount given", found, limit.source, last)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _since_talk(history: LongHistory, item: str) -> bool:
    """Return whether drug was given since the last talk about this; without one, always."""
    since = _after_talk(history, item)
    return since is None or any(s.at > since for s in history.sessions)


def _frequency(history: LongHistory, protocol: Protocol) -> WatchItem:
    limit = protocol.threshold("watch.sessions_in_28_days")
    window = history.now - timedelta(days=28)
    count = sum(1 for s in history.sessions if s.at > window)
    found: tuple[WatchState, str, str] = ("fine", "", "")
    if count > protocol.number(limit.key) and _since_talk(history, "frequency"):
        found = (
            "drifting",
            f"{count} sessions in 28 days.",
            "Is this spacing meant, and what would let it become wider?",
        )
    last = f"{count} in 28 days"
    return _follows(history, "frequency", "How often", found, limit.source, last)


def _early_return(history: LongHistory, protocol: Protocol) -> WatchItem:
    """Count the sessions that came earlier than ordered: perhaps the effect wears off."""
    limit = protocol.threshold("watch.early_times")
    margin = protocol.number("watch.early_days")
    since = _after_talk(history, "early_return") or history.since
    window = max(since, history.now - timedelta(days=protocol.number("watch.recent_days")))
    early = 0
    for before, after in zip(history.sessions, history.sessions[1:], strict=False):
        if after.at <= window or after.planned_days is None:
            continue
        days = (after.at - before.at).total_seconds() / 86_400
        early += days <= after.planned_days - margin
    found: tuple[WatchState, str, str] = ("fine", "", "")
    if early >= protocol.number(limit.key):
        found = (
            "drifting",
            f"{early} sessions came earlier than the plan spaces them.",
            "Does the effect wear off before the next session? Is the plan still the right one?",
        )
    last = f"{early} earlier than planned"
    return _follows(history, "early_return", "Coming earlier", found, limit.source, last)


def _requests(history: LongHistory, protocol: Protocol) -> WatchItem:
    """Count requests for a higher dose: perhaps the present one no longer helps."""
    limit = protocol.threshold("watch.requests_times")
    since = _after_talk(history, "dose_requests") or history.since
    window = max(since, history.now - timedelta(days=protocol.number("watch.recent_days")))
    count = sum(1 for answer in _of(history, REQUEST) if answer.at > window)
    found: tuple[WatchState, str, str] = ("fine", "", "")
    if count >= protocol.number(limit.key):
        found = (
            "drifting",
            f"A higher dose was asked for {count} times.",
            "What does the person miss from the present dose, and do the scores say the same?",
        )
    last = _count(count, "request")
    return _follows(history, "dose_requests", "Asking for more", found, limit.source, last)


_FOLLOWING: Final[tuple[Callable[[LongHistory, Protocol], WatchItem], ...]] = (
    _liver,
    _blood_pressure,
    _exposure,
    _frequency,
    _early_return,
    _requests,
)
