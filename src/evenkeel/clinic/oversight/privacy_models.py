"""What a person asks about their own record: that it be corrected, or that its use be limited."""

from __future__ import annotations

from django.db import models

from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.record.models import Record


class PrivacyRequest(Record):
    """One request, from asking to answer, and what the person says to the answer.

    Nothing of the record is overwritten by it: a granted correction is made by the act that
    corrects such a row, and ``changed`` says where; after a refusal the ``disagreement`` stands
    beside ``place``, with the clinic's ``rebuttal``. A granted restriction holds until
    ``lifted_at``.
    """

    KINDS = (("correction", "Correction"), ("restriction", "Limited use"))
    STATES = (
        ("open", "Open"),
        ("granted", "Granted"),
        ("partly", "Granted in part"),
        ("denied", "Refused"),
        ("withdrawn", "Taken back"),
    )
    PLACES = (
        ("particulars", "Name, birth date, address and how to reach them"),
        ("facts", "Health facts, medicines, allergies, conditions"),
        ("course", "Course of treatment, screening and plan"),
        ("sessions", "Sessions and what was given"),
        ("questionnaires", "Questionnaires and scores"),
        ("therapy", "Therapy around the doses"),
        ("whole", "The whole record"),
    )
    ASKERS = (
        ("self", "The person themselves"),
        ("representative", "Somebody who may act for them"),
    )

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="privacy_requests")
    kind = models.CharField(max_length=12, choices=KINDS)
    place = models.CharField(max_length=16, choices=PLACES)
    #: What is wrong or should be limited, and what should stand there or happen instead.
    said = models.TextField()
    wanted = models.TextField(blank=True)
    asked_as = models.CharField(max_length=16, choices=ASKERS, default="self")
    asked_name = models.CharField(max_length=160)
    #: Who wrote it down for them; nobody where they asked on their own pages.
    taken_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField()
    due_on = models.DateField()
    extended_to = models.DateField(null=True)
    extension_reason = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=STATES, default="open")
    answer = models.TextField(blank=True)
    changed = models.TextField(blank=True)
    answered_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    disagreement = models.TextField(blank=True)
    disagreed_at = models.DateTimeField(null=True)
    rebuttal = models.TextField(blank=True)
    rebutted_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    rebutted_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    lift_reason = models.TextField(blank=True)

    class Meta:
        app_label = "oversight"
        indexes = [
            models.Index(fields=["site", "state", "due_on"], name="privacy_by_due"),
            models.Index(fields=["patient", "state"], name="privacy_by_person"),
        ]

    @property
    def last_day(self) -> object:
        """The last day to answer, as it stands now."""
        return self.extended_to or self.due_on

    @property
    def stands(self) -> bool:
        """Whether it must be shown beside the record: refused or limited, or not answered yet."""
        if self.state == "open" or self.disagreement:
            return True
        return self.kind == "restriction" and self.limits

    @property
    def limits(self) -> bool:
        """Whether use or disclosure is limited by it now."""
        granted = self.state in ("granted", "partly")
        return self.kind == "restriction" and granted and self.lifted_at is None
