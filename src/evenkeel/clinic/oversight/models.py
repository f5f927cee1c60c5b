"""Harm, near harm and complaint; what is owed to authorities and to a risk programme."""

from __future__ import annotations

import uuid

from django.db import models

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.models import Response, SafetySignal
from evenkeel.clinic.oversight.erasure_models import ErasureRequest as ErasureRequest
from evenkeel.clinic.oversight.privacy_models import PrivacyRequest as PrivacyRequest
from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.record.models import Record
from evenkeel.clinic.session.models import Appointment, Session


class Incident(Record):
    """Something that harmed somebody, nearly did, or could have: one case with its story.

    What is said of it stands in :class:`IncidentAccount`; the newest stands, and the columns here
    repeat of it what lists and counts ask for. ``number`` counts within the site.
    """

    KINDS = (
        ("adverse_event", "Adverse event"),
        ("near_miss", "Near miss"),
        ("incident", "Other incident"),
    )
    ORIGINS = (
        ("session", "In a session"),
        ("call", "Said on a follow-up call"),
        ("signal", "A safety signal"),
        ("questionnaire", "An answered questionnaire"),
        ("person", "Told or found otherwise"),
    )

    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=KINDS)
    origin = models.CharField(max_length=16, choices=ORIGINS)
    patient = models.ForeignKey(
        Patient, null=True, on_delete=models.PROTECT, related_name="incidents"
    )
    course = models.ForeignKey(Course, null=True, on_delete=models.PROTECT, related_name="+")
    session = models.ForeignKey(
        Session, null=True, on_delete=models.PROTECT, related_name="incidents"
    )
    call = models.ForeignKey(
        Appointment, null=True, on_delete=models.PROTECT, related_name="incidents"
    )
    signal = models.ForeignKey(
        SafetySignal, null=True, on_delete=models.PROTECT, related_name="incidents"
    )
    response = models.ForeignKey(
        Response, null=True, on_delete=models.PROTECT, related_name="incidents"
    )
    title = models.CharField(max_length=160)
    product = models.CharField(max_length=24, blank=True)
    severity = models.CharField(max_length=12, blank=True)
    #: Codes of the criteria of seriousness that are met; empty: not serious.
    seriousness = models.JSONField(default=list)
    outcome = models.CharField(max_length=24, blank=True)
    happened_at = models.DateTimeField()
    noticed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)
    review_due_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    review_note = models.TextField(blank=True)
    #: The account that was reviewed: a later correction asks for another review.
    reviewed_account_id = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["site", "happened_at"], name="incident_by_time"),
            models.Index(fields=["site", "closed_at"], name="incident_open"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["site", "number"], name="one_incident_number")
        ]


class IncidentAccount(Record):
    """What is said of an incident, whole. A correction is a new account that supersedes.

    Codes are those of the files in ``terms/``. ``listed`` names the label's term it falls under.
    ``given`` is what was given: product, dose, lot, when, as it stood when this was written.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="accounts")
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="+")
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    reason = models.TextField(blank=True)
    written_at = models.DateTimeField()
    written_by = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=Incident.KINDS)
    title = models.CharField(max_length=160)
    narrative = models.TextField()
    happened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    severity = models.CharField(max_length=12, blank=True)
    seriousness = models.JSONField(default=list)
    serious_words = models.CharField(max_length=400, blank=True)
    causality = models.CharField(max_length=20, blank=True)
    expectedness = models.CharField(max_length=12, blank=True)
    listed = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(max_length=24, blank=True)
    died_on = models.DateField(null=True)
    action_taken = models.CharField(max_length=24, blank=True)
    abated = models.CharField(max_length=16, blank=True)
    reappeared = models.CharField(max_length=16, blank=True)
    treatment = models.TextField(blank=True)
    tests = models.TextField(blank=True)
    history = models.TextField(blank=True)
    given = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["incident", "written_at"], name="account_by_incident")]


class IncidentAction(Record):
    """What somebody is to do about an incident, until it is closed with what was done."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="actions")
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=400)
    owner = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    #: The end of that day at the clock of the site.
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=200, blank=True)
    done_note = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["site", "done_at", "due_at"], name="action_open")]


class Report(Record):
    """A report to an authority about an incident: who is to send it, and the proof that it went.

    ``authority`` names a row of the files in ``authorities/``. ``document`` is what was filled in
    when it was noted as sent, ``document_hash`` its SHA-256. Nothing here is sent by the house.
    ``not_sent_reason`` stands where somebody decided that no report is owed.
    """

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="reports")
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="+")
    authority = models.CharField(max_length=40)
    sender = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    #: ``NULL``: the authority sets no clock for this reporter.
    due_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=200, blank=True)
    sent_how = models.CharField(max_length=20, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    document = models.JSONField(null=True)
    document_hash = models.CharField(max_length=64, blank=True)
    not_sent_reason = models.TextField(blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["site", "sent_at", "due_at"], name="report_open")]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "authority"], name="one_report_an_authority"
            )
        ]


class Complaint(Record):
    """A complaint, kept from those who treat the person.

    ``recipients`` are the roles that may read it. Whom it is about is a role or nobody named. It
    is no part of the person's record: ``patient_ref`` is empty, so that no list of who looked at a
    person and no page about them tells of it. ``code_hash`` is of the code by which somebody who
    gave no name can read the answer.
    """

    VIA = (
        ("own", "The person's own pages"),
        ("public", "The clinic's public page"),
        ("staff", "Written down by staff"),
    )
    ABOUT = (
        ("team", "Somebody who treats me"),
        ("medical_director", "The medical director"),
        ("administrator", "The administrator"),
        ("place", "The place, or how things are run"),
        ("unsaid", "Not said"),
    )

    number = models.PositiveIntegerField()
    via = models.CharField(max_length=8, choices=VIA)
    about = models.CharField(max_length=20, choices=ABOUT, default="unsaid")
    recipients = models.JSONField(default=list)
    #: Accounts that may not read it whatever their role: it is about them, or they passed it on.
    excluded = models.JSONField(default=list)
    subject_patient = models.ForeignKey(
        Patient, null=True, on_delete=models.PROTECT, related_name="+"
    )
    from_name = models.CharField(max_length=120, blank=True)
    from_contact = models.CharField(max_length=200, blank=True)
    anonymous = models.BooleanField(default=False)
    written_by = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    wish = models.TextField(blank=True)
    happened = models.CharField(max_length=120, blank=True)
    received_at = models.DateTimeField()
    code_hash = models.CharField(max_length=64, unique=True)
    acknowledge_by = models.DateTimeField(null=True)
    answer_by = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=200, blank=True)
    acknowledgement = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, blank=True)
    answer = models.TextField(blank=True)
    #: What was found and done, for those who may read it; not part of the answer.
    findings = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["site", "answered_at"], name="complaint_open")]
        constraints = [
            models.UniqueConstraint(fields=["site", "number"], name="one_complaint_number")
        ]

    @property
    def patient_ref(self) -> uuid.UUID | None:
        """Nobody: a complaint is no part of a patient's record."""
        return None


class RemsSite(Record):
    """That a site is enrolled in a risk programme. The newest without an end stands."""

    program = models.CharField(max_length=40)
    representative = models.CharField(max_length=200)
    enrolled_on = models.DateField()
    enrollment_number = models.CharField(max_length=60, blank=True)
    #: A list of {name, number}: who may dispense to this site.
    pharmacies = models.JSONField(default=list)
    recorded_by = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    ended_on = models.DateField(null=True)
    end_reason = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["site", "program"], name="rems_site")]


class RemsPatient(Record):
    """That a person is enrolled in a risk programme: both have signed, and it was submitted."""

    program = models.CharField(max_length=40)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="rems")
    signed_name = models.CharField(max_length=160)
    patient_signed_on = models.DateField()
    prescriber = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    prescriber_signed_at = models.DateTimeField()
    submitted_on = models.DateField()
    submitted_how = models.CharField(max_length=20)
    reference = models.CharField(max_length=120)
    recorded_by = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, blank=True)
    end_reason = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["patient", "program"], name="rems_patient")]


class RemsDefinition(Record):
    """A clinic's own version of a programme's form, loaded from the official one. The newest
    that was not withdrawn is filled in; a form begun keeps the version it was begun under."""

    program = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    edition = models.CharField(max_length=60)
    document = models.JSONField()
    document_hash = models.CharField(max_length=64)
    loaded_by = models.CharField(max_length=200)
    loaded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["site", "program"], name="rems_definition")]


class RemsForm(Record):
    """The form of one session. It has a row from the first field that was confirmed.

    ``fields`` maps a field's id to ``{state, value, proposed, by, at}``: ``state`` is "confirmed"
    or "unknown", ``proposed`` what the session said then. Where the session says something else
    now, the field counts as open again. ``definition`` is the whole form it was filled under.
    """

    program = models.CharField(max_length=40)
    session = models.OneToOneField(Session, on_delete=models.PROTECT, related_name="rems_form")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    definition = models.JSONField()
    definition_hash = models.CharField(max_length=64)
    fields = models.JSONField(default=dict)
    begun_at = models.DateTimeField()
    due_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    submitted_how = models.CharField(max_length=20, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    submitted_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField(null=True)
    #: Proofs of what was submitted before it was opened again, with why.
    earlier = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["site", "submitted_at"], name="rems_form_open")]


from evenkeel.clinic.oversight.quality_models import QualityNote  # noqa: E402

__all__ = [
    "Complaint",
    "Incident",
    "IncidentAccount",
    "IncidentAction",
    "QualityNote",
    "RemsDefinition",
    "RemsForm",
    "RemsPatient",
    "RemsSite",
    "Report",
]
