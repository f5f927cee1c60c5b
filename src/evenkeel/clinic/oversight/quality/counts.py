"""What the figures count: plain functions from the facts of a scope to lines of a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from evenkeel.clinic.oversight.quality.facts import Facts, LoudAlarm, was_called
from evenkeel.clinic.session.models import AppointmentStatus, Session
from evenkeel.instruments import load
from evenkeel.protocol.products import PRODUCTS

#: Less than was planned by more than this is a dose that was stopped, in mg.
_STOPPED_BY_MG: Final = 0.05


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is counted, as a line of a list. ``amount`` in the measure's unit.

    ``who`` and ``who_id`` name whose work it was, where a figure is looked at by person.
    """

    at: datetime
    words: str
    url: str = ""
    amount: float = 1.0
    who_id: str = ""
    who: str = ""
    mrn: str = ""
    key: str = ""


def _session_item(session: Session, words: str = "", key: Any = None) -> Item:
    product = PRODUCTS[session.product].label if session.product in PRODUCTS else session.product
    return Item(
        at=session.opened_at,
        words=words or f"Session {session.number}, {product}",
        url=reverse("session_note", args=[session.pk]),
        who_id=str(session.nurse_id or ""),
        who=session.nurse.shown_name if session.nurse else "nobody named",
        mrn=session.patient.mrn,
        key=str(key or session.pk),
    )


def given(facts: Facts) -> list[Item]:
    """The sessions in which drug was given."""
    return [_session_item(one) for one in facts.given]


def all_sessions(facts: Facts) -> list[Item]:
    """Every session that is over."""
    return [_session_item(one) for one in facts.sessions]


def abandoned(facts: Facts) -> list[Item]:
    """Those that ended without a dose."""
    return [_session_item(one) for one in facts.sessions if one.first_dose_at is None]


def visits(facts: Facts) -> list[Item]:
    """The dosing appointments whose time is over."""
    return [_visit_item(one) for one in facts.visits]


def no_shows(facts: Facts) -> list[Item]:
    """Those to which nobody came."""
    return [_visit_item(one) for one in facts.visits if one.status == AppointmentStatus.NO_SHOW]


def _visit_item(visit: Any) -> Item:
    return Item(
        at=visit.starts_at,
        words=f"{visit.get_kind_display()}: {visit.get_status_display().lower()}",
        url=reverse("appointment", args=[visit.pk]),
        mrn=visit.patient.mrn,
        key=str(visit.pk),
    )


def _by_session(facts: Facts, level: str = "") -> dict[UUID, list[LoudAlarm]]:
    found: dict[UUID, list[LoudAlarm]] = {}
    for one in facts.alarms:
        if level in ("", one.alarm.level):
            found.setdefault(one.session.pk, []).append(one)
    return found


def held(facts: Facts) -> list[Item]:
    """The sessions in which a hold or an emergency sounded."""
    loud = _by_session(facts)
    return [
        _session_item(one, f"Session {one.number}: {loud[one.pk][0].alarm.statement}")
        for one in facts.given
        if one.pk in loud
    ]


def emergencies(facts: Facts) -> list[Item]:
    """The sessions in which an emergency sounded."""
    worst = _by_session(facts, "emergency")
    return [
        _session_item(one, f"Session {one.number}: {worst[one.pk][0].alarm.statement}")
        for one in facts.given
        if one.pk in worst
    ]


def left_early(facts: Facts) -> list[Item]:
    """The sessions from which somebody left before they were ready."""
    found = []
    for one in facts.given:
        missing = one.summary.get("left_early")
        if missing is not None:
            said = ", ".join(missing) or "nobody had declared them ready"
            found.append(_session_item(one, f"Session {one.number}, not settled: {said}"))
    return found


def stopped(facts: Facts) -> list[Item]:
    """The sessions in which less was given than planned."""
    found = []
    for one in facts.given:
        given, planned = _mg(one.summary.get("total_mg")), _mg(one.dose_sheet.get("dose_mg"))
        if given is not None and planned is not None and given < planned - _STOPPED_BY_MG:
            words = f"Session {one.number}: {given:g} of {planned:g} mg"
            found.append(_session_item(one, words))
    return found


def _mg(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _alarm_item(one: LoudAlarm, amount: float = 1.0) -> Item:
    item = _session_item(
        one.session,
        f"{one.alarm.level.capitalize()}: {one.alarm.statement}",
        key=one.alarm.event_id,
    )
    return Item(
        at=one.alarm.raised_at,
        words=item.words,
        url=item.url,
        amount=amount,
        who_id=item.who_id,
        who=item.who,
        mrn=item.mrn,
        key=item.key,
    )


def loud(facts: Facts) -> list[Item]:
    """Every hold and emergency."""
    return [_alarm_item(one) for one in facts.alarms]


def called(facts: Facts) -> list[Item]:
    """Those that went on to others, or that nobody answered."""
    return [
        _alarm_item(one) for one in facts.alarms if one.alarm.calls or not one.alarm.acknowledged_at
    ]


def answer_times(facts: Facts) -> list[Item]:
    """Those that were answered, with the seconds it took."""
    return [
        _alarm_item(one, one.alarm.answered_after_s)
        for one in facts.alarms
        if one.alarm.answered_after_s is not None
    ]


def screenings(facts: Facts) -> list[Item]:
    """Every signed screening."""
    return [_screening_item(one) for one in facts.screenings]


def overrides(facts: Facts) -> list[Item]:
    """Those decided otherwise than proposed."""
    return [_screening_item(one) for one in facts.screenings if one.overrides]


def _screening_item(row: Any) -> Item:
    words = f"Decided: {row.decision.replace('_', ' ')}"
    if row.overrides:
        words += f"; proposed: {row.proposed.replace('_', ' ')}. {row.reason}"
    return Item(
        at=row.signed_at,
        words=words,
        url=reverse("screening_signed", args=[row.pk]),
        who_id=str(row.signed_by_id),
        who=row.signed_by.shown_name,
        mrn=row.patient.mrn,
        key=str(row.pk),
    )


def asks(facts: Facts) -> list[Item]:
    """The questionnaires whose time is over."""
    return [_ask_item(one) for one in facts.asks]


def answered(facts: Facts) -> list[Item]:
    """Those that came back."""
    return [_ask_item(one) for one in facts.asks if one.state == "answered"]


def _ask_item(ask: Any) -> Item:
    said = "answered" if ask.state == "answered" else "not answered"
    return Item(
        at=ask.due_at,
        words=f"{load(ask.instrument).title}: {said}",
        url=reverse("questionnaires", args=[ask.course_id]),
        mrn=ask.patient.mrn,
        key=str(ask.pk),
    )


def calls(facts: Facts) -> list[Item]:
    """The follow-up calls that were due."""
    return [_visit_item(one) for one in facts.calls]


def calls_made(facts: Facts) -> list[Item]:
    """Those made in time."""
    return [_visit_item(one) for one in facts.calls if was_called(one)]


def adverse(facts: Facts) -> list[Item]:
    """The adverse events."""
    return [_incident_item(one) for one in facts.incidents if one.kind == "adverse_event"]


def serious(facts: Facts) -> list[Item]:
    """The serious incidents of every kind."""
    return [_incident_item(one) for one in facts.incidents if one.is_serious]


def _incident_item(one: Any) -> Item:
    url = reverse("incident", args=[one.id])
    words = f"{one.kind_words} {one.number}: {one.title}"
    return Item(at=one.happened_at, words=words, url=url, key=str(one.id))
