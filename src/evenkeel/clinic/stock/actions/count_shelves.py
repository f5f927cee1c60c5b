"""A count: two people say what they see, container by container, and only then what was expected.

The balance changes by nothing here. A difference opens a discrepancy, and only whoever closes
that corrects the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from evenkeel.clinic.people.models import Account, Site
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid
from evenkeel.clinic.stock.amounts import NOTHING, check_units, in_units, mass_mg, plain
from evenkeel.clinic.stock.models import (
    ON_SHELF,
    Container,
    ContainerState,
    Count,
    CountLine,
    Discrepancy,
    StockPolicy,
)
from evenkeel.clinic.stock.shelving import require_begun
from evenkeel.clinic.stock.witnessing import witness_of


@dataclass(frozen=True, slots=True)
class Seen:
    """What two people saw of one container: sealed and full, or an amount; nothing is 0."""

    sealed: bool = False
    amount_mg: Any = None


def on_shelf(site_id: Any) -> list[Container]:
    """Everything that a count has to look at. One query."""
    rows = Container.objects.filter(site_id=site_id, state__in=ON_SHELF).select_related("item")
    return sorted(rows, key=lambda c: (c.location, c.item.name, c.expires_on, c.place_in_line))


@action("stock.count", permission="stock.count")
def count_shelves(
    act: Act,
    *,
    site_id: Any,
    kind: str,
    second_id: Any,
    seen: Mapping[UUID, Seen],
    moment: str = "",
    extra: str = "",
    note: str = "",
) -> Count:
    """Record a count of everything on the shelves of a site.

    ``seen`` must speak of every container there. ``extra`` describes what stands on the shelf and
    in no line. Raises ``Conflict`` where a container came or went meanwhile, ``Invalid`` where one
    was left out.
    """
    site = act.open(Site, site_id)
    require_begun(site)
    if kind not in {"biennial", "routine", "asked"}:
        raise Invalid("Say what kind of count it is.", fields={"kind": "Choose one."})
    if kind == "biennial" and moment not in {"opening", "close"}:
        raise Invalid(
            "An inventory is taken at opening or close of business.",
            fields={"moment": "Choose opening or close."},
        )
    second = witness_of(act, site.pk, second_id)
    counted_by = signer(act)
    containers = on_shelf(site.pk)
    if set(seen) - {c.pk for c in containers}:
        raise Conflict(
            "A container left the shelf while you counted.",
            what_to_do="Reload the page and count again.",
            code="shelf_changed",
        )
    amounts = _amounts(containers, seen)
    count = act.write(
        Count(
            site=site,
            kind=kind,
            moment=moment,
            counted_at=act.now,
            counted_by=counted_by,
            second=second,
            note=note.strip()[:1000],
        )
    )
    tolerance_ml = _tolerance_ml(site.pk)
    for container in containers:
        _record(act, count, container, amounts[container.pk], seen[container.pk], tolerance_ml)
    if extra.strip():
        _open(act, count, None, NOTHING, f"On the shelf, in no line: {extra.strip()[:800]}")
    return count


def _amounts(containers: list[Container], seen: Mapping[UUID, Seen]) -> dict[UUID, Decimal]:
    found, fields = {}, {}
    for container in containers:
        name = f"seen_{container.label}"
        one = seen.get(container.pk)
        try:
            if one is None or (not one.sealed and one.amount_mg in (None, "")):
                fields[name] = f"Say what you see of container {container.label}."
            elif one.sealed:
                found[container.pk] = container.item.content_mg
            else:
                amount = mass_mg(one.amount_mg, field=name, zero=True)
                check_units(container.item, amount, field=name)
                found[container.pk] = amount
        except Invalid as wrong:
            fields.update(wrong.fields)
    if fields:
        raise Invalid("The count is not complete.", fields=fields, code="count_incomplete")
    return found


def _record(
    act: Act,
    count: Count,
    container: Container,
    counted: Decimal,
    seen: Seen,
    tolerance_ml: Decimal,
) -> None:
    line = CountLine(
        site_id=count.site_id,
        count=count,
        container=container,
        counted_mg=counted,
        expected_mg=container.remaining_mg,
        sealed=seen.sealed,
        counted_at=count.counted_at,
    )
    act.append(line)
    difference = counted - container.remaining_mg
    is_sealed = container.state == ContainerState.SEALED
    if abs(difference) > _tolerated(container, tolerance_ml) or (is_sealed and difference):
        _open(act, count, container, difference, _words(container, counted))
    elif is_sealed != seen.sealed:
        was = "sealed" if is_sealed else "open"
        _open(act, count, container, NOTHING, f"The ledger has it {was}; it was found otherwise.")


def _tolerated(container: Container, tolerance_ml: Decimal) -> Decimal:
    strength = container.item.strength_mg_per_ml
    return tolerance_ml * strength if strength and container.item.is_measured else NOTHING


def _tolerance_ml(site_id: UUID) -> Decimal:
    policy = StockPolicy.objects.filter(site_id=site_id).first()
    return policy.tolerance_ml if policy else Decimal(0)


def _words(container: Container, counted: Decimal) -> str:
    item = container.item
    shown = in_units(item, counted)
    expected = in_units(item, container.remaining_mg)
    return (
        f"Counted {plain(counted)} mg{f' ({shown})' if shown else ''}; the ledger said "
        f"{plain(container.remaining_mg)} mg{f' ({expected})' if expected else ''}."
    )


def _open(
    act: Act, count: Count, container: Container | None, difference: Decimal, what: str
) -> None:
    finder: Account = count.counted_by
    act.write(
        Discrepancy(
            site_id=count.site_id,
            container=container,
            count=count,
            difference_mg=difference,
            what=what,
            found_at=count.counted_at,
            found_by=finder,
        )
    )


@action("stock.set_policy", permission="stock.adjust")
def set_policy(
    act: Act, *, site_id: Any, count_every_h: int, tolerance_ml: Decimal, expiring_days: int
) -> StockPolicy:
    """Decide how often the shelves are counted and what difference a measured volume may have."""
    site = act.open(Site, site_id)
    fields = {}
    if not 1 <= count_every_h <= 24 * 31:
        fields["count_every_h"] = "Enter 1 to 744 hours."
    if not tolerance_ml.is_finite() or not 0 <= tolerance_ml <= 1:
        fields["tolerance_ml"] = "Enter 0 to 1 mL."
    if not 0 <= expiring_days <= 730:
        fields["expiring_days"] = "Enter 0 to 730 days."
    if fields:
        raise Invalid("This cannot be the clinic's policy.", fields=fields)
    policy = StockPolicy.objects.filter(site=site).first() or StockPolicy(site=site)
    policy.count_every_h, policy.expiring_days = count_every_h, expiring_days
    policy.tolerance_ml = tolerance_ml.quantize(Decimal("0.01"))
    return act.write(policy)


__all__ = ["Seen", "count_shelves", "on_shelf", "set_policy"]
