"""The long-term watch of one person: the record put to the protocol, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.queries import CourseSummary, protocol_for
from evenkeel.clinic.outcome.actions.record_watch import choice_of
from evenkeel.clinic.outcome.models import WatchEntry
from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.session.models import Session
from evenkeel.pharmacology.long_term import BladderSignal, bladder_signal, grams_per_week
from evenkeel.protocol.errors import FactsError
from evenkeel.protocol.long_term import (
    REQUEST,
    TALKED_OVER,
    GivenSession,
    LongHistory,
    WatchAnswer,
    WatchItem,
    watch_long_term,
)
from evenkeel.protocol.long_term_items import watch_questions


@dataclass(frozen=True)
class LongTermWatch:
    """The lines of the watch with the entries behind them; no lines where no protocol is known."""

    items: tuple[WatchItem, ...]
    entries: Sequence[WatchEntry]
    signal: BladderSignal | None = None

    @property
    def telling(self) -> list[WatchItem]:
        """The lines in which there is something to do."""
        return [item for item in self.items if item.state != "fine"]

    @property
    def open_entries(self) -> list[WatchEntry]:
        """Answers that ask for something and that nobody has reviewed, the newest first."""
        return [e for e in standing(self.entries) if choice_of(e) and e.reviewed_at is None]


def entries_of(course: Course) -> list[WatchEntry]:
    """Every entry about the person, also of earlier courses, the newest first. One query."""
    rows = WatchEntry.objects.filter(patient_id=course.patient_id)
    return list(rows.select_related("reviewed_by").order_by("-asked_at", "-created_at"))


def standing(entries: Sequence[WatchEntry]) -> list[WatchEntry]:
    """The entries that were neither corrected nor taken back, in the order given."""
    gone = {entry.corrects_id for entry in entries if entry.corrects_id}
    return [entry for entry in entries if entry.pk not in gone and not entry.taken_back]


def long_term_watch(summary: CourseSummary) -> LongTermWatch:
    """Judge what is known of a person over the months. Three queries."""
    course, now = summary.course, summary.now
    entries = entries_of(course)
    protocol = protocol_for(course, at=now)
    if protocol is None:
        return LongTermWatch((), entries)
    sessions = _sessions(course)
    grams = _grams_per_week(sessions, now)
    history = LongHistory(
        now=now,
        since=course.opened_at,
        sessions=sessions,
        answers=_answers(entries),
        liver_tests=_liver_tests(course.patient_id),
        grams_per_week=grams,
    )
    signal = None
    if grams is not None:
        signal = bladder_signal(grams, use_outside_clinic=_used_outside(entries))
    return LongTermWatch(watch_long_term(history, protocol), entries, signal)


def _answers(entries: Sequence[WatchEntry]) -> tuple[WatchAnswer, ...]:
    """What was answered, as the protocol reads it.

    An answer that a later list no longer offers stays among the entries and is not judged: its
    question is then due anew.
    """
    found = []
    for entry in standing(entries):
        question = watch_questions().get(entry.item)
        try:
            if question is not None:
                question.read(entry.value)
            elif entry.item not in (*TALKED_OVER, REQUEST):
                continue
        except FactsError:
            continue
        found.append(WatchAnswer(entry.item, entry.asked_at, entry.value))
    return tuple(found)


def _sessions(course: Course) -> tuple[GivenSession, ...]:
    """Every finished session of the person in which drug was given, on whichever course."""
    rows = (
        Session.objects.filter(
            patient_id=course.patient_id, first_dose_at__isnull=False, closed_at__isnull=False
        )
        .select_related("plan")
        .only("first_dose_at", "summary", "plan__spacing_days")
        .order_by("first_dose_at")
    )
    return tuple(
        GivenSession(
            at=row.first_dose_at,
            total_mg=_number(row.summary, "total_mg"),
            sbp_mmhg=_number(row.summary, "baseline_sbp"),
            dbp_mmhg=_number(row.summary, "baseline_dbp"),
            planned_days=float(row.plan.spacing_days),
        )
        for row in rows
    )


def _number(summary: dict[str, Any], key: str) -> float | None:
    value = summary.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _used_outside(entries: Sequence[WatchEntry]) -> bool | None:
    newest = next((e for e in standing(entries) if e.item == "use_outside"), None)
    return None if newest is None else newest.value != "none"


def _grams_per_week(sessions: Sequence[GivenSession], now: datetime) -> float | None:
    """Weekly grams over the trailing half year; ``None`` where a dose is not known."""
    doses = [s.total_mg for s in sessions if s.total_mg is not None]
    if len(doses) < len(sessions):
        return None
    if not sessions:
        return 0.0
    days = [(s.at - now).total_seconds() / 86_400 for s in sessions]
    return float(grams_per_week(days, doses, [0.0])[0])


def _liver_tests(patient_id: Any) -> tuple[datetime, str] | None:
    """The newest liver tests that stand among the person's facts, where they carry a date."""
    fact = (
        Fact.objects.filter(
            patient_id=patient_id,
            key="liver_tests",
            state="known",
            status="active",
            replaced_by=None,
            as_of__isnull=False,
        )
        .order_by("-as_of", "-created_at")
        .first()
    )
    return None if fact is None else (fact.as_of, str(fact.value))
