"""The clinic's own protocols: drafted, signed, in force from a date. A signed one never changes."""

from __future__ import annotations

from django.db import models

from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.models import Record
from evenkeel.clinic.record.signed import Signed


class ProtocolState(models.TextChoices):
    """What was done with a version. Which one is in force follows from the dates."""

    DRAFT = "draft", "Draft"
    SIGNED = "signed", "Signed"
    RETIRED = "retired", "Retired"
    DISCARDED = "discarded", "Discarded"


class ProtocolVersion(Record):
    """One version of a site's protocol for one product.

    ``text`` is the document as it is handed out, every value said; ``text_hash`` its SHA-256, set
    at signing. The version in force at a time is the signed one with the latest ``in_force_from``
    not after it, so that a newer one supersedes without anybody doing anything then.
    """

    signed_kind = Signed(
        "Protocol version",
        "signed_by",
        "signed_at",
        view="protocol.view",
        role="signed_role",
        confirmed="confirmed_by",
        still=frozenset({"state", "retired_at", "retired_by_id", "retire_reason"}),
        states=frozenset({"signed", "retired"}),
    )

    product = models.CharField(max_length=24)
    jurisdiction = models.CharField(max_length=8)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    reason = models.TextField(blank=True)
    state = models.CharField(
        max_length=10, choices=ProtocolState.choices, default=ProtocolState.DRAFT
    )
    text = models.TextField()
    text_hash = models.CharField(max_length=64, blank=True)
    #: What it was started from: a version here, or else the shipped protocol named in the text.
    based_on = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    edited_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    signed_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    signed_role = models.CharField(max_length=20, blank=True)
    signed_at = models.DateTimeField(null=True)
    in_force_from = models.DateTimeField(null=True)
    meaning = models.CharField(max_length=400, blank=True)
    #: How the signer showed again who they are: an authenticator's code, a passkey, a password.
    confirmed_by = models.CharField(max_length=40, blank=True)
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    retire_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "product", "number"], name="one_protocol_number"
            ),
            models.UniqueConstraint(
                fields=["site", "product"],
                condition=models.Q(state="draft"),
                name="one_protocol_draft",
            ),
        ]
        indexes = [
            models.Index(
                fields=["site", "product", "state", "in_force_from"], name="protocol_in_force"
            )
        ]
