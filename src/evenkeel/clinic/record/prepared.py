"""Statements worked out once and then only executed.

The object mapper writes the same SQL anew for every call, which costs several times what SQLite
needs to run it; on the path of every reading and every page that is most of the time. Here a query
is compiled on first use by a connection and kept on it. Nothing that is read is kept.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, models
from django.db.models.query import ModelIterable, get_related_populators

_SHELF = "_evenkeel_prepared"


def _shelf() -> dict[Any, Any]:
    """What this connection has prepared. Connections belong to one thread each."""
    kept: dict[Any, Any] = connection.__dict__.setdefault(_SHELF, {})
    return kept


def _stand_in(field: models.Field[Any, Any]) -> Any:
    """A value of the field's kind that nothing else in a statement equals."""
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    if isinstance(field, models.DateTimeField):
        return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=secrets.randbits(40))
    if isinstance(field, models.IntegerField):
        return secrets.randbits(30)
    return secrets.token_hex(8)


@dataclass(slots=True)
class _Compiled:
    sql: str
    params: tuple[Any, ...]
    #: For each parameter the argument that goes there, or ``None`` for a constant.
    places: tuple[int | None, ...]
    shape: Callable[[Sequence[Any]], list[Any]]


class Prepared:
    """A query with open places. ``build`` makes it from one value for each field in ``fields``.

    ``build`` is called once a connection with stand-ins, so it must not look at the values. It
    may end in ``values_list`` or in whole rows, with ``select_related``; not in annotations.
    """

    def __init__(
        self,
        build: Callable[..., models.QuerySet[Any]],
        fields: Callable[[], Sequence[models.Field[Any, Any]]],
    ) -> None:
        self._build, self._fields = build, fields

    def all(self, *values: Any) -> list[Any]:
        """Every row for these values."""
        fields, compiled = self._ready()
        given = [
            field.get_db_prep_value(value, connection)
            for field, value in zip(fields, values, strict=True)
        ]
        params = [
            constant if place is None else given[place]
            for constant, place in zip(compiled.params, compiled.places, strict=True)
        ]
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, params)
            return compiled.shape(cursor.fetchall())

    def first(self, *values: Any) -> Any:
        """The first row for these values, or ``None``; the query itself should say ``[:1]``."""
        rows = self.all(*values)
        return rows[0] if rows else None

    def _ready(self) -> tuple[Sequence[models.Field[Any, Any]], _Compiled]:
        shelf = _shelf()
        known = shelf.get(self)
        if known is None:
            fields = self._fields()
            known = shelf[self] = (fields, _compile(self._build, fields))
        ready: tuple[Sequence[models.Field[Any, Any]], _Compiled] = known
        return ready


def _compile(
    build: Callable[..., models.QuerySet[Any]], fields: Sequence[models.Field[Any, Any]]
) -> _Compiled:
    stand_ins = [_stand_in(field) for field in fields]
    rows = build(*stand_ins)
    compiler = rows.query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    marks = [f.get_db_prep_value(v, connection) for f, v in zip(fields, stand_ins, strict=True)]
    places = tuple(marks.index(one) if one in marks else None for one in params)
    if set(places) - {None} != set(range(len(fields))):
        raise TypeError("a prepared query must use every one of its values")
    shape = _rows(compiler) if rows._iterable_class is ModelIterable else _tuples(compiler, rows)
    return _Compiled(sql, tuple(params), places, shape)


def _tuples(compiler: Any, rows: Any) -> Callable[[Sequence[Any]], list[Any]]:
    converters = compiler.get_converters([one[0] for one in compiler.select])
    flat = rows._iterable_class.__name__ == "FlatValuesListIterable"

    def shape(found: Sequence[Any]) -> list[Any]:
        if converters:
            found = list(compiler.apply_converters(found, converters))
        return [row[0] for row in found] if flat else [tuple(row) for row in found]

    return shape


def _rows(compiler: Any) -> Callable[[Sequence[Any]], list[Any]]:
    info, select = compiler.klass_info, compiler.select
    converters = compiler.get_converters([one[0] for one in select])
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [one[0].target.attname for one in select[start:end]]
    related = get_related_populators(info, select, compiler.using or connection.alias)
    model, alias = info["model"], connection.alias

    def shape(found: Sequence[Any]) -> list[Any]:
        if converters:
            found = list(compiler.apply_converters(found, converters))
        made = []
        for values in found:
            row = model.from_db(alias, names, values[start:end])
            for populator in related:
                populator.populate(values, row)
            made.append(row)
        return made

    return shape


def by_key(model: type[models.Model], *related: str) -> Prepared:
    """The row of ``model`` with a key; :func:`find_row` keeps one for each use."""

    def build(key: Any) -> models.QuerySet[Any]:
        rows = model._default_manager.filter(pk=key)
        return rows.select_related(*related) if related else rows

    return Prepared(build, lambda: [model._meta.pk])  # type: ignore[list-item]


_by_key: dict[tuple[Any, ...], Prepared] = {}


def find_row(model: type[models.Model], key: Any, *related: str) -> Any:
    """The row with this key, with what it refers to; ``None`` where there is none."""
    known = _by_key.get((model, related))
    if known is None:
        known = _by_key[(model, related)] = by_key(model, *related)
    return known.first(key)


def insert_row(row: models.Model) -> None:
    """Insert a row that is not there yet. For plain tables: no parents, no signals."""
    model = type(row)
    shelf = _shelf()
    known = shelf.get(model)
    if known is None:
        fields = [f for f in model._meta.concrete_fields if not isinstance(f, models.AutoField)]
        quote = connection.ops.quote_name
        columns = ", ".join(quote(field.column) for field in fields)
        places = ", ".join(["%s"] * len(fields))
        table = quote(model._meta.db_table)
        known = shelf[model] = (f"INSERT INTO {table} ({columns}) VALUES ({places})", fields)  # noqa: S608
    sql, fields = known
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    row._state.adding, row._state.db = False, connection.alias


__all__ = ["Prepared", "find_row", "insert_row"]
