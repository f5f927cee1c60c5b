"""Questionnaires and their scores, safety signals, the long-term watch, and what people ask us."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.record.models import Record
from evenkeel.clinic.record.signed import Signed
from evenkeel.clinic.session.models import Appointment


class Ask(Record):
    """A questionnaire sent to a person by a link that needs no account and works once.

    That it has expired follows from ``expires_at``; nobody writes it down. ``finished_at`` is when
    the last screen was left: from then on the link opens nothing. ``partial`` keeps what was said
    so far, in the form of :class:`evenkeel.clinic.outcome.walk.Said`. ``occasion_key`` names the
    place in the schedule it was made for; one course has one ask for each.
    """

    added_later: ClassVar[frozenset[str]] = frozenset({"occasion_key", "language"})

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
    occasion_key = models.CharField(max_length=120, null=True)
    language = models.CharField(max_length=16, null=True)

    class Meta:
        indexes = [models.Index(fields=["course", "sent_at"], name="ask_by_course")]
        constraints = [
            models.UniqueConstraint(fields=["course", "occasion_key"], name="one_ask_an_occasion")
        ]


class Response(Record):
    """A person's answers, and the score computed from them.

    ``language`` is that of the words the person read; NULL where somebody entered it from paper.
    """

    added_later: ClassVar[frozenset[str]] = frozenset({"language"})

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
    language = models.CharField(max_length=16, null=True)

    class Meta:
        indexes = [models.Index(fields=["course", "instrument", "answered_at"], name="scores")]


class SafetySignal(Record):
    """A worrying answer: open until a named clinician closes it; while open, no dose starts.

    ``urgency`` is a level of :func:`evenkeel.instruments.urgency`; ``follow_up`` holds the item's
    value, the one before it, the follow-up answers and the reasons for the level. It comes from an
    answered questionnaire (``response``) or from what was said on the telephone (``call``).
    Who has taken it (``taken_by``) sees to it: nobody further is called for a while.
    """

    added_later: ClassVar[frozenset[str]] = frozenset(
        {"call_id", "taken_by_id", "taken_at", "meaning"}
    )
    signed_kind = Signed(
        "Closing of a safety signal",
        "closed_by",
        "closed_at",
        view="outcome.view",
        says="I have seen to this and close it: the next dose is no longer held for it.",
    )

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
    taken_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True)
    meaning = models.CharField(max_length=300, null=True)

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

    added_later: ClassVar[frozenset[str]] = frozenset({"meaning"})
    signed_kind = Signed(
        "Review in the long-term watch",
        "reviewed_by",
        "reviewed_at",
        view="outcome.view",
        says="I have reviewed this entry and answer for what follows from it.",
    )

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
    meaning = models.CharField(max_length=300, null=True)

    class Meta:
        indexes = [models.Index(fields=["patient", "item", "asked_at"], name="watch_by_person")]


class ClinicText(Record):
    """The clinic's own text of a questionnaire: what may not ship, or a translation.

    ``document`` is the FHIR Questionnaire as it was handed in, ``licence`` says by what right it
    is used. The newest one that was not withdrawn is asked.
    """

    instrument = models.CharField(max_length=24)
    language = models.CharField(max_length=16)
    document = models.JSONField()
    licence = models.CharField(max_length=300)
    loaded_by = models.CharField(max_length=200)
    loaded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["site", "instrument"], name="text_by_instrument")]


class ContactChoice(Record):
    """How a person wants to be reminded, and when not. Without one, the clinic's usual way holds.

    ``stopped_at`` is when they said that no more messages shall come; the questions wait in their
    own pages all the same.
    """

    CHANNELS = (("email", "E-mail"), ("sms", "Text message"), ("none", "No messages"))

    patient = models.OneToOneField(Patient, on_delete=models.PROTECT, related_name="contact_choice")
    channel = models.CharField(max_length=8, choices=CHANNELS)
    language = models.CharField(max_length=16, default="en")
    #: Times of the clinic's clock, "HH:MM"; empty: the clinic's usual quiet time.
    quiet_from = models.CharField(max_length=5, blank=True)
    quiet_until = models.CharField(max_length=5, blank=True)
    stopped_at = models.DateTimeField(null=True)
    chosen_at = models.DateTimeField()
    chosen_by = models.CharField(max_length=200)


class Message(Record):
    """One message that carried a link, or tried to. It holds no text: that names nobody anyway.

    Written before it is handed over (``sending``), so that two runners never send it twice; what
    was cut short in between is ``unclear`` and is not sent again. ``number`` counts from 0: the
    first message and its reminders. ``asks`` are the ids of all questionnaires it leads to.
    """

    STATES = (
        ("sending", "Being sent"),
        ("sent", "Sent"),
        ("failed", "Failed"),
        ("unclear", "Perhaps sent"),
    )

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="messages")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="messages")
    ask = models.ForeignKey(Ask, on_delete=models.PROTECT, related_name="messages")
    asks = models.JSONField(default=list)
    number = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=12)
    state = models.CharField(max_length=10, choices=STATES, default="sending")
    attempts = models.PositiveSmallIntegerField(default=1)
    claimed_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["patient", "claimed_at"], name="message_by_person"),
            models.Index(fields=["state", "claimed_at"], name="message_by_state"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["ask", "number"], name="one_message_a_number")
        ]


class SignalCall(Record):
    """That somebody was called because a safety signal stood open. ``since`` is from when."""

    STEPS = (
        ("team", "The care team"),
        ("everybody", "Everybody who may close it"),
    )

    signal = models.ForeignKey(SafetySignal, on_delete=models.PROTECT, related_name="calls")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    step = models.CharField(max_length=10, choices=STEPS)
    since = models.DateTimeField()
    called_at = models.DateTimeField()
    names = models.JSONField(default=list)
    reached = models.PositiveSmallIntegerField(null=True)
    unreached = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signal", "step", "since"], name="one_call_a_step")
        ]


class TeamQuestion(Record):
    """A question a person asks the team from their own pages, and its answer."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="team_questions")
    course = models.ForeignKey(
        Course, null=True, on_delete=models.PROTECT, related_name="team_questions"
    )
    text = models.TextField()
    asked_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["site", "answered_at"], name="question_by_site")]


class SpacingDecision(Record):
    """What a prescriber decided about coming back, and why. The newest of a course stands.

    ``proposed`` is what the page said then: the proposal, its chances, and of which forecast.
    """

    added_later: ClassVar[frozenset[str]] = frozenset({"meaning"})
    signed_kind = Signed(
        "Decision about coming back",
        "decided_by",
        "decided_at",
        view="outcome.view",
        says="I have seen what the scores lead to expect and decide about coming back.",
    )

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
    meaning = models.CharField(max_length=300, null=True)

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
