"""Actions: the one way to change the record.

``@action("plan.sign", permission="plan.sign")`` turns a function into an act: permission,
transaction, effect and audit entry stand together, and none happens without the others.
"""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import transaction

from evenkeel.clinic.record import chain, current
from evenkeel.clinic.record.actor import RENEW, Actor, system_actor
from evenkeel.clinic.record.clock import Clock, system_clock
from evenkeel.clinic.record.errors import DomainError, Forbidden, NotFound, RecordError
from evenkeel.clinic.record.models import Appended, ChainEntry, Record, Version
from evenkeel.clinic.record.permissions import PERMISSIONS
from evenkeel.clinic.record.prepared import find_row, insert_row
from evenkeel.clinic.record.queue import WritersQueue
from evenkeel.clinic.record.signed import refuse_change_of_signed

log = logging.getLogger("evenkeel.record")
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound=Record)
A = TypeVar("A", bound=Appended)


@dataclass(frozen=True, slots=True)
class Context:
    """Everything an act needs to know about its caller."""

    actor: Actor
    clock: Clock = field(default_factory=system_clock)
    via: str = "screen"
    reason: str = ""

    def at(self, clock: Clock) -> Context:
        """The same caller by another clock."""
        return replace(self, clock=clock)


class _Ledger:
    """The entries of one transaction, written in order of position when it ends."""

    def __init__(self) -> None:
        chain.take_writer_lock()
        self.position, self.hash = chain.head()
        self.acts: list[Act] = []

    def take(self, act: Act) -> int:
        self.position += 1
        self.acts.append(act)
        return self.position

    def write(self) -> None:
        previous = self.hash
        for act in self.acts:
            entry = act.entry()
            payload = chain.seal(entry, act.body(), previous)
            insert_row(entry)
            insert_row(payload)
            previous = entry.hash


_ledger: ContextVar[_Ledger | None] = ContextVar("evenkeel_ledger", default=None)


class Act:
    """One act under way. Opens rows (checking who may), writes them, and becomes a chain entry."""

    def __init__(self, ledger: _Ledger, ctx: Context, name: str, permission: str) -> None:
        self.ctx, self.name, self.permission = ctx, name, permission
        self.now: datetime = ctx.clock.now()
        self.happened_at: datetime | None = None
        self.reason = ctx.reason
        self.site_id: uuid.UUID | None = None
        self.patient_id: uuid.UUID | None = None
        self.subject = ""
        self.outcome = "done"
        self.notes: dict[str, Any] = {}
        self.effects: list[dict[str, Any]] = []
        self.position = ledger.take(self)

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.ctx.actor

    def check(self, row: Record | Appended, permission: str | None = None) -> None:
        """Raise unless the actor may do this act to this row.

        Raises ``NotFound`` for a row of a site the actor does not work at, or of another patient;
        ``Forbidden`` where the role does not allow it.
        """
        permission = permission or self.permission
        check_access(self.actor, row, permission)
        self.about(row)

    def require(self, permission: str, site_id: uuid.UUID, product: str = "") -> None:
        """Raise ``Forbidden`` unless the actor may do this too, with every credential it needs."""
        words = self.actor.why_not(permission, site_id, product)
        if words:
            raise Forbidden(words, what_to_do=RENEW, code="credential")
        if not self.actor.may(permission, site_id):
            raise self.actor.refusal(permission, site_id)

    def about(self, row: Record | Appended) -> None:
        """Name ``row`` as what this act is about, unless something was named before."""
        self.site_id = self.site_id or row.site_id
        self.patient_id = self.patient_id or row.patient_ref
        self.subject = self.subject or f"{row._meta.model_name}:{row.pk}"

    def open(self, model: type[T], pk: Any, *related: str) -> T:
        """The row with this key, checked. Raises ``NotFound`` or ``Forbidden``."""
        row = find(model, pk, *related)
        self.check(row)
        return row

    def write(self, row: T, *, erasing: bool = False) -> T:
        """Store a new version of ``row`` (or its first) and note it in the entry.

        Raises ``Refused`` for a change of what was signed, unless it is erased by law.
        """
        if not isinstance(row, Record):
            raise RecordError("only records have versions")
        if not self.actor.may_for(self.permission, row):
            raise self.actor.refusal(self.permission, row.site_id)
        fresh = row.version == 0
        if fresh:
            row.created_at, row.created_by = self.now, self.actor.id
        elif not erasing:
            refuse_change_of_signed(row)
        row.updated_at, row.updated_by = self.now, self.actor.id
        row.version += 1
        with current.saving(row):
            row.save(force_insert=fresh, force_update=not fresh)
        row.refresh_from_db()
        self.about(row)
        state = chain.row_state(row)
        state_digest = chain.digest(chain.canonical(state))
        insert_row(
            Version(
                kind=row._meta.label_lower,
                object_id=row.pk,
                version=row.version,
                position=self.position,
                digest=state_digest,
            )
        )
        self.effects.append(
            {
                "kind": row._meta.label_lower,
                "id": row.pk,
                "version": row.version,
                "digest": state_digest,
                "state": state,
            }
        )
        return row

    def append(self, row: A) -> A:
        """Store a row that is written once."""
        if not self.actor.may_for(self.permission, row):
            raise self.actor.refusal(self.permission, row.site_id)
        if not isinstance(row, Appended):
            raise RecordError("only rows that are written once are appended")
        row.position = self.position
        insert_row(row)
        self.about(row)
        self.effects.append(
            {"kind": row._meta.label_lower, "id": row.pk, "digest": chain.state_digest(row)}
        )
        return row

    def note(self, **notes: Any) -> None:
        """Keep further facts of the act in its entry's payload."""
        self.notes.update(notes)

    def entry(self) -> ChainEntry:
        """This act as a chain entry, not yet sealed."""
        return ChainEntry(
            position=self.position,
            recorded_at=self.now,
            happened_at=self.happened_at,
            actor_id=self.actor.id,
            actor_name=self.actor.name,
            action=self.name,
            outcome=self.outcome,
            site_id=self.site_id,
            patient_id=self.patient_id,
            subject=self.subject,
            reason=self.reason,
            via=self.ctx.via,
        )

    def body(self) -> dict[str, Any]:
        """This act as a payload."""
        return {"effects": self.effects, "notes": self.notes}


def check_access(actor: Actor, row: Record | Appended, permission: str) -> None:
    """Raise unless ``actor`` holds ``permission`` for this very row."""
    if actor.patient_id is not None:
        if row.patient_ref != actor.patient_id:
            raise NotFound("There is nothing here with that address.")
    elif actor.emergency_for(permission, row) is not None:
        return
    elif not actor.works_at(row.site_id):
        raise NotFound("There is nothing here with that address.")
    if not actor.holds(permission, row.site_id):
        raise actor.refusal(permission, row.site_id)


def find(model: type[T], pk: Any, *related: str) -> T:
    """The row with this key. Raises ``NotFound``, also for a key that is no key at all."""
    try:
        key = pk if isinstance(pk, uuid.UUID) else uuid.UUID(str(pk))
    except ValueError:
        raise NotFound("There is nothing here with that address.") from None
    row = find_row(model, key, *related)
    if row is None:
        raise NotFound("There is nothing here with that address.")
    return row  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What the table of actions knows about one."""

    name: str
    permission: str
    function: Callable[..., Any]


ACTIONS: dict[str, ActionSpec] = {}


def action(
    name: str, *, permission: str
) -> Callable[[Callable[Concatenate[Act, P], R]], Callable[Concatenate[Context, P], R]]:
    """Declare an action.

    The function receives an :class:`Act`; its callers pass a :class:`Context`. Permission is
    checked before it starts (anywhere) and at each row it opens or writes (at that row's site).
    Everything it stores, and its chain entry, commits together or not at all. A refusal for lack
    of permission is itself an entry.
    """
    if permission not in PERMISSIONS:
        raise RecordError(f"action {name} names the unknown permission {permission}")
    if name in ACTIONS:
        raise RecordError(f"two actions are called {name}")

    def declare(function: Callable[Concatenate[Act, P], R]) -> Callable[Concatenate[Context, P], R]:
        @functools.wraps(function)
        def run(ctx: Context, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                if not ctx.actor.may(permission):
                    raise ctx.actor.refusal(permission)
                with together() as ledger:
                    return function(Act(ledger, ctx, name, permission), *args, **kwargs)
            except (Forbidden, NotFound) as refusal:
                _note_refusal(ctx, name, permission, refusal)
                raise

        ACTIONS[name] = ActionSpec(name, permission, run)
        return run

    return declare


class together:
    """One transaction for one or several acts; the outermost writes the chain and commits."""

    def __init__(self) -> None:
        self.held: ExitStack | None = None

    def __enter__(self) -> _Ledger:
        outer = _ledger.get()
        if outer is not None:
            return outer
        with ExitStack() as opening:
            opening.enter_context(WritersQueue())
            opening.enter_context(transaction.atomic())
            ledger = _Ledger()
            token = _ledger.set(ledger)
            opening.callback(_ledger.reset, token)
            opening.push(_write_unless_failed(ledger))
            self.held = opening.pop_all()
        return ledger

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool | None:
        return None if self.held is None else self.held.__exit__(kind, error, trace)


def _write_unless_failed(ledger: _Ledger) -> Callable[[Any, Any, Any], None]:
    def write(kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            ledger.write()

    return write


def _note_refusal(ctx: Context, name: str, permission: str, refusal: DomainError) -> None:
    """Record that somebody tried. Outside any transaction: the refused act has been undone."""
    if _ledger.get() is not None:
        return  # the outer act will be undone too, and notes its own refusal
    with together() as ledger:
        act = Act(ledger, ctx, name, permission)
        act.outcome = "refused"
        act.note(code=refusal.code)


__all__ = [
    "ACTIONS",
    "Act",
    "ActionSpec",
    "Actor",
    "Context",
    "action",
    "check_access",
    "find",
    "system_actor",
    "together",
]
