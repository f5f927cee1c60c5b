"""The audit chain: each entry's hash covers the one before, one chain for the installation.

An entry carries a salted digest of its payload; the payload stands beside it and can be erased
lawfully without breaking the chain. Positions are taken under the writer's lock (SQLite's
IMMEDIATE transaction, an advisory lock on PostgreSQL), so position order is commit order.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models

from evenkeel.clinic.record.check_chain import STRETCH, Break, Stretch, check_entries
from evenkeel.clinic.record.erased import erasures
from evenkeel.clinic.record.models import ChainEntry, ChainPayload
from evenkeel.clinic.record.prepared import Prepared
from evenkeel.clinic.record.sealing import (
    ENTRY_FIELDS,
    GENESIS,
    canonical,
    digest,
    hash_of_entry,
    payload_digest,
)

_POSTGRES_LOCK_KEY = 0x6B65656C  # "keel": one key for the one chain of an installation


def row_state(row: models.Model) -> dict[str, Any]:
    """The stored columns of a row as plain data, in the form that is hashed."""
    state: dict[str, Any] = {}
    later = getattr(row, "added_later", frozenset())
    for column in row._meta.concrete_fields:
        value = column.value_from_object(row)
        if isinstance(value, models.Model):
            value = value.pk
        if value is not None and isinstance(column, models.DecimalField):
            value = f"{column.to_python(value):.{column.decimal_places}f}"
        if value is None and column.attname in later:
            continue
        state[column.attname] = value
    return state


def state_digest(row: models.Model) -> str:
    """The digest of a row's state, as it stands in the payload of the entry that wrote it."""
    return digest(canonical(row_state(row)))


def entry_hash(entry: ChainEntry) -> str:
    """The hash an entry must carry: all its own columns and the hash before it."""
    return hash_of_entry([getattr(entry, name) for name in ENTRY_FIELDS])


def take_writer_lock() -> None:
    """Wait for the one writer's place. SQLite's IMMEDIATE transaction already is that lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_POSTGRES_LOCK_KEY])


def head() -> tuple[int, str]:
    """Position and hash of the newest entry; ``(0, GENESIS)`` for an empty chain."""
    return _HEAD.first() or (0, GENESIS)


_HEAD = Prepared(
    lambda: ChainEntry.objects.order_by("-position").values_list("position", "hash")[:1], list
)


def seal(entry: ChainEntry, body: dict[str, Any], previous_hash: str) -> ChainPayload:
    """Give an entry its digests and return the payload that belongs beside it."""
    payload = ChainPayload(
        position=entry.position, salt=secrets.token_hex(16), body=canonical(body)
    )
    entry.payload_digest = payload_digest(payload.salt, payload.body)
    entry.previous_hash = previous_hash
    entry.hash = entry_hash(entry)
    return payload


@dataclass(slots=True)
class Verification:
    """What a walk over the chain found."""

    entries: int = 0
    head_hash: str = GENESIS
    breaks: list[Break] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.breaks


def walk() -> Iterator[tuple[ChainEntry, ChainPayload | None]]:
    """Every entry with its payload, in order, in pages, so that memory stays small."""
    after = -1
    while True:
        entries = list(ChainEntry.objects.filter(position__gt=after).order_by("position")[:2000])
        if not entries:
            return
        payloads = ChainPayload.objects.in_bulk([e.position for e in entries])
        for entry in entries:
            yield entry, payloads.get(entry.position)
        after = entries[-1].position


def verify_links() -> Verification:
    """Recompute every hash of the chain and every payload digest; no row is looked at.

    Finds edited, removed, inserted and reordered entries, but neither a chain that was cut at its
    end nor one rewritten whole; :mod:`.verify` does all of it.
    """
    result = Verification()
    length = head()[0]
    gone = erasures()
    for first in range(1, length + 1, STRETCH):
        found = Stretch(first, min(first + STRETCH - 1, length))
        check_entries(found, set(), gone)
        if found.begins_after not in (result.head_hash, ""):
            result.breaks.append(Break(first, "does not follow from the entry before it"))
        result.breaks += found.breaks
        result.entries += found.entries
        result.head_hash = found.ends_with or result.head_hash
    return result
