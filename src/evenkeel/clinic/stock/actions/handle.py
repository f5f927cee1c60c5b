"""Opening a container, and wasting the rest of one that may not be used any more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.stock.amounts import mass_mg, plain
from evenkeel.clinic.stock.lines import add_line, note_opened
from evenkeel.clinic.stock.models import ON_SHELF, Container, ContainerState, Move, MoveKind
from evenkeel.clinic.stock.witnessing import witness_of


@action("stock.open_container", permission="stock.handle")
def open_container(act: Act, *, container_id: Any) -> Container:
    """Break the seal of a container; the time in which it may be used begins."""
    container = act.open(Container, container_id, "item", "site")
    if container.state != ContainerState.SEALED:
        raise Refused(
            f"Container {container.label} is {container.get_state_display().lower()}.",
            code="not_sealed",
        )
    note_opened(container, act.now)
    container.state = ContainerState.OPEN
    return act.write(container)


@action("stock.waste_rest", permission="stock.handle")
def waste_rest(
    act: Act,
    *,
    container_id: Any,
    amount_mg: Any,
    witness_id: Any,
    method: str,
    reason: str,
    happened_at: datetime | None = None,
) -> Move:
    """Waste all that is left in an opened container, before a witness.

    ``amount_mg`` is what was seen to be left: where it is not what the ledger says, that is a
    discrepancy and not a waste. Raises ``Refused`` (``not_open``, ``differs``), ``Invalid``.
    """
    container = act.open(Container, container_id, "item", "site")
    if container.state not in ON_SHELF or container.opened_at is None:
        raise Refused(
            f"Container {container.label} is not open.",
            what_to_do="A sealed container that is not wanted is returned or destroyed.",
            code="not_open",
        )
    amount = mass_mg(amount_mg)
    fields = {}
    if not method.strip():
        fields["method"] = "Choose how it was made irretrievable."
    if not reason.strip():
        fields["reason"] = "Say why it is wasted."
    if fields:
        raise Invalid("The waste is not complete.", fields=fields)
    witness = witness_of(act, container.site_id, witness_id)
    if amount != container.remaining_mg:
        raise Refused(
            f"The ledger does not hold {plain(amount)} mg for container {container.label}.",
            what_to_do="Measure again with the witness. If it stays so, report a discrepancy "
            "before anything is wasted.",
            code="differs",
        )
    return add_line(
        act,
        container,
        MoveKind.WASTE_REST,
        -amount,
        happened_at=happened_at,
        witness=witness,
        method=method.strip()[:60],
        reason=reason.strip()[:1000],
    )


__all__ = ["open_container", "waste_rest"]
