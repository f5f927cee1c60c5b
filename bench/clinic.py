"""A filled clinic of fixed shape, made through the product's own actions.

Everybody in it is invented. Its shape is given by :class:`Shape`; the histories end at the moment
given as ``now``, so that a server with the machine's clock finds the live sessions live.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from evenkeel.clinic.course.actions.draft_plan import Schedule, draft_plan
from evenkeel.clinic.course.actions.move_course import move_course
from evenkeel.clinic.course.actions.open_course import open_course
from evenkeel.clinic.course.actions.publish_document import publish_defaults
from evenkeel.clinic.course.actions.sign_plan import sign_plan
from evenkeel.clinic.course.actions.sign_screening import sign_screening
from evenkeel.clinic.course.actions.take_consent import take_consent
from evenkeel.clinic.course.dose_sheet import DoseOrder, measured_weight, order_of, work_out
from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.queries import current_document, protocol_for
from evenkeel.clinic.course.review import review_of
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers
from evenkeel.clinic.people.actions.record_fact import record_fact
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.actions.set_up import (
    add_chair,
    found_installation,
    grant_role,
    open_site,
)
from evenkeel.clinic.people.caller import actor_of
from evenkeel.clinic.people.models import Account, Chair, Patient, Site
from evenkeel.clinic.protocols.actions.sign_version import adopt_shipped
from evenkeel.clinic.record.act import Actor, Context, together
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.record.permissions import STAFF_ROLES, Role
from evenkeel.clinic.session.actions.book_appointment import book_appointment
from evenkeel.clinic.session.actions.check_in import check_in
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.actions.record_event import record
from evenkeel.clinic.session.arriving import Arrival
from evenkeel.clinic.session.events import checks_for
from evenkeel.clinic.session.models import Session
from evenkeel.clinic.stock.actions.begin_ledger import keep_elsewhere

ORDER = DoseOrder(
    "racemic_iv",
    dose_mg_per_kg=Decimal("0.5"),
    duration_min=Decimal(40),
    concentration_mg_ml=Decimal(50),
)
SPACING_DAYS = Decimal("3.5")
#: What the shipped protocol asks for, all in order.
FACTS: dict[str, Any] = {
    "diagnoses": ["Major depressive disorder"],
    "failed_adequate_trials": 2,
    "scores": {"phq9": 18},
    "pregnancy": "not_applicable",
    "breastfeeding": False,
    "conditions_reviewed": True,
    "allergies_reviewed": True,
    "medicines_reviewed": True,
    "weight_kg": 74,
    "height_cm": 171,
    "liver_tests": "normal",
    "renal_tests": "normal",
    "ecg": "normal",
    "capacity": True,
    "cssrs": {"q1": False, "q2": False, "q6": False},
}
CALM = {"sbp_mmhg": 122, "dbp_mmhg": 76, "heart_rate_bpm": 68, "spo2_percent": 98, "moaas": 5}
LEAVING: dict[str, Any] = {
    "aldrete": 10,
    "dissociation_resolved": True,
    "oriented": True,
    "gait": "independent",
    "cssrs_intent": False,
    "escort_present": True,
    "instructions_given": True,
    "plans_to_drive": False,
    "respiratory_rate_per_min": 14,
    "symptoms": [],
}
_FIRST = ("Ada", "Ben", "Cleo", "Dov", "Eda", "Finn", "Gita", "Hugo", "Ines", "Jon")
_LAST = ("Sample", "Specimen", "Example", "Fictive", "Invented", "Madeup", "Synthetic", "Mock")


@dataclass(frozen=True, slots=True)
class Shape:
    """How many of what. ``past_sessions`` are those of one person, all finished."""

    people: int = 500
    live_sessions: int = 20
    past_sessions: int = 20
    readings_a_session: int = 12


@dataclass
class Filled:
    """What was made: keys only, so that it can be handed to another process."""

    site_id: uuid.UUID
    accounts: dict[str, uuid.UUID] = field(default_factory=dict)
    sessions: list[uuid.UUID] = field(default_factory=list)
    beds: list[str] = field(default_factory=list)
    long_course: uuid.UUID | None = None
    long_patient: uuid.UUID | None = None
    protocol: uuid.UUID | None = None


def fill(now: datetime, shape: Shape = Shape()) -> Filled:
    """Fill an empty, migrated database. Raises ``Refused`` where it was founded before.

    The live sessions began twenty minutes before ``now``; the finished ones lie before.
    """
    builder = _Builder(now, shape)
    builder.found()
    builder.people()
    if shape.past_sessions:
        builder.long_course()
    for number in range(shape.live_sessions):
        builder.live_session(number)
    return builder.made


class _Builder:
    """Makes the clinic, one step a method."""

    def __init__(self, now: datetime, shape: Shape) -> None:
        self.shape, self.end = shape, now
        self.clock = FixedClock(now - timedelta(days=float(SPACING_DAYS) * shape.past_sessions + 8))
        self.staff: dict[str, Account] = {}
        self.chairs: list[Chair] = []
        self.actors: dict[str, Actor] = {}
        self.registered = 0

    def found(self) -> None:
        """The installation, its site, chairs and one account a role."""
        every = frozenset({(None, r) for r in Role})
        founder = Context(Actor("system:founder", "Founder", every), self.clock)
        with together():
            found_installation(founder, organisation="Bench Clinic (synthetic)", demo=False)
            site: Site = open_site(
                founder,
                name="Bench",
                timezone="UTC",
                crisis_line="988 (call or text)",
            )
            for number in range(1, max(1, self.shape.live_sessions) + 1):
                self.chairs.append(
                    add_chair(
                        founder,
                        site_id=site.pk,
                        name=f"Chair {number}",
                        room=f"{number}",
                        bed_label=f"BENCH{number}",
                        order=number,
                    )
                )
            for role in STAFF_ROLES:
                self.staff[role.value] = _account(role, self.clock.now())
                grant_role(
                    founder,
                    account_id=self.staff[role.value].pk,
                    site_id=site.pk,
                    role=role.value,
                )
        self.site = site
        self.actors = {role: actor_of(account) for role, account in self.staff.items()}
        self.made = Filled(site.pk, {role: a.pk for role, a in self.staff.items()})
        self.made.beds = [chair.bed_label for chair in self.chairs]
        publish_defaults(self.as_("medical_director"), site.pk)
        signed = adopt_shipped(self.as_("medical_director"), site_id=site.pk)
        keep_elsewhere(
            self.as_("medical_director"), site_id=site.pk, system="Bound book", reason="Bench"
        )
        self.made.protocol = next(v.pk for v in signed if v.product == ORDER.product)

    def as_(self, role: str) -> Context:
        """The context of the member of staff with this role."""
        return Context(self.actors[role], self.clock)

    def people(self) -> None:
        """People of whom nothing but their particulars is known."""
        treated = self.shape.live_sessions + bool(self.shape.past_sessions)
        while self.registered < self.shape.people - treated:
            with together():
                for _ in range(min(50, self.shape.people - treated - self.registered)):
                    self.person()

    def person(self) -> Patient:
        """One more person; names repeat, birth dates do not."""
        number = self.registered
        self.registered += 1
        patient: Patient = register_patient(
            self.as_("front_desk"),
            site_id=self.site.pk,
            given_name=_FIRST[number % len(_FIRST)],
            family_name=f"{_LAST[number // len(_FIRST) % len(_LAST)]}",
            birth_date=date(1960, 1, 1) + timedelta(days=17 * number),
            sex=("female", "male")[number % 2],
        )
        return patient

    def long_course(self) -> None:
        """One person with many finished sessions and a score before each."""
        course = self.course_in_induction()
        self.made.long_course, self.made.long_patient = course.pk, course.patient_id
        for number in range(self.shape.past_sessions):
            self.clock.advance(timedelta(days=float(SPACING_DAYS)))
            with self.at_hour(9 + number % 7), together():
                enter_answers(
                    self.as_("session_nurse"),
                    course_id=course.pk,
                    instrument_id="phq9",
                    answers=_phq9(max(3, 20 - number)),
                )
                session = self.session_for(course, self.chairs[0])
                self.dose(session)
                self.finish(session)

    @contextmanager
    def at_hour(self, hour: int) -> Iterator[None]:
        """Within, the clock goes on from this hour of its day; afterwards it is as before."""
        before = self.clock.at
        self.clock.at = before.replace(hour=hour, minute=0, second=0, microsecond=0)
        try:
            yield
        finally:
            self.clock.at = before

    def live_session(self, number: int) -> None:
        """One person in a chair, the drug running for the last quarter of an hour."""
        self.clock.at = self.end - timedelta(minutes=30)
        with together():
            course = self.course_in_induction()
            session = self.session_for(course, self.chairs[number])
            self.start(session)
            for _ in range(3):
                self.clock.advance(timedelta(minutes=4))
                self.says(session, "observation", dict(CALM))
        self.made.sessions.append(session.pk)

    def course_in_induction(self) -> Course:
        """A person screened, consented and with a signed plan."""
        with together():
            patient = self.person()
            nurse, prescriber = self.as_("session_nurse"), self.as_("prescriber")
            for key, value in FACTS.items():
                record_fact(
                    nurse,
                    patient_id=patient.pk,
                    key=key,
                    value=value,
                    as_of=self.clock.now(),
                    origin="interview",
                )
            course = open_course(prescriber, patient_id=patient.pk, indication="Depression")
            read = review_of(_fresh(course), ORDER.product, self.clock.now()).digest
            sign_screening(
                prescriber,
                course_id=course.pk,
                product=ORDER.product,
                decision="as_proposed",
                read_digest=read,
                findings_read=True,
            )
            course = _fresh(course)
            document = current_document(course)
            take_consent(
                nurse,
                course_id=course.pk,
                document_hash=document.body_hash if document else "",
                signed_name=patient.name,
                agreed=True,
            )
            self._plan(course)
            move_course(prescriber, course_id=course.pk, to="induction")
        return _fresh(course)

    def _plan(self, course: Course) -> None:
        schedule = Schedule(max(6, self.shape.past_sessions), SPACING_DAYS)
        plan = draft_plan(
            self.as_("prescriber"), course_id=course.pk, order=ORDER, schedule=schedule
        )
        now = self.clock.now()
        course = _fresh(course)
        weight = measured_weight(course.patient, now=now, product=plan.product)
        protocol = protocol_for(course, plan.product, at=self.clock.now())
        if protocol is None:
            raise LookupError(f"no protocol for {plan.product}")
        figures = work_out(order_of(plan), weight, now=now, protocol=protocol)
        sign_plan(self.as_("prescriber"), plan_id=plan.pk, figures_digest=figures.digest)

    def session_for(self, course: Course, chair: Chair) -> Session:
        """Book, check in and open a session now."""
        nurse = self.as_("session_nurse")
        appointment = book_appointment(
            nurse,
            course_id=course.pk,
            kind="dosing",
            starts_at=self.clock.now() + timedelta(minutes=1),
            chair_id=chair.pk,
            confirmed=True,
        )
        check_in(
            nurse,
            appointment_id=appointment.pk,
            said_name=course.patient.name,
            said_birth_date=course.patient.birth_date,
            arrival=Arrival(
                allergies="as_listed",
                last_food_at=self.clock.now() - timedelta(hours=9),
                last_fluids_at=self.clock.now() - timedelta(hours=3),
                escort="yes",
                escort_name="Eli Escort",
                benzodiazepine="no",
                stimulant="no",
                maoi="no",
                changes="no",
                weight_kg=74,
            ),
        )
        session: Session = open_session(
            nurse, appointment_id=appointment.pk, nurse_id=self.staff["session_nurse"].pk
        )
        return session

    def says(
        self, session: Session, kind: str, body: dict[str, Any], role: str = "session_nurse"
    ) -> None:
        """One event now."""
        record(
            self.as_(role),
            session_id=session.pk,
            event_id=uuid.uuid4(),
            kind=kind,
            happened_at=self.clock.now(),
            body=body,
        )

    def start(self, session: Session) -> None:
        """Checks, the second person's arithmetic, a baseline, and the drug."""
        for name, _ in checks_for(session.product):
            self.says(session, "check", {"name": name, "ok": True})
        sheet = session.dose_sheet
        figures = {
            name: float(sheet[name])
            for name in ("dose_mg", "volume_ml", "rate_ml_per_h")
            if sheet.get(name)
        }
        self.says(session, "dose_check", {**figures, "agrees": True}, "pharmacist")
        self.says(session, "observation", {**CALM, "dissociation_0_10": 0})
        self.clock.advance(timedelta(minutes=1))
        rates = {name: float(sheet[name]) for name in ("rate_mg_per_h", "rate_ml_per_h")}
        self.says(session, "infusion_start", rates)

    def dose(self, session: Session) -> None:
        """The whole infusion with its readings."""
        self.start(session)
        for _ in range(self.shape.readings_a_session):
            self.clock.advance(timedelta(minutes=3))
            self.says(session, "observation", dict(CALM))
        self.clock.advance(timedelta(minutes=4))
        self.says(session, "infusion_stop", {})

    def finish(self, session: Session) -> None:
        """Watching, the checklist, and home."""
        self.clock.advance(timedelta(minutes=125))
        last = {**CALM, "dissociation_0_10": 0, "respiratory_rate_per_min": 14, "symptoms": []}
        self.says(session, "observation", last)
        self.says(session, "discharge_check", {"answers": LEAVING})
        self.says(session, "ready", {})
        self.says(session, "discharged", {"escort": "Eli Escort", "instructions": "As printed."})


def _account(role: Role, now: datetime) -> Account:
    account = Account(
        email=f"{role.value}@bench.invalid", full_name=f"Bench {role.value}", created_at=now
    )
    account.set_unusable_password()
    account.save()
    return account


def _fresh(course: Course) -> Course:
    return Course.objects.select_related("patient__site", "site").get(pk=course.pk)


def _phq9(total: int) -> dict[str, int]:
    """Answers that add up to ``total`` with item 9, the safety question, at zero."""
    answers = {}
    for number in range(1, 9):
        answers[f"phq9-{number}"] = min(3, total)
        total -= answers[f"phq9-{number}"]
    return {**answers, "phq9-9": 0}
