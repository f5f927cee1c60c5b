"""A synthetic session brought to where a test begins, through the product's actions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from evenkeel.clinic.course.actions.move_course import move_course
from evenkeel.clinic.oversight.actions.enroll_rems import enroll_patient, enroll_site
from evenkeel.clinic.oversight.rems import standing_site
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.models import Chair, Patient
from evenkeel.clinic.record.act import Act, Context, action
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.actions.record_event import Recorded, record
from evenkeel.clinic.session.events import checks_for
from evenkeel.clinic.session.models import Appointment, Session
from evenkeel.clinic.session.queries import timeline_of
from evenkeel.clinic.session.timeline import Timeline
from tests.clinic.course.makers import IV_ORDER, NASAL_ORDER, SOUND_FACTS, Case, make_case
from tests.clinic_factory import Clinic

ORDERS = {"racemic_iv": IV_ORDER, "esketamine_nasal": NASAL_ORDER}
CALM = {"sbp_mmhg": 122, "dbp_mmhg": 76, "heart_rate_bpm": 68, "spo2_percent": 98, "moaas": 5}


@action("test.checked_in", permission="appointment.manage")
def checked_in_appointment(
    act: Act, *, case: Case, chair: Chair | None, **fields: Any
) -> Appointment:
    course = case.fresh()
    given: dict[str, Any] = {
        "site": course.site,
        "patient": course.patient,
        "course": course,
        "kind": "dosing",
        "chair": chair,
        "nurse": case.clinic.staff["session_nurse"],
        "starts_at": act.now,
        "ends_at": act.now + timedelta(hours=2),
        "status": "checked_in",
        "checked_in_at": act.now,
    }
    return act.write(Appointment(**{**given, **fields}))


@dataclass
class Stage:
    """One open session and short ways to say what happens in it."""

    clinic: Clinic
    case: Case
    session: Session
    sent: list[uuid.UUID] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.clinic.clock.now()

    def wait(self, minutes: float) -> datetime:
        return self.clinic.clock.advance(timedelta(minutes=minutes))

    def says(self, kind: str, role: str = "session_nurse", **said: Any) -> Recorded:
        """One event now (``at`` for another time, ``ctx`` for another caller, ``witness``)."""
        ctx: Context = said.pop("ctx", None) or self.clinic.as_(role)
        event_id = said.pop("id", None) or uuid.uuid4()
        done = record(
            ctx,
            session_id=self.session.pk,
            event_id=event_id,
            kind=kind,
            happened_at=said.pop("at", None) or self.now,
            supersedes=said.pop("supersedes", None),
            witness_id=said.pop("witness", None),
            body=said.pop("body", said),
        )
        self.sent.append(done.event.pk)
        return done

    def checks(self, *, leave_out: tuple[str, ...] = ()) -> None:
        for name, _ in checks_for(self.session.product):
            if name not in leave_out:
                self.says("check", name=name, ok=True)

    def dose_check(self, role: str = "pharmacist", **changes: Any) -> Recorded:
        sheet = self.session.dose_sheet
        body = {"dose_mg": float(sheet["dose_mg"]), "agrees": True}
        for name in ("volume_ml", "rate_ml_per_h"):
            if sheet.get(name):
                body[name] = float(sheet[name])
        return self.says("dose_check", role, body={**body, **changes})

    def prepared(self, **vitals: Any) -> Stage:
        self.checks()
        self.dose_check()
        self.says("observation", body={**CALM, **vitals})
        return self

    def started(self) -> Stage:
        self.prepared()
        self.says("infusion_start", **self.start_body())
        return self

    def start_body(self) -> dict[str, float]:
        sheet = self.session.dose_sheet
        return {
            "rate_mg_per_h": float(sheet["rate_mg_per_h"]),
            "rate_ml_per_h": float(sheet["rate_ml_per_h"]),
        }

    def row(self) -> Session:
        rows = Session.objects.select_related("nurse", "second", "course")
        self.session = rows.get(pk=self.session.pk)
        return self.session

    def timeline(self) -> Timeline:
        return timeline_of(self.row(), self.now)


def another_case(clinic: Clinic, given_name: str, **facts: Any) -> Case:
    """Somebody else, of whom the same is known."""
    patient = register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name=given_name,
        family_name="Sample",
        birth_date=date(1984, 6, 2),
        sex="female",
    )
    case = Case(clinic, patient)
    case.know(**{**SOUND_FACTS, **facts})
    return case


def treatable_case(clinic: Clinic, product: str = "racemic_iv", **facts: Any) -> Case:
    """Somebody in induction, with a signed plan."""
    if product == "esketamine_nasal":
        facts.setdefault("rems_enrolled", True)
    named = facts.pop("named", "")
    case = another_case(clinic, named, **facts) if named else make_case(clinic, **facts)
    case.consented(product)
    case.planned(ORDERS[product])
    move_course(case.prescriber, course_id=case.course.pk, to="induction")
    if product == "esketamine_nasal":
        enroll(clinic, case.patient)
    return case


def enroll(clinic: Clinic, patient: Patient) -> None:
    """The site and the person are enrolled in the risk program, signed by both."""
    today = clinic.clock.now().astimezone(ZoneInfo(clinic.site.timezone)).date()
    if standing_site(clinic.site.pk) is None:
        enroll_site(
            clinic.as_("administrator"),
            site_id=clinic.site.pk,
            representative="Test representative",
            enrolled_on=today,
        )
    enroll_patient(
        clinic.as_("prescriber"),
        patient_id=patient.pk,
        signed_name=patient.name,
        signed_on=today,
        submitted_on=today,
        submitted_how="online",
        reference="REMS-TEST-1",
    )


def open_stage(
    clinic: Clinic, product: str = "racemic_iv", chair: Chair | None = None, **facts: Any
) -> Stage:
    """An open session in a chair (the first, unless given)."""
    case = treatable_case(clinic, product, **facts)
    appointment = checked_in_appointment(case.nurse, case=case, chair=chair or clinic.chairs[0])
    session = open_session(case.nurse, appointment_id=appointment.pk)
    return Stage(clinic, case, session)
