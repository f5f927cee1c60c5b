"""Half a year of a clinic in a few rows: sessions, loud alarms with their answers, no-shows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.session.models import Appointment, Session, SessionEvent
from tests.clinic.course.makers import Case
from tests.clinic.session.makers import treatable_case
from tests.clinic_factory import Clinic

WEEKS = 24
#: From this week on every session has a hold; before, one in every fifth week.
WORSE_FROM = 21


def visits_in(week: int) -> int:
    """How many appointments there are in a week: two to four."""
    return 2 + week * 7 % 3


@dataclass
class History:
    """Whose sessions they are, and when the first week began."""

    clinic: Clinic
    case: Case
    first: datetime


def make_history(clinic: Clinic) -> History:
    """Built by one act, so that it is quick; the chain holds as after any other."""
    case = treatable_case(clinic)
    now = clinic.clock.now()
    monday = (now - timedelta(days=now.weekday())).replace(hour=9, minute=0)
    first = monday - timedelta(weeks=WEEKS)
    plan = Plan.objects.get(course=case.course, state="signed")
    weeks(clinic.as_("session_nurse"), case=case, plan=plan, first=first)
    return History(clinic, case, first)


@action("test.quality_weeks", permission="session.start")
def weeks(act: Act, *, case: Case, plan: Plan, first: datetime) -> None:
    number = 0
    for week in range(WEEKS):
        for place in range(visits_in(week)):
            number += 1
            at = first + timedelta(weeks=week, days=place)
            absent = week in (3, 13, 19) and place == 0
            visit = _visit(act, case.fresh() if number == 1 else case.course, at, absent)
            if absent:
                continue
            _session(act, case, plan, visit, number, at, week, place)


def _visit(act: Act, course: Any, at: datetime, absent: bool) -> Appointment:
    return act.write(
        Appointment(
            site_id=course.site_id,
            patient_id=course.patient_id,
            course=course,
            kind="dosing",
            starts_at=at,
            ends_at=at + timedelta(hours=2),
            status="no_show" if absent else "done",
        )
    )


def _session(
    act: Act,
    case: Case,
    plan: Plan,
    visit: Appointment,
    number: int,
    at: datetime,
    week: int,
    place: int,
) -> None:
    course: Course = case.course
    abandoned = week == 12 and place == 1
    early = week in (5, 8, 17) and place == 1
    summary: dict[str, Any] = {"total_mg": 37 if place != 1 or week != 10 else 20}
    if early:
        summary["left_early"] = ["Pressure", "Gait"]
    session = act.write(
        Session(
            site_id=course.site_id,
            appointment=visit,
            patient_id=course.patient_id,
            course=course,
            plan=plan,
            nurse=case.clinic.staff["session_nurse" if place % 2 else "prescriber"],
            number=number,
            state="abandoned" if abandoned else "closed",
            product=plan.product,
            protocol_name=plan.protocol_name,
            protocol_version=plan.protocol_version,
            dose_sheet={"dose_mg": "37"},
            opened_at=at,
            first_dose_at=None if abandoned else at + timedelta(minutes=20),
            closed_at=at + timedelta(hours=2),
            summary=summary,
        )
    )
    if not abandoned and (week >= WORSE_FROM or (week % 5 == 0 and place == 0)):
        _alarm(act, session, at + timedelta(minutes=40), slow=week == 5)


def _alarm(act: Act, session: Session, at: datetime, *, slow: bool) -> None:
    alarm = uuid.uuid4()
    _event(
        act, session, "alarm_raised", at, alarm,
        {"alarm": "pressure", "key": f"pressure-{alarm}", "level": "hold",
         "statement": "Pressure above the hold"},
    )  # fmt: skip
    if slow:
        _event(
            act, session, "alarm_escalated", at + timedelta(seconds=120), uuid.uuid4(),
            {"alarm_event": str(alarm), "level": "hold", "statement": "Pressure",
             "to": "everybody", "after_s": 120},
        )  # fmt: skip
    after = timedelta(seconds=300 if slow else 30 + at.day)
    body = {"alarm_event": str(alarm), "done": ["assessed"]}
    _event(act, session, "alarm_acknowledged", at + after, uuid.uuid4(), body)


def _event(
    act: Act, session: Session, kind: str, at: datetime, key: uuid.UUID, body: dict[str, Any]
) -> None:
    act.append(
        SessionEvent(
            id=key,
            site_id=session.site_id,
            session=session,
            patient_id=session.patient_id,
            kind=kind,
            happened_at=at,
            recorded_at=at,
            actor_id=act.actor.id,
            actor_name=act.actor.name,
            via="watcher" if kind != "alarm_acknowledged" else "screen",
            body=body,
            body_digest=digest(canonical(body)),
        )
    )
