"""What a site keeps: adding an item, changing what was decided about it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.stock.amounts import mass_mg, plain
from evenkeel.clinic.stock.models import ON_SHELF, Container, Form, Item
from evenkeel.protocol.products import PRODUCTS

_DRUGS = {"racemic ketamine": "racemic_ketamine", "esketamine": "esketamine"}


@action("stock.add_item", permission="stock.begin")
def add_item(
    act: Act,
    *,
    site_id: Any,
    name: str,
    product: list[str],
    form: str,
    content_mg: Any,
    volume_ml: Any = None,
    units: int = 1,
    code: str = "",
    schedule: str = "",
    low_mg: Any = None,
    opened_for_h: int | None = None,
) -> Item:
    """Add an item to a site. The strength follows from content and volume.

    Raises ``Invalid`` where the products are of two substances, or the figures do not fit.
    """
    site = act.open(Site, site_id)
    item = Item(
        site=site,
        name=name.strip()[:120],
        product=sorted(set(product)),
        substance=_substance(product),
        form=form,
        content_mg=mass_mg(content_mg, field="content_mg"),
        units=units,
        code=code.strip()[:40],
        schedule=schedule.strip()[:20],
        low_mg=None if low_mg in (None, "") else mass_mg(low_mg, field="low_mg", zero=True),
        opened_for_h=opened_for_h,
    )
    _fit(item, volume_ml)
    if Item.objects.filter(site=site, name__iexact=item.name, active=True).exists():
        raise Invalid(
            f"{site.name} keeps an item of that name.", fields={"name": "Choose another name."}
        )
    return act.write(item)


@action("stock.edit_item", permission="stock.begin")
def edit_item(
    act: Act, *, item_id: Any, low_mg: Any, opened_for_h: int | None, active: bool
) -> Item:
    """Change what was decided about an item; what it is never changes.

    Raises ``Refused`` for closing one that still stands on a shelf.
    """
    item = act.open(Item, item_id)
    if not active and Container.objects.filter(item=item, state__in=ON_SHELF).exists():
        raise Refused(
            "This item still stands on the shelf.",
            what_to_do="Use, return or destroy what is left of it first.",
            code="on_shelf",
        )
    item.low_mg = None if low_mg in (None, "") else mass_mg(low_mg, field="low_mg", zero=True)
    item.opened_for_h, item.active = opened_for_h, active
    return act.write(item)


def _substance(product: list[str]) -> str:
    unknown = [code for code in product if code not in PRODUCTS]
    if not product or unknown:
        raise Invalid(
            "Say what it is used for.", fields={"product": "Choose at least one product."}
        )
    found = {_DRUGS[PRODUCTS[code].drug] for code in product}
    if len(found) > 1:
        raise Invalid(
            "Ketamine and S-ketamine are different products.",
            fields={"product": "One item holds one of the two, never both."},
            code="two_substances",
        )
    return found.pop()


def _fit(item: Item, volume_ml: Any) -> None:
    """Check form, units and volume, and set volume and strength."""
    fields = {}
    if not item.name:
        fields["name"] = "Enter the name on the package, with its strength."
    if item.form not in Form.values:
        fields["form"] = "Choose what it comes in."
    elif item.is_measured:
        item.units = 1
        try:
            volume = Decimal(str(volume_ml))
            sound = volume.is_finite() and 0 < volume < 100_000
        except InvalidOperation:
            sound = False
        if not sound:
            fields["volume_ml"] = "Enter how many mL a full container holds."
        else:
            item.volume_ml = volume.quantize(Decimal("0.001"))
            item.strength_mg_per_ml = (item.content_mg / volume).quantize(Decimal("0.001"))
    elif not 1 <= item.units <= 1000:
        fields["units"] = "Enter how many pieces a full container holds."
    elif (item.content_mg / item.units).quantize(Decimal("0.001")) * item.units != item.content_mg:
        fields["units"] = f"{plain(item.content_mg)} mg is not {item.units} equal pieces."
    if fields:
        raise Invalid("The item is not complete.", fields=fields)


__all__ = ["add_item", "edit_item"]
