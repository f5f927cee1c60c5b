"""What is typed on the plan page, read as an order and a schedule, never lost on an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from evenkeel.clinic.course.actions.draft_plan import Schedule
from evenkeel.clinic.course.dose_sheet import DoseOrder
from evenkeel.clinic.course.models import Plan
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.products import PRODUCTS, Product

BY_WEIGHT: Final = "mg_per_kg"
IN_MG: Final = "mg"
_NUMBERS: Final = ("dose", "duration_min", "concentration_mg_ml", "diluted_mg_ml", "spacing_days")
_NAMES: Final = {
    "dose": "dose",
    "duration_min": "duration",
    "concentration_mg_ml": "concentration",
    "diluted_mg_ml": "thinned concentration",
    "spacing_days": "spacing",
    "sessions_planned": "number of sessions",
}
_LONGEST_NUMBER: Final = 12


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """What was typed, field by field, as text; and what it comes to."""

    typed: Mapping[str, str]
    order: DoseOrder
    schedule: Schedule
    errors: Mapping[str, str]

    @property
    def item(self) -> Product:
        """The product chosen."""
        return PRODUCTS[self.order.product]


def read_entry(posted: Mapping[str, str], product: str) -> PlanEntry:
    """Read the form for ``product``. Fields another product has are left aside."""
    item = PRODUCTS[product]
    typed = {name: str(posted.get(name, "")).strip() for name in (*_NUMBERS, "sessions_planned")}
    basis = posted.get("basis", BY_WEIGHT if item.by_weight else IN_MG)
    if item.device_mg is not None:
        basis = IN_MG
    errors: dict[str, str] = {}
    dose = _number("dose", typed, errors)
    infusion = item.is_infusion
    duration = _number("duration_min", typed, errors) if infusion else None
    vial = _number("concentration_mg_ml", typed, errors) if item.concentrations_mg_ml else None
    diluted = _number("diluted_mg_ml", typed, errors) if infusion else None
    spacing = _number("spacing_days", typed, errors)
    sessions = _number("sessions_planned", typed, errors)
    if sessions is not None and sessions != sessions.to_integral_value():
        errors["sessions_planned"] = "A whole number of sessions."
        sessions = None
    order = DoseOrder(
        product=product,
        dose_mg=dose if basis == IN_MG else None,
        dose_mg_per_kg=dose if basis != IN_MG else None,
        duration_min=duration,
        concentration_mg_ml=vial,
        diluted_mg_ml=diluted,
    )
    schedule = Schedule(int(sessions or 0), spacing or Decimal(0))
    return PlanEntry({**typed, "basis": basis}, order, schedule, errors)


def _number(name: str, typed: Mapping[str, str], errors: dict[str, str]) -> Decimal | None:
    text = typed[name].replace(",", ".")
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or len(text) > _LONGEST_NUMBER or value <= 0:
        errors[name] = f"The {_NAMES[name]} must be a number above zero."
        return None
    return value


def first_entry(plan: Plan | None, product: str, protocol: Protocol | None) -> PlanEntry:
    """What the form starts with: the plan given, or what is usual for the product."""
    if plan is not None and plan.product == product:
        per_kg = plan.dose_mg_per_kg
        return read_entry(
            {
                "basis": IN_MG if per_kg is None else BY_WEIGHT,
                "dose": plain(plan.dose_mg if per_kg is None else per_kg),
                "duration_min": plain(plan.duration_min),
                "concentration_mg_ml": plain(plan.concentration_mg_ml),
                "diluted_mg_ml": plain(plan.diluted_mg_ml),
                "sessions_planned": str(plan.sessions_planned),
                "spacing_days": plain(plan.spacing_days),
            },
            product,
        )
    return read_entry(_usual(product, protocol), product)


def _usual(product: str, protocol: Protocol | None) -> dict[str, str]:
    """The protocol's own usual figures; where it states none, the field stays empty."""

    def stated(key: str) -> str:
        found = protocol.find(key) if protocol else None
        return f"{found.value:g}" if found and not isinstance(found.value, tuple) else ""

    item = PRODUCTS[product]
    dose = stated("dose.first_mg") if item.device_mg else stated("dose.usual_mg_per_kg")
    return {
        "dose": dose,
        "duration_min": stated("dose.usual_duration_min"),
        "concentration_mg_ml": "",
        "sessions_planned": "8" if item.device_mg else "6",
        "spacing_days": "3.5",
    }


def plain(value: Decimal | None) -> str:
    """A stored decimal as one would type it."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
