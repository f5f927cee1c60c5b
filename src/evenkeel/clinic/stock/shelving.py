"""Putting containers on the shelf: their numbers and their first line."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.stock.drawing import HERE, ledger_mode
from evenkeel.clinic.stock.lines import AHEAD, add_line
from evenkeel.clinic.stock.models import Container, ContainerState, Item, Move, MoveKind

MOST_AT_ONCE = 200


def require_begun(site: Site) -> None:
    """Raise ``Refused`` unless the ledger of the site is kept here and has begun."""
    mode = ledger_mode(site.pk)
    if mode == HERE:
        return
    if mode is None:
        raise Refused(
            f"The ledger of {site.name} has not begun.",
            what_to_do="Begin it with the initial inventory, even if nothing is on hand.",
            code="not_begun",
        )
    raise Refused(
        f"The ledger of {site.name} is kept in another system.",
        what_to_do="Enter it there, or have the medical director begin it here.",
        code="kept_elsewhere",
    )


def check_lot(lot: str, expires_on: date | None) -> None:
    """Raise ``Invalid`` without a lot number or an expiry."""
    fields = {}
    if not lot.strip():
        fields["lot"] = "Enter the lot number from the package."
    if expires_on is None:
        fields["expires_on"] = "Enter the date. A month alone means its last day."
    if fields:
        raise Invalid("The lot is not complete.", fields=fields)


def next_label(site: Site) -> int:
    """The next free number of a site; containers are never deleted, so they can be counted."""
    return Container.objects.filter(site=site).count() + 1


def put_on_shelf(
    act: Act,
    item: Item,
    kind: MoveKind,
    *,
    lot: str,
    expires_on: date,
    location: str,
    happened_at: datetime,
    holds_mg: Decimal | None = None,
    **said: Any,
) -> tuple[Container, Move]:
    """One more container of an item with its first line; full and sealed unless ``holds_mg``."""
    if happened_at > act.now + AHEAD:
        raise Refused(
            "This time is still to come.",
            what_to_do="Enter when it happened.",
            code="future",
        )
    is_full = holds_mg is None or holds_mg == item.content_mg
    container = Container(
        site_id=item.site_id,
        item=item,
        label=str(next_label(item.site)),
        lot=lot.strip()[:40],
        expires_on=expires_on,
        location=location.strip()[:60],
        state=ContainerState.SEALED if is_full else ContainerState.OPEN,
        received_at=happened_at,
        opened_at=None if is_full else happened_at,
    )
    act.write(container)
    amount = item.content_mg if holds_mg is None else holds_mg
    move = add_line(act, container, kind, amount, happened_at=happened_at, **said)
    return container, move


__all__ = ["MOST_AT_ONCE", "check_lot", "next_label", "put_on_shelf", "require_begun"]
