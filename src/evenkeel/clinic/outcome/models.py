"""Questionnaires asked and answered, their scores, and the safety signals they raise."""

from __future__ import annotations

from django.db import models

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.record.models import Record


class Ask(Record):
    """A questionnaire sent to a person by a link that needs no account and works once."""

    STATES = (
        ("sent", "Sent"),
        ("begun", "Begun"),
        ("answered", "Answered"),
        ("expired", "Expired"),
        ("withdrawn", "Withdrawn"),
    )

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="asks")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="asks")
    instrument = models.CharField(max_length=24)
    instrument_version = models.CharField(max_length=20)
    occasion = models.CharField(max_length=60, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    sent_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=STATES, default="sent")
    partial = models.JSONField(default=dict)


class Response(Record):
    """A person's answers, and the score computed from them."""

    ask = models.OneToOneField(Ask, null=True, on_delete=models.PROTECT, related_name="response")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="responses")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="responses")
    instrument = models.CharField(max_length=24)
    instrument_version = models.CharField(max_length=20)
    answers = models.JSONField()
    total = models.IntegerField(null=True)
    band = models.CharField(max_length=60, blank=True)
    refused_reason = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["course", "instrument", "answered_at"], name="scores")]


class SafetySignal(Record):
    """A worrying answer: open until a named clinician closes it; while open, no dose starts."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="safety_signals")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="safety_signals")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="signals")
    kind = models.CharField(max_length=40)
    statement = models.CharField(max_length=300)
    urgency = models.CharField(max_length=20)
    follow_up = models.JSONField(default=dict)
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    close_note = models.TextField(blank=True)
