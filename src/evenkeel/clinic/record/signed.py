"""What is signed: by whom, when, meaning what, and how anybody can see that it was not changed.

In the manner of 21 CFR Part 11: the printed name, date and time and the meaning are part of the
record and of every copy people read (11.50); name, time, meaning and what was signed are hashed
together, so that a signature cannot be put under anything else (11.70); what is signed is locked,
and a change of it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.apps import apps
from django.db import models

from evenkeel.clinic.record.chain import canonical, digest, row_state, state_digest
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.record.models import Appended, ChainEntry, ChainPayload, Version

#: Columns that every new version changes; they say nothing of what was signed.
_BOOKKEEPING: Final = frozenset({"version", "updated_at", "updated_by"})


@dataclass(frozen=True, slots=True)
class Signed:
    """How a kind of record is signed; a model declares it as ``signed_kind``.

    ``by`` and ``at`` name the attributes that hold the signer (an account or a typed name) and the
    time; a row without a time is not signed. ``says`` is what a signature means where the row keeps
    no meaning of its own. ``view`` is the permission that opens such a record. ``still`` are the
    columns that tell what became of it and may change; ``states`` those of ``state`` in which it is
    signed. ``says_of`` answers for rows of which only some are signed; "" is unsigned.
    """

    name: str
    by: str
    at: str
    view: str
    says: str = ""
    meaning: str = "meaning"
    role: str = ""
    witness: str = ""
    confirmed: str = ""
    still: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    says_of: Callable[[Any], str] | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as every copy shows it; ``hash`` is that of what was signed."""

    what: str
    name: str
    at: datetime
    meaning: str
    hash: str
    kind: str
    key: str
    role: str = ""
    witness: str = ""
    confirmed: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A signature held against what the chain keeps of the moment it was made.

    ``signed_hash`` is worked out from the state kept then, ``hash_now`` from the row as it stands;
    without the kept state (it was erased lawfully, or never there) the first is empty.
    ``signer_then`` is how the account was called when it signed. ``changed`` names the columns that
    are otherwise now than when it was signed, of those that are locked.
    """

    hash_now: str
    signed_hash: str
    position: int | None
    signer_then: str
    recorded_at: datetime | None
    changed: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether what stands is what was signed."""
        return bool(self.signed_hash) and self.signed_hash == self.hash_now


def signed_kind(model: type[models.Model]) -> Signed | None:
    """How rows of a model are signed; ``None`` where they are not."""
    found: Signed | None = getattr(model, "signed_kind", None)
    return found


def signed_models() -> Iterator[tuple[type[models.Model], Signed]]:
    """Every model whose rows are signed."""
    for model in apps.get_models():
        kind = signed_kind(model)
        if kind is not None:
            yield model, kind


def is_signed(row: models.Model) -> bool:
    """Whether this very row is signed."""
    kind = signed_kind(type(row))
    if kind is None or getattr(row, kind.at) is None:
        return False
    if kind.says_of is not None:
        return bool(kind.says_of(row))
    return not kind.states or getattr(row, "state", "") in kind.states


def signature_of(row: models.Model | None) -> Signature | None:
    """The signature under a row; ``None`` where there is none. No query beyond the row's own."""
    if row is None or not is_signed(row):
        return None
    kind = signed_kind(type(row))
    assert kind is not None
    return Signature(
        what=kind.name,
        name=_name(row, kind.by),
        at=getattr(row, kind.at),
        meaning=_meaning(row, kind),
        hash=content_hash(row),
        kind=row._meta.label_lower,
        key=str(row.pk),
        role=getattr(row, kind.role) if kind.role else "",
        witness=_name(row, kind.witness) if kind.witness else "",
        confirmed=getattr(row, kind.confirmed) or "" if kind.confirmed else "",
    )


def _meaning(row: Any, kind: Signed) -> str:
    if kind.says_of is not None:
        return kind.says_of(row)
    return str(getattr(row, kind.meaning, "") or "") or kind.says


def _name(row: Any, attribute: str) -> str:
    value = getattr(row, attribute)
    return str(getattr(value, "shown_name", value) or "")


def content_hash(row: models.Model) -> str:
    """SHA-256 of what is signed: the row with signer, time and meaning, in its canonical form."""
    return _hash_of(type(row), row_state(row))


def _hash_of(model: type[models.Model], state: Mapping[str, Any]) -> str:
    kind = signed_kind(model)
    left_out = _BOOKKEEPING | (kind.still if kind else frozenset())
    content = {name: value for name, value in state.items() if name not in left_out}
    return digest(canonical({"kind": model._meta.label_lower, "signed": content}))


def refuse_change_of_signed(row: models.Model) -> None:
    """Raise ``Refused`` (``signed``) where ``row`` would change what somebody signed.

    One query, and none for rows of kinds that nobody signs.
    """
    if signed_kind(type(row)) is None:
        return
    stands = type(row)._default_manager.filter(pk=row.pk).first()
    if stands is None or not is_signed(stands):
        return
    if not is_signed(row) or content_hash(row) != content_hash(stands):
        raise Refused(
            "This is signed and stays as it is.",
            what_to_do="Write a new one; it will stand beside this.",
            code="signed",
        )


def check_signature(row: models.Model) -> Check:
    """Work the hash of a signed row out anew, from the row and from what the chain kept of it."""
    if isinstance(row, Appended):
        return _check_appended(row)
    kept = _states(row)
    found = next(((entry, state) for entry, state in kept if _was_signed(row, state)), None)
    if found is None:
        return Check(content_hash(row), "", None, "", None, ())
    entry, state = found
    now = json.loads(canonical(row_state(row)))
    kind = signed_kind(type(row))
    free = _BOOKKEEPING | (kind.still if kind else frozenset())
    changed = sorted(name for name in {*now, *state} - free if now.get(name) != state.get(name))
    return Check(
        hash_now=content_hash(row),
        signed_hash=_hash_of(type(row), state),
        position=entry.position,
        signer_then=entry.actor_name,
        recorded_at=entry.recorded_at,
        changed=tuple(changed),
    )


def _was_signed(row: models.Model, state: Mapping[str, Any]) -> bool:
    kind = signed_kind(type(row))
    assert kind is not None
    if state.get(kind.at) is None:
        return False
    return not kind.states or state.get("state") in kind.states


def _states(row: models.Model) -> list[tuple[ChainEntry, dict[str, Any]]]:
    """Each version's entry with the state it kept, oldest first. Three queries."""
    label, key = row._meta.label_lower, str(row.pk)
    versions = Version.objects.filter(kind=label, object_id=row.pk).order_by("version")
    positions = list(versions.values_list("position", flat=True))
    entries = ChainEntry.objects.in_bulk(positions)
    payloads = ChainPayload.objects.in_bulk(positions)
    found = []
    for position in positions:
        entry, payload = entries.get(position), payloads.get(position)
        if entry is None or payload is None or not payload.body:
            continue
        if digest(payload.salt + payload.body) != entry.payload_digest:
            continue
        found += [
            (entry, effect["state"])
            for effect in _effects(payload)
            if effect["kind"] == label and effect["id"] == key and "state" in effect
        ]
    return found


def _effects(payload: ChainPayload) -> Iterable[dict[str, Any]]:
    effects: Iterable[dict[str, Any]] = json.loads(payload.body).get("effects", ())
    return effects


def _check_appended(row: Appended) -> Check:
    """A row that is written once keeps only its digest on the chain: that one must still fit."""
    entry = ChainEntry.objects.filter(pk=row.position).first()
    payload = ChainPayload.objects.filter(pk=row.position).first()
    fits = (
        entry is not None
        and payload is not None
        and bool(payload.body)
        and digest(payload.salt + payload.body) == entry.payload_digest
        and any(
            effect["id"] == str(row.pk) and effect["digest"] == state_digest(row)
            for effect in _effects(payload)
        )
    )
    return Check(
        hash_now=content_hash(row),
        signed_hash=content_hash(row) if fits else "",
        position=row.position,
        signer_then=entry.actor_name if entry else "",
        recorded_at=entry.recorded_at if entry else None,
        changed=(),
    )


__all__ = [
    "Check",
    "Signature",
    "Signed",
    "check_signature",
    "content_hash",
    "is_signed",
    "refuse_change_of_signed",
    "signature_of",
    "signed_kind",
    "signed_models",
]
