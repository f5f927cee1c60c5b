"""Therapy around the doses: preparation, set, talks, journal, commitments, notes behind a wall."""

from __future__ import annotations

from django.db import models

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.record.models import Record
from evenkeel.clinic.session.models import Appointment

SIDES = (("patient", "The person"), ("therapist", "The therapist"))

THERAPIES = (
    ("cbt", "Cognitive behavioral therapy"),
    ("mindfulness", "Mindfulness"),
    ("act", "Acceptance and commitment therapy"),
    ("emdr", "EMDR"),
    ("other", "Another kind"),
)


class PreparationTick(Record):
    """That one side says a line of the checklist is done; each side has its own."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="ticks")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=40)
    side = models.CharField(max_length=10, choices=SIDES)
    done = models.BooleanField(default=False)
    ticked_at = models.DateTimeField()
    by_name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course", "item", "side"], name="one_tick_a_side")
        ]


class SetPart(Record):
    """One side's part of the set: what the person brings, or what the therapist notes of it.

    ``answers`` by the keys of :mod:`evenkeel.clinic.therapy.set_questions`. ``told_to`` names who
    wrote it down where the person told it instead of writing. ``discussed_at`` is when the person's
    part was last talked over; what was written later was not.
    """

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="set_parts")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=SIDES)
    answers = models.JSONField(default=dict)
    written_at = models.DateTimeField()
    by_name = models.CharField(max_length=200)
    told_to = models.CharField(max_length=200, blank=True)
    discussed_at = models.DateTimeField(null=True)
    discussed_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["course", "side"], name="one_part_a_side")]


class Talk(Record):
    """A preparation or an integration that took place: kind and dose of therapy, and what came up.

    The note is part of the record that the care team reads; what belongs to nobody but the
    therapist goes into a :class:`WalledNote`.
    """

    KINDS = (("preparation", "Preparation"), ("integration", "Integration"))

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="talks")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    appointment = models.OneToOneField(
        Appointment, null=True, on_delete=models.PROTECT, related_name="talk"
    )
    kind = models.CharField(max_length=12, choices=KINDS)
    held_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    therapy = models.CharField(max_length=12, choices=THERAPIES)
    therapy_other = models.CharField(max_length=80, blank=True)
    themes = models.JSONField(default=list)
    note = models.TextField(blank=True)
    held_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    struck_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["course", "held_at"], name="talk_by_course")]


class JournalEntry(Record):
    """One entry of a person's own journal. What is not shared is read by nobody else.

    No page, interface or export reads ``text`` or ``themes`` but the person's own pages; the
    clinic's pages ask for ``shared_text`` and ``shared_themes`` alone, which hold nothing where the
    entry is private.
    """

    SHARING = (("private", "Only me"), ("part", "A part of it"), ("all", "All of it"))

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="journal")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="journal")
    written_at = models.DateTimeField()
    text = models.TextField(blank=True)
    themes = models.JSONField(default=list)
    sharing = models.CharField(max_length=8, choices=SHARING, default="private")
    shared_text = models.TextField(blank=True)
    shared_themes = models.JSONField(default=list)
    shared_since = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["course", "written_at"], name="journal_by_course")]


class Commitment(Record):
    """Something the person means to do between the sessions, and whether it was kept."""

    OUTCOMES = (
        ("open", "Open"),
        ("kept", "Kept"),
        ("partly", "Partly kept"),
        ("not_kept", "Not kept"),
        ("dropped", "Let go"),
    )

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="commitments")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=300)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)
    until = models.DateField(null=True)
    outcome = models.CharField(max_length=10, choices=OUTCOMES, default="open")
    outcome_note = models.CharField(max_length=400, blank=True)
    looked_at = models.DateTimeField(null=True)
    looked_by = models.CharField(max_length=200, blank=True)


class SideTherapy(Record):
    """A therapy that goes on beside the doses, here or elsewhere."""

    KINDS = (
        *THERAPIES[:-1],
        ("exercise", "Exercise"),
        ("sleep", "Sleep"),
        ("group", "Self-help group"),
        ("other", "Another kind"),
    )

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="side_therapies")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=KINDS)
    what = models.CharField(max_length=120, blank=True)
    where = models.CharField(max_length=120, blank=True)
    times_a_month = models.PositiveSmallIntegerField()
    minutes = models.PositiveSmallIntegerField(null=True)
    began_on = models.DateField()
    ended_on = models.DateField(null=True)
    end_reason = models.CharField(max_length=300, blank=True)
    noted_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")


class WalledNote(Record):
    """A psychotherapy note: only its author and whom the author names can open it."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="walled_notes")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    text = models.TextField()


class WalledReader(Record):
    """That the author of a note named somebody who may open it; un-naming ends it."""

    note = models.ForeignKey(WalledNote, on_delete=models.PROTECT, related_name="readers")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    reader = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["note", "reader"], condition=models.Q(ended_at=None), name="one_naming"
            )
        ]
