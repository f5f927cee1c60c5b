"""The dose of a plan in every unit it is handled in, with what stops it.

One place for the plan page, the signature and the session: each computes it anew by
:mod:`evenkeel.protocol.dose` from the plan and a measured weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from evenkeel.clinic.course.models import Plan
from evenkeel.clinic.people.facts import assemble_facts
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.protocol.dose import DoseSheet, Stop, check_dose, check_vial, dose_arithmetic
from evenkeel.protocol.errors import DoseError
from evenkeel.protocol.facts import Facts
from evenkeel.protocol.findings import source_document
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.products import PRODUCTS

_FIELD_WORDS: Final = {
    "dose_mg": "dose",
    "dose_mg_per_kg": "dose",
    "duration_min": "duration",
    "concentration_mg_ml": "concentration",
    "weight_kg": "weight",
}


@dataclass(frozen=True, slots=True)
class Weight:
    """A measured weight and height with their dates and origin; ``None`` where not known."""

    weight_kg: Decimal | None = None
    as_of: datetime | None = None
    origin: str = ""
    height_cm: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DoseOrder:
    """What is ordered: either dose, the other ``None``; times in minutes, mg/mL of the vial."""

    product: str
    dose_mg: Decimal | None = None
    dose_mg_per_kg: Decimal | None = None
    duration_min: Decimal | None = None
    concentration_mg_ml: Decimal | None = None
    diluted_mg_ml: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """An order worked out. ``sheet`` is ``None`` where it cannot be; ``problem`` says why.

    ``sheet.volume_ml`` is what is drawn from the vial. Where it is thinned, ``pumped`` holds
    volume and rate of what runs; otherwise it is ``None`` and the sheet's own rate holds.
    """

    order: DoseOrder
    weight: Weight
    sheet: DoseSheet | None
    stops: tuple[Stop, ...]
    problem: str = ""
    problem_field: str = ""
    pumped: DoseSheet | None = None

    @property
    def hard_stops(self) -> tuple[Stop, ...]:
        """Those that refuse the dose."""
        return tuple(stop for stop in self.stops if stop.level == "hard")

    @property
    def soft_stops(self) -> tuple[Stop, ...]:
        """Those that ask for a reason."""
        return tuple(stop for stop in self.stops if stop.level == "soft")

    @property
    def problem_words(self) -> str:
        """Why the dose cannot be worked out, as a sentence; empty where it can."""
        if not self.problem:
            return ""
        if self.problem.startswith(("is ", "must ")):
            return f"The {_FIELD_WORDS.get(self.problem_field, 'entry')} {self.problem}."
        return f"{self.problem[:1].upper()}{self.problem[1:]}."

    @property
    def shown(self) -> dict[str, Any]:
        """The figures as a page writes them: no trailing zero, which is misread as tenfold."""
        return as_document(self)

    @property
    def digest(self) -> str:
        """What a signer read, as one text: it changes when any figure or stop does."""
        return digest(canonical({"sheet": as_document(self), "stops": stops_document(self.stops)}))


def measured_weight(patient: Patient, *, now: datetime, product: str) -> Weight:
    """The newest measured weight and height of a person."""
    return weight_in(assemble_facts(patient, now=now, product=product))


def weight_in(facts: Facts) -> Weight:
    """The newest measured weight and height among facts."""
    weight, height = facts["weight_kg"], facts["height_cm"]
    return Weight(
        weight_kg=_decimal(weight.value),
        as_of=weight.as_of,
        origin=weight.origin,
        height_cm=_decimal(height.value),
    )


def _decimal(value: object) -> Decimal | None:
    return Decimal(str(value)) if isinstance(value, int | float | Decimal) else None


def work_out(order: DoseOrder, weight: Weight, *, now: datetime, protocol: Protocol) -> Figures:
    """Work an order out and name its stops. Never raises: what is missing is the ``problem``."""
    stops: tuple[Stop, ...] = ()
    sheet: DoseSheet | None
    try:
        stops = check_dose(
            order.product,
            order.dose_mg,
            order.dose_mg_per_kg,
            order.duration_min,
            weight.weight_kg,
            weight.as_of,
            weight.height_cm,
            now,
            protocol,
        )
        stops = _sorted(stops + _vial_stops(order))
        sheet = _arithmetic(order, weight, order.concentration_mg_ml)
        pumped = _arithmetic(order, weight, order.diluted_mg_ml) if order.diluted_mg_ml else None
    except DoseError as error:
        return Figures(order, weight, None, stops, error.message, error.key)
    return Figures(order, weight, sheet, stops, pumped=pumped)


def _arithmetic(order: DoseOrder, weight: Weight, concentration_mg_ml: Decimal | None) -> DoseSheet:
    by_weight = order.dose_mg_per_kg is not None or PRODUCTS[order.product].by_weight
    return dose_arithmetic(
        order.product,
        order.dose_mg_per_kg,
        order.dose_mg,
        weight.weight_kg if by_weight else None,
        concentration_mg_ml,
        order.duration_min,
    )


def _vial_stops(order: DoseOrder) -> tuple[Stop, ...]:
    """The stops on the vial; that it must be thinned is settled once it is."""
    if order.concentration_mg_ml is None:
        return ()
    found = check_vial(order.product, order.concentration_mg_ml)
    return tuple(s for s in found if s.id != "vial.dilute" or order.diluted_mg_ml is None)


def _sorted(stops: tuple[Stop, ...]) -> tuple[Stop, ...]:
    return tuple(sorted(stops, key=lambda stop: stop.level != "hard"))


def order_of(plan: Plan) -> DoseOrder:
    """What a plan orders. A plan by weight orders mg/kg; its mg follow from the weight."""
    per_kg = plan.dose_mg_per_kg
    return DoseOrder(
        product=plan.product,
        dose_mg=None if per_kg is not None else plan.dose_mg,
        dose_mg_per_kg=per_kg,
        duration_min=plan.duration_min,
        concentration_mg_ml=plan.concentration_mg_ml,
        diluted_mg_ml=plan.diluted_mg_ml,
    )


def sheet_for(
    plan: Plan, *, weight: Weight | None = None, now: datetime, protocol: Protocol
) -> Figures:
    """The dose sheet of a signed plan on the day, from the weight of the day.

    Without a weight the one the plan was signed with is taken, and judged by its age at ``now``.
    """
    taken = weight or Weight(plan.weight_kg, plan.weight_as_of, "plan", None)
    return work_out(order_of(plan), taken, now=now, protocol=protocol)


def as_document(figures: Figures) -> dict[str, Any]:
    """The arithmetic as plain JSON; numbers as text, so that no digit is lost."""
    order, weight, sheet = figures.order, figures.weight, figures.sheet
    running = figures.pumped or sheet
    return {
        "product": order.product,
        "product_label": PRODUCTS[order.product].label,
        "ordered_mg": _text(order.dose_mg),
        "ordered_mg_per_kg": _text(order.dose_mg_per_kg),
        "weight_kg": _text(weight.weight_kg),
        "weight_as_of": weight.as_of.isoformat() if weight.as_of else None,
        "concentration_mg_ml": _text(order.concentration_mg_ml),
        "diluted_mg_ml": _text(order.diluted_mg_ml),
        "duration_min": _text(order.duration_min),
        "dose_mg": _text(sheet.dose_mg) if sheet else None,
        "dose_mg_per_kg": _text(sheet.dose_mg_per_kg) if sheet else None,
        "volume_ml": _text(sheet.volume_ml) if sheet else None,
        "rate_mg_per_h": _text(sheet.rate_mg_per_h) if sheet else None,
        "pumped_ml": _text(figures.pumped.volume_ml) if figures.pumped else None,
        "rate_ml_per_h": _text(running.rate_ml_per_h) if running else None,
        "devices": sheet.devices if sheet else None,
    }


def stops_document(stops: tuple[Stop, ...]) -> list[dict[str, Any]]:
    """The stops as plain JSON."""
    return [
        {
            "level": stop.level,
            "id": stop.id,
            "message": stop.message,
            "resolve": stop.resolve,
            "source": source_document(stop.source),
        }
        for stop in stops
    ]


def _text(value: Decimal | None) -> str | None:
    """A decimal as text without needless zeros: stored and typed forms read alike."""
    if value is None:
        return None
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
