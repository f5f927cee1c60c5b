"""One dosing session through the product's actions: booked, checked in, given, watched, left."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.record_follow_up import record_follow_up
from evenkeel.clinic.people.models import Chair
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.session.actions.book_appointment import book_appointment
from evenkeel.clinic.session.actions.check_in import check_in
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.actions.record_event import Recorded, record
from evenkeel.clinic.session.arriving import Arrival
from evenkeel.clinic.session.drug_events import LEDGER_KINDS
from evenkeel.clinic.session.models import Appointment, Session, SessionEvent
from evenkeel.demo import dispensing
from evenkeel.demo.cast import Story
from evenkeel.demo.script import (
    AGAIN_AFTER_MIN,
    LEAD_MIN,
    LOOK_MIN,
    Figures,
    Scene,
    Step,
    asked,
    leaving_answers,
    steps_of,
    vitals,
)
from evenkeel.demo.stage import House
from evenkeel.demo.words import ESCORTS, pick

#: Stands on an appointment that the simulated clinic will run, so that a visitor can tell.
RUN_NOTE: Final = "The simulated clinic will run this session, unless you check the person in."
#: How often the person is looked at again before a reason is given instead.
_LOOKS = 4


def book(
    house: House,
    course: Course,
    starts_at: datetime,
    *,
    booked_at: datetime,
    chair: Chair | None,
    kind: str = "dosing",
    note: str = "",
) -> Appointment:
    """An appointment made by the front desk; what would be asked first is confirmed."""
    return book_appointment(
        house.ctx("desk", booked_at),
        course_id=course.pk,
        kind=kind,
        starts_at=starts_at,
        chair_id=chair.pk if chair else None,
        nurse_id=house.accounts["nurse2"].pk if kind == "dosing" else None,
        therapist_id=None if kind == "dosing" else house.accounts["therapist"].pk,
        note=note,
        confirmed=True,
    )


def arrive(
    house: House, story: Story, appointment: Appointment, at: datetime, *, escort: str = "yes"
) -> Appointment:
    """The person is checked in and weighed."""
    patient = appointment.patient
    who = pick(story.name, ESCORTS)
    return check_in(
        house.ctx("nurse2", at),
        appointment_id=appointment.pk,
        said_name=patient.name,
        said_birth_date=patient.birth_date,
        arrival=Arrival(
            allergies="as_listed",
            last_food_at=at - timedelta(hours=3),
            last_fluids_at=at - timedelta(hours=1),
            escort=escort,
            escort_name=f"{story.given}'s {who}" if escort == "yes" else "",
            escort_phone="555-0142" if escort == "yes" else "",
            benzodiazepine="no",
            stimulant="no",
            maoi="no",
            changes="no",
            weight_kg=story.weight_kg,
            pregnancy_test="not_applicable" if story.sex == "male" else "negative",
        ),
    )


def open_for(house: House, appointment: Appointment, at: datetime) -> Session:
    """The session of somebody who was checked in."""
    return open_session(house.ctx("nurse2", at), appointment_id=appointment.pk)


def scene_of(
    house: House, story: Story, session: Session, *, dip_at_min: float | None = None
) -> Scene:
    """What the script needs to know of a session."""
    figures = Figures.of(session.dose_sheet)
    return Scene(story, session.number, house.seed, figures, dip_at_min)


def own_event_id(
    house: House,
    session_id: Any,
    kind: str,
    at: datetime,
    body: dict[str, Any],
    which: str | None = None,
) -> uuid.UUID:
    """The id of an event the simulated clinic enters: nobody else's client makes this one.

    ``which`` tells several of one kind and time apart; of a line of the ledger it is the label of
    the container, which the house writes into the event.
    """
    if which is None:
        which = body.get("label") if kind in LEDGER_KINDS else body.get("name")
        which = which or body.get("alarm_event") or ""
    return house.own_id(session_id, kind, at.astimezone(UTC).isoformat(), which)


def enter(
    house: House,
    session_id: Any,
    kind: str,
    at: datetime,
    body: dict[str, Any],
    *,
    by: str = "nurse2",
    clock: Any = None,
    which: str | None = None,
    witness_id: Any = None,
) -> Recorded:
    """Enter one event as a member of staff; entering it again changes nothing."""
    ctx = house.ctx(by, at)
    return record(
        ctx if clock is None else ctx.at(clock),
        session_id=session_id,
        event_id=own_event_id(house, session_id, kind, at, body, which),
        kind=kind,
        happened_at=at,
        body=body,
        witness_id=witness_id,
    )


def enter_step(
    house: House, session: Session, step: Step, at: datetime, clock: Any = None
) -> list[SessionEvent]:
    """Enter one step of the script; the alarms it raised."""
    if step.kind == "drawn":
        dispensing.draw(house, session, step.body["amount_mg"], at, by=step.by, clock=clock)
        return []
    if step.kind == "wasted":
        dispensing.waste_rest(house, session, at, by=step.by, clock=clock)
        return []
    return enter(house, session.pk, step.kind, at, step.body, by=step.by, clock=clock).raised


def tell(
    house: House,
    session: Session,
    steps: Iterable[Step],
    anchor: datetime,
    *,
    until: datetime | None = None,
) -> None:
    """Enter the steps whose time is not after ``until``; alarms are acknowledged on the way."""
    for step in steps:
        at = anchor + timedelta(minutes=step.minute)
        if until is not None and at > until:
            return
        raised = enter_step(house, session, step, at)
        _answer(house, session, raised, at + timedelta(minutes=1))


def _answer(house: House, session: Session, raised: Sequence[SessionEvent], at: datetime) -> None:
    for alarm in raised:
        body = {"alarm_event": str(alarm.pk), "note": "Seen; person and probe looked at."}
        enter(house, session.pk, "alarm_acknowledged", at, body)


def leave(house: House, session: Session, scene: Scene, anchor: datetime) -> datetime:
    """Look until the person may go, then let them; returns when they left."""
    minute = float(LOOK_MIN[scene.way])
    body, inputs = scene.body(), scene.inputs()
    ready: dict[str, Any] = {}
    for look in range(_LOOKS):
        at = anchor + timedelta(minutes=minute)
        near = at - timedelta(minutes=1)
        seen = {**vitals(body, inputs, minute), **asked(body, inputs, minute)}
        raised = enter(house, session.pk, "observation", near, seen).raised
        _answer(house, session, raised, near)
        found = enter(
            house, session.pk, "discharge_check", at, {"answers": leaving_answers()}, by="nurse2"
        )
        if found.event.body["disposition"] == "discharge":
            break
        if look == _LOOKS - 1:
            ready = {"override_reason": "Seen by the prescriber; well enough to go."}
        minute += AGAIN_AFTER_MIN
    at = anchor + timedelta(minutes=minute + 1)
    enter(house, session.pk, "ready", at, ready)
    gone = anchor + timedelta(minutes=minute + 9)
    enter(house, session.pk, "discharged", gone, farewell(scene.story))
    return gone


def farewell(story: Story) -> dict[str, Any]:
    """The body of the event with which a person leaves."""
    return {
        "escort": f"{story.given}'s {pick(story.name, ESCORTS)}",
        "instructions": "No driving until tomorrow after a night's sleep. Number to call given.",
    }


def give(
    house: House, story: Story, course: Course, starts_at: datetime, chair: Chair
) -> Iterator[None]:
    """A whole session of the past.

    From its opening to its end nothing is committed: no screen and no watcher may take a session
    that has long ended for a live one.
    """
    anchor = starts_at + timedelta(minutes=LEAD_MIN)
    appointment = book(
        house, course, starts_at, booked_at=starts_at - timedelta(days=5), chair=chair
    )
    arrive(house, story, appointment, starts_at)
    yield
    session = open_for(house, appointment, starts_at + timedelta(minutes=2))
    scene = scene_of(house, story, session)
    tell(house, session, steps_of(scene), anchor)
    gone = leave(house, session, scene, anchor)
    yield
    _call(house, appointment, gone)


def _call(house: House, after: Appointment, gone: datetime) -> None:
    """The call of the day after, if its time has come."""
    call = Appointment.objects.filter(follows=after, kind="follow_up_call").first()
    if call is None or call.starts_at > house.start or call.starts_at < gone:
        return
    ctx = house.ctx("nurse2", call.starts_at).at(FixedClock(call.starts_at))
    try:
        record_follow_up(ctx, appointment_id=call.pk, reached=True, answers=CALL_ANSWERS)
    except Refused:
        return


CALL_ANSWERS: dict[str, Any] = {
    "wellbeing": "better",
    "sleep": "good",
    "mood": "brighter",
    "suicidal_thoughts": "no",
    "drove": "no",
    "side_effects": ["none"],
    "side_effects_note": "",
    "questions": "",
    "agreed_next": "As planned.",
}
