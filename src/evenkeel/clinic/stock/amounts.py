"""Amounts of the ledger: decimal, in mg, to 0.001 mg, and whole units where units are counted."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.stock.models import Item

STEP_MG: Final = Decimal("0.001")
NOTHING: Final = Decimal("0.000")
_LARGEST_MG: Final = Decimal(10) ** 8


def mass_mg(value: Any, *, field: str = "amount_mg", zero: bool = False) -> Decimal:
    """``value`` as a mass in mg, exact to 0.001. Raises ``Invalid`` naming ``field``.

    Floats go through their shortest text, so 0.1 means 0.1. A finer amount than the ledger keeps
    is refused, never rounded: a rounded line would not add up.
    """
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        raise _wrong(field, "Enter a number of milligrams.") from None
    if isinstance(value, bool) or not found.is_finite():
        raise _wrong(field, "Enter a number of milligrams.")
    if found < 0 or (found == 0 and not zero):
        raise _wrong(field, "Enter an amount above zero." if not zero else "Not below zero.")
    if found >= _LARGEST_MG:
        raise _wrong(field, "This is too much to be right.")
    exact = found.quantize(STEP_MG)
    if exact != found:
        raise _wrong(field, "The ledger is kept to 0.001 mg: at most three decimals.")
    return exact


def _wrong(field: str, said: str) -> Invalid:
    return Invalid("The amount cannot be entered.", fields={field: said}, code="amount")


def check_units(item: Item, amount_mg: Decimal, *, field: str = "amount_mg") -> None:
    """Raise ``Invalid`` unless the amount is whole units, where the item is counted in units."""
    if item.is_measured:
        return
    if amount_mg % item.unit_mg:
        raise _wrong(
            field, f"{item.name} is given in whole pieces of {plain(item.unit_mg)} mg each."
        )


def plain(amount: Decimal | None) -> str:
    """An amount without trailing zeros: ``Decimal("50.000")`` is "50"."""
    if amount is None:
        return ""
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def in_units(item: Item, amount_mg: Decimal) -> str:
    """An amount as it is seen in the hand: "4 mL", "2 of 3 devices"; empty where unknown."""
    if item.is_measured:
        if not item.strength_mg_per_ml:
            return ""
        volume_ml = amount_mg / item.strength_mg_per_ml
        return f"{plain(volume_ml.quantize(STEP_MG))} mL"
    count = plain((amount_mg / item.unit_mg).quantize(STEP_MG))
    return f"{count} of {item.units}"
