"""Heads that were kept outside the database, held against a database that came from elsewhere."""

from __future__ import annotations

from pathlib import Path

from evenkeel.clinic.record.chain import head
from evenkeel.clinic.record.heads import Head, KeyRing, read_folder
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.config.instance import ConfigurationError

_SHOWN = 5


def against_heads(folder: Path | None) -> tuple[list[str], bool]:
    """What heads kept in a folder say of this database, in words, and whether all of it is there.

    A head that goes further than the database means that entries recorded after the backup are
    lost; one that differs, that this is not the record the head was made of.
    """
    if folder is None:
        return [
            "No heads kept elsewhere were given (--heads): nothing but the backup itself says "
            "that this is all there was."
        ], True
    if not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}")
    heads, keys, unread = read_folder(folder)
    if not heads:
        raise ConfigurationError(f"{folder} holds no head")
    ring = KeyRing(keys)
    position, _ = head()
    words = [f"Not read: {one}" for one in unread[:_SHOWN]]
    wrong = [one for one in heads if ring.why_not(one)]
    for one in wrong[:_SHOWN]:
        words.append(f"The head over {one.size} entries {ring.why_not(one)}.")
    believed = [one for one in heads if one not in wrong]
    differ = [one for one in believed if one.size <= position and not _fits(one)]
    for one in differ[:_SHOWN]:
        words.append(f"The head over {one.size} entries is of another record than this.")
    newest = max((one.size for one in believed), default=0)
    if newest > position:
        words.append(
            f"MISSING: a head kept elsewhere knows {newest} entries, this record has {position}; "
            f"{newest - position} were recorded after the backup and are lost."
        )
    good = not wrong and not differ and newest <= position
    if good:
        words.append(
            f"{len(believed)} heads kept elsewhere, up to entry {newest}, all fit: nothing of what "
            "they know is missing."
        )
    return words, good


def _fits(one: Head) -> bool:
    found = ChainEntry.objects.filter(pk=one.size).values_list("hash", flat=True).first()
    return bool(found == one.chain_hash)
