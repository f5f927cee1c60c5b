"""Putting signed heads outside the database, one small file each, on a schedule.

Before a head is signed, every new entry is checked against the one before it, and the tree against
the heads exported earlier: a chain that no longer continues what was exported is never signed, so
a forger without the key cannot have the program vouch for a forgery.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings

from evenkeel.clinic.record import audit_key
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.chain import head
from evenkeel.clinic.record.check_chain import STRETCH, Erasures, read_entries
from evenkeel.clinic.record.clock import Clock
from evenkeel.clinic.record.erased import erasures
from evenkeel.clinic.record.heads import Head, key_id, read_folder, sign_head
from evenkeel.clinic.record.merkle import Frontier, hash_leaf
from evenkeel.clinic.record.models import Heartbeat
from evenkeel.clinic.record.sealing import GENESIS, leaf_data
from evenkeel.clinic.record.set_aside import set_aside, set_heads_aside

log = logging.getLogger("evenkeel.record")
HEARTBEAT: Final = "heads"
#: A head is missed when none came for so many intervals.
LATE_AFTER: Final = 2


class NotSigned(RuntimeError):
    """No head was signed, and why."""


def folders() -> list[Path]:
    """Where heads go: the folder in the home, and a second one where the settings name it."""
    found = [Path(settings.HEADS_PATH)]
    if settings.HEADS_COPY_PATH:
        found.append(Path(settings.HEADS_COPY_PATH))
    return found


def exported(places: Sequence[Path] | None = None) -> list[Head]:
    """Every head in these folders, each once, by size and time."""
    found = {}
    for place in places if places is not None else folders():
        for one in read_folder(place)[0]:
            found[one.signature] = one
    return sorted(found.values(), key=lambda one: (one.size, one.at))


class Exporter:
    """Signs and writes heads; remembers how far it has come, so that a round costs little."""

    def __init__(self) -> None:
        self.tree, self.last_hash, self.first_hash = Frontier(), GENESIS, ""
        self.written: Head | None = None
        self.gone = Erasures()

    def export(self, clock: Clock) -> Head | None:
        """Write a head over everything recorded so far; ``None`` where nothing is new.

        Raises :class:`NotSigned` where the chain does not continue what was exported, where the
        key is lost, or where a folder cannot be written.
        """
        try:
            key = audit_key.load_key()
            known = audit_key.statements_on_chain()
            if key_id(key) not in {one.key for one in known}:
                raise NotSigned(
                    f"no entry announces the key in {audit_key.key_path()}; if its change broke "
                    "off, put back the one that is kept beside it"
                )
            self._catch_up()
            if self.tree.size == 0:
                return None
            signed = self.written
            if signed is None or signed.size != self.tree.size:
                signed = sign_head(
                    key,
                    installation=self.first_hash,
                    size=self.tree.size,
                    root=self.tree.root(),
                    chain_hash=self.last_hash,
                    at=clock.now(),
                )
            fresh = self._write(signed, known)
        except (audit_key.KeyLost, OSError) as error:
            raise NotSigned(str(error)) from None
        self.written = signed
        return signed if fresh else None

    def _write(self, signed: Head, known: Sequence[audit_key.KeyStatement]) -> bool:
        fresh = False
        for folder in folders():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            audit_key.write_statements([folder], known)
            if not (folder / signed.filename).exists():
                audit_key.write_line(folder / signed.filename, signed.line())
                fresh = True
        return fresh

    def _catch_up(self) -> None:
        newest, _ = head()
        if newest < self.tree.size:
            raise NotSigned(f"the chain ends at entry {newest}, and {self.tree.size} were there")
        apart = set_aside()
        due = {one.size: one for one in exported() if one.signature not in apart}
        if due and max(due) > newest:
            raise NotSigned(
                f"the chain ends at entry {newest}, and a head of {max(due)} entries was exported"
            )
        known = self.tree.size
        if known in due:
            self._compare(due[known])
        # what stands under an exported head was checked then; only its hashes are needed
        checked = max(due, default=0)
        self.gone = erasures()
        for first in range(known + 1, newest + 1, STRETCH):
            last = min(first + STRETCH - 1, newest)
            for values, entry_hash, _, _ in read_entries(first, last):
                self._take(values, entry_hash, check=values[0] > checked)
                if values[0] in due:
                    self._compare(due[values[0]])
        if self.tree.size != newest:
            raise NotSigned(f"entry {self.tree.size + 1} is missing")

    def _take(self, values: list[object], entry_hash: str, *, check: bool) -> None:
        sound = values[0] == self.tree.size + 1 and values[13] == self.last_hash
        if not sound or (check and not self.gone.sound(values, entry_hash)):
            raise NotSigned(f"entry {values[0]} does not follow from the one before it")
        self.tree.append(hash_leaf(leaf_data(entry_hash)))
        self.last_hash = entry_hash
        self.first_hash = self.first_hash or entry_hash

    def _compare(self, due: Head) -> None:
        if (due.root, due.chain_hash) != (self.tree.root().hex(), self.last_hash):
            raise NotSigned(
                f"the chain is not the one whose head at entry {due.size} was exported "
                f"on {due.at:%Y-%m-%d %H:%M} UTC"
            )


def set_lost_aside(ctx: Context, *, reason: str) -> list[Head]:
    """Say that every exported head that no longer fits stands for entries that were lost.

    Raises ``Refused`` where all fit, ``Invalid`` without a reason.
    """
    apart, tree, roots = set_aside(), Frontier(), {}
    sizes = {one.size for one in exported()}
    for first in range(1, head()[0] + 1, STRETCH):
        for _, entry_hash, _, _ in read_entries(first, first + STRETCH - 1):
            tree.append(hash_leaf(leaf_data(entry_hash)))
            if tree.size in sizes:
                roots[tree.size] = (tree.root().hex(), entry_hash)
    lost = [
        one
        for one in exported()
        if one.signature not in apart and roots.get(one.size) != (one.root, one.chain_hash)
    ]
    set_heads_aside(ctx, heads=lost, reason=reason)
    return lost


@dataclass(frozen=True, slots=True)
class Standing:
    """How the export of heads stands: when it last went well, and what is wrong."""

    at: datetime | None
    size: int
    problem: str
    late: bool

    @property
    def well(self) -> bool:
        """Whether the last export was in time and went well."""
        return not self.problem and not self.late


def every() -> timedelta:
    """How often a head is exported."""
    return timedelta(seconds=settings.HEADS_EVERY_S)


def note_round(clock: Clock, *, size: int = 0, problem: str = "") -> None:
    """Keep how a round went, for the status page and ``doctor``."""
    before = Heartbeat.objects.filter(pk=HEARTBEAT).first()
    if problem and before is not None:
        detail, at = before.detail | {"problem": problem}, before.beat_at
    else:
        detail, at = {"size": size, "problem": problem}, clock.now()
    Heartbeat.objects.update_or_create(pk=HEARTBEAT, defaults={"beat_at": at, "detail": detail})


def standing(now: datetime) -> Standing:
    """How the export stands at ``now``."""
    row = Heartbeat.objects.filter(pk=HEARTBEAT).first()
    if row is None:
        return Standing(None, 0, "", True)
    late = now - row.beat_at > LATE_AFTER * every()
    return Standing(
        row.beat_at, int(row.detail.get("size", 0)), str(row.detail.get("problem", "")), late
    )
