"""Recording what is known of a person, one fact or many, and correcting it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from evenkeel.clinic.people.fact_item import FactItem, checked_item
from evenkeel.clinic.people.models import Fact, Patient
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many facts were new, corrected, or known already."""

    added: int
    replaced: int
    unchanged: int


@action("fact.record", permission="facts.record")
def record_fact(
    act: Act,
    *,
    patient_id: Any,
    key: str,
    value: Any = None,
    state: str = "known",
    as_of: datetime | None = None,
    origin: str = "entered here",
    status: str = "active",
) -> Fact:
    """Record one fact; the newest of a key stands. Raises ``Invalid`` for a value not allowed."""
    patient = act.open(Patient, patient_id, "site")
    item = FactItem(key, value, state, as_of, origin, status)
    return act.write(_row(patient, checked_item(item, now=act.now, born=patient.birth_date)))


@action("fact.correct", permission="facts.record")
def correct_fact(
    act: Act,
    *,
    fact_id: Any,
    reason: str,
    value: Any = None,
    state: str = "known",
    as_of: datetime | None = None,
    status: str = "active",
) -> Fact:
    """Put a corrected fact in the place of ``fact_id``, which keeps standing in the history.

    ``status`` ``entered_in_error`` takes the fact back altogether. Raises ``Conflict`` where
    somebody corrected it before.
    """
    old = act.open(Fact, fact_id, "patient")
    if old.replaced_by_id is not None:
        raise Conflict(
            "This entry was corrected already.", what_to_do="Open the newest entry and correct it."
        )
    if not reason.strip():
        raise Invalid("Say why it is corrected.", fields={"reason": "Enter a reason."})
    act.reason = reason.strip()
    origin = f"corrected: {old.origin}"[:160] if old.source_key else old.origin
    item = FactItem(old.key, value, state, as_of, origin, status)
    if status == "entered_in_error":
        item = replace(item, value=old.value, state=old.state, as_of=old.as_of)
    new = _row(old.patient, checked_item(item, now=act.now, born=old.patient.birth_date))
    return _replace(act, old, new)


@action("fact.record_many", permission="people.import")
def record_facts(act: Act, *, patient_id: Any, items: Iterable[FactItem]) -> Recorded:
    """Record many facts in one act, as an import does.

    An item whose ``source_key`` is known with the same content changes nothing, even where
    somebody corrected it here since; with other content it replaces what stands. Raises
    ``Invalid`` for the first item that is not allowed, and then nothing is stored.
    """
    patient = act.open(Patient, patient_id, "site")
    known = {
        row.source_key: row
        for row in Fact.objects.filter(patient=patient)
        .exclude(source_key="")
        .order_by("created_at", "pk")
    }
    heads = {row.pk: row for row in Fact.objects.filter(patient=patient)}
    added = replaced = unchanged = 0
    for given in items:
        item = checked_item(given, now=act.now, born=patient.birth_date)
        before = known.get(item.source_key) if item.source_key else None
        if before is not None and _same(before, item):
            unchanged += 1
            continue
        new = _row(patient, item)
        if before is None:
            act.write(new)
            added += 1
        else:
            _replace(act, _head(before, heads), new)
            replaced += 1
        heads[new.pk] = known[item.source_key] = new
    act.note(added=added, replaced=replaced, unchanged=unchanged)
    return Recorded(added, replaced, unchanged)


def _row(patient: Patient, item: FactItem) -> Fact:
    return Fact(
        site_id=patient.site_id,
        patient=patient,
        key=item.key,
        state=item.state,
        value=item.value,
        as_of=item.as_of,
        origin=item.origin,
        source_key=item.source_key,
        status=item.status,
    )


def _replace(act: Act, old: Fact, new: Fact) -> Fact:
    # the old row first: only one standing row may bear a source's key, and the database checks
    # the reference to the new one at the end of the transaction
    old.replaced_by_id = new.pk
    act.write(old)
    return act.write(new)


def _head(row: Fact, rows: dict[uuid.UUID, Fact]) -> Fact:
    while row.replaced_by_id is not None:
        row = rows[row.replaced_by_id]
    return row


def _same(row: Fact, item: FactItem) -> bool:
    return (row.key, row.state, row.value, row.as_of, row.status) == (
        item.key,
        item.state,
        item.value,
        item.as_of,
        item.status,
    )


__all__ = ["Recorded", "correct_fact", "record_fact", "record_facts"]
