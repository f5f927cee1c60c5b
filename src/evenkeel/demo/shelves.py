"""More of the shelves of the demonstration: what expires soon, runs low, was counted and differed.

What the simulated clinic gives comes as it is needed, in ``dispensing.py``. Here stand items that
nobody in it is given, so that their counts stay true while older history is still being told.
Every lot begins with SYN, and no code is a real one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from evenkeel.clinic.record.act import Context
from evenkeel.clinic.stock.actions.count_shelves import Seen, count_shelves, on_shelf
from evenkeel.clinic.stock.actions.discrepancy import explain, look_into
from evenkeel.clinic.stock.actions.handle import open_container
from evenkeel.clinic.stock.actions.keep_item import add_item
from evenkeel.clinic.stock.actions.receive import receive
from evenkeel.clinic.stock.models import Container, ContainerState, Discrepancy
from evenkeel.demo.stage import House

_AMPOULE: Final[dict[str, Any]] = {
    "name": "S-ketamine 25 mg/mL, ampoule of 2 mL (synthetic)",
    "product": ["esketamine_iv"],
    "form": "ampoule",
    "content_mg": 50,
    "volume_ml": 2,
    "code": "00000-0000-25",
    "low_mg": 250,
    "opened_for_h": 1,
}
_LOZENGES: Final[dict[str, Any]] = {
    "name": "Ketamine lozenges 100 mg, bottle of 10 (synthetic)",
    "product": ["racemic_sublingual", "racemic_oral"],
    "form": "lozenge",
    "content_mg": 1000,
    "units": 10,
    "code": "00000-0000-11",
}
_SUPPLIER: Final = "Synthetic Supply Ltd, 1 Sample Street, registration XX0000000"
#: Days before the opening.
_CAME, _COUNTED = 20, 6
_EXPIRES_AFTER: Final = timedelta(days=12)
_LAST_COUNT: Final = timedelta(hours=7)


def fill_shelves(house: House) -> None:
    """Two items with a delivery, a count that differed and was explained, and the last count."""
    came = house.start - timedelta(days=_CAME)
    ctx = house.ctx("pharmacist", came)
    today = house.start.astimezone(house.zone).date()
    deliveries = (
        (_AMPOULE, 4, "SYN-25-0412", today + _EXPIRES_AFTER),
        (_LOZENGES, 2, "SYN-11-0930", today + timedelta(days=300)),
    )
    for given, count, lot, expires_on in deliveries:
        item = add_item(ctx, site_id=house.site.pk, schedule="CIII", **given)
        receive(
            ctx,
            item_id=item.pk,
            lot=lot,
            expires_on=expires_on,
            count=count,
            invoice=f"INV-{came:%y%m%d}",
            supplier=_SUPPLIER,
            location="Safe",
        )
    bottle = next(one for one in on_shelf(house.site.pk) if one.item.form == "lozenge")
    open_container(house.ctx("nurse", came + timedelta(days=1)), container_id=bottle.pk)
    _differ_and_explain(house, bottle)
    _count(house, house.start - _LAST_COUNT, {})


def _count(house: House, at: datetime, seen: dict[Any, Seen]) -> None:
    rows = on_shelf(house.site.pk)
    count_shelves(
        house.ctx("nurse", at),
        site_id=house.site.pk,
        kind="routine",
        second_id=house.accounts["pharmacist"].pk,
        seen={one.pk: seen.get(one.pk, _as_it_stands(one)) for one in rows},
    )


def _as_it_stands(container: Container) -> Seen:
    sealed = container.state == ContainerState.SEALED
    return Seen(sealed=sealed, amount_mg=None if sealed else container.remaining_mg)


def _differ_and_explain(house: House, bottle: Container) -> None:
    """One lozenge short; who broke it says so the same day, and the pharmacist closes it."""
    at = house.start - timedelta(days=_COUNTED)

    def later(key: str, hours: float) -> Context:
        return house.ctx(key, at + timedelta(hours=hours))

    _count(house, at, {bottle.pk: Seen(amount_mg=Decimal(900))})
    row = Discrepancy.objects.get(container=bottle)
    look_into(
        later("prescriber", 0.5),
        discrepancy_id=row.pk,
        text="The bottle fell yesterday and one lozenge broke. Sam Beispiel and I put the pieces "
        "into the denaturing container, and neither of us entered it.",
    )
    explain(
        later("pharmacist", 2),
        discrepancy_id=row.pk,
        cause="One lozenge broke and was thrown away before two people, but not entered. Both "
        "were shown how it is done.",
    )


__all__ = ["fill_shelves"]
