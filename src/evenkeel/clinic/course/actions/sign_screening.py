"""Signing the decision whether a person may have a product."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.course.fact_words import describe
from evenkeel.clinic.course.models import Course, Screening
from evenkeel.clinic.course.moving import hold_back, put, settle
from evenkeel.clinic.course.queries import next_number
from evenkeel.clinic.course.review import (
    DECISIONS,
    Review,
    departs,
    facts_document,
    findings_document,
    is_laxer,
    review_of,
)
from evenkeel.clinic.course.signing import is_prescriber, role_at, signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, Refused
from evenkeel.protocol.products import PRODUCTS
from evenkeel.protocol.vocabulary import VOCABULARY

AS_PROPOSED = "as_proposed"


@action("screening.sign", permission="screening.sign")
def sign_screening(
    act: Act,
    *,
    course_id: Any,
    product: str,
    decision: str,
    read_digest: str,
    findings_read: bool,
    reason: str = "",
) -> Screening:
    """Sign a screening for ``product`` on what is known now.

    ``decision`` is ``as_proposed`` or one of :data:`~evenkeel.clinic.course.review.DECISIONS`;
    ``read_digest`` is that of the page the signer read. Departing from the proposal needs a
    reason, and letting through what the protocol holds needs a prescriber. An eligible decision
    sets the course's product; any other one pauses a running course.

    Raises ``Conflict`` (``facts_changed``) when facts or findings are no longer those read,
    ``Invalid``, ``Forbidden``, or ``Refused`` for a closed course, a person who has died, or a
    change of product under way (``product_in_use``).
    """
    course = act.open(Course, course_id, "patient", "site")
    _check_open(course, product)
    review = review_of(course, product, act.now)
    if review.digest != read_digest:
        raise Conflict(
            "The facts changed while this page was open. Look again before you sign.",
            what_to_do="Read the findings as they stand now.",
            code="facts_changed",
        )
    decided = review.screening.disposition if decision == AS_PROPOSED else decision
    _check_decision(act, course, review, decided, findings_read, reason)
    row = act.write(_screening(act, course, review, decided, reason.strip()))
    act.reason = reason.strip()
    _carry_over(act, course, row)
    return row


def _check_open(course: Course, product: str) -> None:
    if course.state == "closed":
        raise Refused(
            "This course is closed.", what_to_do="Open a new course first.", code="closed"
        )
    if course.patient.deceased:
        raise Refused("This person has died and cannot be treated.", code="deceased")
    if course.state in ("induction", "maintenance") and course.product != product:
        raise Refused(
            "Another product is being given in this course.",
            what_to_do="Pause the course before screening for a change of product.",
            code="product_in_use",
        )


def _check_decision(
    act: Act, course: Course, review: Review, decided: str, findings_read: bool, reason: str
) -> None:
    fields: dict[str, str] = {}
    proposed = review.screening.disposition
    if decided not in DECISIONS:
        fields["decision"] = "Choose a decision."
    elif departs(proposed, decided) and not reason.strip():
        fields["reason"] = "Say why you decide otherwise than proposed."
    if not findings_read:
        fields["findings_read"] = "Read the findings, then tick this."
    if fields:
        raise Invalid("The screening is not signed yet.", fields=fields)
    if is_laxer(proposed, decided) and not is_prescriber(act, course.site_id):
        raise Forbidden(
            "Only a prescriber can override what the protocol holds.",
            what_to_do="Ask a prescriber to decide and sign.",
            code="override_needs_prescriber",
        )


def _screening(act: Act, course: Course, review: Review, decided: str, reason: str) -> Screening:
    found = review.screening
    label = PRODUCTS[review.product].label
    row = Screening(
        site=course.site,
        course=course,
        number=next_number(Screening.objects.filter(course=course)),
        patient=course.patient,
        product=review.product,
        jurisdiction=review.jurisdiction,
        facts=_facts_as_shown(review),
        findings=findings_document(found),
        read_digest=review.digest,
        rules_passed=found.rules_passed,
        proposed=found.disposition,
        decision=decided,
        overrides=departs(found.disposition, decided),
        reason=reason,
        meaning=f"I have read {_counted(len(found.findings))} and decide for {label}: "
        f"{DECISIONS[decided].lower()}.",
        signed_by=signer(act),
        signed_role=role_at(act, course.site_id),
        signed_at=act.now,
    )
    review.held.stamp(row)
    return row


def _counted(findings: int) -> str:
    return "the one finding" if findings == 1 else f"the {findings} findings"


def _facts_as_shown(review: Review) -> dict[str, Any]:
    """The facts with the words the signer read, which a later vocabulary may put otherwise."""
    return {
        key: {**fact, "words": describe(VOCABULARY[key], review.facts[key])}
        for key, fact in facts_document(review.facts).items()
    }


def _carry_over(act: Act, course: Course, row: Screening) -> None:
    """What the decision does to the course: its product, its state."""
    if course.state == "referred":
        put(act, course, "screening")
    if row.decision == "eligible":
        changed = course.product != row.product
        course.product = row.product
        if changed and course.state == "consented":
            put(act, course, "screening", "Another product was chosen.")
        elif changed:
            act.write(course)
        settle(act, course)
    elif not course.product:
        course.product = row.product
        act.write(course)
    elif course.product == row.product:
        hold_back(act, course, "A new screening did not find the person eligible.")
