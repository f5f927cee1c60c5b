"""Every row about one person, from every clinical table there is, whoever adds one later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db import models

from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.record.models import Appended, Record

#: Tables about a person that a copy leaves out, and why: words that stand in the copy.
LEFT_OUT: Final[dict[str, str]] = {
    "therapy.wallednote": "Psychotherapy notes kept apart from the record; see below.",
    "therapy.walledreader": "Who may open such notes.",
    "people.emergencyaccess": "Who opened the record in an emergency: ask for the list of who "
    "looked at it.",
    "oversight.erasurerequest": "What was erased; it names nothing that was.",
}
#: Columns that are nobody's business outside: hashes of links, and housekeeping.
_SECRET: Final = frozenset({"token_hash", "code_hash"})
#: What a person wrote for nobody else. Staff never see it, so it is in no copy that staff make.
_PRIVATE: Final = {"therapy.journalentry": frozenset({"text", "themes"})}
_STEPS: Final = 2


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one table about a person."""

    label: str
    title: str
    columns: list[str]
    rows: list[dict[str, Any]]


@cache
def ways() -> dict[str, tuple[type[models.Model], str]]:
    """By table how its rows lead to a person, as a lookup; only tables that do."""
    found = {}
    for model in apps.get_models():
        if issubclass(model, Record | Appended):
            way = "pk" if model is Patient else _way(model, _STEPS)
            if way:
                found[model._meta.label_lower] = (model, way)
    return found


def _way(model: type[models.Model], steps: int) -> str:
    names = {field.attname for field in model._meta.concrete_fields}
    if "patient_id" in names:
        return "patient_id"
    if not steps:
        return ""
    for field in model._meta.concrete_fields:
        target = field.related_model
        if not isinstance(target, type) or not issubclass(target, Record) or target is model:
            continue
        further = _way(target, steps - 1)
        if further:
            return f"{field.name}__{further}"
    return ""


def everything_about(patient: Patient, *, own: bool = False) -> list[Rows]:
    """Every table with rows about ``patient``, in order of its name; one query each.

    ``own``: the copy is made by the person, so what they wrote for themselves is in it.
    """
    names = {str(pk): account for pk, account in _staff().items()}
    found = []
    for label, (model, way) in sorted(ways().items()):
        if label in LEFT_OUT:
            continue
        hidden = _SECRET if own else _SECRET | _PRIVATE.get(label, frozenset())
        columns = [f for f in model._meta.concrete_fields if f.name not in hidden]
        rows = model._default_manager.filter(**{way: patient.pk}).order_by(*_order(model))
        told = [{f.name: _value(row, f, names) for f in columns} for row in rows]
        if told:
            title = str(model._meta.verbose_name).capitalize()
            found.append(Rows(label, title, [f.name for f in columns], told))
    return found


def _order(model: type[models.Model]) -> tuple[str, ...]:
    names = {field.name for field in model._meta.concrete_fields}
    first = next((n for n in ("position", "created_at") if n in names), "pk")
    return (first, "pk")


def _staff() -> dict[Any, str]:
    return {account.pk: account.shown_name for account in Account.objects.all()}


def _value(row: models.Model, field: Any, names: dict[str, str]) -> Any:
    value = field.value_from_object(row)
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        if isinstance(value, str) and field.choices:
            return dict(field.flatchoices).get(value, value)
        return value
    if field.related_model is Account:
        return names.get(str(value), str(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
