"""Writing down what went wrong, or nearly did; and correcting what was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.models import Response, SafetySignal
from evenkeel.clinic.oversight.account import read_account
from evenkeel.clinic.oversight.given import given_in
from evenkeel.clinic.oversight.models import Incident, IncidentAccount, Report
from evenkeel.clinic.oversight.terms import authorities_for, end_of_day_after, review_days
from evenkeel.clinic.people.models import Patient, Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.session.models import Appointment, Session
from evenkeel.clinic.session.queries import timeline_of


@dataclass(frozen=True, slots=True)
class About:
    """What an incident is about; at most one way in, and what follows from it."""

    site: Site
    origin: str
    patient: Patient | None = None
    course: Course | None = None
    session: Session | None = None
    call: Appointment | None = None
    signal: SafetySignal | None = None
    response: Response | None = None

    @property
    def product(self) -> str:
        """The product it may be about, "" where none is."""
        if self.session is not None:
            return self.session.product
        return self.course.product if self.course is not None else ""


@action("incident.record", permission="incident.record")
def record_incident(act: Act, *, source: str, source_id: Any, said: Mapping[str, Any]) -> Incident:
    """Write an incident down.

    ``source`` says from where: "session", "call" (a follow-up call's appointment), "signal" (a
    safety signal), "questionnaire" (a response), "person" or "site"; ``source_id`` which. ``said``
    is that of :func:`~evenkeel.clinic.oversight.account.read_account`. The reports that the
    jurisdiction's file names stand open from then on. Raises ``Invalid`` by field.
    """
    about = open_about(act, source, source_id)
    told = read_account(said, product=about.product, now=act.now)
    if told["kind"] == "adverse_event" and about.patient is None:
        raise Invalid(
            "An adverse event befalls a person.",
            what_to_do="Record it from the person's page or the session.",
            fields={"kind": "Without a person it is a near miss or another incident."},
        )
    newest = Incident.objects.filter(site=about.site).aggregate(n=Max("number"))["n"]
    incident = Incident(
        site=about.site,
        number=(newest or 0) + 1,
        origin=about.origin,
        patient=about.patient,
        course=about.course,
        session=about.session,
        call=about.call,
        signal=about.signal,
        response=about.response,
        product=about.product,
        noticed_at=act.now,
        recorded_at=act.now,
        recorded_by=act.actor.name,
    )
    act.happened_at = told["happened_at"]
    _take_over(incident, told)
    incident.review_due_at = _review_due(incident, act.now)
    act.write(incident)
    act.write(_account(act, incident, told, None, ""))
    _owe_reports(act, incident)
    return incident


@action("incident.correct", permission="incident.record")
def correct_incident(
    act: Act, *, incident_id: Any, seen_account: Any, reason: str, said: Mapping[str, Any]
) -> Incident:
    """Put a new account in the place of the newest; both stay.

    The incident is open again, and is to be reviewed again. ``seen_account`` is the account that
    was looked at. Raises ``Refused`` where another was written meanwhile, ``Invalid`` without a
    reason.
    """
    incident = act.open(Incident, incident_id, "site", "patient", "session", "course")
    newest = newest_account(incident)
    if str(newest.pk) != str(seen_account):
        raise Refused(
            "Somebody else has corrected this meanwhile.",
            what_to_do="Look at the newest account, and correct that.",
            code="changed_meanwhile",
        )
    reason = reason.strip()
    if not reason or len(reason) > 400 or "\x00" in reason:
        raise Invalid("Say why it is corrected.", fields={"reason": "One to 400 letters."})
    told = read_account(said, product=incident.product, now=act.now)
    if told["kind"] == "adverse_event" and incident.patient_id is None:
        raise Invalid(
            "An adverse event befalls a person.", fields={"kind": "No person is named here."}
        )
    act.write(_account(act, incident, told, newest, reason))
    _take_over(incident, told)
    incident.reviewed_at = incident.reviewed_by = incident.closed_at = None
    incident.closed_by = ""
    incident.review_due_at = _review_due(incident, act.now)
    act.write(incident)
    _owe_reports(act, incident)
    return incident


def open_about(act: Act, source: str, source_id: Any) -> About:
    """What an incident is recorded from, opened by the door. Raises ``NotFound``, ``Invalid``."""
    if source == "session":
        found = act.open(Session, source_id, "site", "patient", "course", "nurse", "second")
        return About(found.site, "session", found.patient, found.course, found)
    if source == "call":
        call = act.open(Appointment, source_id, "site", "patient", "course", "follows__session")
        session = getattr(call.follows, "session", None) if call.follows else None
        return About(call.site, "call", call.patient, call.course, session, call=call)
    if source == "signal":
        signal = act.open(SafetySignal, source_id, "site", "patient", "course")
        return About(signal.site, "signal", signal.patient, signal.course, signal=signal)
    if source == "questionnaire":
        row = act.open(Response, source_id, "site", "patient", "course")
        return About(row.site, "questionnaire", row.patient, row.course, response=row)
    if source == "person":
        patient = act.open(Patient, source_id, "site")
        course = Course.objects.filter(patient=patient).order_by("-opened_at").first()
        return About(patient.site, "person", patient, course)
    if source == "site":
        return About(act.open(Site, source_id), "person")
    raise Invalid("It is not said what this is about.", code="unknown_source")


def newest_account(incident: Incident) -> IncidentAccount:
    """The account that stands."""
    rows = IncidentAccount.objects.filter(incident=incident, superseded_by=None)
    return rows.get()  # type: ignore[no-any-return]


def _account(
    act: Act,
    incident: Incident,
    told: dict[str, Any],
    before: IncidentAccount | None,
    reason: str,
) -> IncidentAccount:
    given: dict[str, Any] = {}
    if incident.session is not None:
        timeline = timeline_of(incident.session, act.now)
        given = given_in(incident.session, timeline, told["happened_at"])
    return IncidentAccount(
        site_id=incident.site_id,
        incident=incident,
        patient_id=incident.patient_id,
        supersedes=before,
        reason=reason,
        written_at=act.now,
        written_by=act.actor.name,
        given=given,
        **told,
    )


def _take_over(incident: Incident, told: dict[str, Any]) -> None:
    for name in ("kind", "title", "severity", "seriousness", "outcome", "happened_at"):
        setattr(incident, name, told[name])


def _review_due(incident: Incident, now: datetime) -> datetime:
    days = review_days(serious=bool(incident.seriousness))
    return end_of_day_after(now, days, incident.site.timezone)


def _owe_reports(act: Act, incident: Incident) -> None:
    """One open report for each authority that asks for an incident like this, once."""
    known = set(incident.reports.values_list("authority", flat=True))
    start = incident.noticed_at
    if incident.session is not None and incident.session.first_dose_at is not None:
        start = incident.session.first_dose_at
    for authority in authorities_for(
        incident.site.jurisdiction,
        kind=incident.kind,
        serious=bool(incident.seriousness),
        product=incident.product,
    ):
        if authority.id in known:
            continue
        due = None
        if authority.due_days is not None:
            due = end_of_day_after(start, authority.due_days, incident.site.timezone)
        act.write(
            Report(
                site_id=incident.site_id,
                incident=incident,
                patient_id=incident.patient_id,
                authority=authority.id,
                due_at=due,
            )
        )
