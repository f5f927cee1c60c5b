"""A synthetic course with a long history: sessions, scores, appointments, everything signed."""

from __future__ import annotations

from datetime import timedelta

from evenkeel.clinic.course.actions.agree_touch import agree_touch
from evenkeel.clinic.course.actions.move_course import move_course
from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.outcome.actions.ask_questionnaire import ask_questionnaire
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.session.models import Appointment, Session
from tests.clinic.course.makers import Case, make_case
from tests.clinic.outcome.conftest import PHQ9
from tests.clinic_factory import Clinic

_WORDS = ("Quiet, sea", "Frightened for ten minutes", "Father's workshop", "Little recalled")
_FALL = (19, 17, 14, 12, 11, 9, 8, 7, 6, 7, 6, 5, 4, 5, 6, 4, 3, 4, 5, 4)


@action("test.past_session", permission="session.start")
def past_session(act: Act, *, course: Course, plan: Plan, number: int) -> Session:
    """A session as the session pages leave it once it is closed."""
    start = act.now - timedelta(hours=3)
    appointment = act.write(
        Appointment(
            site=course.site,
            patient=course.patient,
            course=course,
            kind="dosing",
            starts_at=start,
            ends_at=act.now,
            status="done",
        )
    )
    return act.write(
        Session(
            site=course.site,
            appointment=appointment,
            patient=course.patient,
            course=course,
            plan=plan,
            number=number,
            state="closed",
            product=plan.product,
            protocol_name=plan.protocol_name,
            protocol_version=plan.protocol_version,
            protocol_used=plan.protocol_used,
            protocol_hash=plan.protocol_hash,
            dose_sheet=plan.sheet,
            opened_at=start,
            first_dose_at=start + timedelta(minutes=30),
            ready_at=act.now,
            closed_at=act.now,
            summary={
                "baseline_sbp": 124,
                "baseline_dbp": 78,
                "peak_sbp": 124 + 14 + number % 7,
                "peak_dbp": 78 + 8 + number % 5,
                "peak_dissociation": 3 + number % 5,
                "lowest_spo2": 97 - number % 4,
                "total_mg": 37.0,
                "ready_after_min": 88 + number % 9,
                "words": _WORDS[number % len(_WORDS)],
            },
        )
    )


@action("test.appointment", permission="appointment.manage")
def put_appointment(
    act: Act, *, course: Course, kind: str, in_days: float, **fields: object
) -> Appointment:
    """An appointment, past or to come."""
    starts = act.now + timedelta(days=in_days)
    given = {"ends_at": starts + timedelta(hours=2), "status": "booked"} | fields
    return act.write(
        Appointment(
            site=course.site,
            patient=course.patient,
            course=course,
            kind=kind,
            starts_at=starts,
            **given,
        )
    )


def paper(clinic: Clinic, course: Course, total: int) -> None:
    """A PHQ-9 with this total and item 9 at zero, entered by the therapist now."""
    left, answers = total, {}
    for key in PHQ9[:8]:
        answers[key] = min(3, left)
        left -= answers[key]
    enter_answers(
        clinic.as_("therapist"),
        course_id=course.pk,
        instrument_id="phq9",
        answers=answers | {"phq9-9": 0},
    )


def make_history(clinic: Clinic, sessions: int) -> Case:
    """Ada Sample from referral through ``sessions`` sessions a week apart; the clock moves on."""
    clinic.clock.advance(timedelta(days=-7 * sessions - 30))
    case = make_case(clinic)
    course = case.opened()
    paper(clinic, course, 20)
    clinic.clock.advance(timedelta(days=9))
    case.know(weight_kg=74)
    case.consented()
    plan = case.planned()
    agree_touch(
        case.nurse,
        course_id=course.pk,
        level="hand",
        stop_word="lantern",
        signed_name="Ada Sample",
    )
    move_course(case.prescriber, course_id=course.pk, to="induction")
    for number in range(1, sessions + 1):
        clinic.clock.advance(timedelta(days=7))
        past_session(clinic.as_("session_nurse"), course=case.fresh(), plan=plan, number=number)
        paper(clinic, case.fresh(), _FALL[(number - 1) % len(_FALL)])
        if number == 6:
            move_course(case.prescriber, course_id=course.pk, to="maintenance")
        if number % 3 == 0:
            put_appointment(
                clinic.as_("therapist"),
                course=case.fresh(),
                kind="integration",
                in_days=-1,
                status="done",
                note="Leaves work at five now. Sleeps seven hours, five nights a week.",
            )
    ask_questionnaire(
        clinic.as_("therapist"),
        course_id=course.pk,
        instrument_id="gad7",
        occasion=f"before session {sessions + 1}",
    )
    clinic.clock.advance(timedelta(days=3))
    return case
