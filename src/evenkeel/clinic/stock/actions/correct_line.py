"""Correcting a line that was entered wrongly, outside a session."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.stock.models import Move, MoveKind
from evenkeel.clinic.stock.voiding import OF_SESSION, void

CORRECTABLE: Final = OF_SESSION | {
    MoveKind.INITIAL,
    MoveKind.RECEIVE,
    MoveKind.WASTE_REST,
    MoveKind.RETURN_SUPPLIER,
    MoveKind.DESTROYED,
}


@action("stock.correct_line", permission="stock.adjust")
def correct_line(act: Act, *, move_id: Any, reason: str, witness_id: Any) -> Move:
    """Answer a wrong line with a counter-line that names it; then the right one is entered."""
    return void(act, move_id=move_id, reason=reason, witness_id=witness_id, only=CORRECTABLE)


__all__ = ["CORRECTABLE", "correct_line"]
