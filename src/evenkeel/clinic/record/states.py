"""The state of rows as it is hashed, from plain values of columns: many rows at little cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models

from evenkeel.clinic.record.sealing import canonical, digest
from evenkeel.clinic.record.tables import Table, table_of

#: Stands as the digest of a watched row that was taken away.
GONE = "gone"

StateOf = Callable[[Sequence[Any]], dict[str, Any]]


def state_columns(model: type[models.Model]) -> tuple[list[str], StateOf]:
    """The columns of ``model`` that are on the chain, and a function from their values to a state.

    The first column is always the key.
    """
    table = table_of(model._meta.label_lower)
    pk: Any = model._meta.pk
    if table is not None and table.columns:
        return [pk.attname, *table.columns], _watched(table)
    fields = sorted(model._meta.concrete_fields, key=lambda field: field is not pk)
    later = getattr(model, "added_later", frozenset())
    places = {
        number: field.decimal_places
        for number, field in enumerate(fields)
        if isinstance(field, models.DecimalField)
    }
    names = [field.attname for field in fields]
    optional = [number for number, name in enumerate(names) if name in later]

    def state(values: Sequence[Any]) -> dict[str, Any]:
        found = dict(zip(names, values, strict=True))
        for number, decimals in places.items():
            if isinstance(values[number], Decimal):
                found[names[number]] = f"{values[number]:.{decimals}f}"
        for number in optional:
            if values[number] is None:
                del found[names[number]]
        return found

    return names, state


def _watched(table: Table) -> StateOf:
    def state(values: Sequence[Any]) -> dict[str, Any]:
        found = dict(zip(table.columns, values[1:], strict=True))
        for name in table.secret:
            # whoever reads the chain learns that a secret changed, and nothing of it
            found[name] = digest(canonical(found[name]))
        return found

    return state


def object_id(key: Any) -> UUID:
    """The key of a row as the chain names it; a number becomes the UUID of that number."""
    return key if isinstance(key, UUID) else UUID(int=int(key))


def state_of_row(row: models.Model) -> dict[str, Any]:
    """The state of a watched row."""
    names, state = state_columns(type(row))
    return state([getattr(row, name) for name in names])
