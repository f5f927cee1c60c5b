"""A measured number with its unit, or the reason why it cannot be charted."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..node import Node, quoted
from .codes import CODES, Measure

_CHOICES = (
    "Quantity",
    "Integer",
    "CodeableConcept",
    "String",
    "Boolean",
    "Range",
    "Ratio",
    "SampledData",
    "Time",
    "DateTime",
    "Period",
)
NO_VALUE = "it has no value"


@dataclass(frozen=True, slots=True)
class Measured:
    """A value in the unit of its measure, beside what the source wrote."""

    value: float
    source_value: float
    source_unit: str


class NotCharted(Exception):
    """A value that cannot stand on a chart; the message says why."""


def read_measured(node: Node, measure: Measure) -> Measured:
    """The `value[x]` of an Observation or component as `measure`.

    Raises NotCharted where the value is absent, only a bound, in a unit not known, or
    impossible. A value of the wrong type also gathers a problem, which refuses the bundle.
    """
    choice = node.one_of("value[x]", "value", _CHOICES)
    if choice is None:
        raise NotCharted(NO_VALUE)
    if choice == "Integer" and measure.whole:
        number = node.number("valueInteger")
        if number is None:
            raise NotCharted(NO_VALUE)
        return _bounded(number, measure, "{score}")
    quantity = node.node("valueQuantity") if choice == "Quantity" else None
    if quantity is None:
        raise NotCharted("its value is not a measured quantity")
    return _read_quantity(quantity, measure)


def _read_quantity(quantity: Node, measure: Measure) -> Measured:
    number = quantity.number("value")
    system, code = quantity.text("system"), quantity.text("code")
    written = quantity.text("unit")
    if number is None:
        raise NotCharted(NO_VALUE)
    if quantity.text("comparator") is not None:
        raise NotCharted("its value is only a bound, not a measurement")
    unit = measure.unit(code if system == CODES.ucum else None, written or code)
    if unit is None:
        shown = code or written
        raise NotCharted(f"its unit {quoted(shown)} is not known" if shown else "it has no unit")
    return _bounded(number, measure, unit[0])


def _bounded(number: float, measure: Measure, unit_code: str) -> Measured:
    unit = measure.units[unit_code]
    identical = unit.factor == 1 and unit.zero == 0
    value = number if identical else round((number - unit.zero) * unit.factor, 4)
    if not math.isfinite(value) or not measure.minimum <= value <= measure.maximum:
        raise NotCharted(
            f"its value is impossible (outside {measure.minimum:g} to {measure.maximum:g} "
            f"for {measure.name})"
        )
    if measure.whole and value != int(value):
        raise NotCharted("its value should be a whole number")
    return Measured(value, number, unit_code)
