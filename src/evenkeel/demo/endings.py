"""Where a person stands today, and their whole way there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final

from evenkeel.clinic.course.actions.move_course import close_course, move_course
from evenkeel.clinic.course.actions.withdraw_consent import withdraw_consent
from evenkeel.clinic.course.models import Consent
from evenkeel.clinic.people.actions.mark_deceased import mark_deceased
from evenkeel.clinic.session.actions.mark_no_show import mark_no_show
from evenkeel.clinic.session.actions.move_appointment import move_appointment
from evenkeel.demo import asking, circle, therapy
from evenkeel.demo.giving import book
from evenkeel.demo.long_view import ask_over_months
from evenkeel.demo.person import SATURDAY, Telling
from evenkeel.demo.stage import LIVE_CHAIRS
from evenkeel.demo.telling import agree, refer, screen, treat


def _go_on(telling: Telling) -> Iterator[None]:
    """The next session is booked, and a questionnaire lies with the person."""
    house, story = telling.house, telling.story
    asking.ask(house, telling.fresh(), house.start - timedelta(hours=20))
    gap = story.spacing_days if story.stage == "maintenance" else 4
    ahead = max(1, gap - story.last_days)
    couches = house.chairs[LIVE_CHAIRS:]
    day, at, couch = telling.diary.next_place(
        telling.on(-ahead, later=True).date(), len(story.name), couches
    )
    book(
        house,
        telling.fresh(),
        datetime.combine(day, at, tzinfo=house.zone),
        booked_at=house.start - timedelta(hours=19),
        chair=couch,
    )
    yield


def _signal(telling: Telling) -> Iterator[None]:
    """An answer to item 9 that nobody has followed up yet: the next dose waits for it."""
    house = telling.house
    yield from _go_on(telling)
    asking.answer_worrying(
        house, telling.fresh(), telling.score, house.start - timedelta(hours=3), total=14
    )
    yield


def _close(telling: Telling, reason: str, days_after: int = 8) -> Iterator[None]:
    house, story = telling.house, telling.story
    days_ago = max(story.last_days - days_after, 1)
    at = telling.on(days_ago, time(16, 30))
    total = telling.score.total(story.doses, float(days_after))
    asking.enter_paper(house, telling.fresh(), telling.score, at, total=total)
    close_course(
        house.ctx("prescriber", at + timedelta(minutes=20)),
        course_id=telling.fresh().pk,
        reason=reason,
    )
    yield


def _close_good(telling: Telling) -> Iterator[None]:
    yield from _close(telling, "Well, and wishes to go on without. Door open.", 14)


def _close_no_response(telling: Telling) -> Iterator[None]:
    yield from _close(telling, "No response after induction; back to the referrer with a letter.")


def _pause(telling: Telling) -> Iterator[None]:
    at = telling.on(max(telling.story.last_days - 4, 1), time(11))
    move_course(
        telling.house.ctx("prescriber", at),
        course_id=telling.fresh().pk,
        to="paused",
        reason="Dental operation; goes on afterwards.",
    )
    yield


def _withdraw(telling: Telling) -> Iterator[None]:
    at = telling.on(max(telling.story.last_days - 3, 1), time(12))
    consent = Consent.objects.filter(course=telling.fresh()).order_by("-signed_at").first()
    assert consent is not None
    withdraw_consent(
        telling.house.ctx("therapist", at),
        consent_id=consent.pk,
        note="Does not wish to go on. Thanked for saying so.",
    )
    yield


def _no_show(telling: Telling) -> Iterator[None]:
    house, story = telling.house, telling.story
    day = telling.on(max(story.last_days - 4, 1)).date()
    while day.weekday() >= SATURDAY:
        day -= timedelta(days=1)
    at, couch = telling.diary.place(day, len(story.name), house.chairs[LIVE_CHAIRS:])
    starts_at = datetime.combine(day, at, tzinfo=house.zone)
    missed = book(
        house, telling.fresh(), starts_at, booked_at=starts_at - timedelta(days=3), chair=couch
    )
    mark_no_show(
        house.ctx("desk", starts_at + timedelta(minutes=40)),
        appointment_id=missed.pk,
        reason="Did not come and did not call.",
    )
    yield


def _move(telling: Telling) -> Iterator[None]:
    """Was to come today, and comes in two days."""
    house = telling.house
    starts_at = house.start + timedelta(hours=2, minutes=30)
    made = book(
        house,
        telling.fresh(),
        starts_at,
        booked_at=house.start - timedelta(days=3),
        chair=house.chairs[-1],
    )
    couches = house.chairs[LIVE_CHAIRS:]
    day, at, couch = telling.diary.next_place(telling.on(-2, later=True).date(), 1, couches)
    move_appointment(
        house.ctx("desk", house.start - timedelta(hours=2)),
        appointment_id=made.pk,
        starts_at=datetime.combine(day, at, tzinfo=house.zone),
        minutes=150,
        chair_id=couch.pk,
        nurse_id=house.accounts["nurse2"].pk,
        reason="A cold; feels better soon.",
        confirmed=True,
    )
    yield


def _die(telling: Telling) -> Iterator[None]:
    house, story = telling.house, telling.story
    at = telling.on(max(story.last_days - 30, 2), time(9))
    mark_deceased(
        house.ctx("nurse", at),
        patient_id=telling.patient.pk,
        deceased_at=at - timedelta(days=1),
        reason="Told by the family; heart disease, not connected with treatment (synthetic).",
    )
    close_course(
        house.ctx("prescriber", at + timedelta(hours=1)),
        course_id=telling.fresh().pk,
        reason="The person has died.",
    )
    yield


_ENDINGS: Final = {
    "signal": _signal,
    "closed_good": _close_good,
    "closed_no_response": _close_no_response,
    "paused": _pause,
    "withdrawn": _withdraw,
    "no_show": _no_show,
    "moved": _move,
    "deceased": _die,
}


def tell_person(telling: Telling) -> Iterator[None]:
    """Everything that happened to one person until the opening."""
    story = telling.story
    yield from refer(telling)
    if story.stage in ("referred", "imported"):
        return
    yield from screen(telling)
    if story.stage in ("screening", "deferred", "contraindicated"):
        return
    yield from agree(telling)
    if story.stage == "consented":
        return
    if story.stage == "group":
        yield from circle.tell_group(telling)
        return
    yield from treat(telling)
    yield from ask_over_months(telling)
    if story.program:
        yield from therapy.tell_after(telling)
    yield from _ENDINGS.get(story.stage, _go_on)(telling)
