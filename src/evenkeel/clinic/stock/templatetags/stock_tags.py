"""Amounts as the ledger's pages write them."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from evenkeel.clinic.stock.amounts import in_units, plain
from evenkeel.clinic.stock.models import Item

register = template.Library()


@register.filter
def mg(amount: Decimal | None) -> str:
    """A mass without trailing zeros, with its unit: "50 mg"."""
    return f"{plain(amount)}\u00a0mg" if amount is not None else ""


@register.filter
def bare(amount: Decimal | None) -> str:
    """A number without trailing zeros."""
    return plain(amount)


@register.filter
def change(amount: Decimal) -> str:
    """A change with its sign; a true minus; a dash where nothing changed."""
    if not amount:
        return "\u2013"
    sign = "+" if amount > 0 else "\u2212"
    return sign + plain(abs(amount))


@register.filter
def seen_as(amount: Decimal, item: Item) -> str:
    """An amount as it is seen in the hand: "4 mL", "2 of 3"."""
    return in_units(item, amount)


@register.simple_tag
def number_tag(label: str) -> SafeString:
    """The number that is written on a container."""
    return format_html(
        '<span class="container-no"><span class="vh">Container </span>{}</span>', label
    )
