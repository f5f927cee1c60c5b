"""How a fact becomes bytes that are hashed: the format of the audit chain, without a framework.

``docs/audit.md`` describes it for whoever writes a checker of their own. Nothing here reads a
database, so that an inspection bundle can be checked where there is none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

GENESIS: Final = "0" * 64
#: The columns of an entry in the order in which they are hashed; the last is the hash before it.
ENTRY_FIELDS: Final = (
    "position",
    "recorded_at",
    "happened_at",
    "actor_id",
    "actor_name",
    "action",
    "outcome",
    "site_id",
    "patient_id",
    "subject",
    "reason",
    "via",
    "payload_digest",
    "previous_hash",
)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, set | frozenset | tuple):
        return sorted(value) if isinstance(value, set | frozenset) else list(value)
    raise TypeError(f"{type(value).__name__} cannot stand in the chain")


#: One text for one value: sorted keys, no spaces, times in UTC to the microsecond.
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain
)


def canonical(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, times in UTC to the microsecond.

    Raises ``TypeError`` for what has no plain form.
    """
    return _ENCODER.encode(value)


def digest(text: str) -> str:
    """SHA-256 of ``text`` in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def payload_digest(salt: str, body: str) -> str:
    """The digest that an entry carries of the payload beside it."""
    return digest(salt + body)


def hash_of_entry(values: Sequence[Any]) -> str:
    """The hash of an entry with these values, in the order of :data:`ENTRY_FIELDS`."""
    return digest(canonical(list(values)))


def hash_of_entry_named(entry: Mapping[str, Any]) -> str:
    """The same of an entry given by names, as it stands in an extract; ``KeyError`` for a gap."""
    return hash_of_entry([entry[name] for name in ENTRY_FIELDS])


def leaf_data(entry_hash: str) -> bytes:
    """What the tree's leaf of an entry stands for: the 32 bytes of the entry's hash."""
    return bytes.fromhex(entry_hash)
