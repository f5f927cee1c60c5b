"""What the director noted of a signal, and of a known change from which new limits count."""

from __future__ import annotations

from django.db import models

from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.models import Record


class QualityNote(Record):
    """What was looked into at one point of a chart, or that something was changed from there on.

    ``place`` names the point: the first day of its period, or the moment of its event. A change
    (``kind``) begins limits of its own. One that was wrong is struck out, never removed.
    """

    KINDS = (
        ("cause", "A cause was found"),
        ("none", "Looked into, no cause found"),
        ("data", "The figures were wrong"),
        ("change", "Something was changed here: limits begin anew"),
    )

    measure = models.CharField(max_length=40)
    product = models.CharField(max_length=24, blank=True)
    step = models.CharField(max_length=8)
    place = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=KINDS)
    text = models.TextField()
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    struck_at = models.DateTimeField(null=True)
    struck_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    struck_reason = models.CharField(max_length=400, blank=True)

    class Meta:
        indexes = [models.Index(fields=["site", "measure", "product"], name="quality_note_of")]
