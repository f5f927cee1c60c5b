"""What is asked of a course: what stands now, and what may come next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Max

from evenkeel.clinic.course.consent_text import group_of
from evenkeel.clinic.course.models import (
    Consent,
    ConsentDocument,
    Course,
    Plan,
    Screening,
    TouchAgreement,
)
from evenkeel.clinic.course.transitions import (
    TREATING,
    ConsentStanding,
    Move,
    Refusal,
    Situation,
    has_consent,
    has_eligible_screening,
    has_signed_plan,
    is_alive,
    moves_from,
)
from evenkeel.clinic.protocols.queries import HeldProtocol, standing_at
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.products import PRODUCTS

KIND_TREATMENT: Final = "treatment"
UNSIGNED_PROTOCOL: Final = "no_signed_protocol"


@dataclass(frozen=True, slots=True)
class CourseSummary:
    """What stands of a course at one moment. ``screening`` is the newest for its product."""

    course: Course
    now: datetime
    screening: Screening | None
    screenings: Sequence[Screening]
    document: ConsentDocument | None
    consent: Consent | None
    consent_standing: ConsentStanding
    plan: Plan | None
    draft: Plan | None
    plans: Sequence[Plan]
    touch: TouchAgreement | None
    #: The protocol of the course's product now: signed, or shipped where none is signed yet.
    held: HeldProtocol | None
    situation: Situation

    @property
    def screening_stands(self) -> bool:
        """Whether an eligible screening for the product stands."""
        return has_eligible_screening(self.situation) is None

    @property
    def consent_stands(self) -> bool:
        """Whether consent to the document in force stands."""
        return self.consent_standing == "current"

    @property
    def holds(self) -> list[dict[str, Any]]:
        """Why no dose may start, as raised by others."""
        return list(self.course.dose_holds)

    @property
    def moves(self) -> tuple[Move, ...]:
        """The steps from here."""
        return moves_from(self.situation)

    @property
    def against_dosing(self) -> tuple[Refusal, ...]:
        """Everything on this course that stands against starting a dose now; empty when none."""
        return against_dosing(self)


def course_summary(course: Course, now: datetime) -> CourseSummary:
    """What stands of ``course`` at ``now``; six queries, the patient and site not counted."""
    screenings = list(
        Screening.objects.filter(course=course)
        .select_related("signed_by")
        .defer("facts", "findings")
        .order_by("-number")
    )
    screening = next((s for s in screenings if s.product == course.product), None)
    document = current_document(course)
    consents = list(
        Consent.objects.filter(course=course)
        .select_related("taken_by", "document")
        .defer("document__body")
        .order_by("-number")
    )
    plans = list(
        Plan.objects.filter(course=course)
        .select_related("signed_by", "replaces")
        .order_by("-number")
    )
    touch = (
        TouchAgreement.objects.filter(course=course, withdrawn_at=None)
        .select_related("taken_by")
        .order_by("-signed_at", "-created_at")
        .first()
    )
    held = held_for(course, at=now)
    protocol = held.protocol if held else None
    plan = next((p for p in plans if p.state == "signed"), None)
    consent, standing = _consent_standing(course, document, consents, protocol, now)
    return CourseSummary(
        course=course,
        now=now,
        screening=screening,
        screenings=screenings,
        document=document,
        consent=consent,
        consent_standing=standing,
        plan=plan,
        draft=next((p for p in plans if p.state == "draft"), None),
        plans=plans,
        touch=touch,
        held=held,
        situation=Situation(
            state=course.state,
            now=now,
            state_before_pause=course.state_before_pause,
            deceased=course.patient.deceased,
            product=course.product,
            screening_decision=screening.decision if screening else None,
            screening_signed_at=screening.signed_at if screening else None,
            consent=standing,
            plan_signed=plan is not None and plan.product == course.product,
            dosed=course.dosed_since is not None,
        ),
    )


def held_for(course: Course, product: str = "", *, at: datetime) -> HeldProtocol | None:
    """The protocol of the course's (or another) product at its site at a time.

    The signed one in force; the shipped one where none is signed yet; ``None`` without either.
    """
    product = product or course.product
    return standing_at(product, course.site, at) if product else None


def protocol_for(course: Course, product: str = "", *, at: datetime) -> Protocol | None:
    """The same, as the protocol alone."""
    held = held_for(course, product, at=at)
    return held.protocol if held else None


def has_signed_protocol(course: Course, held: HeldProtocol | None) -> Refusal | None:
    """Nobody is treated under a protocol that no medical director has signed."""
    if not course.product or (held is not None and held.is_signed):
        return None
    label = PRODUCTS[course.product].label if course.product in PRODUCTS else course.product
    return Refusal(
        UNSIGNED_PROTOCOL,
        f"No protocol for {label} is signed and in force at {course.site.name}.",
        "A medical director signs one under Protocols.",
    )


def screened_under_another(
    screenings: Sequence[Screening], product: str, held: HeldProtocol | None
) -> Screening | None:
    """The newest signed screening for a product, where it rests on another protocol than holds now.

    ``None`` where there is none, or where it was signed under the very version in force.
    """
    newest = next((row for row in screenings if row.product == product), None)
    if newest is None or held is None:
        return None
    if held.version_id is not None or newest.protocol_used_id is not None:
        return None if newest.protocol_used_id == held.version_id else newest
    stated = (newest.protocol_name, newest.protocol_version)
    return None if stated == (held.protocol.name, held.protocol.version) else newest


def current_document(course: Course) -> ConsentDocument | None:
    """The consent document in force for the course's product at its site."""
    if course.product not in PRODUCTS:
        return None
    return document_in_force(course.site_id, group_of(course.product))


def document_in_force(site_id: Any, group: str) -> ConsentDocument | None:
    """The document in force for a product group at a site."""
    found: ConsentDocument | None = (
        ConsentDocument.objects.filter(
            site_id=site_id, kind=KIND_TREATMENT, product_group=group, retired_at=None
        )
        .order_by("-number")
        .first()
    )
    return found


def _consent_standing(
    course: Course,
    document: ConsentDocument | None,
    consents: Sequence[Consent],
    protocol: Protocol | None,
    now: datetime,
) -> tuple[Consent | None, ConsentStanding]:
    """The newest consent for the product's group, and whether it stands."""
    if document is None:
        return (consents[0] if consents else None), "no_document"
    newest = next((c for c in consents if c.document.product_group == document.product_group), None)
    if newest is None:
        return None, "none"
    if newest.withdrawn_at is not None:
        return newest, "withdrawn"
    if newest.document_hash != document.body_hash:
        return newest, "old_document"
    limit = protocol.find("consent.renew_after_days") if protocol else None
    if (
        limit is not None
        and not isinstance(limit.value, tuple)
        and now - newest.signed_at > timedelta(days=limit.value)
    ):
        return newest, "expired"
    return newest, "current"


def situation_of(course: Course, now: datetime) -> Situation:
    """What the guards of the table look at, for this course at this moment."""
    return course_summary(course, now).situation


def against_dosing(summary: CourseSummary) -> tuple[Refusal, ...]:
    """Everything that stands against starting a dose: state, screening, consent, plan, holds."""
    course, situation = summary.course, summary.situation
    found: list[Refusal | None] = []
    if course.state not in TREATING:
        found.append(
            Refusal(
                "not_treating",
                f"The course is in {course.get_state_display().lower()}; "
                "doses are given in induction and maintenance.",
                "Move the course on first.",
            )
        )
    found += [
        guard(situation)
        for guard in (is_alive, has_eligible_screening, has_consent, has_signed_plan)
    ]
    found.append(has_signed_protocol(course, summary.held))
    found += [
        Refusal("dose_hold", str(hold.get("statement", "")), "A named clinician must close it.")
        for hold in course.dose_holds
    ]
    return tuple(refusal for refusal in found if refusal is not None)


def next_number(rows: Any) -> int:
    """One more than the highest number of ``rows``; asked under the writer's lock of an act."""
    return (rows.aggregate(Max("number"))["number__max"] or 0) + 1


def open_course_of(patient_id: Any) -> Course | None:
    """The course of this person that is not closed, if there is one."""
    found: Course | None = (
        Course.objects.filter(patient_id=patient_id).exclude(state="closed").first()
    )
    return found
