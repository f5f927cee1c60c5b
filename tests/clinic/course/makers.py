"""A synthetic person and course, brought to where a test begins, through the product's actions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from evenkeel.clinic.course.actions.draft_plan import Schedule, draft_plan
from evenkeel.clinic.course.actions.open_course import open_course
from evenkeel.clinic.course.actions.publish_document import publish_defaults
from evenkeel.clinic.course.actions.sign_plan import sign_plan
from evenkeel.clinic.course.actions.sign_screening import sign_screening
from evenkeel.clinic.course.actions.take_consent import take_consent
from evenkeel.clinic.course.dose_sheet import DoseOrder, measured_weight, order_of, work_out
from evenkeel.clinic.course.models import Consent, Course, Plan, Screening
from evenkeel.clinic.course.queries import current_document, protocol_for
from evenkeel.clinic.course.review import review_of
from evenkeel.clinic.people.actions.record_fact import record_fact
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.models import Patient
from tests.clinic_factory import Clinic

IV_ORDER = DoseOrder(
    "racemic_iv",
    dose_mg_per_kg=Decimal("0.5"),
    duration_min=Decimal(40),
    concentration_mg_ml=Decimal(50),
)
NASAL_ORDER = DoseOrder("esketamine_nasal", dose_mg=Decimal(56))
TWICE_A_WEEK = Schedule(6, Decimal("3.5"))

#: Everything the shipped protocols ask for at the stage of the course, all in order.
SOUND_FACTS: dict[str, Any] = {
    "diagnoses": ["Major depressive disorder"],
    "failed_adequate_trials": 2,
    "scores": {"phq9": 18},
    "pregnancy": "negative",
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


@dataclass
class Case:
    """A clinic with one person and, after :meth:`opened`, their course."""

    clinic: Clinic
    patient: Patient
    course: Course | None = None

    @property
    def prescriber(self) -> Any:
        return self.clinic.as_("prescriber")

    @property
    def nurse(self) -> Any:
        return self.clinic.as_("session_nurse")

    def know(self, **facts: Any) -> None:
        for key, value in facts.items():
            record_fact(
                self.nurse,
                patient_id=self.patient.pk,
                key=key,
                value=value,
                as_of=self.clinic.clock.now(),
                origin="interview",
            )

    def fresh(self) -> Course:
        assert self.course is not None
        self.course = Course.objects.select_related("patient__site", "site").get(pk=self.course.pk)
        return self.course

    def opened(self) -> Course:
        self.course = open_course(
            self.prescriber, patient_id=self.patient.pk, indication="Recurrent depression"
        )
        return self.fresh()

    def digest(self, product: str = "racemic_iv") -> str:
        return review_of(self.fresh(), product, self.clinic.clock.now()).digest

    def screened(self, product: str = "racemic_iv", **changes: Any) -> Screening:
        if self.course is None:
            self.opened()
        given: dict[str, Any] = {
            "course_id": self.course.pk,
            "product": product,
            "decision": "as_proposed",
            "read_digest": self.digest(product),
            "findings_read": True,
        }
        return sign_screening(self.prescriber, **{**given, **changes})

    def consented(self, product: str = "racemic_iv", **changes: Any) -> Consent:
        self.screened(product)
        publish_defaults(self.clinic.as_("medical_director"), self.clinic.site.pk)
        return self.consents(**changes)

    def consents(self, **changes: Any) -> Consent:
        course = self.fresh()
        document = current_document(course)
        given: dict[str, Any] = {
            "course_id": course.pk,
            "document_hash": document.body_hash if document else "",
            "signed_name": self.patient.name,
            "agreed": True,
        }
        return take_consent(self.nurse, **{**given, **changes})

    def drafted(self, order: DoseOrder = IV_ORDER, **changes: Any) -> Plan:
        given: dict[str, Any] = {
            "course_id": self.fresh().pk,
            "order": order,
            "schedule": TWICE_A_WEEK,
        }
        return draft_plan(self.prescriber, **{**given, **changes})

    def figures(self, plan: Plan) -> Any:
        now = self.clinic.clock.now()
        weight = measured_weight(self.fresh().patient, now=now, product=plan.product)
        protocol = protocol_for(self.fresh(), plan.product, at=self.clinic.clock.now())
        assert protocol is not None
        return work_out(order_of(plan), weight, now=now, protocol=protocol)

    def planned(self, order: DoseOrder = IV_ORDER, **changes: Any) -> Plan:
        plan = self.drafted(order, **changes)
        return sign_plan(self.prescriber, plan_id=plan.pk, figures_digest=self.figures(plan).digest)


def make_case(clinic: Clinic, **facts: Any) -> Case:
    patient = register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name="Ada",
        family_name="Sample",
        birth_date=date(1990, 3, 14),
        sex="female",
    )
    case = Case(clinic, patient)
    case.know(**{**SOUND_FACTS, **facts})
    return case
