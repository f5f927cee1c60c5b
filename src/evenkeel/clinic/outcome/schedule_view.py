"""The schedule of one course as it stands: what was asked, what is due, what is to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from evenkeel.clinic.course.queries import CourseSummary
from evenkeel.clinic.outcome.contact import Way, way_to
from evenkeel.clinic.outcome.links import can_be_linked
from evenkeel.clinic.outcome.models import ContactChoice, Message
from evenkeel.clinic.outcome.queries import AskLine
from evenkeel.clinic.outcome.reminding import moments_of, programme_of, schedules
from evenkeel.clinic.outcome.schedule import Occasion, Schedule, occasions, schedule_for
from evenkeel.instruments import Instrument, load

_BACK: Final = timedelta(days=21)
_AHEAD: Final = timedelta(days=30)
_PLACES_AHEAD: Final = 5
WORDS: Final = {
    "answered": "Answered",
    "sent": "Waits for an answer",
    "begun": "Begun, not finished",
    "overdue": "Overdue",
    "expired": "Not answered",
    "withdrawn": "Withdrawn",
    "due": "Due, not asked yet",
    "passed": "Was not asked",
    "ahead": "To come",
}


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """One occasion with its ask, if it was made, and how it stands."""

    occasion: Occasion
    instrument: Instrument
    standing: str
    ask: AskLine | None
    can_show_link: bool

    @property
    def words(self) -> str:
        """The standing in words."""
        return WORDS[self.standing]


@dataclass(frozen=True, slots=True)
class Ahead:
    """One place of the schedule still to come, with everything that is asked there."""

    label: str
    titles: str
    opens_at: datetime


@dataclass(frozen=True)
class ScheduleView:
    """The schedule a course follows, its lines in order of time, and how messages reach them."""

    schedule: Schedule
    lines: Sequence[ScheduleLine]
    way: Way
    choice: ContactChoice | None
    messages: Sequence[Message]

    @property
    def asked(self) -> list[ScheduleLine]:
        """What was asked or is due, the newest first."""
        found = [line for line in self.lines if line.ask is not None or line.standing == "due"]
        return list(reversed(found))

    @property
    def passed(self) -> int:
        """How many of the last weeks were never asked: answered just before, or no round ran."""
        return sum(line.standing == "passed" for line in self.lines)

    @property
    def ahead(self) -> list[Ahead]:
        """The next places of the schedule, those that open together as one."""
        places: dict[tuple[datetime, str], list[str]] = {}
        for line in self.lines:
            if line.standing == "ahead":
                key = (line.occasion.opens_at, line.occasion.label)
                places.setdefault(key, []).append(line.instrument.title)
        found = [Ahead(label, ", ".join(titles), at) for (at, label), titles in places.items()]
        return found[:_PLACES_AHEAD]


def schedule_view(summary: CourseSummary, asks: Sequence[AskLine]) -> ScheduleView:
    """The schedule of the three weeks behind and the month ahead. Four queries."""
    course, now = summary.course, summary.now
    schedule = schedule_for(programme_of(course), schedules())
    by_key = {line.ask.occasion_key: line for line in asks if line.ask.occasion_key}
    moments = moments_of([course])[course.pk]
    found = occasions(schedule, moments, since=now - _BACK, until=now + _AHEAD)
    lines = [_line(occasion, by_key.get(occasion.key), now) for occasion in found]
    choice = ContactChoice.objects.filter(patient_id=course.patient_id).first()
    return ScheduleView(
        schedule=schedule,
        lines=lines,
        way=way_to(course.patient, choice),
        choice=choice,
        messages=list(
            Message.objects.filter(course=course).select_related("ask").order_by("-claimed_at")[:12]
        ),
    )


def _line(occasion: Occasion, line: AskLine | None, now: datetime) -> ScheduleLine:
    if line is not None:
        standing = line.standing
    elif occasion.opens_at > now:
        standing = "ahead"
    else:
        standing = "due" if occasion.closes_at > now else "passed"
    show = line is not None and line.waits and can_be_linked(line.ask)
    return ScheduleLine(occasion, load(occasion.instrument), standing, line, show)
