"""A wrong line stays and is answered by a counter-line that names it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

from evenkeel.clinic.record.act import Act, check_access
from evenkeel.clinic.record.errors import Invalid, NotFound, Refused
from evenkeel.clinic.stock.accounts import session_account
from evenkeel.clinic.stock.amounts import NOTHING
from evenkeel.clinic.stock.lines import add_line
from evenkeel.clinic.stock.models import Container, ContainerState, Move, MoveKind
from evenkeel.clinic.stock.witnessing import witness_of

#: Lines of a session, which whoever records there may take back before a witness.
OF_SESSION: Final = frozenset({MoveKind.DRAW, MoveKind.WASTE, MoveKind.PUT_BACK})
#: What is never taken back by a counter-line, and what to do instead.
_NEVER: Final = {
    MoveKind.VOID: "Enter the line anew instead.",
    MoveKind.LOSS: "Report what was found as a discrepancy.",
    MoveKind.COUNT_CORRECTION: "Count again; a difference opens a new discrepancy.",
    MoveKind.TRANSFER_IN: "Send it back to the other site.",
    MoveKind.TRANSFER_OUT: "Take it back on the page of what is on its way.",
}


def void(act: Act, *, move_id: Any, reason: str, witness_id: Any, only: Any = OF_SESSION) -> Move:
    """Answer a wrong line with a counter-line, before a witness.

    ``only`` are the kinds that this caller may take back. Raises ``Refused`` where the line was
    answered already (``voided``), where more would have been wasted than drawn (``too_much``),
    where the container no longer holds the amount (``not_enough``); ``Invalid`` without a reason.
    """
    move = _open_move(act, move_id)
    kind = MoveKind(move.kind)
    if kind in _NEVER or kind not in only:
        raise Refused(
            f"A line “{kind.label.lower()}” is not taken back this way.",
            what_to_do=_NEVER.get(kind, "Ask the pharmacist or the medical director."),
            code="not_voidable",
        )
    if Move.objects.filter(corrects=move).exists():
        raise Refused("This line has been answered already.", code="voided")
    if not reason.strip():
        raise Invalid("Say what is wrong with the line.", fields={"reason": "Say what is wrong."})
    witness = witness_of(act, move.site_id, witness_id)
    container = act.open(Container, move.container_id, "item", "site")
    if kind == MoveKind.DRAW:
        _check_still_accounts(move)
    opened_by_it = container.opened_at == move.happened_at and kind == MoveKind.DRAW
    line = add_line(
        act,
        container,
        MoveKind.VOID,
        -move.amount_mg,
        stated_mg=move.stated_mg,
        happened_at=_not_before(act.now, move),
        witness=witness,
        session_id=move.session_id,
        patient_id=move.patient_id,
        reason=reason.strip()[:1000],
        corrects=move,
    )
    if kind in (MoveKind.INITIAL, MoveKind.RECEIVE):  # it never stood here
        container.state = ContainerState.GONE
        act.write(container)
    if opened_by_it and container.remaining_mg == container.item.content_mg:
        container.state, container.opened_at = ContainerState.SEALED, None
        container.use_by = None
        act.write(container)
    return line


def _open_move(act: Act, move_id: Any) -> Move:
    try:
        key = move_id if isinstance(move_id, uuid.UUID) else uuid.UUID(str(move_id))
    except ValueError:
        raise NotFound("There is nothing here with that address.") from None
    move = Move.objects.filter(pk=key).first()
    if move is None:
        raise NotFound("There is nothing here with that address.")
    check_access(act.actor, move, act.permission)
    return move


def _not_before(now: datetime, move: Move) -> datetime:
    """The counter-line is of now; where the clock went back since, of the line's own time."""
    return max(now, move.happened_at)


def _check_still_accounts(move: Move) -> None:
    account = session_account(move.session_id).of(move.container_id)
    if account is None or account.left_mg - move.stated_mg < NOTHING:
        raise Refused(
            "Without this draw more would have been wasted or put back than was drawn.",
            what_to_do="Take back the waste first.",
            code="too_much",
        )


__all__ = ["OF_SESSION", "void"]
