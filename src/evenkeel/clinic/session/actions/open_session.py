"""Open a dosing session for somebody who was checked in, with the dose worked out anew."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Max

from evenkeel.clinic.course.dose_sheet import (
    Figures,
    as_document,
    measured_weight,
    sheet_for,
    stops_document,
)
from evenkeel.clinic.course.forecast_facts import about_person
from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.course.queries import CourseSummary, against_dosing, course_summary, held_for
from evenkeel.clinic.people.facts import assemble_facts
from evenkeel.clinic.people.models import Account, Chair
from evenkeel.clinic.protocols.queries import HeldProtocol
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.session.announce import announce
from evenkeel.clinic.session.arriving import pre_dose_checks
from evenkeel.clinic.session.calling import chosen_second, default_second
from evenkeel.clinic.session.events import checks_for
from evenkeel.clinic.session.forecast.person import as_document as as_person
from evenkeel.clinic.session.ledger_lines import not_begun
from evenkeel.clinic.session.models import (
    LIVE_STATES,
    Appointment,
    AppointmentStatus,
    Session,
    SessionEvent,
)
from evenkeel.clinic.session.staffing import Staffing, staffing_for
from evenkeel.clinic.stock.drawing import ledger_mode
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.vocabulary import CONDITION_KEYS

#: What those above say against opening a session: each gives its reasons. Filled at start.
OBJECTIONS: list[Callable[[Appointment], list[str]]] = []
#: What those above do once a session is open, in the same act. Filled at start.
AFTER_OPENING: list[Callable[[Act, Session], None]] = []


@action("session.open", permission="session.start")
def open_session(
    act: Act,
    *,
    appointment_id: Any,
    chair_id: Any = None,
    nurse_id: Any = None,
    second_id: Any = None,
    opened_at: datetime | None = None,
) -> Session:
    """Open the session of a checked-in dosing appointment.

    The dose sheet is worked out from the signed plan and the newest measured weight, and kept,
    with name, version and hash of the protocol in force. ``chair_id`` and ``nurse_id`` override
    the appointment's. ``second_id`` is who is called where an alarm is not answered: ``None`` for
    the course's prescriber, ``""`` for nobody. ``opened_at`` is the true time of a session that was
    kept on paper; what happened then has happened, so only what makes it impossible to describe
    refuses it. Raises ``Refused`` naming every reason at once, ``Invalid`` for a second person who
    cannot be one.
    """
    appointment = act.open(
        Appointment,
        appointment_id,
        "course__patient",
        "course__site",
        "patient",
        "chair",
        "nurse",
        "site",
    )
    course = appointment.course
    summary = course_summary(course, act.now)
    chair = act.open(Chair, chair_id) if chair_id else appointment.chair
    on_paper = opened_at is not None
    staffing = staffing_for(
        course.site, course.product, opened_at or act.now, *_named(act, appointment, nurse_id)
    )
    act.require("session.start", course.site_id, course.product)
    reasons = _appointment_reasons(appointment, chair, on_paper)
    if not on_paper:
        reasons += [refusal.message for refusal in against_dosing(summary)]
        reasons += staffing.refusals
        reasons += [words for object_to in OBJECTIONS for words in object_to(appointment)]
        reasons += filter(None, [not_begun(appointment.site)])
    elif summary.plan is None:
        reasons.append("No signed plan stands for this product.")
    figures: Figures | None = None
    held = held_for(course, at=opened_at) if opened_at is not None else summary.held
    if summary.plan is not None and held is not None:
        figures = _figures(act, course, summary.plan, held.protocol)
        reasons += _dose_reasons(figures, on_paper)
    if reasons or figures is None or held is None or summary.plan is None:
        raise Refused(
            " ".join(dict.fromkeys(reasons)),
            what_to_do="Settle what is named, then open the session.",
            code="cannot_open",
        )
    facts = assemble_facts(course.patient, now=act.now, product=course.product)
    session = _session(act, appointment, summary, figures, held, chair, nurse_id)
    session.conditions = [key for key in CONDITION_KEYS if facts[key].state == "known"]
    session.second = _second(session, second_id)
    session.opened_at = act.happened_at = opened_at or act.now
    session.ledger = ledger_mode(session.site_id, session.opened_at)
    act.write(session)
    _mark_opened(act, session, as_person(about_person(course, facts, act.now)), staffing)
    _carry_over(act, session, appointment.check_in)
    for go_on in AFTER_OPENING:
        go_on(act, session)
    return session


def _appointment_reasons(
    appointment: Appointment, chair: Chair | None, on_paper: bool
) -> list[str]:
    reasons = []
    if appointment.kind != "dosing":
        reasons.append("This appointment is not for a dosing session.")
    if Session.objects.filter(appointment=appointment).exists():
        reasons.append("A session was already opened for this appointment.")
    elif appointment.status != AppointmentStatus.CHECKED_IN:
        reasons.append("The person has not been checked in.")
    live = Session.objects.filter(state__in=LIVE_STATES)
    if live.filter(patient_id=appointment.patient_id).exists():
        reasons.append("This person is in another session now.")
    if chair is None:
        reasons.append("No chair has been chosen.")
    elif chair.site_id != appointment.site_id:
        reasons.append(f"{chair.name} stands at another site.")
    elif on_paper:
        return reasons
    elif not chair.active:
        reasons.append(f"{chair.name} is not in use.")
    elif live.filter(chair=chair).exists():
        reasons.append(f"{chair.name} is taken by another session.")
    return reasons


def _figures(act: Act, course: Course, plan: Plan, protocol: Protocol) -> Figures:
    weight = measured_weight(course.patient, now=act.now, product=course.product)
    today = weight if weight.weight_kg is not None else None
    return sheet_for(plan, weight=today, now=act.now, protocol=protocol)


def _dose_reasons(figures: Figures, on_paper: bool) -> list[str]:
    reasons = [] if on_paper else [stop.message for stop in figures.hard_stops]
    if figures.sheet is None:
        reasons.append(f"The dose cannot be worked out: {figures.problem}.")
    return reasons


def _session(
    act: Act,
    appointment: Appointment,
    summary: CourseSummary,
    figures: Figures,
    held: HeldProtocol,
    chair: Chair | None,
    nurse_id: Any,
) -> Session:
    course = appointment.course
    newest = Session.objects.filter(course=course).aggregate(newest=Max("number"))["newest"]
    nurse = appointment.nurse
    if nurse_id:
        nurse = Account.objects.filter(pk=nurse_id, is_active=True, patient=None).first()
    sheet = as_document(figures)
    sheet["stops"] = stops_document(figures.soft_stops)
    session = Session(
        site_id=appointment.site_id,
        appointment=appointment,
        patient=appointment.patient,
        course=course,
        plan=summary.plan,
        chair=chair,
        nurse=nurse,
        number=(newest or 0) + 1,
        product=course.product,
        dose_sheet=sheet,
        opened_at=act.now,
    )
    held.stamp(session)
    return session


def _second(session: Session, asked: Any) -> Account | None:
    """Who is called where an alarm is not answered. Raises ``Invalid`` for whom it cannot be."""
    if asked is None:
        return default_second(session, session.nurse_id)
    return chosen_second(asked, session.site_id, session.nurse_id) if asked else None


def _named(act: Act, appointment: Appointment, nurse_id: Any) -> tuple[Any, ...]:
    """Who is here whatever the roster says: who opens the session, and the nurse it is given to."""
    return (act.actor.id, nurse_id or appointment.nurse_id)


def _mark_opened(act: Act, session: Session, person: dict[str, Any], staffing: Staffing) -> None:
    """The first event of every session, so that a screen that follows the stream sees it.

    It holds what was known of the person, so that a forecast follows from the events alone, and
    who was there.
    """
    body = {"number": session.number, "product": session.product, "person": person}
    body["staffing"] = staffing.as_document()
    _say(act, session, "opened", "opened", body)
    announce()


def _carry_over(act: Act, session: Session, check_in: dict[str, Any] | None) -> None:
    """What the check-in left open stands among the checks before the dose from the start.

    What it settled is asked again at the chair: nothing is ticked here.
    """
    known = dict(checks_for(session.product))
    for name, (ok, words) in pre_dose_checks(check_in, session.opened_at).items():
        if ok is not True and name in known:
            body = {"name": name, "ok": ok, "note": f"At check-in: {words}"[:400]}
            _say(act, session, f"check-in {name}", "check", body)


def _say(act: Act, session: Session, what: str, kind: str, body: dict[str, Any]) -> None:
    act.append(
        SessionEvent(
            id=uuid.uuid5(session.pk, what),
            site_id=session.site_id,
            session=session,
            patient_id=session.patient_id,
            kind=kind,
            happened_at=session.opened_at,
            recorded_at=act.now,
            actor_id=act.actor.id,
            actor_name=act.actor.name,
            via=act.ctx.via[:12],
            body=body,
            body_digest=digest(canonical(body)),
        )
    )
