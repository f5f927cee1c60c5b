"""One round of reminding: ask what the schedules say, and send the messages that are due.

Safe to run at any time, by several at once and again after a crash: an ask is made once for each
occasion, a message is claimed in the record before it is handed over, and what was cut short in
between is never sent a second time.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.remind import (
    CUT_SHORT_AFTER,
    MOST_ATTEMPTS,
    TRY_AGAIN_AFTER,
    ask_scheduled,
    claim_message,
    settle_message,
)
from evenkeel.clinic.outcome.contact import Way, is_quiet, way_to
from evenkeel.clinic.outcome.links import can_be_linked, link_of
from evenkeel.clinic.outcome.models import Ask, ContactChoice, Message, Response
from evenkeel.clinic.outcome.offering import sendable
from evenkeel.clinic.outcome.schedule import (
    SHIPPED,
    Moments,
    Occasion,
    Schedule,
    occasions,
    read_schedules,
    schedule_for,
    shipped_schedules,
)
from evenkeel.clinic.outcome.senders import deliver
from evenkeel.clinic.programs.queries import program_of
from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.clock import Clock
from evenkeel.clinic.session.models import Appointment, Session

log = logging.getLogger("evenkeel.outcome")

#: A person gets at most one message in this time, however much is due. Clinic policy.
BETWEEN_MESSAGES: Final = timedelta(hours=20)
#: The first message at once, one when it is due, one this long after; then no more. Clinic policy.
LAST_AFTER_DUE: Final = timedelta(days=2)
MOST_MESSAGES: Final = 3
_ASKED_STATES: Final = ("referred", "screening", "consented", "induction", "maintenance")


@dataclass(slots=True)
class Round:
    """What one round did."""

    asked: int = 0
    sent: int = 0
    failed: int = 0
    held: int = 0
    unclear: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def hold(self, why: str) -> None:
        """Count somebody to whom nothing was sent, by reason."""
        self.held += 1
        self.reasons[why] = self.reasons.get(why, 0) + 1


def schedules() -> tuple[Schedule, ...]:
    """The clinic's own schedules and those that ship. Raises ``ScheduleError`` for a bad file."""
    own = Path(settings.SCHEDULES_PATH)
    return read_schedules([own, SHIPPED]) if own.is_dir() else shipped_schedules()


def programme_of(course: Course) -> str:
    """The id of the program a course is on, or "" where it is on none; one query."""
    on = program_of(course.pk)
    return "" if on is None else on.program.id


def remind(clock: Clock) -> Round:
    """Run one round at the clock's time."""
    ctx = Context(system_actor("reminders"), clock, via="system")
    done = Round()
    choices = {row.patient_id: row for row in ContactChoice.objects.all()}
    _settle_cut_short(ctx, done)
    _ask(ctx, choices, done)
    _send(ctx, choices, done)
    return done


def moments_of(courses: Sequence[Course]) -> dict[Any, Moments]:
    """What the schedules of these courses hang on, by course. Two queries."""
    given: dict[Any, list[tuple[int, str, datetime]]] = defaultdict(list)
    numbers: dict[Any, int] = defaultdict(int)
    wanted = [course.pk for course in courses]
    rows = Session.objects.filter(course_id__in=wanted).order_by("number")
    for course_id, number, pk, at in rows.values_list("course_id", "number", "pk", "first_dose_at"):
        numbers[course_id] = max(numbers[course_id], number)
        if at is not None:
            given[course_id].append((number, pk.hex, at))
    booked: dict[Any, list[tuple[int, str, datetime]]] = defaultdict(list)
    ahead = Appointment.objects.filter(
        course_id__in=wanted, kind="dosing", status__in=("booked", "checked_in"), session=None
    ).order_by("starts_at")
    for course_id, pk, at in ahead.values_list("course_id", "pk", "starts_at"):
        number = numbers[course_id] + len(booked[course_id]) + 1
        booked[course_id].append((number, pk.hex, at))
    return {
        course.pk: Moments(
            state=course.state,
            opened_at=course.opened_at,
            given=tuple(given[course.pk]),
            booked=tuple(booked[course.pk]),
            closed_at=course.closed_at,
        )
        for course in courses
    }


def _ask(ctx: Context, choices: dict[Any, ContactChoice], done: Round) -> None:
    """Make the asks that are due, course by course; a course that fails is told and passed over."""
    now = ctx.clock.now()
    known = schedules()
    courses = list(
        Course.objects.filter(state__in=_ASKED_STATES, patient__deceased=False).select_related(
            "patient", "site"
        )
    )
    moments = moments_of(courses)
    asked = _asked(courses)
    answered = _answered(courses, now)
    can_send: dict[Any, set[str]] = {}
    for course in courses:
        if course.site_id not in can_send:
            can_send[course.site_id] = {each.id for each in sendable(course.site_id)}
        schedule = schedule_for(programme_of(course), known)
        due = [
            o
            for o in occasions(schedule, moments[course.pk], since=now, until=now + _MOMENT)
            if o.is_open(now)
            and o.key not in asked[course.pk]
            and o.instrument in can_send[course.site_id]
            and not _answered_lately(o, answered[course.pk], now)
        ]
        if not due:
            continue
        way = way_to(course.patient, choices.get(course.patient_id))
        try:
            made = ask_scheduled(
                ctx,
                course_id=course.pk,
                occasions=due,
                channel=way.sender or "show",
                language=way.language,
            )
        except Exception:
            log.exception("what is due on course %s could not be asked", course.pk)
            continue
        done.asked += len(made)


_MOMENT: Final = timedelta(seconds=1)


def _asked(courses: Sequence[Course]) -> dict[Any, set[str]]:
    found: dict[Any, set[str]] = defaultdict(set)
    rows = Ask.objects.filter(
        course_id__in=[c.pk for c in courses], occasion_key__isnull=False
    ).values_list("course_id", "occasion_key")
    for course_id, key in rows:
        found[course_id].add(key)
    return found


def _answered(courses: Sequence[Course], now: datetime) -> dict[Any, dict[str, datetime]]:
    """By course and instrument when it was last answered, of the last month."""
    found: dict[Any, dict[str, datetime]] = defaultdict(dict)
    rows = (
        Response.objects.filter(
            course_id__in=[c.pk for c in courses], answered_at__gte=now - timedelta(days=31)
        )
        .order_by("answered_at")
        .values_list("course_id", "instrument", "answered_at")
    )
    for course_id, instrument, at in rows:
        found[course_id][instrument] = at
    return found


def _answered_lately(occasion: Occasion, answered: dict[str, datetime], now: datetime) -> bool:
    last = answered.get(occasion.instrument)
    return last is not None and now - last < occasion.skip_if_answered


def _settle_cut_short(ctx: Context, done: Round) -> None:
    before = ctx.clock.now() - CUT_SHORT_AFTER
    for row in Message.objects.filter(state="sending", claimed_at__lt=before):
        settle_message(ctx, message_id=row.pk, state="unclear", error="cut short")
        done.unclear += 1


@dataclass(frozen=True, slots=True)
class _Due:
    """A person's next message: the ask whose link it carries, its number, and all it leads to."""

    ask: Ask
    number: int
    asks: tuple[str, ...]


def _send(ctx: Context, choices: dict[Any, ContactChoice], done: Round) -> None:
    now = ctx.clock.now()
    waiting: dict[Any, list[Ask]] = defaultdict(list)
    rows = (
        Ask.objects.filter(
            occasion_key__isnull=False,
            finished_at=None,
            state__in=("sent", "begun"),
            expires_at__gt=now,
            patient__deceased=False,
        )
        .exclude(course__state__in=("closed", "paused"))
        .select_related("patient", "site", "course")
        .order_by("due_at", "sent_at", "pk")
    )
    for ask in rows:
        waiting[ask.patient_id].append(ask)
    sent = _messages(waiting)
    for patient_id, asks in waiting.items():
        choice = choices.get(patient_id)
        way = way_to(asks[0].patient, choice)
        due = _due(asks, sent[patient_id], now)
        if due is None:
            continue
        if not way.sender:
            done.hold(way.why_none)
        elif is_quiet(choice, now, asks[0].site.timezone):
            done.hold("It is their quiet time.")
        else:
            _hand_over(ctx, due, way, done)


def _messages(waiting: dict[Any, list[Ask]]) -> dict[Any, list[Message]]:
    found: dict[Any, list[Message]] = defaultdict(list)
    for row in Message.objects.filter(patient_id__in=list(waiting)).order_by("claimed_at"):
        found[row.patient_id].append(row)
    return found


def _due(asks: Sequence[Ask], sent: Iterable[Message], now: datetime) -> _Due | None:
    """The message to send now, if any: a failed one again, else the next that is due."""
    history = list(sent)
    linkable = [ask for ask in asks if can_be_linked(ask)]
    if not linkable:
        return None
    every = tuple(str(ask.pk) for ask in linkable)
    failed = next((m for m in reversed(history) if m.state == "failed"), None)
    if failed is not None and failed is history[-1] and failed.attempts < MOST_ATTEMPTS:
        again = next((ask for ask in linkable if ask.pk == failed.ask_id), None)
        if again is not None:
            late = now - failed.claimed_at >= TRY_AGAIN_AFTER
            return _Due(again, failed.number, every) if late else None
    if history and now - history[-1].claimed_at < BETWEEN_MESSAGES:
        return None
    for ask in linkable:
        number = sum(1 for m in history if str(ask.pk) in m.asks)
        if number < MOST_MESSAGES and now >= _at(ask, number):
            return _Due(ask, _free_number(ask, history, number), every)
    return None


def _free_number(ask: Ask, history: Sequence[Message], number: int) -> int:
    """A number this ask has not led a message with."""
    used = {m.number for m in history if m.ask_id == ask.pk}
    return number if number not in used else max(used) + 1


def _at(ask: Ask, number: int) -> datetime:
    moments = (ask.sent_at, ask.due_at, ask.due_at + LAST_AFTER_DUE)
    at: datetime = moments[number]
    return at


def _hand_over(ctx: Context, due: _Due, way: Way, done: Round) -> None:
    claimed = claim_message(
        ctx, ask_id=due.ask.pk, ask_ids=due.asks, number=due.number, channel=way.sender
    )
    if claimed is None:  # another runner was first
        return
    due.ask.sender = way.sender  # only for this handing over: the row is not written
    try:
        delivery = deliver(due.ask, link_of(due.ask), again=due.number > 0)
        state, error = ("sent", "") if delivery.sent else ("failed", delivery.words)
    except Exception as problem:
        log.error("a message for ask %s failed: %s", due.ask.pk, type(problem).__name__)
        state, error = "failed", type(problem).__name__
    settle_message(ctx, message_id=claimed.pk, state=state, error=error)
    if state == "sent":
        done.sent += 1
    else:
        done.failed += 1


__all__ = ["Round", "moments_of", "programme_of", "remind", "schedules"]
