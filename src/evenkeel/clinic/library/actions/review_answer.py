"""A clinician stands for an answer, or no longer does."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.library.models import AnswerReview
from evenkeel.clinic.people.models import Account, Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, NotFound, Refused
from evenkeel.evidence.plain_answers import plain_answers

MEANING = "I have read this answer and its sources, and stand for it as it reads."


@action("answer.review", permission="library.review")
def review_answer(
    act: Act, *, site_id: Any, answer_id: str, content_digest: str, agreed: bool
) -> AnswerReview:
    """Sign the answer as it reads.

    Raises ``Conflict`` where the words are not those that were read, ``Refused`` where somebody's
    review of them stands already, ``Invalid`` without agreement.
    """
    site = act.open(Site, site_id)
    answer = plain_answers().get(answer_id)
    if answer is None:
        raise NotFound("There is no such answer.")
    if not agreed:
        raise Invalid(
            "The signature is missing.",
            fields={"agreed": "Tick that you have read it and stand for it."},
            code="review_not_agreed",
        )
    if answer.content_digest != content_digest:
        raise Conflict(
            "The answer has changed since you opened it.",
            what_to_do="Read it again, then sign.",
            code="answer_changed",
        )
    standing = AnswerReview.objects.filter(
        site=site, answer_id=answer_id, content_digest=content_digest, withdrawn_at=None
    )
    if standing.exists():
        raise Refused("This answer is reviewed already.", code="reviewed_already")
    account = Account.objects.filter(pk=act.actor.id, is_active=True).first()
    if account is None:
        raise Refused("Only a person can sign.", code="no_signer")
    return act.write(
        AnswerReview(
            site=site,
            answer_id=answer_id,
            content_digest=content_digest,
            reviewed_by=account,
            reviewed_at=act.now,
            meaning=MEANING,
        )
    )


@action("answer.withdraw_review", permission="library.review")
def withdraw_review(act: Act, *, review_id: Any, reason: str) -> AnswerReview:
    """Take a review back; it stays on the record. Raises ``Invalid`` without a reason."""
    review = act.open(AnswerReview, review_id)
    reason = " ".join(reason.split())[:300]
    if not reason:
        raise Invalid(
            "Say why.", fields={"reason": "A few words are enough."}, code="reason_missing"
        )
    if review.withdrawn_at is not None:
        raise Refused("This review was taken back already.", code="withdrawn_already")
    review.withdrawn_at = act.now
    review.withdrawn_reason = reason
    return act.write(review)
