"""Checking the record is itself an act: who looked, when, and what was found."""

from __future__ import annotations

from evenkeel.clinic.record.act import Act, Context, action
from evenkeel.clinic.record.verify import Verified, verify


@action("record.check", permission="audit.verify")
def _note_check(
    act: Act, *, entries: int, rows: int, breaks: int, head_hash: str, fitting: int
) -> None:
    act.note(entries=entries, rows=rows, breaks=breaks, head_hash=head_hash, fitting=fitting)


def check_record(ctx: Context) -> Verified:
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
        fitting=found.fitting,
    )
    return found
