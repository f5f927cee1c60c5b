"""Questionnaires and their scores, safety signals, and the long-term watch."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.record.models import Record
from evenkeel.clinic.session.models import Appointment


class Ask(Record):
    """A questionnaire sent to a person by a link that needs no account and works once.

    That it has expired follows from ``expires_at``; nobody writes it down. ``finished_at`` is when
    the last screen was left: from then on the link opens nothing. ``partial`` keeps what was said
    so far, in the form of :class:`evenkeel.clinic.outcome.walk.Said`.
    """

    STATES = (
        ("sent", "Sent"),
        ("begun", "Begun"),
        ("answered", "Answered"),
        ("withdrawn", "Withdrawn"),
    )

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="asks")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="asks")
    instrument = models.CharField(max_length=24)
    instrument_version = models.CharField(max_length=20)
    occasion = models.CharField(max_length=60, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    sender = models.CharField(max_length=12, default="show")
    sent_by = models.CharField(max_length=200)
    sent_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=STATES, default="sent")
    partial = models.JSONField(default=dict)
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["course", "sent_at"], name="ask_by_course")]


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
    """A worrying answer: open until a named clinician closes it; while open, no dose starts.

    ``urgency`` is a level of :func:`evenkeel.instruments.urgency`; ``follow_up`` holds the item's
    value, the one before it, the follow-up answers and the reasons for the level. It comes from an
    answered questionnaire (``response``) or from what was said on the telephone (``call``).
    """

    added_later: ClassVar[frozenset[str]] = frozenset({"call_id"})

    URGENCIES = (
        ("now", "Act now"),
        ("today", "Speak today"),
        ("routine", "Review before the next dose"),
    )

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="safety_signals")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="safety_signals")
    response = models.ForeignKey(
        Response, null=True, on_delete=models.PROTECT, related_name="signals"
    )
    call = models.OneToOneField(
        Appointment, null=True, on_delete=models.PROTECT, related_name="safety_signal"
    )
    kind = models.CharField(max_length=40)
    statement = models.CharField(max_length=300)
    urgency = models.CharField(max_length=20, choices=URGENCIES)
    follow_up = models.JSONField(default=dict)
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    close_note = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["site", "closed_at"], name="signal_by_site")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(response=None, call__isnull=False)
                | models.Q(response__isnull=False, call=None),
                name="signal_has_one_source",
            )
        ]


class WatchEntry(Record):
    """One answer of the long-term watch, or a talk about what the sessions showed.

    ``item`` and ``value`` are those of :mod:`evenkeel.protocol.long_term_items`. A correction is a
    new entry that points back (``corrects``); with ``taken_back`` it stands for nothing itself.
    What an answer asks for stays open until a named clinician has reviewed it.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="watch_entries")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="watch_entries")
    item = models.CharField(max_length=24)
    value = models.CharField(max_length=24)
    note = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    entered_by = models.CharField(max_length=200)
    corrects = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="corrected_by"
    )
    reason = models.TextField(blank=True)
    taken_back = models.BooleanField(default=False)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    review_note = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["patient", "item", "asked_at"], name="watch_by_person")]


class SpacingDecision(Record):
    """What a prescriber decided about coming back, and why. The newest of a course stands.

    ``proposed`` is what the page said then: the proposal, its chances, and of which forecast.
    """

    DECISIONS = (
        ("keep", "As planned"),
        ("earlier", "Earlier"),
        ("later", "Later"),
        ("stop", "Stop"),
        ("other", "Another treatment"),
    )

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="spacing_decisions")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    decision = models.CharField(max_length=8, choices=DECISIONS)
    on_day = models.DateField(null=True)
    reason = models.TextField()
    proposed = models.JSONField()
    revises = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="revised_by"
    )
    decided_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["course", "decided_at"], name="spacing_by_course")]


class MoodAhead(models.Model):
    """What the scores of a course lead to expect. No clinical record: it follows from the record.

    One row a course, made anew whenever ``digest`` (of everything it follows from, the model's
    version and the seed) is another. ``position`` is how far the chain had come when that was last
    looked at. Without a forecast ``payload`` is NULL and ``reason`` says why. It says as much about
    a person as what it follows from, and goes when that goes.
    """

    course = models.OneToOneField(
        Course, primary_key=True, on_delete=models.CASCADE, related_name="mood_ahead"
    )
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    model_version = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    position = models.BigIntegerField()
    payload = models.JSONField(null=True)
    #: The learned virtual people themselves, for whoever plans on from there.
    people = models.JSONField(null=True)
    reason_code = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    what_to_do = models.CharField(max_length=300, blank=True)
