"""What is asked of the ledger: shelves, what is due, a container's history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.stock.amounts import NOTHING
from evenkeel.clinic.stock.days import day_at
from evenkeel.clinic.stock.deadlines import next_inventory
from evenkeel.clinic.stock.drawing import why_unusable
from evenkeel.clinic.stock.models import (
    ON_SHELF,
    UNRESOLVED,
    Container,
    ContainerState,
    Count,
    Discrepancy,
    Item,
    LedgerBegun,
    Move,
    MoveKind,
    Notice,
    StockPolicy,
)


@dataclass(slots=True)
class OnShelf:
    """One container as the shelf shows it."""

    container: Container
    why_unusable: str
    expires_in_days: int
    share_percent: int
    expiring: bool


@dataclass(slots=True)
class ItemShelf:
    """One item of a site with what stands there of it. Masses in mg."""

    item: Item
    containers: list[OnShelf] = field(default_factory=list)

    @property
    def usable_mg(self) -> Decimal:
        """What may be given now."""
        return sum(
            (c.container.remaining_mg for c in self.containers if not c.why_unusable), NOTHING
        )

    @property
    def held_mg(self) -> Decimal:
        """Everything on the shelf, usable or not."""
        return sum((c.container.remaining_mg for c in self.containers), NOTHING)

    @property
    def sealed(self) -> int:
        """How many are sealed."""
        return sum(c.container.state == ContainerState.SEALED for c in self.containers)

    @property
    def is_low(self) -> bool:
        """Whether less may be given than the site wants to keep."""
        return self.item.low_mg is not None and self.usable_mg < self.item.low_mg


@dataclass(frozen=True, slots=True)
class Standing:
    """How the ledger of a site stands: what is open and what is due."""

    begun: LedgerBegun | None
    policy: StockPolicy
    last_count: Count | None
    count_due_at: datetime | None
    last_inventory: Count | None
    inventory_due: date | None
    open_discrepancies: int
    notices: Sequence[Notice]

    @property
    def is_here(self) -> bool:
        """Whether the ledger is kept here."""
        return self.begun is not None and self.begun.mode == "here"

    def is_late(self, now: datetime) -> bool:
        """Whether a count or a notice is overdue."""
        if not self.is_here:
            return False
        counted = self.count_due_at is None or self.count_due_at >= now
        return not counted or any(notice.due_at < now for notice in self.notices)

    def line(self, now: datetime) -> str:
        """One line of state for an overview: what most needs somebody."""
        if self.begun is None:
            return "The ledger has not begun."
        if not self.is_here:
            return f"Kept in {self.begun.elsewhere}."
        late = sum(1 for notice in self.notices if notice.due_at < now)
        said = []
        if self.notices:
            words = f"{len(self.notices)} notice{'s' if len(self.notices) > 1 else ''} due"
            said.append(f"{words}, {late} late" if late else words)
        if self.open_discrepancies:
            many = self.open_discrepancies > 1
            said.append(f"{self.open_discrepancies} open discrepanc{'ies' if many else 'y'}")
        if self.count_due_at is not None and self.count_due_at < now:
            said.append("the count is due")
        return "; ".join(said).capitalize() + "." if said else "Shelf and ledger agree."


def standing_of(site: Site) -> Standing:
    """How the ledger of a site stands. Six queries."""
    begun = LedgerBegun.objects.filter(site=site).select_related("decided_by").order_by("-number")
    policy = StockPolicy.objects.filter(site=site).first() or StockPolicy(site=site)
    counts = Count.objects.filter(site=site).select_related("counted_by", "second")
    last = counts.order_by("-counted_at").first()
    inventory = counts.filter(kind__in=("initial", "biennial")).order_by("-counted_at").first()
    return Standing(
        begun=begun.first(),
        policy=policy,
        last_count=last,
        count_due_at=None if last is None else last.counted_at + _hours(policy.count_every_h),
        last_inventory=inventory,
        inventory_due=None if inventory is None else next_inventory(site, inventory.counted_at),
        open_discrepancies=Discrepancy.objects.filter(site=site, state__in=UNRESOLVED).count(),
        notices=list(
            Notice.objects.filter(site=site, done_at=None)
            .select_related("discrepancy")
            .order_by("due_at")
        ),
    )


def _hours(count: int) -> timedelta:
    return timedelta(hours=count)


def shelves_of(site: Site, now: datetime, expiring_days: int) -> list[ItemShelf]:
    """Every item of a site with its containers; the next to be used comes first. Two queries."""
    items = Item.objects.filter(site=site).order_by("-active", "name")
    shelves = {item.pk: ItemShelf(item) for item in items}
    today = day_at(site, now)
    rows = Container.objects.filter(site=site, state__in=ON_SHELF).order_by("expires_on")
    for container in rows:
        shelf = shelves[container.item_id]
        container.item, container.site = shelf.item, site
        left = (container.expires_on - today).days
        shelf.containers.append(
            OnShelf(
                container=container,
                why_unusable=why_unusable(container, now),
                expires_in_days=left,
                share_percent=int(100 * container.remaining_mg / shelf.item.content_mg),
                expiring=left <= expiring_days,
            )
        )
    for shelf in shelves.values():
        shelf.containers.sort(
            key=lambda c: (
                bool(c.why_unusable),
                c.container.state != ContainerState.OPEN,
                c.container.expires_on,
                c.container.place_in_line,
            )
        )
    return [shelf for shelf in shelves.values() if shelf.item.active or shelf.containers]


def on_the_way(site: Site) -> tuple[list[Move], list[Move]]:
    """What is on its way to a site, and what left it and has not arrived. Two queries."""
    rows = Move.objects.filter(kind=MoveKind.TRANSFER_OUT, answered_by=None).select_related(
        "container__item", "site", "to_site"
    )
    return (
        list(rows.filter(to_site=site).order_by("happened_at")),
        list(rows.filter(site=site).order_by("happened_at")),
    )


def history_of(container: Container) -> list[Move]:
    """Every line of a container, newest first. One query."""
    return list(
        Move.objects.filter(container=container)
        .select_related("by", "witness", "to_site", "corrects", "corrected_by", "answered_by")
        .order_by("-number")
    )


def sites_with(ctx: Context, permission: str) -> list[Site]:
    """The active sites where the caller holds a permission, by name."""
    sites = ctx.actor.sites(permission)
    rows = Site.objects.filter(active=True).order_by("name", "created_at")
    return list(rows if sites is None else rows.filter(pk__in=sites))


def ledger_line(site: Any, now: datetime) -> str:
    """One line of state for an overview."""
    return standing_of(site).line(now)


__all__ = [
    "ItemShelf",
    "OnShelf",
    "Standing",
    "history_of",
    "ledger_line",
    "on_the_way",
    "shelves_of",
    "sites_with",
    "standing_of",
]
