"""What a fixture built through the product's actions, put back for the next test that asks for it.

A person with a signed plan takes a hundred writes. Within one process they are made once, by the
real actions; the rows they added are then put into the database of each further test, byte for
byte, and the objects that stand for them are copied. A test cannot tell the two apart except by
time: the same ids, the same chain, the same clock.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model

from evenkeel.clinic.record.chain import GENESIS, head
from evenkeel.clinic.record.clock import Clock

T = TypeVar("T")
#: By table the rows by key, both as the database itself writes them.
Rows = dict[str, dict[str, str]]


@dataclass(frozen=True)
class _Kept:
    """What one fixture added to a database in one state."""

    gone: Rows
    added: Rows
    value: Any
    stands_for: tuple[object, ...]


_kept: dict[tuple[str, str, datetime], _Kept] = {}
#: The ends of chains that come again: that of an empty record, and those that a fixture left.
_comes_again = {GENESIS}


def kept(name: str, clock: Clock, build: Callable[[], T], *given: object) -> T:
    """The value of ``build()``, with everything it recorded in this test's database.

    ``given`` are the objects ``build`` leans on; the value refers to those of this test. The name
    says what is built: two that build something else need two names. It is built anew where the
    record has been written to since the last fixture, where the clock stands elsewhere, and
    outside a transaction that the test undoes. ``build`` may neither move the clock nor depend on
    anything that a test may have patched before.
    """
    end = head()[1]
    if not connection.in_atomic_block or end not in _comes_again:
        return build()
    given = (clock, *given)
    key = (name, end, clock.now())
    if key not in _kept:
        return _build_and_keep(key, clock, build, given)
    found = _kept[key]
    with transaction.atomic():
        for table, rows in found.gone.items():
            _delete(table, rows)
        for table, rows in found.added.items():
            _insert(table, rows)
    memo: dict[int, Any] = {
        id(place): real for place, real in zip(found.stands_for, given, strict=True)
    }
    value: T = copy.deepcopy(found.value, memo)
    return value


def _build_and_keep(
    key: tuple[str, str, datetime],
    clock: Clock,
    build: Callable[[], T],
    given: tuple[object, ...],
) -> T:
    before = all_rows()
    value = build()
    after = all_rows()
    assert clock.now() == key[2], f"{key[0]} moved the clock: it cannot be kept"
    places = tuple(object() for _ in given)
    memo: dict[int, Any] = {id(real): place for real, place in zip(given, places, strict=True)}
    _kept[key] = _Kept(
        gone=_less(before, after),
        added=_less(after, before),
        value=copy.deepcopy(value, memo),
        stands_for=places,
    )
    _comes_again.add(head()[1])
    return value


def _less(rows: Rows, others: Rows) -> Rows:
    """The rows that ``others`` has not, or has otherwise."""
    found = {
        table: {key: text for key, text in by_key.items() if others[table].get(key) != text}
        for table, by_key in rows.items()
    }
    return {table: by_key for table, by_key in found.items() if by_key}


@cache
def _models() -> dict[str, type[Model]]:
    """The model of each table."""
    every = apps.get_models(include_auto_created=True)
    return {m._meta.db_table: m for m in every if m._meta.managed and not m._meta.proxy}


def all_rows() -> Rows:
    """Everything that stands in the database, table by table."""
    quote = connection.ops.quote_name
    found: Rows = {}
    with connection.cursor() as cursor:
        for table, model in _models().items():
            key = quote(model._meta.pk.column)
            if connection.vendor == "sqlite":
                columns = (quote(field.column) for field in model._meta.concrete_fields)
                row = " || ', ' || ".join(f"quote({column})" for column in columns)
                cursor.execute(f"SELECT quote({key}), {row} FROM {quote(table)}")
            else:
                cursor.execute(f"SELECT t.{key}::text, t::text FROM {quote(table)} t")
            found[table] = dict(cursor.fetchall())
    return found


def _columns_of(table: str) -> str:
    return ", ".join(
        connection.ops.quote_name(field.column) for field in _models()[table]._meta.concrete_fields
    )


def _delete(table: str, rows: dict[str, str]) -> None:
    quote = connection.ops.quote_name
    key = quote(_models()[table]._meta.pk.column)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"DELETE FROM {quote(table)} WHERE {key} IN ({', '.join(rows)})")
        else:
            sql = f"DELETE FROM {quote(table)} WHERE {key}::text = ANY(%s)"
            cursor.execute(sql, [list(rows)])


def _insert(table: str, rows: dict[str, str]) -> None:
    name = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            values = ", ".join(f"({row})" for row in rows.values())
            cursor.execute(f"INSERT INTO {name} ({_columns_of(table)}) VALUES {values}")
        else:
            sql = f"INSERT INTO {name} SELECT (row::{name}).* FROM unnest(%s::text[]) AS row"
            cursor.execute(sql, [list(rows.values())])
