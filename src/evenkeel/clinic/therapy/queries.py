"""What is asked of the therapy of a course: where the person is, what is missing, what came up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.pages.frame import address
from evenkeel.clinic.course.queries import CourseSummary
from evenkeel.clinic.programs.models import CourseProgram
from evenkeel.clinic.programs.parts import Item
from evenkeel.clinic.programs.queries import OnProgram, program_of
from evenkeel.clinic.session.models import Appointment, Session
from evenkeel.clinic.therapy.models import (
    THERAPIES,
    Commitment,
    JournalEntry,
    PreparationTick,
    SetPart,
    SideTherapy,
    Talk,
)
from evenkeel.clinic.therapy.way import Way, way_of

#: What the clinic reads of a journal; the person's own words are not among it.
SHARED_COLUMNS: Final = (
    "pk", "written_at", "sharing", "shared_text", "shared_themes", "shared_since",
)  # fmt: skip
_TALKS: Final = ("preparation", "integration")


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is not there yet. ``stops_dose``: the first dose is refused without it."""

    what: str
    url: str
    stops_dose: bool = False


@dataclass(frozen=True)
class Therapy:
    """The therapy of a course as its pages show it. ``way`` is ``None`` without a program."""

    course: Course
    now: datetime
    on: OnProgram | None
    way: Way | None
    talks: Sequence[Talk]
    parts: Mapping[str, SetPart]
    ticks: Mapping[tuple[str, str], PreparationTick]
    commitments: Sequence[Commitment]
    beside: Sequence[SideTherapy]
    missing: Sequence[Missing]

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """The checklist of a kind of visit, each line with both sides' ticks."""
        items = self.on.program.items_at(kind) if self.on else ()
        return [
            {
                "item": item,
                "staff": self._tick(item, "therapist"),
                "own": self._tick(item, "patient"),
            }
            for item in items
        ]

    def _tick(self, item: Item, side: str) -> PreparationTick | None:
        found = self.ticks.get((item.id, side))
        return found if found is not None and found.done else None

    @property
    def needs_discussion(self) -> bool:
        """Whether the person's part was never talked over, or was written anew since."""
        part = self.parts.get("patient")
        if part is None or not part.answers:
            return False
        return part.discussed_at is None or part.discussed_at < part.written_at

    @property
    def open_commitments(self) -> list[Commitment]:
        """Those nobody has looked at again."""
        return [c for c in self.commitments if c.outcome == "open"]

    @property
    def kept(self) -> tuple[int, int]:
        """How many commitments were kept, and how many were looked at again."""
        looked = [c for c in self.commitments if c.outcome in ("kept", "partly", "not_kept")]
        return sum(c.outcome == "kept" for c in looked), len(looked)

    @property
    def doses(self) -> list[tuple[str, int, int]]:
        """Each kind of therapy with its number of talks and its minutes in all."""
        return dose_of(self.talks)

    @property
    def current_beside(self) -> list[SideTherapy]:
        """Therapies beside that go on."""
        return [b for b in self.beside if b.ended_on is None]


def therapy_of(summary: CourseSummary) -> Therapy:
    """Everything about the therapy of a course; nine queries."""
    course, now = summary.course, summary.now
    on = program_of(course.pk)
    talks = talks_of(course.pk)
    parts = {
        p.side: p for p in SetPart.objects.filter(course=course).select_related("discussed_by")
    }
    ticks = {(t.item, t.side): t for t in PreparationTick.objects.filter(course=course)}
    commitments = list(Commitment.objects.filter(course=course).order_by("-made_at"))
    beside = list(
        SideTherapy.objects.filter(course=course).select_related("noted_by").order_by("-began_on")
    )
    way = _way(course, on, talks, now) if on else None
    therapy = Therapy(course, now, on, way, talks, parts, ticks, commitments, beside, ())
    return Therapy(
        course, now, on, way, talks, parts, ticks, commitments, beside, _missing(therapy, summary)
    )


def talks_of(course_id: Any) -> list[Talk]:
    """The talks that took place, in order of time."""
    return list(
        Talk.objects.filter(course_id=course_id, struck_at=None)
        .select_related("held_by")
        .order_by("held_at")
    )


def _way(course: Course, on: OnProgram, talks: Sequence[Talk], now: datetime) -> Way:
    """What was held and booked since the course was put on its program; three queries.

    On the first program of a course everything counts, for the first talk is often the one in
    which the program is chosen.
    """
    before = CourseProgram.objects.filter(course=course, chosen_at__lt=on.row.chosen_at).exists()
    since = on.row.chosen_at if before else course.opened_at - timedelta(days=3650)
    noted = {talk.appointment_id for talk in talks}
    visits = list(
        Appointment.objects.filter(
            course=course,
            kind__in=(*_TALKS, "dosing"),
            status__in=("booked", "checked_in", "done"),
        )
        # a session under way is held already, though its appointment is not done
        .exclude(session__first_dose_at__isnull=False)
        # a talk that was struck out did not take place
        .exclude(talk__struck_at__isnull=False)
        .only("pk", "kind", "status", "starts_at", "site_id", "patient_id", "course_id")
        .order_by("starts_at")
    )
    held: dict[str, list[datetime]] = {kind: [] for kind in (*_TALKS, "dosing")}
    for talk in talks:
        held[talk.kind].append(talk.held_at)
    for visit in visits:
        if visit.kind in _TALKS and visit.status == "done" and visit.pk not in noted:
            held[visit.kind].append(visit.starts_at)
    held["dosing"] = list(
        Session.objects.filter(course=course, first_dose_at__isnull=False)
        .order_by("first_dose_at")
        .values_list("first_dose_at", flat=True)
    )
    held = {kind: sorted(at for at in times if at >= since) for kind, times in held.items()}
    booked = {
        kind: [
            v.starts_at
            for v in visits
            if v.kind == kind
            and v.status in ("booked", "checked_in")
            and v.pk not in noted
            and v.starts_at >= now - timedelta(hours=6)
        ]
        for kind in held
    }
    return way_of(on.program, held, booked)


def _missing(therapy: Therapy, summary: CourseSummary) -> list[Missing]:
    """What is not there yet before the next dose, the gravest first."""
    course, on = therapy.course, therapy.on
    if course.state == "closed":
        return []
    if on is None:
        return [
            Missing("The course is on no program.", address("course_program", course_id=course.pk))
        ]
    found = []
    if on.program.needs_touch_agreement and summary.touch is None:
        found.append(
            Missing(
                "Touch agreement and stop word are not signed.",
                address("touch", course_id=course.pk),
                stops_dose=True,
            )
        )
    url = address("preparation", course_id=course.pk)
    if on.program.has_therapy:
        found += _missing_set(therapy, url)
    assert therapy.way is not None
    if not therapy.way.is_past_preparation:
        found += _missing_ticks(therapy, url)
    found += [
        Missing(f"{stop.label} was left out.", address("integration", course_id=course.pk))
        for stop in therapy.way.passed
        if stop.visit.kind == "integration"
    ]
    return found


def _missing_ticks(therapy: Therapy, url: str) -> list[Missing]:
    lines = therapy.lines("preparation")
    asked = [line for line in lines if line["item"].own_words]
    found = []
    for key, who, rows in (("staff", "the therapist", lines), ("own", "the person", asked)):
        count = sum(row[key] is None for row in rows)
        if count:
            words = f"{count} of {len(rows)} lines of preparation not ticked by {who}."
            found.append(Missing(words, url))
    return found


def _missing_set(therapy: Therapy, url: str) -> list[Missing]:
    part = therapy.parts.get("patient")
    if part is None or not part.answers:
        return [Missing("The person has not filled in their part of the set.", url)]
    found = []
    if therapy.needs_discussion:
        found.append(Missing("The person’s part of the set has not been talked over.", url))
    if not part.answers.get("call_phone"):
        found.append(Missing("Nobody is named to call.", url))
    return found


def dose_of(talks: Sequence[Talk]) -> list[tuple[str, int, int]]:
    """Each kind of therapy with its number of talks and its minutes, the most minutes first."""
    labels = dict(THERAPIES)
    count: Counter[str] = Counter()
    minutes: Counter[str] = Counter()
    for talk in talks:
        label = talk.therapy_other or labels[talk.therapy]
        count[label] += 1
        minutes[label] += talk.minutes
    return [(label, count[label], total) for label, total in minutes.most_common()]


def themes_of(talks: Sequence[Talk], shared: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Themes with how often they came up, in talks and in what was shared of the journal."""
    found: Counter[str] = Counter()
    words: dict[str, str] = {}
    for themes in (*(t.themes for t in talks), *(entry["shared_themes"] for entry in shared)):
        for theme in themes:
            words.setdefault(theme.casefold(), theme)
            found[theme.casefold()] += 1
    return [(words[key], count) for key, count in found.most_common(20)]


def shared_journal(course_id: Any) -> list[dict[str, Any]]:
    """What the person shares of their journal, the newest first.

    Asks the database for the shared columns only: a private entry is not even counted.
    """
    return list(
        JournalEntry.objects.filter(
            course_id=course_id, sharing__in=("part", "all"), removed_at=None
        )
        .order_by("-written_at")
        .values(*SHARED_COLUMNS)
    )


def own_journal(patient_id: Any) -> list[JournalEntry]:
    """A person's own journal, for their own pages alone."""
    return list(
        JournalEntry.objects.filter(patient_id=patient_id, removed_at=None).order_by("-written_at")
    )
