"""Who stands for the answers the clinic gives, and whether anybody may read them."""

from __future__ import annotations

from django.db import models

from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.models import Record
from evenkeel.clinic.record.signed import Signed


class AnswerReview(Record):
    """That a named clinician has read one answer and stands for it, word for word.

    ``content_digest`` is of the words read: when they change, the review no longer covers them.
    """

    added_later = frozenset({"meaning"})
    signed_kind = Signed(
        "Clinical review of an answer",
        "reviewed_by",
        "reviewed_at",
        view="library.view",
        says="I have read this answer and its sources, and stand for it as it reads.",
        still=frozenset({"withdrawn_at", "withdrawn_reason"}),
    )

    answer_id = models.CharField(max_length=60)
    content_digest = models.CharField(max_length=64)
    reviewed_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)
    meaning = models.CharField(max_length=300, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "answer_id", "content_digest"],
                condition=models.Q(withdrawn_at=None),
                name="one_review_of_an_answer",
            )
        ]


class Opening(Record):
    """Whether a site lets anybody read its answers without signing in; one row a site."""

    is_public = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site"], name="one_opening_a_site")]
