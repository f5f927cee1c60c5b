"""The person's journal: writing, sharing, taking back. No member of staff may do any of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.therapy.models import JournalEntry

LONGEST: Final = 20_000


@action("journal.write", permission="own.journal")
def write_entry(
    act: Act,
    *,
    course_id: Any,
    text: str,
    themes: Sequence[str] = (),
    sharing: str = "private",
    shared_part: str = "",
) -> JournalEntry:
    """Write an entry; private unless the person says otherwise. Raises ``Invalid`` by field."""
    course = act.open(Course, course_id, "patient", "site")
    row = JournalEntry(site=course.site, course=course, patient=course.patient, written_at=act.now)
    _put(act, row, text, themes, sharing, shared_part)
    return act.write(row)


@action("journal.change", permission="own.journal")
def change_entry(
    act: Act,
    *,
    entry_id: Any,
    seen_version: int,
    text: str,
    themes: Sequence[str] = (),
    sharing: str = "private",
    shared_part: str = "",
) -> JournalEntry:
    """Write an entry anew, or share it otherwise. Raises as ``write_entry``, ``Conflict``."""
    row = act.open(JournalEntry, entry_id, "course", "site", "patient")
    if row.removed_at is not None:
        raise Refused("You took this entry away.", code="removed")
    if row.version != seen_version:
        raise Conflict(
            "You changed this entry on another page.",
            what_to_do="Open it again, so that nothing is lost.",
            code="changed_meanwhile",
        )
    _put(act, row, text, themes, sharing, shared_part)
    return act.write(row)


@action("journal.remove", permission="own.journal")
def remove_entry(act: Act, *, entry_id: Any) -> JournalEntry:
    """Take an entry away: it shows nowhere any more. Doing it again changes nothing."""
    row = act.open(JournalEntry, entry_id, "course", "site", "patient")
    if row.removed_at is not None:
        return row
    row.removed_at, row.sharing = act.now, "private"
    row.text = row.shared_text = ""
    row.themes, row.shared_themes, row.shared_since = [], [], None
    return act.write(row)


def _put(
    act: Act,
    row: JournalEntry,
    text: str,
    themes: Sequence[str],
    sharing: str,
    shared_part: str,
) -> None:
    text, shared_part = text.strip(), shared_part.strip()
    wrong: dict[str, str] = {}
    if not text:
        wrong["text"] = "Write something first."
    elif len(text) > LONGEST or "\x00" in text:
        wrong["text"] = f"At most {LONGEST} characters."
    if sharing not in dict(JournalEntry.SHARING):
        wrong["sharing"] = "Choose who may read it."
    elif sharing == "part" and not shared_part:
        wrong["shared_part"] = "Write or paste the part your clinic may read."
    elif len(shared_part) > LONGEST or "\x00" in shared_part:
        wrong["shared_part"] = f"At most {LONGEST} characters."
    if wrong:
        raise Invalid("Your entry is not kept yet.", fields=wrong)
    row.text, row.themes = text, list(themes)
    if sharing != row.sharing or row.version == 0:
        row.shared_since = None if sharing == "private" else act.now
        act.note(sharing=sharing)
    row.sharing = sharing
    row.shared_text = {"all": text, "part": shared_part, "private": ""}[sharing]
    row.shared_themes = list(themes) if sharing == "all" else []
