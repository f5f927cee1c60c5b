"""A lawful erasure is asked for by one person and carried out by another."""

from __future__ import annotations

from django.db import models

from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.record.models import Record


class ErasureRequest(Record):
    """That a person's record is to be erased: by which law, why, who asked and who did it.

    It outlives the erasure, so nothing written here may name the person.
    """

    BASES = (
        ("period_over", "The period for which it must be kept is over"),
        ("wrong_person", "The record is not of the person it says it is"),
        ("unlawful", "It should never have been recorded"),
        ("court", "A court or authority ordered it"),
    )
    STATES = (("open", "Waits for the second person"), ("done", "Erased"), ("withdrawn", "Dropped"))

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    basis = models.CharField(max_length=16, choices=BASES)
    #: The law or order, by name and number: needed where a period to keep it still runs.
    law = models.CharField(max_length=300, blank=True)
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=STATES, default="open")
    asked_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    asked_confirmed = models.CharField(max_length=40, blank=True)
    #: What spoke for keeping it when it was asked for, in words.
    kept_for = models.JSONField(default=list)
    second = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    second_confirmed = models.CharField(max_length=40, blank=True)
    payloads = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "oversight"
        indexes = [models.Index(fields=["patient", "state"], name="erasure_by_person")]
