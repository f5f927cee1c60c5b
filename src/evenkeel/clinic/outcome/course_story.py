"""The whole course gathered for one page, and drawn as one picture.

:func:`gather` asks the record a fixed number of questions, however many sessions there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.course.models import Consent, Plan, TouchAgreement
from evenkeel.clinic.course.pages.frame import address
from evenkeel.clinic.course.queries import CourseSummary
from evenkeel.clinic.outcome.course_history import StateSpell, spells_of, stretches
from evenkeel.clinic.outcome.long_term import LongTermWatch, long_term_watch
from evenkeel.clinic.outcome.models import Response, SafetySignal, TeamQuestion
from evenkeel.clinic.outcome.queries import (
    AskLine,
    ScoreLine,
    ask_lines,
    baseline_of,
    responses_of,
    score_lines,
)
from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.session.models import LIVE_STATES, Appointment, Session
from evenkeel.instruments import Instrument, load, remission
from evenkeel.instruments import response as response_verdict
from evenkeel.web import svg

#: The questionnaire drawn on the chart.
DRAWN: Final = "phq9"
_MARGIN_DAYS: Final = 4


@dataclass(frozen=True)
class CourseStory:
    """Everything the course page shows, in order of time."""

    summary: CourseSummary
    spells: Sequence[StateSpell]
    sessions: Sequence[Session]
    appointments: Sequence[Appointment]
    responses: Sequence[Response]
    scores: Sequence[ScoreLine]
    asks: Sequence[AskLine]
    signals: Sequence[SafetySignal]
    consents: Sequence[Consent]
    touches: Sequence[TouchAgreement]
    watch: LongTermWatch
    weight: Fact | None
    questions: Sequence[TeamQuestion] = ()

    @property
    def given(self) -> list[Session]:
        """The sessions in which a dose was given."""
        return [s for s in self.sessions if s.first_dose_at is not None]

    @property
    def live(self) -> Session | None:
        """The session that is under way now."""
        return next((s for s in self.sessions if s.state in LIVE_STATES), None)

    @property
    def ahead(self) -> list[Appointment]:
        """Appointments still to come, or under way today."""
        since = self.summary.now - timedelta(hours=6)
        return [
            a
            for a in self.appointments
            if a.status in ("booked", "checked_in") and a.starts_at >= since
        ]

    @property
    def next_dosing(self) -> Appointment | None:
        """The next dosing session that is booked."""
        return next((a for a in self.ahead if a.kind == "dosing"), None)

    @property
    def total_mg(self) -> float:
        """The dose given so far, as far as the sessions say."""
        return sum(dose_mg(s) for s in self.given)

    @property
    def latest(self) -> ScoreLine | None:
        """The newest total of the questionnaire that is drawn."""
        totals = [s for s in self.scores if s.response.instrument == DRAWN]
        return next((s for s in reversed(totals) if s.response.total is not None), None)


def gather(summary: CourseSummary) -> CourseStory:
    """Read everything of a course; fourteen queries."""
    course = summary.course
    sessions = list(
        Session.objects.filter(course=course)
        .only(
            *("number", "state", "product", "opened_at", "first_dose_at", "summary", "ready_at"),
            "appointment_id",
        )
        .order_by("number")
    )
    responses = responses_of(course)
    first_dose = next((s.first_dose_at for s in sessions if s.first_dose_at), None)
    return CourseStory(
        summary=summary,
        spells=spells_of(course),
        sessions=sessions,
        appointments=list(
            Appointment.objects.filter(course=course)
            .select_related("chair", "therapist")
            .order_by("starts_at")
        ),
        responses=responses,
        scores=score_lines(responses, first_dose),
        asks=ask_lines(course, summary.now),
        signals=list(
            SafetySignal.objects.filter(course=course)
            .select_related("closed_by")
            .order_by("raised_at")
        ),
        consents=list(
            Consent.objects.filter(course=course)
            .select_related("taken_by", "document")
            .defer("document__body")
            .order_by("signed_at")
        ),
        watch=long_term_watch(summary),
        questions=list(
            TeamQuestion.objects.filter(course=course, answered_at=None).order_by("asked_at")
        ),
        touches=list(
            TouchAgreement.objects.filter(course=course)
            .select_related("taken_by")
            .order_by("signed_at")
        ),
        weight=Fact.objects.filter(
            patient_id=course.patient_id, key="weight_kg", replaced_by=None, state="known"
        )
        .exclude(status="entered_in_error")
        .order_by("-as_of", "-created_at")
        .first(),
    )


def dose_mg(session: Session) -> float:
    """What the session gave in all, from its summary; 0 where it does not say."""
    value = session.summary.get("total_mg")
    return float(value) if isinstance(value, int | float) else 0.0


def proposed_next(story: CourseStory) -> datetime | None:
    """The day the plan's spacing proposes for the next session; ``None`` where it says none."""
    plan: Plan | None = story.summary.plan
    given = story.given
    if plan is None or not given or story.summary.course.state not in ("induction", "maintenance"):
        return None
    last = given[-1].first_dose_at
    return last + timedelta(days=float(plan.spacing_days))


def response_line(instrument: Instrument, baseline: int) -> int | None:
    """The highest total that still counts as response from ``baseline``; ``None`` where none."""
    met = (t for t in range(baseline, -1, -1) if response_verdict(instrument, baseline, t).met)
    return next(met, None)


def remission_line(instrument: Instrument) -> int | None:
    """The highest total in remission; ``None`` where the instrument defines none."""
    top = instrument.scoring.total_range
    if top is None:
        return None
    return next((t for t in range(top[1], -1, -1) if remission(instrument, t).met), None)


def chart_of(story: CourseStory, ahead: svg.Forecast | None = None) -> svg.CourseStory:
    """The picture's plain data; ends a little after today, the next visit or the forecast."""
    course, now = story.summary.course, story.summary.now
    margin = timedelta(days=_MARGIN_DAYS)
    moments = [
        course.opened_at,
        *(r.answered_at for r in story.responses),
        *(s.first_dose_at for s in story.given),
    ]
    start = min(moments) - margin
    planned = story.next_dosing
    closed = course.closed_at
    end = max([closed or now, *moments, *([planned.starts_at] if planned else [])])
    # room at the right for the words that stand beside the last value
    end += max(margin, (end - start) * 0.13)
    if ahead is not None and ahead.points:
        end = max(ahead.points[-1].at, now + margin)
    return svg.CourseStory(
        start=start,
        end=end,
        today=now if closed is None else closed,
        stages=[svg.Stage(s.label, s.start, s.end or closed) for s in stretches(story.spells)],
        marks=_marks(story),
        sessions=_session_marks(story),
        scores=[
            svg.ScorePoint(r.answered_at, float(r.total))
            for r in story.responses
            if r.instrument == DRAWN and r.total is not None
        ],
        lines=_levels(story),
        forecast=ahead,
        instrument=load(DRAWN).title,
        title="Course since referral",
    )


def _session_marks(story: CourseStory) -> list[svg.SessionMark]:
    marks = [
        svg.SessionMark(
            s.number,
            s.first_dose_at,
            dose_mg(s),
            url=address("session", session_id=s.pk),
        )
        for s in story.given
    ]
    if story.next_dosing is not None and story.live is None:
        number = max((s.number for s in story.sessions), default=0) + 1
        marks.append(svg.SessionMark(number, story.next_dosing.starts_at, planned=True))
    return marks


def _marks(story: CourseStory) -> list[svg.StoryMark]:
    course = story.summary.course
    marks = [svg.StoryMark(course.opened_at, "Referred")]
    screenings = sorted(story.summary.screenings, key=lambda s: s.signed_at)
    marks += [svg.StoryMark(s.signed_at, "Screened") for s in screenings[:1]]
    marks += [svg.StoryMark(s.signed_at, minor=True) for s in screenings[1:]]
    marks += [svg.StoryMark(c.signed_at, "Consent") for c in story.consents[:1]]
    marks += [svg.StoryMark(c.signed_at, minor=True) for c in story.consents[1:]]
    talks = [
        a.starts_at for a in story.appointments if a.kind == "integration" and a.status == "done"
    ]
    marks += [svg.StoryMark(at, minor=True) for at in talks]
    if len(talks) > 1:
        marks.append(svg.StoryMark(talks[0], f"Integration: {len(talks)} talks so far"))
    return marks


def _levels(story: CourseStory) -> list[svg.ScoreLine]:
    instrument = load(DRAWN)
    first_dose = next((s.first_dose_at for s in story.given), None)
    baseline = baseline_of(story.responses, DRAWN, first_dose)
    lines = []
    if baseline is not None and baseline.total is not None:
        level = response_line(instrument, baseline.total)
        if level is not None and baseline.total > 0:
            words = f"Response: {level} or less, half of {baseline.total}"
            lines.append(svg.ScoreLine(level, words))
        level = remission_line(instrument)
        if level is not None:
            lines.append(svg.ScoreLine(level, f"Remission: {level} or less"))
    return lines


def events_in_words(story: CourseStory) -> list[dict[str, Any]]:
    """The chart as a table: every dated thing on it, in order."""
    rows = [(spell.since, spell.label, "") for spell in story.spells]
    rows += [(s.first_dose_at, f"Session {s.number}", _mg(dose_mg(s))) for s in story.given]
    rows += [
        (
            r.answered_at,
            load(r.instrument).title,
            str(r.total) if r.total is not None else "not scored",
        )
        for r in story.responses
    ]
    if story.next_dosing is not None:
        rows.append((story.next_dosing.starts_at, "Next session, booked", ""))
    return [
        {"at": at, "what": what, "value": value} for at, what, value in sorted(rows, key=_moment)
    ]


def _moment(row: tuple[datetime, str, str]) -> datetime:
    return row[0]


def _mg(value: float) -> str:
    return f"{value:g} mg" if value else ""
