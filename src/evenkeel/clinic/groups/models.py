"""Groups that are treated together: who leads, who is in it, when they meet, what the room was."""

from __future__ import annotations

from django.db import models

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.programs.models import ProgramVersion
from evenkeel.clinic.record.models import Record
from evenkeel.clinic.record.signed import Signed
from evenkeel.clinic.session.models import Appointment
from evenkeel.clinic.therapy.models import THERAPIES

CONSENT_MEANING = (
    "I agree to be treated in a group, and I keep what others say and do there to myself."
)


class TherapyGroup(Record):
    """People who prepare, have their dose and talk afterwards in one room.

    The program is kept as it was when the group was opened: capacity and staff follow from it.
    """

    name = models.CharField(max_length=80)
    program = models.CharField(max_length=40)
    title = models.CharField(max_length=80)
    #: ``None`` for the program that comes with the software.
    used = models.ForeignKey(ProgramVersion, null=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    room = models.CharField(max_length=80, blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    close_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "name"], condition=models.Q(closed_at=None), name="one_group_name"
            )
        ]


class GroupTherapist(Record):
    """That somebody leads a group, from a time to a time."""

    group = models.ForeignKey(TherapyGroup, on_delete=models.PROTECT, related_name="therapists")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "account"],
                condition=models.Q(ended_at=None),
                name="one_lead_a_group",
            )
        ]


class GroupConsent(Record):
    """A person's consent to being treated in a group, and to keeping what others say there."""

    signed_kind = Signed(
        "Consent to a group",
        "signed_name",
        "signed_at",
        view="course.view",
        says=CONSENT_MEANING,
        witness="taken_by",
        still=frozenset({"withdrawn_at"}),
    )

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="group_consents")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    #: What was read to the person, whole.
    words = models.TextField()
    signed_name = models.CharField(max_length=160)
    signed_at = models.DateTimeField()
    taken_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    meaning = models.CharField(max_length=300)


class GroupMember(Record):
    """That a person is in a group with their course, from a time to a time."""

    group = models.ForeignKey(TherapyGroup, on_delete=models.PROTECT, related_name="members")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="group_members")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    consent = models.ForeignKey(GroupConsent, on_delete=models.PROTECT, related_name="members")
    joined_at = models.DateTimeField()
    joined_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    left_at = models.DateTimeField(null=True)
    left_by = models.CharField(max_length=200, blank=True)
    left_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course"], condition=models.Q(left_at=None), name="one_group_a_course"
            )
        ]


class GroupVisit(Record):
    """One meeting of a group; who comes, each with an appointment of their own, are its places.

    ``themes`` and ``note`` are about the group and name nobody; what concerns one person stands in
    that person's own talk.
    """

    KINDS = (
        ("preparation", "Preparation"),
        ("dosing", "Dosing session"),
        ("integration", "Integration"),
    )
    STATES = (("booked", "Booked"), ("held", "Held"), ("cancelled", "Cancelled"))

    group = models.ForeignKey(TherapyGroup, on_delete=models.PROTECT, related_name="visits")
    kind = models.CharField(max_length=12, choices=KINDS)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    room = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=10, choices=STATES, default="booked")
    reason = models.TextField(blank=True)
    held_at = models.DateTimeField(null=True)
    minutes = models.PositiveSmallIntegerField(null=True)
    therapy = models.CharField(max_length=12, choices=THERAPIES, blank=True)
    therapy_other = models.CharField(max_length=80, blank=True)
    themes = models.JSONField(default=list)
    note = models.TextField(blank=True)
    held_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["group", "starts_at"], name="group_visit_by_time")]


class GroupPlace(Record):
    """One member's place in one meeting: their own appointment, and whether they came."""

    ATTENDANCE = (("expected", "Expected"), ("came", "Came"), ("absent", "Did not come"))

    visit = models.ForeignKey(GroupVisit, on_delete=models.PROTECT, related_name="places")
    member = models.ForeignKey(GroupMember, on_delete=models.PROTECT, related_name="places")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    appointment = models.OneToOneField(
        Appointment, on_delete=models.PROTECT, related_name="group_place"
    )
    attendance = models.CharField(max_length=10, choices=ATTENDANCE, default="expected")
    #: When the person left the meeting before its end, their own session going on or not begun.
    left_at = models.DateTimeField(null=True)
    left_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "member"], name="one_place_a_member")
        ]


class GroupSetting(Record):
    """Something of the room that was said once for everybody in it.

    It stands as an event in each session that it is about; the ids of those follow from this row's
    key, its version and the session, so that a correction finds them.
    """

    visit = models.ForeignKey(GroupVisit, on_delete=models.PROTECT, related_name="settings")
    kind = models.CharField(max_length=24)
    body = models.JSONField(default=dict)
    happened_at = models.DateTimeField()
    said_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    struck_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["visit", "happened_at"], name="group_setting_by_time")]


__all__ = [
    "CONSENT_MEANING",
    "GroupConsent",
    "GroupMember",
    "GroupPlace",
    "GroupSetting",
    "GroupTherapist",
    "GroupVisit",
    "TherapyGroup",
]
