"""A delivery: containers of one item and lot, with the invoice they came with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.stock.days import day_at
from evenkeel.clinic.stock.models import Container, Item, MoveKind
from evenkeel.clinic.stock.shelving import MOST_AT_ONCE, check_lot, put_on_shelf, require_begun
from evenkeel.clinic.stock.witnessing import witness_of


@action("stock.receive", permission="stock.receive")
def receive(
    act: Act,
    *,
    item_id: Any,
    lot: str,
    expires_on: date | None,
    count: int,
    invoice: str,
    supplier: str,
    location: str = "",
    happened_at: datetime | None = None,
    witness_id: Any = None,
) -> list[Container]:
    """Take in a delivery: ``count`` full, sealed containers, each with a number of its own.

    A substance of schedule III comes with an invoice, not with Form 222. Raises ``Invalid``;
    ``Refused`` where the ledger has not begun here.
    """
    item = act.open(Item, item_id, "site")
    require_begun(item.site)
    if not item.active:
        raise Refused("This item is kept no more.", code="inactive")
    at = happened_at or act.now
    _check(item, lot, expires_on, count, invoice, supplier, at)
    assert expires_on is not None
    witness = witness_of(act, item.site_id, witness_id) if witness_id else None
    return [
        put_on_shelf(
            act,
            item,
            MoveKind.RECEIVE,
            lot=lot,
            expires_on=expires_on,
            location=location,
            happened_at=at,
            witness=witness,
            reference=invoice.strip()[:80],
            party=supplier.strip()[:200],
        )[0]
        for _ in range(count)
    ]


def _check(
    item: Item,
    lot: str,
    expires_on: date | None,
    count: int,
    invoice: str,
    supplier: str,
    at: datetime,
) -> None:
    check_lot(lot, expires_on)
    fields = {}
    if not 1 <= count <= MOST_AT_ONCE:
        fields["count"] = f"Enter 1 to {MOST_AT_ONCE}."
    if not invoice.strip():
        fields["invoice"] = "Enter the number of the invoice."
    if not supplier.strip():
        fields["supplier"] = "Enter name, address and registration number of the supplier."
    if expires_on is not None and expires_on < day_at(item.site, at):
        fields["expires_on"] = "This lot has expired. Check the date; send it back if it is right."
    if fields:
        raise Invalid("The delivery is not complete.", fields=fields)


__all__ = ["receive"]
