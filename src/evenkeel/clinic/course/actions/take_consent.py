"""A person consents, in their own name, to the words they have read."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.course.altered import refuse_while_dosed
from evenkeel.clinic.course.models import Consent, Course, DecisionTalk
from evenkeel.clinic.course.moving import settle
from evenkeel.clinic.course.queries import current_document, next_number
from evenkeel.clinic.course.signing import check_typed_name, signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused

MEANING: Final = (
    "I have read this document or had it read to me. My questions were answered. I agree to the "
    "treatment it describes. I know that I can stop and withdraw at any time."
)


@action("consent.take", permission="consent.take")
def take_consent(
    act: Act, *, course_id: Any, document_hash: str, signed_name: str, agreed: bool
) -> Consent:
    """Take a consent to the document in force, whose hash is ``document_hash`` as it was read.

    Raises ``Conflict`` (``document_changed``) when other words are in force by now, ``Refused``
    between first administration and readiness (``altered_state``), for a person who has died, a
    closed course, after a no, or where nothing is in force; ``Invalid`` for the name or a missing
    tick.
    """
    course = act.open(Course, course_id, "patient", "site")
    refuse_while_dosed(course, "consent")
    if course.state == "closed":
        raise Refused("This course is closed.", code="closed")
    if course.patient.deceased:
        raise Refused("This person has died and cannot be treated.", code="deceased")
    last = DecisionTalk.objects.filter(course=course).order_by("-talked_at").first()
    if last is not None and last.leaning == "no":
        raise Refused(
            "The last talk about benefits and risks ended with a no.",
            what_to_do="Talk it over again, and note what the person says, before anybody signs.",
            code="said_no",
        )
    document = current_document(course)
    if document is None:
        raise Refused(
            "No consent document is in force for this product.",
            what_to_do="Choose the product on the screening page, "
            "or ask the medical director to publish a document.",
            code="no_document",
        )
    if document.body_hash != document_hash:
        raise Conflict(
            "Another version of the document is in force by now.",
            what_to_do="Read the version shown here together and sign again.",
            code="document_changed",
        )
    name = check_typed_name(course.patient, signed_name)
    if not agreed:
        raise Invalid(
            "The consent is not given yet.",
            fields={"agreed": "The person ticks this when they agree."},
            code="not_agreed",
        )
    consent = act.write(
        Consent(
            site=course.site,
            course=course,
            number=next_number(Consent.objects.filter(course=course)),
            patient=course.patient,
            document=document,
            document_hash=document.body_hash,
            signed_name=name,
            meaning=MEANING,
            signed_at=act.now,
            taken_by=signer(act),
        )
    )
    settle(act, course)
    return consent
