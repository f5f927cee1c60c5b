"""Rows in the tables that a story leaves empty, written by an act, with values of the right kind.

What they say means nothing; that they are there lets every table be attacked, also one that comes
with the next app.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import IntegrityError, models
from django.db.models import NOT_PROVIDED

from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.models import Appended, Record
from tests.clinic_factory import sign_in
from tests.security.world import World, founder


def fill_every_table(world: World) -> None:
    """At least two rows in each chained table where its columns allow it, and a second factor."""
    from django.test import Client

    sign_in(Client(), world.clinic.staff["auditor"])
    sign_in(Client(), world.clinic.staff["administrator"])
    assert Authenticator.objects.count() >= 2
    waiting = [m for m in apps.get_models() if issubclass(m, Record | Appended)]
    for _ in range(4):  # those that others refer to come first, in whatever order they stand
        waiting = [m for m in waiting if not m._base_manager.exists() and not _fill(world, m)]
    assert not waiting, f"nothing fills {waiting}"


def _fill(world: World, model: Any) -> bool:
    values = {}
    for number in range(2):
        for field in model._meta.concrete_fields:
            if field.attname in _SET_BY_THE_ACT or field.primary_key:
                continue
            value = _value(world, field, number)
            if value is _NONE_YET:
                return False
            values[field.attname] = value
        try:
            _write(founder(world.clinic), row=model(**values))
        except IntegrityError:
            if not number:
                raise
    return True


_SET_BY_THE_ACT = {"version", "created_at", "created_by", "updated_at", "updated_by", "position"}
_NONE_YET = object()


def _value(world: World, field: Any, number: int) -> Any:
    if field.attname == "site_id":
        return world.clinic.site.pk
    if field.is_relation:
        if field.null:
            return None
        target = field.related_model._base_manager.order_by("pk")
        return target.values_list("pk", flat=True).first() or _NONE_YET
    if field.null:
        return None
    if field.default is not NOT_PROVIDED and not field.unique:
        return field.get_default()
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    if isinstance(field, models.DateTimeField):
        return world.clinic.clock.now()
    if isinstance(field, models.DateField):
        return date(2026, 11, 1)
    if isinstance(field, models.BooleanField):
        return False
    if isinstance(field, models.IntegerField | models.FloatField | models.DecimalField):
        return number + 1
    if isinstance(field, models.JSONField):
        return {}
    if isinstance(field, models.GenericIPAddressField):
        return f"10.0.0.{number}"
    if field.choices:
        return field.choices[number % len(field.choices)][0]
    return f"row {number}"[: field.max_length or 10]


@action("test.fill", permission="setup.manage")
def _write(act: Act, *, row: Any) -> None:
    if isinstance(row, Appended):
        act.append(row)
    else:
        act.write(row)
