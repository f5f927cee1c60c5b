"""Harm in the demonstration: enrollments, monitoring forms, incidents, complaints. All invented."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.oversight.actions.enroll_rems import enroll_patient, enroll_site
from evenkeel.clinic.oversight.actions.file_complaint import box_context, file_complaint
from evenkeel.clinic.oversight.actions.fill_rems import confirm_field, note_submitted
from evenkeel.clinic.oversight.actions.handle_complaint import acknowledge_complaint
from evenkeel.clinic.oversight.actions.incident_action import ask_action, close_action
from evenkeel.clinic.oversight.actions.record_incident import newest_account, record_incident
from evenkeel.clinic.oversight.actions.review_incident import close_incident, review_incident
from evenkeel.clinic.oversight.actions.send_report import note_sent
from evenkeel.clinic.oversight.models import Incident
from evenkeel.clinic.oversight.rems import shipped
from evenkeel.clinic.oversight.rems_facts import proposals_for
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.session.models import Session
from evenkeel.demo.cast import ADA, TOMAS
from evenkeel.demo.person import Telling
from evenkeel.demo.stage import House

#: Since when the demonstration keeps the program: forms of earlier sessions are not its business.
KEPT_DAYS: Final = 16
#: Forms of sessions younger than this are still to be filled in.
_FILLED_AFTER: Final = timedelta(days=5)
#: What nobody in a demonstration looks up: answered with no.
_ASKED: Final = {
    **dict.fromkeys(("benzodiazepine", "sedative_hypnotic", "opioid", "stimulant", "maoi"), "no"),
    **dict.fromkeys(("vitals_before_ok", "vitals_end_ok"), "yes"),
    **dict.fromkeys(("respiratory", "serious_event"), "no"),
}


def enroll_house(house: House) -> None:
    """The site is enrolled, with an invented representative and pharmacy."""
    at = house.start - timedelta(days=KEPT_DAYS)
    enroll_site(
        house.ctx("director", at),
        site_id=house.site.pk,
        representative="Dr Helga Vorlage",
        enrolled_on=at.date() - timedelta(days=200),
        enrollment_number="REMS-SYN-0001",
        pharmacies=[{"name": "Sample Pharmacy (synthetic)", "number": "SYN-P-17"}],
    )


def enroll(telling: Telling, at: datetime) -> None:
    """Somebody who is to have the nasal spray signs with the prescriber."""
    patient, day = telling.patient, at.astimezone(telling.house.zone).date()
    enroll_patient(
        telling.house.ctx("prescriber", at),
        patient_id=patient.pk,
        signed_name=patient.name,
        signed_on=day,
        submitted_on=day,
        submitted_how="online",
        reference=f"SYN-{patient.mrn}",
    )


def fill_forms(telling: Telling) -> Iterator[None]:
    """The forms of this person that were due some days ago are filled in and submitted."""
    house = telling.house
    if telling.story.way != "nasal":
        return
    begin = house.start - timedelta(days=KEPT_DAYS)
    for session in _sessions(telling.patient, begin, house.start - _FILLED_AFTER):
        fill_form(house, session, session.first_dose_at + timedelta(days=2))
        yield


def fill_form(house: House, session: Session, at: datetime, *, only: int | None = None) -> None:
    """One form, field by field, and submitted; with ``only`` so many fields and no further."""
    ctx = house.ctx("nurse", at)
    known = proposals_for(session, at)
    for spec in shipped().fields[:only]:
        proposal = known.get(spec.origin)
        value = proposal.value if proposal else _ASKED.get(spec.id, "")
        confirm_field(ctx, session_id=session.pk, field_id=spec.id, value=value, unknown=not value)
    if only is None:
        note_submitted(
            ctx,
            session_id=session.pk,
            submitted_on=at.astimezone(house.zone).date(),
            how="online",
            reference=f"SYN-{session.patient.mrn}-{session.number}",
        )


def tell_harm(house: House) -> None:
    """What stands in oversight when the first visitor comes."""
    tomas, ada = house.patients[TOMAS.name], house.patients[ADA.name]
    _forms_of(house, tomas)
    _nausea(house, ada)
    _hospital(house, tomas)
    _near_miss(house)
    _complaints(house)


def _forms_of(house: House, patient: Patient) -> None:
    """Weekly sessions: the newest form begun, the one before forgotten, the one before it done."""
    begin = house.start - timedelta(days=KEPT_DAYS)
    sessions = _sessions(patient, begin, house.start - timedelta(days=1))
    for session in sessions[:-2]:
        fill_form(house, session, session.first_dose_at + timedelta(days=2))
    for session in sessions[-1:]:
        fill_form(house, session, session.first_dose_at + timedelta(hours=3), only=14)


def _nausea(house: House, patient: Patient) -> None:
    """Mild, expected, and still to be reviewed."""
    session = _sessions(patient, house.start - timedelta(days=400), house.start)[-2]
    at = session.first_dose_at + timedelta(minutes=35)
    _record(
        house,
        at + timedelta(minutes=50),
        "session",
        session.pk,
        kind="adverse_event",
        title="Nausea, vomited once",
        narrative="Synthetic. Felt sick from minute 35, vomited once at minute 42. Head raised, "
        "ginger tea afterwards. Settled before leaving.",
        happened_at=at,
        ended_at=at + timedelta(minutes=40),
        is_serious="no",
        severity="mild",
        outcome="resolved",
        causality="probable",
        expectedness="listed",
        listed="Nausea",
        action_taken="unchanged",
        treatment="Ondansetron offered, not wanted.",
    )


def _hospital(house: House, patient: Patient) -> None:
    """Serious, with what followed: one action done, one late; one report sent, one late."""
    session = _sessions(patient, house.start - timedelta(days=400), house.start)[-2]
    at = session.first_dose_at + timedelta(minutes=45)
    incident = _record(
        house,
        at + timedelta(hours=2),
        "session",
        session.pk,
        kind="adverse_event",
        title="Blood pressure crisis, hospital overnight",
        narrative="Synthetic. 198/112 mmHg at minute 45 with headache, still 188/106 after 20 "
        "minutes of rest. Ambulance called, taken to hospital, watched overnight, home the next "
        "morning with 128/80.",
        happened_at=at,
        is_serious="yes",
        seriousness=["hospitalization"],
        severity="severe",
        outcome="resolved",
        causality="probable",
        expectedness="listed",
        listed="Blood pressure increased",
        action_taken="finished",
        treatment="Rest, oxygen at hand, transfer to hospital.",
        tests="Hospital ECG and troponin reported normal (synthetic).",
    )
    _follow_up(house, incident, at)


def _follow_up(house: House, incident: Incident, at: datetime) -> None:
    """What the director asked for, found and had sent."""
    director = house.ctx("director", at + timedelta(days=1))
    day = (at + timedelta(days=5)).astimezone(house.zone).date()
    actions = [
        ask_action(
            director,
            incident_id=incident.pk,
            what=what,
            owner_id=house.accounts[owner].pk,
            due_on=day,
        )
        for what, owner in (
            ("Ask the hospital for its letter before the next dose", "prescriber"),
            ("Check the cuff and the size chart of chair 3", "nurse"),
        )
    ]
    close_action(
        house.ctx("prescriber", at + timedelta(days=4)),
        action_id=actions[0].pk,
        note="Letter received: no end-organ damage. Tablets adjusted; goes on at 56 mg.",
    )
    review_incident(
        house.ctx("director", at + timedelta(days=1, hours=2)),
        incident_id=incident.pk,
        seen_account=newest_account(incident).pk,
        note="The pressure before the dose was within limits. The reading at minute 40 came late: "
        "five minutes earlier it might have been treated sooner.",
    )
    sent = at + timedelta(days=3)
    note_sent(
        house.ctx("prescriber", sent),
        report_id=incident.reports.get(authority="us-medwatch").pk,
        sent_on=sent.astimezone(house.zone).date(),
        how="online",
        reference="SYN-MW-4711",
    )


def _near_miss(house: House) -> None:
    """Caught by the second person; learned from and closed."""
    at = house.start - timedelta(days=11)
    incident = _record(
        house,
        at,
        "site",
        house.site.pk,
        kind="near_miss",
        title="Vial of another strength on the tray",
        narrative="Synthetic. A 100 mg/mL vial stood among those of 50 mg/mL. The second person "
        "read the label aloud and stopped. Nothing was drawn.",
        happened_at=at - timedelta(minutes=20),
    )
    director = house.ctx("director", at + timedelta(days=1))
    day = (at + timedelta(days=3)).astimezone(house.zone).date()
    todo = ask_action(
        director,
        incident_id=incident.pk,
        what="Keep the strengths in drawers of their own",
        owner_id=house.accounts["pharmacist"].pk,
        due_on=day,
    )
    close_action(
        house.ctx("pharmacist", at + timedelta(days=2)),
        action_id=todo.pk,
        note="Two drawers, labeled in large type.",
    )
    later = house.ctx("director", at + timedelta(days=3))
    seen = newest_account(incident).pk
    review_incident(
        later, incident_id=incident.pk, seen_account=seen, note="The check by two worked."
    )
    close_incident(later, incident_id=incident.pk)


def _complaints(house: House) -> None:
    """One that was acknowledged, and one without a name that waits too long."""
    first, _ = _file(
        house,
        house.start - timedelta(days=6),
        "public",
        text="Synthetic. I waited an hour in the corridor after my session and nobody looked in.",
        wish="Somebody should say how long it will take.",
        about="place",
        from_name="Max Muster",
        from_contact="555-0199",
    )
    acknowledge_complaint(
        house.ctx("director", house.start - timedelta(days=5)),
        complaint_id=first.pk,
        words="Thank you for telling us. I look into it and write to you within two weeks.",
    )
    _file(
        house,
        house.start - timedelta(days=9),
        "own",
        text="Synthetic. The room was cold and I did not dare to say so while it was going on.",
        about="team",
        anonymous=True,
    )


def _file(house: House, at: datetime, via: str, **said: Any) -> Any:
    return file_complaint(
        box_context(FixedClock(at)),
        site_id=house.site.pk,
        via=via,
        said=said,
        form_id=str(house.own_id("complaint", at.isoformat())),
    )


def _record(house: House, at: datetime, source: str, key: Any, **said: Any) -> Incident:
    ctx = house.ctx("nurse", at)
    return record_incident(ctx, source=source, source_id=key, said=said)


def _sessions(patient: Patient, since: datetime, until: datetime) -> list[Session]:
    """A person's sessions in a stretch of time, with what a form asks, oldest first."""
    rows = Session.objects.filter(
        patient=patient, first_dose_at__gte=since, first_dose_at__lt=until
    ).select_related("site", "patient", "nurse", "second", "appointment", "course")
    return list(rows.order_by("first_dose_at"))
