"""Rows that acts alone do not write, but that decide who may act: each change becomes an effect.

Accounts and second factors are written by the sign-in library too. Whatever is saved or deleted
there through the program is noted on the chain: in the act under way, or in an entry of its own.
What was changed behind the program's back then differs from the newest note, and is found.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.signals import post_delete, post_save

from evenkeel.clinic.record.act import Act, Context, action, system_actor, together
from evenkeel.clinic.record.clock import Clock, system_clock
from evenkeel.clinic.record.models import Version
from evenkeel.clinic.record.prepared import insert_row
from evenkeel.clinic.record.sealing import canonical, digest
from evenkeel.clinic.record.states import GONE, object_id, state_of_row
from evenkeel.clinic.record.tables import WATCHED, labels, table_of


def connect() -> None:
    """Watch every table that is to be watched; called once when the program starts."""
    for label in labels(WATCHED):
        model = apps.get_model(label)
        post_save.connect(_saved, sender=model, dispatch_uid=f"evenkeel.watched.save.{label}")
        post_delete.connect(_deleted, sender=model, dispatch_uid=f"evenkeel.watched.del.{label}")


def _saved(
    *, instance: models.Model, update_fields: Any = None, raw: bool = False, **_: Any
) -> None:
    table = table_of(instance._meta.label_lower)
    assert table is not None
    named = {name.removesuffix("_id") for name in table.columns}
    if update_fields is None or {f.removesuffix("_id") for f in update_fields} & named:
        fresh = type(instance)._default_manager.filter(pk=instance.pk).first()
        if fresh is not None:
            note(fresh, state_of_row(fresh))


def _deleted(*, instance: models.Model, **_: Any) -> None:
    note(instance, None)


def note(row: models.Model, state: dict[str, Any] | None) -> None:
    """Put the state of a watched row on the chain, ``None`` where it is gone; once for each."""
    kind, key = row._meta.label_lower, object_id(row.pk)
    with together() as ledger:
        newest = Version.objects.filter(kind=kind, object_id=key).order_by("-version").first()
        known = newest.digest if newest else GONE
        found = GONE if state is None else digest(canonical(state))
        if found == known:
            return
        act = ledger.acts[-1] if ledger.acts else _own_act(ledger, f"{kind}.changed", row)
        _witness(act, kind, key, newest.version + 1 if newest else 1, found, state)


def _own_act(ledger: Any, name: str, row: models.Model) -> Act:
    act = Act(ledger, Context(system_actor("sign-in"), via="sign-in"), name, "")
    act.subject = f"{row._meta.model_name}:{row.pk}"
    return act


def _witness(
    act: Act, kind: str, key: Any, version: int, found: str, state: dict[str, Any] | None
) -> None:
    insert_row(
        Version(kind=kind, object_id=key, version=version, position=act.position, digest=found)
    )
    act.effects.append(
        {"kind": kind, "id": key, "version": version, "digest": found, "state": state}
    )


@action("record.watch", permission="audit.verify")
def _begin(act: Act, kind: str) -> None:
    rows = apps.get_model(kind)._default_manager.order_by("pk")
    for row in rows.iterator():
        state = state_of_row(row)
        _witness(act, kind, object_id(row.pk), 1, digest(canonical(state)), state)
    act.note(watched_from_here=kind)


def begin_watching(clock: Clock | None = None) -> list[str]:
    """Put on the chain what was there before a table was watched; once for each table.

    For an installation that was made by an earlier version. Returns the tables begun.
    """
    begun = []
    for kind in labels(WATCHED):
        rows = apps.get_model(kind)._default_manager
        if rows.exists() and not Version.objects.filter(kind=kind).exists():
            _begin(Context(system_actor("upgrade"), clock or system_clock(), via="command"), kind)
            begun.append(kind)
    return begun
