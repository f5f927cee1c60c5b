"""Proving that every balance is the sum of its lines."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from evenkeel.clinic.stock.amounts import NOTHING, plain
from evenkeel.clinic.stock.models import Container, ContainerState, Move, MoveKind


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where the ledger does not add up."""

    container_id: uuid.UUID
    label: str
    what: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was added up, and what did not come out."""

    containers: int
    lines: int
    faults: tuple[Fault, ...]

    @property
    def holds(self) -> bool:
        """Whether everything adds up."""
        return not self.faults


def prove_balances(site_id: Any) -> Proof:
    """Add up every line of every container of a site, in decimal arithmetic. Two queries.

    Each line's balance must be the one before it plus its change, never below zero; the last must
    be what the container is said to hold; a counter-line must be the very opposite of its line.
    """
    moves: dict[uuid.UUID, list[Move]] = defaultdict(list)
    count = 0
    for move in Move.objects.filter(site_id=site_id).order_by("container", "number").iterator():
        moves[move.container_id].append(move)
        count += 1
    containers = list(Container.objects.filter(site_id=site_id).order_by("label"))
    faults = [
        Fault(container.pk, container.label, what)
        for container in containers
        for what in _faults(container, moves.pop(container.pk, []))
    ]
    for container_id in moves:
        faults.append(Fault(container_id, "?", "has lines but no container"))
    return Proof(len(containers), count, tuple(faults))


def _faults(container: Container, moves: list[Move]) -> Iterable[str]:
    balance = NOTHING
    by_key = {move.pk: move for move in moves}
    for number, move in enumerate(moves, 1):
        if move.number != number:
            yield f"line {number} is missing"
        if move.balance_mg != balance + move.amount_mg:
            yield (
                f"line {number} says {plain(move.balance_mg)} mg where "
                f"{plain(balance + move.amount_mg)} mg follows"
            )
        balance = move.balance_mg
        if balance < 0:
            yield f"line {number} leaves less than nothing"
        if move.kind == MoveKind.VOID:
            wrong = by_key.get(move.corrects_id) if move.corrects_id else None
            if wrong is None or wrong.amount_mg != -move.amount_mg:
                yield f"line {number} does not undo the line it names"
    if container.remaining_mg != balance:
        yield (
            f"is said to hold {plain(container.remaining_mg)} mg; its lines come to "
            f"{plain(balance)} mg"
        )
    gone = container.state in (ContainerState.EMPTY, ContainerState.GONE)
    if gone and container.remaining_mg:
        yield "is said to be empty or gone and holds something"


__all__ = ["Fault", "Proof", "prove_balances"]
