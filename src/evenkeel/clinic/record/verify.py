"""Checking the whole record: the chain, every row it covers, and the heads exported before.

All of it is read as it stood at one moment, while the clinic goes on writing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.db import connection, models

from evenkeel.clinic.record.audit_key import installation_id
from evenkeel.clinic.record.chain import head
from evenkeel.clinic.record.check_chain import STRETCH, Break, Erasures, Stretch, check_stretch
from evenkeel.clinic.record.check_heads import HeadsFound, check_heads, read_heads
from evenkeel.clinic.record.check_rows import check_rows
from evenkeel.clinic.record.check_schema import check_schema
from evenkeel.clinic.record.erased import erasures
from evenkeel.clinic.record.exporting import folders
from evenkeel.clinic.record.heads import Head
from evenkeel.clinic.record.models import Record
from evenkeel.clinic.record.sealing import GENESIS
from evenkeel.clinic.record.tables import WATCHED, labels

#: What a check cannot find, in the words of the page and of the command.
CANNOT_DETECT: Final = (
    "What was done to the database after the newest exported head that fits, if whoever did it "
    "worked all later hashes out anew.",
    "A forgery by somebody who holds the signing key and can replace every exported head: keep "
    "heads, or copies of them, where nobody who runs this machine can change them.",
    "What was typed wrongly or untruthfully, or by somebody at another's open sign-in: the chain "
    "shows who was signed in, what was entered and when.",
    "An edit that was undone before the check, and anybody who only read the database itself.",
    "Tables that are no part of the record: docs/audit.md names each, and why.",
)
#: (stretches and tables done, of how many)
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Verified:
    """What a check found."""

    entries: int = 0
    rows: int = 0
    erased: int = 0
    erased_by: list[int] = field(default_factory=list)
    head_hash: str = GENESIS
    root: str = ""
    breaks: list[Break] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    heads: int = 0
    newest: Head | None = None
    fitting: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.breaks


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the check that one process can do alone: a stretch of the chain, or a table."""

    first: int = 0
    last: int = 0
    is_last: bool = False
    sizes: tuple[int, ...] = ()
    erasures: Erasures = field(default_factory=Erasures)
    label: str = ""


def versioned_models() -> list[type[models.Model]]:
    """Every table whose rows have versions on the chain."""
    kept = [model for model in apps.get_models() if issubclass(model, Record)]
    return [*kept, *(apps.get_model(label) for label in labels(WATCHED))]


def pieces(length: int, sizes: Sequence[int], gone: Erasures) -> list[Piece]:
    """The whole check, cut up; an empty chain still has one stretch, for rows without an entry."""
    found = []
    for first in range(1, max(length, 1) + 1, STRETCH):
        last = min(first + STRETCH - 1, length)
        inside = tuple(size for size in sizes if first <= size <= last)
        found.append(
            Piece(first, last, last == length, inside, gone.within(first, max(last, first)))
        )
    return found + [Piece(label=model._meta.label_lower) for model in versioned_models()]


def check_piece(piece: Piece) -> Stretch | tuple[int, list[Break]]:
    """One part of the check."""
    if piece.label:
        return check_rows(apps.get_model(piece.label))
    return check_stretch(
        piece.first,
        piece.last,
        is_last=piece.is_last,
        sizes=piece.sizes,
        erasures=piece.erasures,
    )


@contextlib.contextmanager
def one_moment() -> Iterator[None]:
    """Everything read inside is as it stood when it began; nobody who writes has to wait."""
    if connection.in_atomic_block:  # the caller's transaction is that moment
        yield
        return
    begin = (
        "BEGIN"  # not IMMEDIATE: it only reads
        if connection.vendor == "sqlite"
        else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    )
    with connection.cursor() as cursor:
        cursor.execute(begin)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")


def verify(
    *,
    head_folders: Sequence[Path] | None = None,
    trusted_key: str = "",
    progress: Progress | None = None,
) -> Verified:
    """Check everything in this process; :mod:`.verify_fast` does it in several."""
    places = list(folders() if head_folders is None else head_folders)
    with one_moment():
        found = read_heads(places)
        work = pieces(head()[0], found.sizes, erasures())
        results = []
        for number, piece in enumerate(work, 1):
            results.append(check_piece(piece))
            if progress:
                progress(number, len(work))
        return put_together(results, found, trusted_key)


def put_together(
    results: Sequence[Stretch | tuple[int, list[Break]]], heads: HeadsFound, trusted_key: str
) -> Verified:
    """One finding out of those of the pieces, in their order."""
    stretches = [one for one in results if isinstance(one, Stretch)]
    verified = Verified(heads=len(heads.heads), erased_by=sorted(set(erasures().by.values())))
    _chain_of(stretches, verified)
    for one in results:
        if not isinstance(one, Stretch):
            verified.rows += one[0]
            verified.breaks += one[1]
    verified.breaks += check_schema()
    checked = check_heads(heads, stretches, first_hash=installation_id(), trusted=trusted_key)
    verified.breaks += checked.breaks
    verified.notes += checked.notes
    verified.newest, verified.fitting = checked.newest, checked.fitting
    if not heads.heads and verified.entries:
        verified.notes.append(
            "No exported head was found: a chain that was cut or rewritten whole cannot be told "
            "from a sound one."
        )
    return verified


def _chain_of(stretches: Sequence[Stretch], verified: Verified) -> None:
    previous = GENESIS
    whole: Any = None
    for stretch in stretches:
        if stretch.entries and stretch.begins_after not in (previous, ""):
            verified.breaks.append(Break(stretch.first, "does not follow from the entry before it"))
        verified.breaks += stretch.breaks
        verified.entries += stretch.entries
        verified.rows += stretch.rows
        verified.erased += stretch.erased
        previous = stretch.ends_with or previous
        with contextlib.suppress(ValueError):
            if whole is None:
                whole = stretch.tree.copy()
            else:
                whole.join(stretch.tree)
    verified.head_hash = previous
    verified.root = whole.root().hex() if whole is not None else ""
