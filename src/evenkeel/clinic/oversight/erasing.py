"""What of a person's record is blanked when it is lawfully erased, table by table.

Everything written in words goes, and so does whatever says who the person is. What stays are the
bones: that something was done, when, by whom of the staff, the amounts of a controlled drug, and
codes that name nobody. A column of words that stays is listed with its reason; a test finds a
table with a person's words that nobody thought of.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q, QuerySet

from evenkeel.clinic.record.models import Appended, Record

#: How a row leads to its person, where not by a column ``patient_id``.
LEADS: Final[dict[str, str]] = {
    "people.patient": "pk",
    "session.traymessage": "session__patient_id",
    "oversight.complaint": "subject_patient_id",
}
#: Rows about a person that stay as they are, and why.
STAYS: Final[dict[str, str]] = {
    "oversight.erasurerequest": "says by which law it was erased; names nobody",
}
#: Columns of words that stay, and why no person can be read from them.
KEPT: Final[dict[str, tuple[str, ...]]] = {
    # codes of the program, versions and hashes of the clinic's own documents
    "*": (
        "product",
        "jurisdiction",
        "protocol_name",
        "protocol_version",
        "protocol_hash",
        "document_hash",
        "definition_hash",
        "instrument",
        "instrument_version",
        "program",
        "language",
        "channel",
        "via",
        "meaning",
        "signed_role",
        "occasion",
        "occasion_key",
        "sender",
        "confirmed_by",
        "token_hash",
        "authority",
        "method",
    ),
    # which act of which member of staff it was
    "session.sessionevent": ("kind", "actor_id"),
    "people.fact": ("key",),
    "outcome.watchentry": ("item",),
    "oversight.complaint": ("code_hash",),
    "people.patient": ("stage",),
    "people.emergencyaccess": (),
    "session.traymessage": ("digest",),
}
#: Columns that are no words and say who the person is.
ALSO: Final[dict[str, tuple[str, ...]]] = {
    "people.patient": ("birth_date", "deceased_at"),
    "oversight.incidentaccount": ("died_on",),
    "course.plan": ("weight_kg", "weight_as_of"),
}
_NO_BIRTHDAY: Final = date(1900, 1, 1)
ERASED_NAME: Final = "Erased"


@dataclass(frozen=True, slots=True)
class About:
    """A table with rows about persons, and how they lead there."""

    model: type[models.Model]
    lead: str


def tables_about_persons() -> Iterator[About]:
    """Every chained table whose rows are about a patient, those that stay left out."""
    for model in apps.get_models():
        label = model._meta.label_lower
        if not issubclass(model, Record | Appended) or label in STAYS:
            continue
        lead = LEADS.get(label, "patient_id")
        if label not in LEADS:
            try:
                model._meta.get_field("patient_id" if _is_plain(model) else "patient")
            except FieldDoesNotExist:
                continue
        yield About(model, lead)


def _is_plain(model: type[models.Model]) -> bool:
    return any(field.name == "patient_id" for field in model._meta.concrete_fields)


def rows_about(about: About, patient_id: uuid.UUID) -> QuerySet[Any]:
    """The rows of a table about this person; past the guards of the record."""
    return QuerySet(about.model).filter(Q(**{about.lead: patient_id})).order_by("pk")


def blanked_columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The columns that an erasure blanks."""
    label = model._meta.label_lower
    kept = {*KEPT["*"], *KEPT.get(label, ()), "id", "created_by", "updated_by"}
    also = ALSO.get(label, ())
    return [
        field
        for field in model._meta.concrete_fields
        if not field.is_relation
        and (
            field.attname in also
            or (
                isinstance(field, models.CharField | models.TextField | models.JSONField)
                and not field.choices
                and field.attname not in kept
            )
        )
    ]


def blank(row: models.Model) -> None:
    """Blank the row in memory; whoever calls stores it."""
    for field in blanked_columns(type(row)):
        setattr(row, field.attname, _blank_of(row, field))
    if row._meta.label_lower == "people.patient":
        patient: Any = row
        patient.given_name, patient.family_name = ERASED_NAME, "person"
        patient.sex, patient.next_at = "unknown", None
        patient.origin = "erased by law"


def _blank_of(row: models.Model, field: models.Field[Any, Any]) -> Any:
    value = field.value_from_object(row)
    if field.null:
        return None
    if isinstance(field, models.JSONField):
        return [] if isinstance(value, list) else {}
    if isinstance(field, models.DateField):
        return _NO_BIRTHDAY
    if isinstance(field, models.DecimalField):
        return 0
    if field.unique:
        return f"erased-{uuid.uuid4().hex}"[: field.max_length]
    return ""


def is_erased(patient: Any) -> bool:
    """Whether this person's record was erased."""
    return bool(patient.origin == "erased by law" and patient.given_name == ERASED_NAME)
