"""Checking somebody in: who they are, what was said, what was measured."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from evenkeel.clinic.course.queries import protocol_for
from evenkeel.clinic.people.actions.record_fact import record_fact
from evenkeel.clinic.people.facts import assemble_facts
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Forbidden, Refused
from evenkeel.clinic.session.arriving import (
    Arrival,
    as_document,
    check_arrival,
    check_identity,
    fasting_limits,
    findings_for,
)
from evenkeel.clinic.session.booking import BY_TELEPHONE, change_status, check_bookable
from evenkeel.clinic.session.models import Appointment, AppointmentStatus, Session

_ORIGIN = "check-in"


@action("appointment.check_in", permission="appointment.check_in")
def check_in(
    act: Act,
    *,
    appointment_id: Any,
    said_name: str,
    said_birth_date: date | None,
    arrival: Arrival,
) -> Appointment:
    """Check a person in by two identifiers they said themselves.

    What is not settled is kept as findings and never blocks. Weight and pregnancy test become
    facts. Raises ``Invalid`` (``identity`` where a name or birth date differs), ``Refused`` on
    another day (``other_day``) or where it is over (``no_such_step``), ``Forbidden`` where
    somebody enters facts whose role does not record them.
    """
    appointment = act.open(
        Appointment, appointment_id, "patient__site", "course__patient", "course__site", "site"
    )
    check_bookable(appointment.course)
    _check_day(act, appointment)
    check_identity(appointment.patient, said_name, said_birth_date)
    check_arrival(arrival, act.now)
    _record_facts(act, appointment, arrival)
    appointment.check_in = _document(act, appointment, as_document(arrival))
    appointment.checked_in_at = act.now
    return change_status(act, appointment, AppointmentStatus.CHECKED_IN)


@action("appointment.complete_check_in", permission="appointment.check_in")
def complete_check_in(act: Act, *, appointment_id: Any, arrival: Arrival) -> Appointment:
    """Add to the check-in of somebody who is here; what is given now replaces what was said.

    Raises as :func:`check_in`, and ``Refused`` (``dose_begun``) once a dose has begun.
    """
    appointment = act.open(
        Appointment, appointment_id, "patient__site", "course__patient", "course__site", "site"
    )
    if appointment.status != AppointmentStatus.CHECKED_IN:
        raise Refused("The person is not checked in.", code="no_such_step")
    session = Session.objects.filter(appointment=appointment).first()
    if session is not None and session.first_dose_at is not None:
        raise Refused(
            "The dose has begun.",
            what_to_do="Enter what is new in the session.",
            code="dose_begun",
        )
    check_arrival(arrival, act.now)
    _record_facts(act, appointment, arrival)
    before = dict(appointment.check_in or {})
    said = {**before.get("said", {}), **as_document(arrival)}
    new = _document(act, appointment, said)
    new["by"], new["at"] = before.get("by", new["by"]), before.get("at", new["at"])
    new["completed_by"] = [*before.get("completed_by", []), act.actor.name]
    appointment.check_in = new
    return act.write(appointment)


def _check_day(act: Act, appointment: Appointment) -> None:
    if appointment.kind in BY_TELEPHONE:
        raise Refused("Nobody arrives for a call.", code="no_such_step")
    zone = ZoneInfo(appointment.site.timezone)
    if appointment.starts_at.astimezone(zone).date() != act.now.astimezone(zone).date():
        raise Refused(
            "This appointment is on another day.",
            what_to_do="Move it to today first.",
            code="other_day",
        )


def _record_facts(act: Act, appointment: Appointment, arrival: Arrival) -> None:
    clinical = arrival.weight_kg is not None or bool(arrival.pregnancy_test)
    may = act.actor.may("facts.record", appointment.site_id)
    if clinical and not may:
        raise Forbidden(
            "Your role does not record weight or tests.",
            what_to_do="Leave them empty; a nurse adds them.",
        )
    if not may:
        return
    facts: dict[str, Any] = {}
    if arrival.weight_kg is not None:
        facts["weight_kg"] = arrival.weight_kg
    if arrival.pregnancy_test in ("negative", "positive"):
        facts["hcg_test"] = arrival.pregnancy_test
    elif arrival.pregnancy_test == "not_applicable":
        facts["pregnancy"] = "not_applicable"
    if arrival.escort:
        facts["escort_arranged"] = arrival.escort == "yes"
    if arrival.allergies == "as_listed":
        facts["allergies_reviewed"] = True
    for key, value in facts.items():
        record_fact(
            act.ctx,
            patient_id=appointment.patient_id,
            key=key,
            value=value,
            as_of=act.now,
            origin=_ORIGIN,
        )


def _document(act: Act, appointment: Appointment, said: dict[str, Any]) -> dict[str, Any]:
    course = appointment.course
    protocol = protocol_for(course, at=act.now)
    facts = assemble_facts(appointment.patient, now=act.now, product=course.product or None)
    findings: list[dict[str, Any]] = []
    if appointment.kind == "dosing":
        zone = ZoneInfo(appointment.site.timezone)
        findings = findings_for(said, facts, protocol, now=act.now, zone=zone)
    return {
        "at": _text(act.now),
        "by": act.actor.name,
        "identity": "name and date of birth, said by the person",
        "said": said,
        "findings": findings,
        "fasting_min": {
            name: least / timedelta(minutes=1) for name, _, least, _ in fasting_limits(protocol)
        },
    }


def _text(moment: datetime) -> str:
    return moment.isoformat()
