"""Checking a stretch of the chain: entries, payloads, and what they say they wrote.

Stretches begin at multiples of :data:`STRETCH`, so that several processes can each take some and
the trees over them can be put together. Everything is compared both ways: what an entry names must
be there, and what is there must be named by an entry.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.apps import apps
from django.db import connection, models

from evenkeel.clinic.record.merkle import Frontier, hash_leaf
from evenkeel.clinic.record.models import Appended, ChainEntry, ChainPayload, Version
from evenkeel.clinic.record.sealing import canonical, digest, hash_of_entry, payload_digest
from evenkeel.clinic.record.states import state_columns

#: Entries a stretch has: a power of two.
STRETCH: Final = 4096
_NOTHING: Final = '{"effects":[],'
_TIMES: Final = ("recorded_at", "happened_at")
_IDS: Final = ("site_id", "patient_id")
#: (kind, id as text, version or ``None``) -> digest
Effects = dict[tuple[str, str, int | None], str]


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the chain, or a row it covers, is not what was written."""

    position: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Erasures:
    """What was lawfully erased: for each position the entry that erased it, and what it left.

    ``left`` holds, for a position, the effects that the erasing entry vouches for instead of the
    payload that is gone, ``entries`` the hash over what is left of the entry itself.
    """

    by: dict[int, int] = field(default_factory=dict)
    left: dict[int, Effects] = field(default_factory=dict)
    entries: dict[int, str] = field(default_factory=dict)

    def within(self, first: int, last: int) -> Erasures:
        """Those of a stretch."""
        inside = [position for position in self.by if first <= position <= last]
        return Erasures(
            {p: self.by[p] for p in inside},
            {p: self.left[p] for p in inside},
            {p: self.entries[p] for p in inside},
        )

    def sound(self, values: Sequence[Any], entry_hash: str) -> bool:
        """Whether an entry with these values is the one that was written, or what is left of it."""
        expected = self.entries.get(values[0], entry_hash)
        return hash_of_entry(values) == expected


@dataclass(slots=True)
class Stretch:
    """What was found in a stretch, and what the next one must follow from."""

    first: int
    last: int
    entries: int = 0
    rows: int = 0
    erased: int = 0
    begins_after: str = ""
    ends_with: str = ""
    breaks: list[Break] = field(default_factory=list)
    tree: Frontier = field(default_factory=Frontier)
    #: For each size asked for: the tree so far in this stretch and the hash of the entry there.
    at_size: dict[int, tuple[Frontier, str]] = field(default_factory=dict)


def check_stretch(
    first: int, last: int, *, is_last: bool, sizes: Iterable[int], erasures: Erasures
) -> Stretch:
    """Check the entries ``first`` to ``last`` with everything that refers to them.

    The last stretch also takes what refers to entries that do not exist, as the first does.
    ``sizes`` are those of exported heads.
    """
    found = Stretch(first, last)
    expected = check_entries(found, set(sizes), erasures)
    low = None if first == 1 else first
    high = None if is_last else last
    _compare_payloads(found, low, high)
    _compare_versions(found, expected, low, high)
    _compare_appended(found, expected, low, high)
    return found


def check_entries(found: Stretch, sizes: set[int], erasures: Erasures) -> dict[int, Effects]:
    """The entries of a stretch with their payloads; returns what each says it wrote."""
    expected: dict[int, Effects] = {}
    due, previous = found.first, ""
    for values, entry_hash, salt, body in read_entries(found.first, found.last):
        position = values[0]
        if position != due:
            _missing(found, due, position - 1)
        if not found.entries:
            found.begins_after = values[13] if position == found.first else ""
        elif values[13] != previous:
            found.breaks.append(Break(position, "does not follow from the entry before it"))
        if not erasures.sound(values, entry_hash):
            found.breaks.append(Break(position, "was changed after it was written"))
        expected[position] = _effects(found, position, values[12], salt, body, erasures)
        found.entries += 1
        try:
            found.tree.append(hash_leaf(bytes.fromhex(entry_hash)))
        except ValueError:
            found.tree.append(hash_leaf(b""))
            found.breaks.append(Break(position, "was changed after it was written"))
        if position in sizes:
            found.at_size[position] = (found.tree.copy(), entry_hash)
        due, previous = position + 1, entry_hash
    if due <= found.last:
        _missing(found, due, found.last)
    found.ends_with = previous
    return expected


def _missing(found: Stretch, first: int, last: int) -> None:
    which = f"entry {first} is" if first == last else f"entries {first} to {last} are"
    found.breaks.append(Break(first, f"{which} missing"))


def _effects(
    found: Stretch,
    position: int,
    expected: str,
    salt: str | None,
    body: str | None,
    erasures: Erasures,
) -> Effects:
    """What an entry says it wrote, if its payload is what it was."""
    by = erasures.by.get(position)
    if by is not None:
        if salt or body:
            found.breaks.append(
                Break(position, f"has a payload although entry {by} says that it was erased")
            )
        found.erased += 1
        return erasures.left[position]
    if salt is None or body is None:
        found.breaks.append(Break(position, "has lost its payload"))
        return {}
    if payload_digest(salt, body) != expected:
        erased = not salt and not body
        what = "has a payload that was erased, and no entry says so" if erased else ""
        found.breaks.append(Break(position, what or "has a payload that was changed"))
    if not body or body.startswith(_NOTHING):
        return {}
    try:
        return effects_in(json.loads(body)["effects"])
    except (ValueError, KeyError, TypeError):
        return {}


def effects_in(effects: Iterable[dict[str, Any]]) -> Effects:
    """The effects of a payload: what was written, and its digest. Raises ``KeyError``."""
    return {
        (one["kind"], str(one["id"]), one.get("version")): str(one["digest"])
        for one in effects
        if "blanks" not in one
    }


def read_entries(first: int, last: int) -> Iterator[tuple[list[Any], str, str | None, str | None]]:
    """The entries of a stretch in order: hashed values, hash, salt and body of the payload."""
    with connection.cursor() as cursor:
        cursor.execute(_select_entries(connection.vendor), [first, last])
        plain = connection.vendor == "sqlite"
        while True:
            rows = cursor.fetchmany(1000)
            if not rows:
                return
            for row in rows:
                values = list(row[:14])
                if plain:
                    values[1], values[2] = _time(row[1]), _time(row[2])
                    values[7], values[8] = _uuid(row[7]), _uuid(row[8])
                yield values, row[14], row[15], row[16]


@functools.cache
def _select_entries(vendor: str) -> str:
    columns = []
    for name in (*_ENTRY_COLUMNS, "hash"):
        # on SQLite an expression comes as the text it is stored as: no parsing, no guessing
        plain = vendor == "sqlite" and name in _TIMES + _IDS
        columns.append(f"e.{name} || ''" if plain else f"e.{name}")
    entries, payloads = ChainEntry._meta.db_table, ChainPayload._meta.db_table
    return (
        f"SELECT {', '.join(columns)}, p.salt, p.body FROM {entries} e "  # noqa: S608 - our own names
        f"LEFT JOIN {payloads} p ON p.position = e.position "
        "WHERE e.position >= %s AND e.position <= %s ORDER BY e.position"
    )


_ENTRY_COLUMNS: Final = tuple(
    column.column for column in ChainEntry._meta.concrete_fields if column.name != "hash"
)


def _time(stored: str | None) -> str | None:
    """SQLite's text of a time as it is hashed; anything else stays what it is, and is found."""
    if stored is None or len(stored) not in (19, 26) or stored[10] != " ":
        return stored
    fraction = stored[19:] or ".000000"
    return f"{stored[:10]}T{stored[11:19]}{fraction}+00:00"


def _uuid(stored: str | None) -> str | None:
    if stored is None or len(stored) != 32:
        return stored
    return f"{stored[:8]}-{stored[8:12]}-{stored[12:16]}-{stored[16:20]}-{stored[20:]}"


def _between(rows: Any, low: int | None, high: int | None) -> Any:
    if low is not None:
        rows = rows.filter(position__gte=low)
    return rows if high is None else rows.filter(position__lte=high)


def _compare_payloads(found: Stretch, low: int | None, high: int | None) -> None:
    """Payloads beside which no entry stands."""
    beside = ChainEntry.objects.filter(position=models.OuterRef("position"))
    rows = _between(ChainPayload.objects, low, high).filter(~models.Exists(beside))
    for position in rows.values_list("position", flat=True)[:50]:
        found.breaks.append(Break(position, "is no entry, and yet there is a payload of it"))


def _compare_versions(
    found: Stretch, expected: dict[int, Effects], low: int | None, high: int | None
) -> None:
    """The index of versions against the payloads."""
    seen: set[tuple[int, str, str, int]] = set()
    rows = _between(Version.objects, low, high).values_list(
        "position", "kind", "object_id", "version", "digest"
    )
    for position, kind, key, version, stored in rows.iterator():
        name = (kind, str(key), version)
        said = expected.get(position, {}).get(name)
        place = (position, *name)
        if said is None or place in seen:
            _say(found, position, kind, key, f"version {version} was inserted behind the record")
        elif said != stored:
            _say(found, position, kind, key, f"version {version} was changed in the index")
        seen.add(place)
    for position, effects in expected.items():
        for kind, key, number in effects:
            if number is not None and (position, kind, key, number) not in seen:
                _say(found, position, kind, key, f"version {number} was removed from the index")


def _say(found: Stretch, position: int | None, kind: str, key: Any, what: str) -> None:
    found.breaks.append(Break(position, f"{kind} {key}: {what}"))


@functools.cache
def appended_models() -> tuple[type[models.Model], ...]:
    """Every table whose rows are written once."""
    return tuple(model for model in apps.get_models() if issubclass(model, Appended))


def _compare_appended(
    found: Stretch, expected: dict[int, Effects], low: int | None, high: int | None
) -> None:
    """Rows that are written once against the entry that wrote them."""
    due = {
        (kind, key): (position, said)
        for position, effects in expected.items()
        for (kind, key, version), said in effects.items()
        if version is None
    }
    for model in appended_models():
        kind = model._meta.label_lower
        names, state = state_columns(model)
        rows = _between(model._base_manager.all(), low, high).values_list(*names, "position")
        for row in readable_rows(rows, found.breaks, kind):
            found.rows += 1
            position, said = due.pop((kind, str(row[0])), (row[-1], None))
            if said is None:
                _say(found, position, kind, row[0], "was inserted, or moved to another entry")
            elif position != row[-1] or digest(canonical(state(row[:-1]))) != said:
                _say(found, position, kind, row[0], "is not what was recorded")
    for (kind, key), (position, _) in due.items():
        _say(found, position, kind, key, "was removed")


def readable_rows(rows: Any, breaks: list[Break], kind: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query; where a column holds what no program wrote, that is itself a break."""
    try:
        yield from rows.iterator(chunk_size=1000)
    except (ValueError, TypeError, ArithmeticError) as error:
        what = f"{kind}: a row holds what this program never writes ({type(error).__name__})"
        breaks.append(Break(None, what))
