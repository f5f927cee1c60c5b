"""A person of the cast in the record: their registration, their days, their place in the diary."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from importlib import resources
from typing import Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.models import Chair, Patient
from evenkeel.clinic.session.booking import OPENS, STANDING
from evenkeel.clinic.session.models import Appointment, AppointmentStatus
from evenkeel.demo.cast import Story
from evenkeel.demo.scores import ScoreCourse
from evenkeel.demo.stage import House
from evenkeel.demo.words import pick
from evenkeel.interop.fhir import read_bundle
from evenkeel.interop.fhir.importing import import_bundle

#: When sessions of the past began.
SLOTS: Final = (time(8, 30), time(11, 0), time(13, 30))
_SLOT_LASTS: Final = timedelta(minutes=150)
#: Doses of induction; they are given twice a week.
INDUCTION_DOSES: Final = 6
_INDUCTION_GAPS_DAYS: Final = (4, 3)
SATURDAY: Final = 5
_REFERRED_BEFORE_DAYS: Final = 24


@dataclass(slots=True)
class Diary:
    """Which couch is taken when, so that the days of the past can be believed.

    Also by what others wrote: the opening, a group, a run of the history that was cut short.
    """

    zone: tzinfo
    taken: set[tuple[date, time, int]] = field(default_factory=set)

    def place(self, day: date, wish: int, couches: list[Chair]) -> tuple[time, Chair]:
        """A time and couch on a day, free where the day is not full."""
        return self._free(day, wish, couches) or (
            SLOTS[wish % len(SLOTS)],
            couches[wish % len(couches)],
        )

    def next_place(self, day: date, wish: int, couches: list[Chair]) -> tuple[date, time, Chair]:
        """A free time and couch on a working day, this one or the first after it."""
        while True:
            found = self._free(day, wish, couches) if day.weekday() < SATURDAY else None
            if found is not None:
                return day, *found
            day += timedelta(days=1)

    def _free(self, day: date, wish: int, couches: list[Chair]) -> tuple[time, Chair] | None:
        for turn in range(len(SLOTS)):
            at = SLOTS[(wish + turn) % len(SLOTS)]
            for number, couch in enumerate(couches):
                if (day, at, number) in self.taken or self._stands(couch, day, at):
                    continue
                self.taken.add((day, at, number))
                return at, couch
        return None

    def _stands(self, couch: Chair, day: date, at: time) -> bool:
        begins = datetime.combine(day, at, tzinfo=self.zone)
        return Appointment.objects.filter(
            chair=couch,
            status__in=(*STANDING, AppointmentStatus.DONE),
            starts_at__lt=begins + _SLOT_LASTS,
            ends_at__gt=begins,
        ).exists()


@dataclass(slots=True)
class Telling:
    """One person being told. ``chair``: where sessions of the past took place, if not a couch."""

    house: House
    story: Story
    diary: Diary
    chair: Chair | None = None
    course: Course | None = None

    @property
    def patient(self) -> Patient:
        """The person's row."""
        return self.house.patients[self.story.name]

    @property
    def score(self) -> ScoreCourse:
        """How this person fills in PHQ-9."""
        story = self.story
        return ScoreCourse(f"{self.house.seed}|{story.name}", story.baseline, story.trajectory)

    def fresh(self) -> Course:
        """The course as it stands."""
        assert self.course is not None
        self.course = Course.objects.select_related("patient__site", "site").get(pk=self.course.pk)
        return self.course

    def on(self, days_ago: int, at: time = time(10), *, later: bool = False) -> datetime:
        """A time so many days before the opening, on the site's clock.

        A weekend gives way to the Friday before, or with ``later`` to the Monday after; today
        stays today.
        """
        day = (self.house.start.astimezone(self.house.zone) - timedelta(days=days_ago)).date()
        over = day.weekday() - SATURDAY
        if over >= 0 and days_ago:
            day += timedelta(days=2 - over) if later else timedelta(days=-1 - over)
        return datetime.combine(day, at, tzinfo=self.house.zone)


def register(house: House, story: Story) -> Patient:
    """The person at the front desk, on the day of the referral."""
    telling = Telling(house, story, Diary(house.zone))
    at = telling.on(referred_days_ago(house, story), time(9, 15))
    if story.stage == "imported":
        return _import(house, story, at)
    patient = register_patient(
        house.ctx("desk", at),
        site_id=house.site.pk,
        given_name=story.given,
        family_name=story.family,
        called=story.called,
        birth_date=_birth_date(house, story),
        sex=story.sex,
        phone="555-0123",
        email=f"{story.given}.{story.family}@people.invalid".lower(),
        address="2 Placeholder Lane, Exampleton",
        emergency_contact=f"A {pick(story.name, ('friend', 'sister', 'brother'))}, 555-0142",
    )
    house.patients[story.name] = patient
    return patient


def _birth_date(house: House, story: Story) -> date:
    """A day that makes the person as old as the story says, at the opening."""
    draw = random.Random(f"{house.seed}|{story.name}|birth")  # noqa: S311 - a stage prop
    month, day = draw.randint(1, 12), draw.randint(1, 28)
    today = house.start.astimezone(house.zone).date()
    is_ahead = (month, day) > (today.month, today.day)
    return date(today.year - story.age - is_ahead, month, day)


def _import(house: House, story: Story, at: datetime) -> Patient:
    """The person as another house sent them, in a FHIR bundle."""
    file = resources.files("evenkeel.demo").joinpath("people", "ines_example.json")
    reading = read_bundle(file.read_bytes(), now=at)
    ctx = house.ctx("desk", at, via="command")
    report = import_bundle(ctx, reading, site_id=house.site.pk, confirm_duplicate=True)
    patient = Patient.objects.select_related("site").get(pk=report.patient_id)
    house.patients[story.name] = patient
    return patient


def dose_days(house: House, story: Story) -> list[int]:
    """Days before the opening on which doses were given, the first one first."""
    back, found = _last_days(house, story), []
    for n in range(story.doses):
        found.append(back)
        later = story.doses - 1 - n  # doses before this one
        gap = story.spacing_days if later > INDUCTION_DOSES else _INDUCTION_GAPS_DAYS[n % 2]
        back += gap
    today = house.start.astimezone(house.zone).date()
    days: list[int] = []
    for days_ago in reversed(found):
        weekday = (today - timedelta(days=days_ago)).weekday()
        shift = weekday - 4 if weekday > 4 and days_ago else 0
        wanted = days_ago + shift
        # a weekend moves a dose to Friday; never two on one day
        days.append(min(wanted, days[-1] - 1) if days else wanted)
    return days


def _last_days(house: House, story: Story) -> int:
    """Days since the last dose; one of today falls on the day before where the house was shut."""
    if story.last_days or story.today_h is None:
        return story.last_days
    at = (house.start + timedelta(hours=story.today_h)).astimezone(house.zone)
    return int(at.time() < OPENS or at.date() != house.start.astimezone(house.zone).date())


def referred_days_ago(house: House, story: Story) -> int:
    """Days before the opening on which the referral came."""
    days = dose_days(house, story)
    if days:
        return days[0] + _REFERRED_BEFORE_DAYS
    draw = random.Random(f"{house.seed}|{story.name}|referred")  # noqa: S311
    return draw.randint(2, 6) if story.stage == "referred" else draw.randint(16, 40)
