"""The clinic's own versions of programs, and which program a course is on."""

from __future__ import annotations

from django.db import models

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.record.models import Record
from evenkeel.clinic.record.signed import Signed


class ProgramState(models.TextChoices):
    """What was done with a version. The newest signed one of a program holds at its site."""

    DRAFT = "draft", "Draft"
    SIGNED = "signed", "Signed"
    DISCARDED = "discarded", "Discarded"


class ProgramVersion(Record):
    """One version of a site's program. ``text`` is the document; once signed it never changes."""

    signed_kind = Signed(
        "Program version",
        "signed_by",
        "signed_at",
        view="program.view",
        states=frozenset({"signed"}),
    )

    program = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=80)
    reason = models.TextField(blank=True)
    state = models.CharField(
        max_length=10, choices=ProgramState.choices, default=ProgramState.DRAFT
    )
    text = models.TextField()
    text_hash = models.CharField(max_length=64, blank=True)
    author = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    edited_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    signed_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(null=True)
    meaning = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "program", "number"], name="one_program_number"
            ),
            models.UniqueConstraint(
                fields=["site", "program"],
                condition=models.Q(state="draft"),
                name="one_program_draft",
            ),
        ]


class CourseProgram(Record):
    """That a course is on a program, from a day to a day; the document as it was then stays."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="programs")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    program = models.CharField(max_length=40)
    title = models.CharField(max_length=80)
    #: ``None`` for the one that comes with the software.
    used = models.ForeignKey(ProgramVersion, null=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    chosen_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    end_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course"], condition=models.Q(ended_at=None), name="one_program_a_course"
            )
        ]
