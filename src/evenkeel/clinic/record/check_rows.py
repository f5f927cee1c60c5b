"""Checking rows that have versions against the newest of each: two sorted lists, walked together.

The index of versions was compared with the chain before, so what it says is what was written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.models import F, OuterRef, Subquery

from evenkeel.clinic.record.check_chain import Break, readable_rows
from evenkeel.clinic.record.models import ChainPayload, Version
from evenkeel.clinic.record.sealing import canonical, digest
from evenkeel.clinic.record.states import GONE, object_id, state_columns

_DONE = object()


def check_rows(model: type[models.Model]) -> tuple[int, list[Break]]:
    """Every row of ``model`` against its newest version; returns how many, and what is wrong."""
    kind = model._meta.label_lower
    names, state = state_columns(model)
    breaks: list[Break] = []
    rows = readable_rows(model._base_manager.order_by("pk").values_list(*names), breaks, kind)
    newest = _newest(kind)
    counted = 0
    row, version = next(rows, _DONE), next(newest, _DONE)
    while row is not _DONE or version is not _DONE:
        key = object_id(row[0]) if row is not _DONE else None  # type: ignore[index]
        if version is not _DONE and (key is None or version[0] < key):  # type: ignore[index]
            breaks += _gone(kind, version)
            version = next(newest, _DONE)
            continue
        counted += 1
        if version is _DONE or key < version[0]:  # type: ignore[operator,index]
            breaks.append(Break(None, f"{kind} {key}: was inserted, and no entry wrote it"))
        else:
            breaks += _compared(kind, names, state(row), version)  # type: ignore[arg-type]
            version = next(newest, _DONE)
        row = next(rows, _DONE)
    return counted, breaks


def _newest(kind: str) -> Iterator[tuple[Any, ...]]:
    """The newest version of each row of a kind, by key."""
    latest = (
        Version.objects.filter(kind=kind, object_id=OuterRef("object_id"))
        .order_by("-version")
        .values("version")[:1]
    )
    rows = (
        Version.objects.filter(kind=kind)
        .annotate(latest=Subquery(latest))
        .filter(version=F("latest"))
        .order_by("object_id")
        .values_list("object_id", "version", "digest", "position")
    )
    yield from rows.iterator(chunk_size=1000)


def _gone(kind: str, version: Any) -> list[Break]:
    if version[2] == GONE:
        return []
    return [Break(version[3], f"{kind} {version[0]}: was removed")]


def _compared(kind: str, names: list[str], state: dict[str, Any], version: Any) -> list[Break]:
    key, number, said, position = version
    if said == GONE:
        return [Break(position, f"{kind} {key}: was taken away, and is there again")]
    if digest(canonical(state)) == said and state.get("version", number) == number:
        return []
    which = _changed_columns(kind, key, state, position)
    what = f" ({', '.join(which)})" if which else ""
    return [Break(position, f"{kind} {key}: was changed{what}")]


def _changed_columns(kind: str, key: Any, state: dict[str, Any], position: int) -> list[str]:
    """The names of the columns that differ from the state in the payload, where it is there."""
    body = ChainPayload.objects.filter(pk=position).values_list("body", flat=True).first()
    try:
        effects = json.loads(body or "")["effects"]
    except (ValueError, KeyError, TypeError):
        return []
    now = json.loads(canonical(state))
    for effect in reversed(effects):
        if effect.get("kind") == kind and effect.get("id") == str(key):
            then = effect.get("state") or {}
            return sorted(name for name in now if now[name] != then.get(name))
    return []
