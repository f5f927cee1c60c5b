"""What the simulated clinic draws for a session and wastes of it, and how its shelves fill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.session.account import account_of, milligrams
from evenkeel.clinic.session.ledger_lines import HERE, counted_events
from evenkeel.clinic.session.models import Session
from evenkeel.clinic.stock import drawing
from evenkeel.clinic.stock.actions.begin_ledger import begin_ledger
from evenkeel.clinic.stock.actions.keep_item import add_item
from evenkeel.clinic.stock.actions.receive import receive
from evenkeel.clinic.stock.models import Container, Item
from evenkeel.demo.stage import House

#: Who sees a waste, and who takes deliveries in.
WITNESS: Final = "prescriber"
_PHARMACIST: Final = "pharmacist"
#: Invented packages; their codes are no real ones.
_ITEMS: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "Ketamine 50 mg/mL, vial of 10 mL (synthetic)",
        "product": ["racemic_iv", "racemic_im", "racemic_sc"],
        "form": "vial",
        "content_mg": 500,
        "volume_ml": 10,
        "code": "00000-0000-10",
    },
    {
        "name": "Esketamine nasal 28 mg, kit of 3 devices (synthetic)",
        "product": ["esketamine_nasal"],
        "form": "device_kit",
        "content_mg": 84,
        "units": 3,
        "code": "00000-0000-28",
    },
)
_BOX: Final = 6
_KEEPS: Final = timedelta(days=730)
_METHOD: Final = "Denaturing container"


def begin(house: House, at: datetime) -> None:
    """Begin the ledger, with nothing on hand: the shelves fill as deliveries come."""
    ctx = house.ctx(_PHARMACIST, at)
    for item in _ITEMS:
        add_item(ctx, site_id=house.site.pk, schedule="CIII", **item)
    second = house.accounts["nurse"].pk
    begin_ledger(ctx, site_id=house.site.pk, on_hand=(), second_id=second)


def draw(house: House, session: Session, amount_mg: float, at: datetime, **who: Any) -> None:
    """Draw for a session what it needs and has not drawn, from as many containers as that takes."""
    from evenkeel.demo.giving import enter

    if Session.objects.values_list("ledger", flat=True).get(pk=session.pk) != HERE:
        return
    left = milligrams(amount_mg) - account_of(counted_events(session.pk), at).drawn_mg
    for container, part in _taken(house, session.product, left, at):
        body = {"container_id": str(container.pk), "amount_mg": float(part)}
        enter(house, session.pk, "drawn", at, body, which=container.label, **who)


def _taken(
    house: House, product: str, left: Decimal, at: datetime
) -> Iterator[tuple[Any, Decimal]]:
    while left > 0:
        found = [
            one
            for one in drawing.containers_for(house.site.pk, product, at)
            if one.received_at <= at
        ]
        for container in found or _deliver(house, product, at):
            part = min(left, container.remaining_mg)
            if part > 0:
                yield container, part
                left -= part
            if left <= 0:
                return


def _deliver(house: House, product: str, at: datetime) -> list[Container]:
    """A box that came some days before it is needed."""
    items = Item.objects.filter(site_id=house.site.pk, active=True)
    item = next(one for one in items.order_by("created_at") if product in one.product)
    came = max(at - timedelta(days=3), house.start - timedelta(days=399))
    lot = f"SYN-{item.code[-2:]}-{came:%y%m%d}"
    return receive(
        house.ctx(_PHARMACIST, came).at(FixedClock(came)),
        item_id=item.pk,
        lot=lot,
        expires_on=_end_of_month(came + _KEEPS),
        count=_BOX,
        invoice=f"INV-{came:%y%m%d}",
        supplier="Synthetic Supply Ltd, 1 Sample Street, registration XX0000000",
        location="Safe",
    )


def _end_of_month(day: datetime) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1).date() - timedelta(days=1)


def waste_rest(house: House, session: Session, at: datetime, **who: Any) -> None:
    """Waste before a witness what was drawn for a session and not given."""
    from evenkeel.demo.giving import enter

    for line in account_of(counted_events(session.pk), at, promised=True).lines:
        if line.rest_mg > 0:
            body = {
                "container_id": line.container_id,
                "amount_mg": float(line.rest_mg),
                "method": _METHOD,
            }
            witness = house.accounts[WITNESS].pk
            enter(
                house, session.pk, "wasted", at, body, which=line.label, witness_id=witness, **who
            )
