"""That a backup was made, or a clinic restored from one, stands on the chain."""

from __future__ import annotations

from evenkeel.clinic.record.act import Act, action


@action("backup.make", permission="backup.note")
def note_made(
    act: Act, *, file: str, position: int, head_hash: str, sha256: str, encrypted: bool
) -> None:
    """Note which file was made and up to which entry it goes."""
    act.note(file=file, position=position, head_hash=head_hash, sha256=sha256, encrypted=encrypted)


@action("backup.restore", permission="backup.note")
def note_restore(
    act: Act, *, file: str, made_at: str, position: int, head_hash: str, upgraded: bool
) -> None:
    """Note that everything before this entry came out of a backup."""
    act.note(file=file, made_at=made_at, position=position, head_hash=head_hash, upgraded=upgraded)
