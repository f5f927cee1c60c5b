"""Beginning the ledger of a site: with an initial inventory, or by saying that it is kept
elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.stock.amounts import check_units, mass_mg
from evenkeel.clinic.stock.drawing import ELSEWHERE, HERE, ledger_mode
from evenkeel.clinic.stock.models import (
    ON_SHELF,
    Container,
    Count,
    CountLine,
    Item,
    LedgerBegun,
    MoveKind,
)
from evenkeel.clinic.stock.shelving import MOST_AT_ONCE, check_lot, put_on_shelf
from evenkeel.clinic.stock.witnessing import witness_of


@dataclass(frozen=True, slots=True)
class OnHand:
    """Equal containers found at the beginning: ``count`` of them, each full, or one part-used."""

    item_id: Any
    lot: str
    expires_on: date | None
    count: int = 1
    holds_mg: Decimal | None = None
    location: str = ""


@action("stock.begin", permission="stock.begin")
def begin_ledger(
    act: Act,
    *,
    site_id: Any,
    on_hand: Sequence[OnHand],
    second_id: Any,
    moment: str = "opening",
    counted_at: datetime | None = None,
) -> LedgerBegun:
    """Begin the ledger here with everything on hand, counted by two people.

    Nothing on hand is an inventory too (21 CFR 1304.11(b)). Raises ``Refused`` where the ledger
    has begun here already.
    """
    site = act.open(Site, site_id)
    if ledger_mode(site.pk) == HERE:
        raise Refused(f"The ledger of {site.name} has begun already.", code="begun")
    second = witness_of(act, site.pk, second_id)
    at = counted_at or act.now
    begun = act.write(
        LedgerBegun(site=site, number=_next(site), mode=HERE, since=at, decided_by=signer(act))
    )
    count = act.write(
        Count(
            site=site,
            kind="initial",
            moment=moment,
            counted_at=at,
            counted_by=signer(act),
            second=second,
        )
    )
    if sum(row.count for row in on_hand) > MOST_AT_ONCE:
        raise Invalid(f"At most {MOST_AT_ONCE} containers at once.")
    for row in on_hand:
        for _ in range(_how_many(row)):
            _take_in(act, site, count, row, at)
    return begun


def _how_many(row: OnHand) -> int:
    check_lot(row.lot, row.expires_on)
    if row.count < 1 or (row.holds_mg is not None and row.count != 1):
        raise Invalid(
            "Enter each part-used container on a line of its own.", fields={"count": "Enter 1."}
        )
    return row.count


def _take_in(act: Act, site: Site, count: Count, row: OnHand, at: datetime) -> None:
    item = act.open(Item, row.item_id, "site")
    if item.site_id != site.pk:
        raise Invalid("This item is kept at another site.")
    holds = None if row.holds_mg is None else mass_mg(row.holds_mg, field="holds_mg")
    if holds is not None:
        check_units(item, holds, field="holds_mg")
    assert row.expires_on is not None
    container, move = put_on_shelf(
        act,
        item,
        MoveKind.INITIAL,
        lot=row.lot,
        expires_on=row.expires_on,
        location=row.location,
        happened_at=at,
        holds_mg=holds,
        witness=count.second,
    )
    line = CountLine(
        site=site,
        count=count,
        container=container,
        counted_mg=move.balance_mg,
        expected_mg=move.balance_mg,
        sealed=holds is None,
        counted_at=at,
    )
    act.append(line)


@action("stock.keep_elsewhere", permission="stock.elsewhere")
def keep_elsewhere(act: Act, *, site_id: Any, system: str, reason: str) -> LedgerBegun:
    """Decide that the ledger of a site is kept in another system, which is named.

    Raises ``Refused`` while anything stands on the shelves here.
    """
    site = act.open(Site, site_id)
    if Container.objects.filter(site=site, state__in=ON_SHELF).exists():
        raise Refused(
            "Containers still stand on the shelves here.",
            what_to_do="Send them away or use them up first.",
            code="on_shelf",
        )
    fields = {}
    if not system.strip():
        fields["system"] = "Name the system or book in which it is kept."
    if not reason.strip():
        fields["reason"] = "Say why it is not kept here."
    if fields:
        raise Invalid("The decision is not complete.", fields=fields)
    return act.write(
        LedgerBegun(
            site=site,
            number=_next(site),
            mode=ELSEWHERE,
            since=act.now,
            elsewhere=system.strip()[:160],
            reason=reason.strip()[:1000],
            decided_by=signer(act),
        )
    )


def _next(site: Site) -> int:
    return LedgerBegun.objects.filter(site=site).count() + 1


__all__ = ["OnHand", "begin_ledger", "keep_elsewhere"]
