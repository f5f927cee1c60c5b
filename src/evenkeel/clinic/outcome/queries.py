"""What is asked of the outcomes: scores over time, links that wait, signals that are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.filing import LEVELS
from evenkeel.clinic.outcome.models import Ask, Response, SafetySignal
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import visible
from evenkeel.instruments import Change, Instrument, change, load, remission
from evenkeel.instruments import Response as ResponseVerdict
from evenkeel.instruments import response as response_verdict

_MOST_URGENT_FIRST = Case(
    *(When(urgency=level, then=Value(-rank)) for rank, level in enumerate(LEVELS)),
    default=Value(-len(LEVELS)),
    output_field=IntegerField(),
)


def open_signals(ctx: Context) -> QuerySet[SafetySignal]:
    """Open safety signals of the caller's sites, the most urgent first, then the oldest."""
    rows: QuerySet[SafetySignal] = visible(
        ctx,
        SafetySignal.objects.filter(closed_at=None)
        .select_related("patient", "course", "site")
        .order_by(_MOST_URGENT_FIRST, "raised_at"),
        "outcome.view",
    )
    return rows


def alarm_level(urgency: str) -> str:
    """The level of the alarm grammar in which an urgency is shown."""
    return {"now": "emergency", "today": "hold", "routine": "review"}.get(urgency, "hold")


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One filed response with how it compares: with the one before, and with the baseline.

    ``None`` where a comparison cannot be made.
    """

    response: Response
    instrument: Instrument
    change: Change | None
    since_baseline: ResponseVerdict | None
    in_remission: bool | None


def baseline_of(
    responses: Sequence[Response], instrument_id: str, first_dose_at: datetime | None
) -> Response | None:
    """What later totals are measured against: the last total before the first dose.

    Where there is none, the first total on the course. ``responses`` stand in order of time.
    """
    totals = [r for r in responses if r.instrument == instrument_id and r.total is not None]
    before = [r for r in totals if first_dose_at is not None and r.answered_at <= first_dose_at]
    return before[-1] if before else totals[0] if totals else None


def score_lines(
    responses: Sequence[Response], first_dose_at: datetime | None = None
) -> list[ScoreLine]:
    """Responses of one course in order of time, each compared with those before it."""
    before: dict[str, int] = {}
    baselines = {
        name: baseline_of(responses, name, first_dose_at)
        for name in {row.instrument for row in responses}
    }
    lines = []
    for row in responses:
        instrument = load(row.instrument)
        total = row.total
        if total is None:
            lines.append(ScoreLine(row, instrument, None, None, None))
            continue
        first, last = baselines[row.instrument], before.get(row.instrument)
        since = None
        if first is not None and first.answered_at < row.answered_at:
            since = response_verdict(instrument, first.total, total)
        lines.append(
            ScoreLine(
                row,
                instrument,
                change(instrument, last, total) if last is not None else None,
                since,
                remission(instrument, total).met,
            )
        )
        before[row.instrument] = total
    return lines


def responses_of(course: Course) -> list[Response]:
    """The responses filed on a course, in order of time. One query."""
    return list(Response.objects.filter(course=course).order_by("answered_at", "created_at"))


@dataclass(frozen=True, slots=True)
class AskLine:
    """One ask as it stands at a moment: ``standing`` adds "expired" and "overdue" to its state."""

    ask: Ask
    instrument: Instrument
    standing: str
    answered_questions: int

    @property
    def waits(self) -> bool:
        """Whether the person can still answer it."""
        return self.standing in ("sent", "begun", "overdue")


STANDING_WORDS = {
    "sent": "Sent, not opened yet",
    "begun": "Begun, not finished",
    "overdue": "Overdue",
    "answered": "Answered",
    "expired": "Expired unanswered",
    "withdrawn": "Withdrawn",
}


def ask_lines(course: Course, now: datetime) -> list[AskLine]:
    """What was asked on a course, the newest first. One query."""
    rows = Ask.objects.filter(course=course).order_by("-sent_at")
    return [_line(ask, now) for ask in rows]


def waiting_asks(patient_id: Any, now: datetime) -> list[AskLine]:
    """The questionnaires a person can still answer, the one due first coming first. One query."""
    rows = Ask.objects.filter(patient_id=patient_id, finished_at=None, expires_at__gt=now).exclude(
        state="withdrawn"
    )
    return [_line(ask, now) for ask in rows.order_by("due_at")]


def _line(ask: Ask, now: datetime) -> AskLine:
    standing = ask.state
    if ask.state in ("sent", "begun"):
        if ask.expires_at <= now:
            standing = "expired"
        elif ask.due_at < now:
            standing = "overdue"
    said = ask.partial.get("answers", {})
    return AskLine(ask, load(ask.instrument), standing, len(said))
