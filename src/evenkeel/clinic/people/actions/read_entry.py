"""Saying what an entry is that no list of names knows."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.people.fact_item import LISTS, FactItem, checked_item, list_name
from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.people.unread import as_written, is_unread, known_name
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid


@action("fact.read", permission="facts.read")
def read_entry(
    act: Act, *, fact_id: Any, kind: str, name: str = "", reason: str = ""
) -> list[Fact]:
    """Put in the place of an entry the same entry with what the clinician read it as.

    The same is done with every other entry of this person that is written the same. ``kind``:
    ``known`` with a ``name`` the lists know (for an allergy: what it is to, in words), or
    ``no_concern`` with a ``reason``. What was written stays as it was written. Raises ``Invalid``
    naming the field, and ``Conflict`` where the entry no longer stands.
    """
    old = act.open(Fact, fact_id, "patient")
    if old.replaced_by_id is not None or old.status == "entered_in_error":
        raise Conflict("This entry was changed already.", what_to_do="Open the newest entry.")
    if old.key not in LISTS or old.state != "known":
        raise Invalid("Only an entry of a list can be read.", fields={"kind": "Not this one."})
    said = _said(old.key, kind, name, reason)
    act.reason = reason.strip() or f"read as {said['name']}"
    return [_write(act, one, said) for one in (old, *_alike(old))]


def _alike(fact: Fact) -> list[Fact]:
    """The other standing entries of this person with the same words and codes."""
    rows = Fact.objects.filter(patient=fact.patient, key=fact.key, state="known", replaced_by=None)
    mine = as_written(fact.value)
    return [
        row
        for row in rows.exclude(pk=fact.pk).select_related("patient").order_by("created_at", "pk")
        if row.status != "entered_in_error" and as_written(row.value) == mine and is_unread(row)
    ]


def _write(act: Act, old: Fact, said: dict[str, str]) -> Fact:
    written = old.value if isinstance(old.value, dict) else {"label": list_name(old.value)}
    item = FactItem(
        old.key,
        {**written, "read_as": said},
        old.state,
        old.as_of,
        f"read by {act.actor.name}: {old.origin}"[:160],
        old.status,
    )
    item = checked_item(item, now=act.now, born=old.patient.birth_date)
    new = Fact(
        site_id=old.site_id,
        patient=old.patient,
        key=item.key,
        state=item.state,
        value=item.value,
        as_of=item.as_of,
        origin=item.origin,
        status=item.status,
    )
    old.replaced_by_id = new.pk
    act.write(old)
    return act.write(new)


def _said(key: str, kind: str, name: str, reason: str) -> dict[str, str]:
    if kind == "no_concern":
        if not reason.strip():
            raise Invalid("Say why it is of no concern.", fields={"reason": "Enter a reason."})
        return {"kind": "no_concern"}
    if kind != "known":
        raise Invalid("Say what it is.", fields={"kind": "Choose one."})
    stored = known_name(key, name)
    if stored is None:
        raise Invalid(
            f"{name.strip()[:60]!r} is not a name the lists know.",
            what_to_do="Choose a name from the list, or read it as of no concern here.",
            fields={"name": "Choose a name from the list."},
        )
    return {"kind": "known", "name": stored}


__all__ = ["read_entry"]
