"""Reading psychotherapy notes: the one way in, and what is told of a note without opening it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evenkeel.clinic.record.act import Context, check_access, find
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.errors import Forbidden, NotFound
from evenkeel.clinic.therapy.models import WalledNote, WalledReader

#: What an opening, and a refused one, is called in the audit.
OPENING = "psychotherapy note"


@dataclass(frozen=True, slots=True)
class NoteLine:
    """That there is a note; never what it says."""

    pk: Any
    author: str
    written_at: datetime
    may_open: bool
    is_own: bool
    readers: int


def open_note(ctx: Context, note_id: Any) -> WalledNote:
    """The note, for its author and for whom the author has named; every try is in the audit.

    No role opens it, whatever else it may do. Raises ``NotFound`` or ``Forbidden``.
    """
    subject, patient_id, site_id = f"wallednote:{str(note_id)[:40]}", None, None
    try:
        note = find(WalledNote, note_id, "author", "patient", "course", "site")
        patient_id, site_id = note.patient_id, note.site_id
        check_access(ctx.actor, note, "wall.open")
        if not _is_let_in(ctx, note):
            raise Forbidden(
                "Only its author and whom they name can open this note.",
                what_to_do=f"Ask {note.author.shown_name} to name you.",
                code="behind_the_wall",
            )
    except (NotFound, Forbidden):
        log_read(
            ctx, OPENING, patient_id=patient_id, site_id=site_id, subject=subject, refused=True
        )
        raise
    log_read(ctx, OPENING, patient_id=patient_id, site_id=site_id, subject=subject)
    return note


def _is_let_in(ctx: Context, note: WalledNote) -> bool:
    if str(note.author_id) == ctx.actor.id:
        return True
    return bool(
        WalledReader.objects.filter(note=note, reader_id=ctx.actor.id, ended_at=None).exists()
        if not ctx.actor.id.startswith("system:")
        else False
    )


def note_lines(ctx: Context, course_id: Any) -> Sequence[NoteLine]:
    """The notes of a course without their words, the newest first; two queries."""
    rows = list(
        WalledNote.objects.filter(course_id=course_id)
        .select_related("author")
        .defer("text")
        .order_by("-written_at")
    )
    held: dict[Any, set[str]] = {}
    for note_id, reader_id in WalledReader.objects.filter(
        note__course_id=course_id, ended_at=None
    ).values_list("note_id", "reader_id"):
        held.setdefault(note_id, set()).add(str(reader_id))
    me = ctx.actor.id
    return [
        NoteLine(
            pk=row.pk,
            author=row.author.shown_name,
            written_at=row.written_at,
            may_open=str(row.author_id) == me or me in held.get(row.pk, ()),
            is_own=str(row.author_id) == me,
            readers=len(held.get(row.pk, ())),
        )
        for row in rows
    ]


def readers_of(note: WalledNote) -> Sequence[WalledReader]:
    """Everybody who was ever named for a note, those who still are first."""
    rows = WalledReader.objects.filter(note=note).select_related("reader").order_by("named_at")
    return sorted(rows, key=lambda row: row.ended_at is not None)


def count_walled(patient: Any) -> int:
    """How many notes about a person stand behind the wall; of what is in them it says nothing."""
    return int(WalledNote.objects.filter(patient=patient).count())
