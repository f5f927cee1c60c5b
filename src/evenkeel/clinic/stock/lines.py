"""Writing a line of the ledger: the only place that changes what a container holds."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Exists, OuterRef

from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.stock.amounts import NOTHING, plain
from evenkeel.clinic.stock.models import (
    UNRESOLVED,
    Container,
    ContainerState,
    CountLine,
    Discrepancy,
    Move,
    MoveKind,
)
from evenkeel.clinic.stock.witnessing import account_of

#: How far another clock may run ahead of this one before a time counts as the future. Assumed.
AHEAD: Final = timedelta(minutes=1)
_LEAVES: Final = frozenset(
    {
        MoveKind.TRANSFER_OUT,
        MoveKind.RETURN_SUPPLIER,
        MoveKind.DESTROYED,
        MoveKind.WASTE_REST,
        MoveKind.LOSS,
    }
)


def add_line(
    act: Act,
    container: Container,
    kind: MoveKind,
    change_mg: Decimal,
    *,
    stated_mg: Decimal | None = None,
    happened_at: datetime | None = None,
    witness: Account | None = None,
    session_id: uuid.UUID | None = None,
    patient_id: uuid.UUID | None = None,
    **said: Any,
) -> Move:
    """Append one line to a container that this act has opened, and keep its balance.

    ``change_mg`` is signed. The writer's lock is held, so nobody else changes the balance
    meanwhile. Raises ``Refused``: ``not_enough`` where the balance would fall below zero,
    ``future``, ``before_receipt``, ``before_count``.
    """
    happened_at = act.now if happened_at is None else happened_at
    check_time(act, container, happened_at)
    balance_mg = container.remaining_mg + change_mg
    if balance_mg < 0:
        raise Refused(
            f"Container {container.label} holds {plain(container.remaining_mg)} mg by the ledger; "
            f"{plain(-change_mg)} mg cannot leave it.",
            what_to_do="Check the amount and the container. If the shelf holds more than the "
            "ledger says, report a discrepancy.",
            code="not_enough",
        )
    move = Move(
        site_id=container.site_id,
        container=container,
        number=Move.objects.filter(container=container).count() + 1,
        kind=kind,
        amount_mg=change_mg + NOTHING,
        stated_mg=abs(change_mg) if stated_mg is None else stated_mg,
        balance_mg=balance_mg,
        happened_at=happened_at,
        recorded_at=act.now,
        by=account_of(act),
        witness=witness,
        session_id=session_id,
        patient_id=patient_id,
        **said,
    )
    act.append(move)
    if change_mg or kind in _LEAVES:
        container.remaining_mg = balance_mg
        _restate(container, kind, happened_at)
        act.write(container)
    return move


def _restate(container: Container, kind: MoveKind, at: datetime) -> None:
    """What state a line leaves its container in."""
    if container.remaining_mg == 0:
        container.state = ContainerState.GONE if kind in _LEAVES else ContainerState.EMPTY
    elif kind == MoveKind.DRAW or container.opened_at is not None:
        container.state = ContainerState.OPEN
    else:
        container.state = ContainerState.SEALED
    if kind == MoveKind.DRAW and container.opened_at is None:
        note_opened(container, at)


def note_opened(container: Container, at: datetime) -> None:
    """Note on a container when it was opened, and until when it may be used."""
    container.opened_at = at
    if container.item.opened_for_h is not None:
        container.use_by = at + timedelta(hours=container.item.opened_for_h)


def check_time(act: Act, container: Container, happened_at: datetime) -> None:
    """Raise ``Refused`` for a time at which nothing can have happened to this container."""
    if happened_at > act.now + AHEAD:
        raise Refused(
            "This time is still to come.",
            what_to_do="Enter when it happened. If the time is right, the clock of this machine "
            "is behind: have it set.",
            code="future",
        )
    if happened_at < container.received_at:
        raise Refused(
            f"Container {container.label} came later than this time.",
            what_to_do="Check the time and the container. If both are right, the clock of this "
            "machine was wrong at one of the two: have it looked at, and report a discrepancy.",
            code="before_receipt",
        )
    if counted_after({container.pk}, happened_at):
        raise Refused(
            f"Container {container.label} was counted after this time, and the count agreed with "
            "the ledger.",
            what_to_do="Check the time. If it is right, the count was wrong: report a discrepancy.",
            code="before_count",
        )


def counted_after(container_ids: set[uuid.UUID], at: datetime) -> set[uuid.UUID]:
    """Those containers that were counted after a moment and agreed, or whose difference is closed.

    Nothing is entered any more for the time before such a count. One query.
    """
    still_open = Discrepancy.objects.filter(
        container=OuterRef("container"), count=OuterRef("count"), state__in=UNRESOLVED
    )
    lines = CountLine.objects.filter(container_id__in=container_ids, counted_at__gt=at)
    return set(lines.filter(~Exists(still_open)).values_list("container_id", flat=True))


__all__ = ["AHEAD", "add_line", "check_time", "counted_after", "note_opened"]
