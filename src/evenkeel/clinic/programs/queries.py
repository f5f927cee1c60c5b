"""Which programs a site has, which one a course is on, and what that asks before a dose."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from evenkeel.clinic.course.models import TouchAgreement
from evenkeel.clinic.course.transitions import Refusal
from evenkeel.clinic.programs.document import read_text, shipped, shipped_document
from evenkeel.clinic.programs.edits import document_text
from evenkeel.clinic.programs.models import CourseProgram, ProgramState, ProgramVersion
from evenkeel.clinic.programs.parts import Program

NO_TOUCH_AGREEMENT = "no_touch_agreement"


@dataclass(frozen=True, slots=True)
class HeldProgram:
    """A program as it holds at a site: the clinic's signed version, or the shipped one."""

    program: Program
    text: str
    version: ProgramVersion | None = None
    draft: ProgramVersion | None = None


@dataclass(frozen=True, slots=True)
class OnProgram:
    """That a course is on a program, and the program as it was when it was put on it."""

    row: CourseProgram
    program: Program


def text_digest(text: str) -> str:
    """SHA-256 of a stored document."""
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=128)
def parsed(text: str) -> Program:
    """The program in a stored text."""
    return read_text(text, name="program")


def programs_at(site_id: Any) -> Sequence[HeldProgram]:
    """Every program of a site, as it holds there now; one query."""
    rows = list(
        ProgramVersion.objects.filter(
            site_id=site_id, state__in=(ProgramState.SIGNED, ProgramState.DRAFT)
        )
        .select_related("signed_by", "author")
        .order_by("number")
    )
    found = []
    for program_id, program in shipped().items():
        mine = [row for row in rows if row.program == program_id]
        signed = [row for row in mine if row.state == ProgramState.SIGNED]
        draft = next((row for row in mine if row.state == ProgramState.DRAFT), None)
        if signed:
            found.append(HeldProgram(parsed(signed[-1].text), signed[-1].text, signed[-1], draft))
        else:
            text = document_text(shipped_document(program_id))
            found.append(HeldProgram(program, text, None, draft))
    return found


def program_at(site_id: Any, program_id: str) -> HeldProgram | None:
    """One program as it holds at a site now."""
    return next((h for h in programs_at(site_id) if h.program.id == program_id), None)


def program_of(course_id: Any) -> OnProgram | None:
    """The program a course is on now; one query."""
    row = (
        CourseProgram.objects.filter(course_id=course_id, ended_at=None)
        .select_related("chosen_by", "used")
        .first()
    )
    return OnProgram(row, parsed(row.text)) if row is not None else None


def programs_of(course_id: Any) -> Sequence[CourseProgram]:
    """Every program a course was on, the newest first."""
    return list(
        CourseProgram.objects.filter(course_id=course_id)
        .select_related("chosen_by", "ended_by")
        .order_by("-chosen_at")
    )


def against_first_dose(course_id: Any, touch: TouchAgreement | None) -> tuple[Refusal, ...]:
    """What the program of a course asks before a session's first dose; empty where nothing is open.

    ``touch`` is the agreement that stands. “No touch” is an agreement too; it is the signature
    and the stop word that must be there.
    """
    if touch is not None:
        return ()
    on = program_of(course_id)
    if on is None or not on.program.needs_touch_agreement:
        return ()
    return (
        Refusal(
            NO_TOUCH_AGREEMENT,
            f"No touch agreement with a stop word is signed; {on.program.title} asks for one "
            "before the dose.",
            "Agree on it with the person, before they are given anything.",
        ),
    )


def history_of(site_id: Any, program_id: str) -> Sequence[ProgramVersion]:
    """Every version of a site's program, the newest first, without their texts."""
    return list(
        ProgramVersion.objects.filter(site_id=site_id, program=program_id)
        .select_related("author", "signed_by", "edited_by")
        .defer("text")
        .order_by("-number")
    )
