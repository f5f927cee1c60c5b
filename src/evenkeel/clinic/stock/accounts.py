"""What a session took out of the ledger and where it went, container by container."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from evenkeel.clinic.stock.amounts import NOTHING
from evenkeel.clinic.stock.models import Move, MoveKind


@dataclass(frozen=True, slots=True)
class ContainerAccount:
    """One container of a session. Masses in mg, exact to 0.001."""

    container_id: uuid.UUID
    label: str
    item_name: str
    lot: str
    drawn_mg: Decimal
    wasted_mg: Decimal
    put_back_mg: Decimal

    @property
    def left_mg(self) -> Decimal:
        """What was drawn and neither wasted nor put back: this must have been given."""
        return self.drawn_mg - self.wasted_mg - self.put_back_mg


@dataclass(frozen=True, slots=True)
class SessionAccount:
    """A session's account with the ledger. The session itself knows what was given."""

    by_container: tuple[ContainerAccount, ...]
    lines: tuple[Move, ...]

    @property
    def drawn_mg(self) -> Decimal:
        """Everything that was drawn."""
        return sum((one.drawn_mg for one in self.by_container), NOTHING)

    @property
    def wasted_mg(self) -> Decimal:
        """Everything that was wasted of it."""
        return sum((one.wasted_mg for one in self.by_container), NOTHING)

    @property
    def put_back_mg(self) -> Decimal:
        """Everything that was put back unopened."""
        return sum((one.put_back_mg for one in self.by_container), NOTHING)

    @property
    def left_mg(self) -> Decimal:
        """Drawn and neither wasted nor put back."""
        return self.drawn_mg - self.wasted_mg - self.put_back_mg

    def of(self, container_id: Any) -> ContainerAccount | None:
        """The account of one container; ``None`` where nothing was drawn from it."""
        return next(
            (c for c in self.by_container if str(c.container_id) == str(container_id)), None
        )


def session_account(session_id: Any) -> SessionAccount:
    """The account of a session, without lines that a counter-line answers. One query."""
    lines = tuple(
        Move.objects.filter(session_id=session_id, corrected_by=None)
        .exclude(kind=MoveKind.VOID)
        .select_related("container__item", "by", "witness")
        .order_by("position")
    )
    grouped: dict[uuid.UUID, list[Move]] = {}
    for line in lines:
        grouped.setdefault(line.container_id, []).append(line)
    return SessionAccount(tuple(_account(moves) for moves in grouped.values()), lines)


def _account(moves: list[Move]) -> ContainerAccount:
    container = moves[0].container

    def total(kind: MoveKind) -> Decimal:
        return sum((m.stated_mg for m in moves if m.kind == kind), NOTHING)

    return ContainerAccount(
        container_id=container.pk,
        label=container.label,
        item_name=container.item.name,
        lot=container.lot,
        drawn_mg=total(MoveKind.DRAW),
        wasted_mg=total(MoveKind.WASTE),
        put_back_mg=total(MoveKind.PUT_BACK),
    )


__all__ = ["ContainerAccount", "SessionAccount", "session_account"]
