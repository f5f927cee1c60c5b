"""A course of treatment: from referral through screening, consent and plan to its close."""

from __future__ import annotations

from django.db import models

from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.protocols.models import ProtocolVersion
from evenkeel.clinic.record.models import Record
from evenkeel.clinic.record.signed import Signed


class CourseState(models.TextChoices):
    """Where a course stands."""

    REFERRED = "referred", "Referred"
    SCREENING = "screening", "Screening"
    CONSENTED = "consented", "Consented"
    INDUCTION = "induction", "Induction"
    MAINTENANCE = "maintenance", "Maintenance"
    PAUSED = "paused", "Paused"
    CLOSED = "closed", "Closed"


class Course(Record):
    """One course of treatment of one person."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="courses")
    state = models.CharField(
        max_length=12, choices=CourseState.choices, default=CourseState.REFERRED
    )
    state_before_pause = models.CharField(max_length=12, blank=True)
    state_since = models.DateTimeField()
    indication = models.CharField(max_length=200)
    referred_by = models.CharField(max_length=160, blank=True)
    referral_note = models.TextField(blank=True)
    goal = models.TextField(blank=True)
    product = models.CharField(max_length=24, blank=True)
    prescriber = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    therapist = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    close_reason = models.TextField(blank=True)
    #: Set at the first administration, cleared at readiness: in between nothing new is agreed to.
    dosed_since = models.DateTimeField(null=True)
    #: Why no dose may start now: a list of {kind, id, statement, since}, kept by whoever raised it.
    dose_holds = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["site", "state"], name="course_by_state")]


class Screening(Record):
    """A signed decision whether this person may have this product, with what it rested on."""

    added_later = frozenset({"protocol_used_id", "protocol_hash"})
    signed_kind = Signed(
        "Screening", "signed_by", "signed_at", view="screening.view", role="signed_role"
    )

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="screenings")
    #: Counts within the course: which is the newest, whatever the clock said.
    number = models.PositiveIntegerField()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    product = models.CharField(max_length=24)
    jurisdiction = models.CharField(max_length=8)
    protocol_name = models.CharField(max_length=80)
    protocol_version = models.CharField(max_length=20)
    #: The signed version that was in force, and its SHA-256; neither under a shipped protocol.
    protocol_used = models.ForeignKey(
        ProtocolVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    protocol_hash = models.CharField(max_length=64, null=True)
    facts = models.JSONField()
    findings = models.JSONField()
    #: Digest of what the signer was shown; see :mod:`evenkeel.clinic.course.review`.
    read_digest = models.CharField(max_length=64)
    rules_passed = models.PositiveSmallIntegerField(default=0)
    proposed = models.CharField(max_length=30)
    decision = models.CharField(max_length=30)
    #: The decision differs from what the protocol proposed; stays visible for ever.
    overrides = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    meaning = models.CharField(max_length=300)
    signed_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    signed_role = models.CharField(max_length=20)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="one_screening_number")
        ]


class ConsentDocument(Record):
    """A version of the words a person consents to. Once published it never changes."""

    added_later = frozenset({"meaning"})
    signed_kind = Signed(
        "Consent document",
        "published_by",
        "published_at",
        view="consent.view",
        says="I publish these words for people to consent to.",
        still=frozenset({"retired_at"}),
    )

    kind = models.CharField(max_length=24)  # "treatment"
    product_group = models.CharField(max_length=24)  # "esketamine_nasal" or "off_label"
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    body = models.TextField()
    change_note = models.CharField(max_length=300, blank=True)
    published_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    body_hash = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    meaning = models.CharField(max_length=300, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "kind", "product_group", "number"], name="one_document_number"
            )
        ]


class Consent(Record):
    """That a person consented: name, time, meaning and the hash of what was read."""

    signed_kind = Signed(
        "Consent",
        "signed_name",
        "signed_at",
        view="consent.view",
        witness="taken_by",
        still=frozenset({"withdrawn_at", "withdrawn_by", "withdrawal_note"}),
    )

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="consents")
    number = models.PositiveIntegerField()
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(ConsentDocument, on_delete=models.PROTECT, related_name="+")
    document_hash = models.CharField(max_length=64)
    signed_name = models.CharField(max_length=160)
    meaning = models.CharField(max_length=300)
    signed_at = models.DateTimeField()
    taken_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=200, blank=True)
    withdrawal_note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="one_consent_number")
        ]


class TouchAgreement(Record):
    """What touch a person agrees to before a session, and the word that stops everything."""

    LEVELS = (
        ("none", "No touch"),
        ("hand", "Hand only"),
        ("hand_shoulder", "Hand and shoulder"),
    )
    added_later = frozenset({"boundaries", "stop_sign", "meaning"})
    signed_kind = Signed(
        "Touch agreement",
        "signed_name",
        "signed_at",
        view="course.view",
        says="This is the touch I agree to. My stop word ends it at once.",
        witness="taken_by",
        still=frozenset({"withdrawn_at"}),
    )

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="touch_agreements")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    level = models.CharField(max_length=20, choices=LEVELS)
    stop_word = models.CharField(max_length=40)
    #: What else is not wanted, in the person's words; and a sign for when words do not come.
    boundaries = models.TextField(null=True)
    stop_sign = models.CharField(max_length=80, null=True)
    signed_name = models.CharField(max_length=160)
    signed_at = models.DateTimeField()
    taken_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    meaning = models.CharField(max_length=300, null=True)


class Plan(Record):
    """What is to be given, how, and how often. A signed plan is replaced, never edited."""

    added_later = frozenset({"protocol_used_id", "protocol_hash"})
    signed_kind = Signed(
        "Plan",
        "signed_by",
        "signed_at",
        view="plan.view",
        still=frozenset({"state"}),
        states=frozenset({"signed", "replaced"}),
    )

    STATES = (("draft", "Draft"), ("signed", "Signed"), ("replaced", "Replaced"))

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="plans")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=STATES, default="draft")
    replaces = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    product = models.CharField(max_length=24)
    dose_mg = models.DecimalField(max_digits=8, decimal_places=2)
    dose_mg_per_kg = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    weight_kg = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    weight_as_of = models.DateTimeField(null=True)
    duration_min = models.DecimalField(max_digits=6, decimal_places=1, null=True)
    #: Of the vial that is drawn from, and, where an infusion is thinned, of what is pumped.
    concentration_mg_ml = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    diluted_mg_ml = models.DecimalField(max_digits=7, decimal_places=3, null=True)
    sessions_planned = models.PositiveSmallIntegerField(default=6)
    spacing_days = models.DecimalField(max_digits=5, decimal_places=1)
    note = models.TextField(blank=True)
    protocol_name = models.CharField(max_length=80)
    protocol_version = models.CharField(max_length=20)
    #: The signed version that was in force, and its SHA-256; neither under a shipped protocol.
    protocol_used = models.ForeignKey(
        ProtocolVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    protocol_hash = models.CharField(max_length=64, null=True)
    #: The arithmetic as it was signed: see :mod:`evenkeel.clinic.course.dose_sheet`.
    sheet = models.JSONField(default=dict)
    stops = models.JSONField(default=list)
    override_reason = models.TextField(blank=True)
    signed_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(null=True)
    meaning = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["course", "number"], name="one_plan_number")]


class DecisionTalk(Record):
    """That benefits, risks and other ways were talked over, and what the person said of it.

    ``shown`` are the sentences with the numbers as they stood then; ``shown_digest`` is theirs.
    """

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="decision_talks")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    product = models.CharField(max_length=24, blank=True)
    matters = models.TextField(blank=True)
    questions = models.TextField(blank=True)
    answers = models.TextField(blank=True)
    leaning = models.CharField(max_length=8)
    shown = models.JSONField()
    shown_digest = models.CharField(max_length=64)
    #: Empty where the person wrote it alone, on their own pages.
    talked_with = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    talked_at = models.DateTimeField()
