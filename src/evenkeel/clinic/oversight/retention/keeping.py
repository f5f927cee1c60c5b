"""Until when a person's record must be kept, and why: asked before anything is erased."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Max

from evenkeel.clinic.course.models import Course, CourseState
from evenkeel.clinic.outcome.models import Response, SafetySignal
from evenkeel.clinic.oversight.models import Incident, PrivacyRequest
from evenkeel.clinic.oversight.retention import Jurisdiction, Rule, Source, rules_of, years_later
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.session.models import Appointment, Session
from evenkeel.clinic.therapy.models import Talk


@dataclass(frozen=True, slots=True)
class Keep:
    """One reason to keep a record. ``until``: the first day it no longer holds; ``None``: until
    what is open is closed."""

    id: str
    title: str
    until: date | None
    words: str
    mark: str
    source: Source


def may_erase(patient: Patient, on: date) -> list[Keep]:
    """Why the record of ``patient`` may not be erased on that day; an empty list where it may.

    Periods are those of the jurisdiction of the person's site; what is still open keeps a record
    whatever the period says.
    """
    place = rules_of(patient.site.jurisdiction)
    found = list(_open_matters(patient))
    found += [one for one in kept_until(patient, place) if one.until is None or one.until > on]
    return found


def kept_until(patient: Patient, place: Jurisdiction) -> list[Keep]:
    """Every period that applies to this person's record, over or not."""
    zone = ZoneInfo(patient.site.timezone)
    starts = {
        "last_contact": last_contact(patient),
        "last_dose": _newest(Session, patient, "first_dose_at"),
        "last_request": _newest(PrivacyRequest, patient, "received_at"),
    }
    found = []
    for rule in place.rules:
        start = starts[rule.starts]
        if start is not None:
            found.append(_keep(rule, start.astimezone(zone).date(), patient))
    return found


def _keep(rule: Rule, start: date, patient: Patient) -> Keep:
    until = years_later(start, rule.years)
    why = f"{rule.years} years from {start:%d %b %Y}"
    died = patient.deceased_at
    if rule.after_death_years is not None and died is not None:
        until = years_later(died.date(), rule.after_death_years)
        why = f"{rule.after_death_years} years from the death on {died:%d %b %Y}"
    grown = years_later(patient.birth_date, 18)
    if rule.until_age is not None and start < grown:
        birthday = years_later(patient.birth_date, rule.until_age)
        if birthday > until:
            until, why = birthday, f"until the birthday {rule.until_age} of who was a minor"
    return Keep(
        rule.id,
        rule.title,
        until,
        f"{rule.title}: kept {why}. {rule.note}",
        rule.mark,
        rule.source,
    )


def last_contact(patient: Patient) -> datetime:
    """When the clinic last saw or heard this person; at least when they were registered."""
    seen = [
        patient.created_at,
        _newest(Session, patient, "opened_at"),
        _newest(Session, patient, "closed_at"),
        _newest(Response, patient, "answered_at"),
        _newest(Talk, patient, "held_at"),
        Appointment.objects.filter(patient=patient, status__in=("done", "checked_in")).aggregate(
            newest=Max("starts_at")
        )["newest"],
    ]
    return max(at for at in seen if at is not None)


def _newest(model: type, patient: Patient, column: str) -> datetime | None:
    rows = model.objects.filter(patient=patient)  # type: ignore[attr-defined]
    found: datetime | None = rows.aggregate(newest=Max(column))["newest"]
    return found


_OPEN = Source("what is open is settled first")


def _open_matters(patient: Patient) -> Iterator[Keep]:
    def open_(key: str, title: str, words: str) -> Keep:
        return Keep(f"open.{key}", title, None, words, "clinic policy", _OPEN)

    closed = (CourseState.CLOSED,)
    if Course.objects.filter(patient=patient).exclude(state__in=closed).exists():
        yield open_("course", "Open course", "A course of treatment is still open. Close it first.")
    if SafetySignal.objects.filter(patient=patient, closed_at=None).exists():
        yield open_("signal", "Open safety signal", "A safety signal is still open.")
    if Incident.objects.filter(patient=patient, closed_at=None).exists():
        yield open_("incident", "Open incident", "An incident of this person is still open.")
    if PrivacyRequest.objects.filter(patient=patient, state="open").exists():
        yield open_("request", "Open request", "A request of this person has no answer yet.")
