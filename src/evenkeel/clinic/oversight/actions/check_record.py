"""Checking the record is itself an act: who looked, when, and what was found."""

from __future__ import annotations

from evenkeel.clinic.record.act import Act, Context, action
from evenkeel.clinic.record.verify import FullVerification, verify


@action("record.check", permission="audit.verify")
def _note_check(act: Act, *, entries: int, rows: int, breaks: int, head_hash: str) -> None:
    act.note(entries=entries, rows=rows, breaks=breaks, head_hash=head_hash)


def check_record(ctx: Context) -> FullVerification:
    """Verify the record and note that it was done.

    The walk reads outside the writer's lock, so that a clinic is not held up while it runs.
    """
    found = verify()
    _note_check(
        ctx,
        entries=found.entries,
        rows=found.rows,
        breaks=len(found.breaks),
        head_hash=found.head_hash,
    )
    return found
