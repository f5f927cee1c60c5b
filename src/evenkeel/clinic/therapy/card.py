"""Therapy in a few lines, for the course page; four queries."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.programs.queries import program_of
from evenkeel.clinic.therapy.evidence import therapy_evidence
from evenkeel.clinic.therapy.models import Commitment, SideTherapy, Talk
from evenkeel.clinic.therapy.queries import themes_of


def therapy_card(course: Course) -> dict[str, Any]:
    """Program, talks and minutes, therapies beside, commitments, and what the trials say."""
    talks = list(Talk.objects.filter(course=course, struck_at=None).only("minutes", "themes"))
    outcomes = list(Commitment.objects.filter(course=course).values_list("outcome", flat=True))
    return {
        "on": program_of(course.pk),
        "talks": len(talks),
        "minutes": sum(talk.minutes for talk in talks),
        "themes": themes_of(talks, ())[:5],
        "beside": list(SideTherapy.objects.filter(course=course, ended_on=None)),
        "commitments": len(outcomes),
        "kept": outcomes.count("kept"),
        "looked": sum(o in ("kept", "partly", "not_kept") for o in outcomes),
        "open": outcomes.count("open"),
        "evidence": therapy_evidence(),
    }
