"""Psychotherapy notes: written, changed, and opened to those whom their author names."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.people.models import Account, Membership
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid
from evenkeel.clinic.record.permissions import roles_for
from evenkeel.clinic.therapy.models import WalledNote, WalledReader

LONGEST: Final = 20_000


@action("wall.write", permission="wall.write")
def write_note(act: Act, *, course_id: Any, text: str) -> WalledNote:
    """Write a note that nobody but its author can open. Raises ``Invalid``."""
    course = act.open(Course, course_id, "patient", "site")
    return act.write(
        WalledNote(
            site=course.site,
            course=course,
            patient=course.patient,
            author=signer(act),
            written_at=act.now,
            text=_read(text),
        )
    )


@action("wall.change", permission="wall.write")
def change_note(act: Act, *, note_id: Any, seen_version: int, text: str) -> WalledNote:
    """Write one's own note anew. Raises ``Forbidden`` for anybody but its author, ``Conflict``."""
    note = _own(act, note_id)
    if note.version != seen_version:
        raise Conflict("You changed this note on another page.", code="changed_meanwhile")
    note.text = _read(text)
    return act.write(note)


@action("wall.name", permission="wall.write")
def name_reader(act: Act, *, note_id: Any, account_id: Any) -> WalledReader:
    """Let a colleague open one's own note. Naming somebody again changes nothing.

    Raises ``Forbidden`` for anybody but its author, ``Invalid`` for somebody who does not care for
    people at this site.
    """
    note = _own(act, note_id)
    reader = may_be_named(note).get(str(account_id))
    if reader is None:
        raise Invalid(
            "This person cannot be named.",
            fields={"reader": "Choose a clinician of this site, other than yourself."},
        )
    held: WalledReader | None = WalledReader.objects.filter(
        note=note, reader=reader, ended_at=None
    ).first()
    if held is not None:
        return held
    act.note(reader=reader.shown_name)
    return act.write(
        WalledReader(
            site=note.site, note=note, patient=note.patient, reader=reader, named_at=act.now
        )
    )


@action("wall.unname", permission="wall.write")
def unname_reader(act: Act, *, note_id: Any, reader_id: Any) -> WalledReader:
    """Close one's own note to somebody again. Raises ``Forbidden`` for anybody but its author."""
    note = _own(act, note_id)
    row = act.open(WalledReader, reader_id, "site", "patient", "reader")
    if row.note_id != note.pk:
        raise Invalid("This belongs to another note.")
    if row.ended_at is None:
        row.ended_at = act.now
        act.note(reader=row.reader.shown_name)
        act.write(row)
    return row


def may_be_named(note: WalledNote) -> dict[str, Account]:
    """Who could be named as a reader: clinicians of the site other than the author; by key."""
    held = (
        Membership.objects.filter(
            site_id=note.site_id,
            ended_at=None,
            account__is_active=True,
            role__in=[role.value for role in roles_for("wall.open")],
        )
        .exclude(account_id=note.author_id)
        .select_related("account")
        .order_by("account__full_name")
    )
    return {str(row.account_id): row.account for row in held}


def _own(act: Act, note_id: Any) -> WalledNote:
    note = act.open(WalledNote, note_id, "site", "patient", "course")
    if str(note.author_id) != act.actor.id:
        raise Forbidden("Only its author can do this.", what_to_do="Ask its author.")
    return note


def _read(text: str) -> str:
    text = text.strip()
    if not text or len(text) > LONGEST or "\x00" in text:
        raise Invalid(
            "The note is not kept yet.", fields={"text": f"Write 1 to {LONGEST} characters."}
        )
    return text
