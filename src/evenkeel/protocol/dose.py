"""Dose arithmetic and the stops on a dose. Decimal throughout; every rounding is stated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final, Literal

from .errors import DoseError
from .pack import Protocol
from .products import PRODUCTS, Product
from .sources import CLINIC_POLICY, SOURCED, Source, cite

Number = Decimal | int | float | str

# Rounding is half up. Volumes are computed from the rounded dose that is ordered, so the
# sheet's own figures multiply out; pump rates from the unrounded quotient.
DOSE_STEP_MG: Final = Decimal("0.1")
DOSE_PER_KG_STEP: Final = Decimal("0.001")
VOLUME_STEP_ML: Final = Decimal("0.01")
RATE_STEP: Final = Decimal("0.1")
_AGREE_WITHIN: Final = Decimal("0.02")
_MINUTES_AN_HOUR: Final = Decimal(60)
_DILUTE_BEFORE_IV_MG_ML: Final = 100


@dataclass(frozen=True, slots=True)
class Stop:
    """A reason not to accept a dose: ``hard`` refuses, ``soft`` asks for a reason."""

    level: Literal["hard", "soft"]
    id: str
    message: str
    resolve: str
    source: Source


@dataclass(frozen=True, slots=True)
class DoseSheet:
    """A dose in every unit it is handled in. None where it does not apply.

    Rounding, half up: dose 0.1 mg; dose per weight 0.001 mg/kg; volume 0.01 mL; rates 0.1 mg/h
    and 0.1 mL/h. ``devices`` counts nasal devices.
    """

    dose_mg: Decimal
    dose_mg_per_kg: Decimal | None
    volume_ml: Decimal | None
    rate_mg_per_h: Decimal | None
    rate_ml_per_h: Decimal | None
    devices: int | None


def rounded(value: Decimal, step: Decimal) -> Decimal:
    """Return ``value`` rounded half up to ``step``."""
    return value.quantize(step, rounding=ROUND_HALF_UP)


def decimal_of(name: str, value: Number | None) -> Decimal | None:
    """Return ``value`` as a finite Decimal above zero; ``DoseError`` naming it otherwise.

    Floats go through their shortest text, so 0.1 means 0.1.
    """
    if value is None:
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise DoseError(name, "is not a number") from None
    if isinstance(value, bool) or not found.is_finite() or found <= 0:
        raise DoseError(name, "must be a number above zero")
    if found >= Decimal(10) ** 7:
        raise DoseError(name, "is too large")
    return found


def product_of(code: str) -> Product:
    """Return a product by its code; ``DoseError`` when there is none."""
    try:
        return PRODUCTS[code]
    except KeyError:
        raise DoseError("product", f"{code!r} is not a product") from None


def dose_arithmetic(
    product: str,
    dose_mg_per_kg: Number | None = None,
    dose_mg: Number | None = None,
    weight_kg: Number | None = None,
    concentration_mg_ml: Number | None = None,
    duration_min: Number | None = None,
) -> DoseSheet:
    """Turn a dose by weight or in mg into mg, mg/kg, mL, mg/h, mL/h and devices.

    ``concentration_mg_ml`` is that of what is drawn up or pumped. Give either dose; when both
    are given they must agree within 2 %. Raises ``DoseError`` naming what is missing or wrong.
    """
    item = product_of(product)
    per_kg = decimal_of("dose_mg_per_kg", dose_mg_per_kg)
    fixed = decimal_of("dose_mg", dose_mg)
    weight = decimal_of("weight_kg", weight_kg)
    concentration = decimal_of("concentration_mg_ml", concentration_mg_ml)
    duration = decimal_of("duration_min", duration_min)
    total = _total_mg(per_kg, fixed, weight)
    volume = None if concentration is None else total / concentration
    rate = rate_ml = None
    if item.is_infusion:
        if duration is None:
            raise DoseError("duration_min", "an infusion needs a duration")
        hours = duration / _MINUTES_AN_HOUR
        rate = rounded(total / hours, RATE_STEP)
        rate_ml = None if volume is None else rounded(volume / hours, RATE_STEP)
    if per_kg is None and weight is not None:
        per_kg = total / weight
    return DoseSheet(
        dose_mg=total,
        dose_mg_per_kg=None if per_kg is None else rounded(per_kg, DOSE_PER_KG_STEP),
        volume_ml=None if volume is None else rounded(volume, VOLUME_STEP_ML),
        rate_mg_per_h=rate,
        rate_ml_per_h=rate_ml,
        devices=_devices(item, total),
    )


def _total_mg(per_kg: Decimal | None, fixed: Decimal | None, weight: Decimal | None) -> Decimal:
    if per_kg is None and fixed is None:
        raise DoseError("dose_mg", "no dose is given")
    if per_kg is None:
        assert fixed is not None
        total = rounded(fixed, DOSE_STEP_MG)
    else:
        if weight is None:
            raise DoseError("weight_kg", "dosing by weight needs a weight")
        total = rounded(per_kg * weight, DOSE_STEP_MG)
        if fixed is not None and not _agree(fixed, per_kg * weight):
            raise DoseError("dose_mg", f"{fixed} mg is not {per_kg} mg/kg of {weight} kg")
    if total <= 0:
        raise DoseError("dose_mg", f"is less than {DOSE_STEP_MG} mg")
    return total


def _agree(fixed: Decimal, computed: Decimal) -> bool:
    return abs(fixed - computed) <= max(_AGREE_WITHIN * computed, DOSE_STEP_MG / 2)


def _devices(item: Product, total_mg: Decimal) -> int | None:
    if item.device_mg is None:
        return None
    count = total_mg / item.device_mg
    if count != count.to_integral_value():
        raise DoseError("dose_mg", f"is not a whole number of {item.device_mg} mg devices")
    return int(count)


def check_dose(
    product: str,
    dose_mg: Number | None,
    dose_mg_per_kg: Number | None,
    duration_min: Number | None,
    weight_kg: Number | None,
    weight_as_of: datetime | None,
    height_cm: Number | None,
    now: datetime,
    protocol: Protocol,
    *,
    session_number: int | None = None,
) -> tuple[Stop, ...]:
    """Return every stop on a planned dose, hard ones first; empty means none.

    Raises ``DoseError`` for values that are no numbers, and for a protocol of another product.
    """
    item = product_of(product)
    if protocol.product != product:
        raise DoseError("protocol", f"{protocol.name} is not for {product}")
    weight = decimal_of("weight_kg", weight_kg)
    fixed, per_kg = decimal_of("dose_mg", dose_mg), decimal_of("dose_mg_per_kg", dose_mg_per_kg)
    stops: list[Stop] = []
    if per_kg is not None or item.by_weight:
        height = decimal_of("height_cm", height_cm)
        stops += _weight_stops(weight, weight_as_of, height, now, protocol)
    if fixed is None and per_kg is None:
        stops.append(_policy("hard", "dose.missing", "No dose is given.", "Enter the dose."))
    computed = per_kg * weight if per_kg is not None and weight is not None else None
    if fixed is not None and computed is not None and not _agree(fixed, computed):
        text = f"{fixed} mg and {per_kg} mg/kg of {weight} kg do not agree."
        stops.append(_policy("hard", "dose.disagree", text, "Enter one of the two anew."))
    planned_by_weight = per_kg is not None
    if weight is not None:
        per_kg = per_kg if per_kg is not None else (fixed / weight if fixed is not None else None)
        fixed = fixed if fixed is not None else (per_kg * weight if per_kg is not None else None)
    stops += _dose_stops(item, fixed, per_kg, planned_by_weight, protocol)
    if item.device_mg is not None and fixed is not None:
        stops += _label_stops(fixed, session_number, protocol)
    if item.is_infusion:
        stops += _duration_stops(decimal_of("duration_min", duration_min), protocol)
    return tuple(sorted(stops, key=lambda stop: stop.level != "hard"))


def check_vial(product: str, concentration_mg_ml: Number) -> tuple[Stop, ...]:
    """Return the stops on the vial to draw from; empty means none.

    A concentration that is not sold for this drug is a hard stop: it is likely the other drug.
    The 100 mg/mL vial must be diluted before it goes into a vein (US label of racemic ketamine).
    Raises ``DoseError`` for a product that is not drawn from a vial.
    """
    item, found = product_of(product), decimal_of("concentration_mg_ml", concentration_mg_ml)
    if not item.concentrations_mg_ml or found is None:
        raise DoseError("concentration_mg_ml", f"{item.label} is not drawn from a vial")
    sold = ", ".join(str(step) for step in item.concentrations_mg_ml)
    if found not in item.concentrations_mg_ml:
        source = cite(item.concentration_sources[0], SOURCED)
        message = f"{_shown(found)} mg/mL is not sold of {item.drug} ({sold} mg/mL are)."
        resolve = "Read the vial again: is it the right drug?"
        return (Stop("hard", "vial.unknown", message, resolve, source),)
    if item.route == "intravenous" and found == _DILUTE_BEFORE_IV_MG_ML:
        source = cite("ketalar", SOURCED)
        message = f"The {_shown(found)} mg/mL vial must be diluted before it goes into a vein."
        resolve = "Dilute it, and enter the concentration that is pumped."
        return (Stop("soft", "vial.dilute", message, resolve, source),)
    return ()


def _policy(level: Literal["hard", "soft"], stop_id: str, message: str, resolve: str) -> Stop:
    return Stop(level, stop_id, message, resolve, cite("clinic", CLINIC_POLICY))


def _weight_stops(
    weight: Decimal | None,
    as_of: datetime | None,
    height: Decimal | None,
    now: datetime,
    protocol: Protocol,
) -> list[Stop]:
    if weight is None:
        message = "Dosing by weight needs a measured weight."
        return [_policy("hard", "weight.missing", message, "Weigh the person.")]
    stops: list[Stop] = []
    limit = protocol.threshold("weight.max_age_days")
    days = protocol.number(limit.key)
    if as_of is None:
        message = "The weight has no date."
        stops.append(_policy("hard", "weight.undated", message, "Weigh the person."))
    elif as_of > now + timedelta(minutes=5):
        message = "The weight is dated in the future."
        stops.append(_policy("hard", "weight.future", message, "Correct its date."))
    elif now - as_of > timedelta(days=days):
        message = f"The weight is older than {days:g} days."
        stops.append(Stop("hard", "weight.old", message, "Weigh the person.", limit.source))
    low, high = protocol.threshold("weight.low_kg"), protocol.number("weight.high_kg")
    if not protocol.number(low.key) <= weight <= high:
        message = f"{weight} kg is not plausible."
        stops.append(Stop("hard", "weight.implausible", message, "Weigh again.", low.source))
    if height is not None:
        bmi = weight / (height / 100) ** 2
        bmi_low, bmi_high = protocol.threshold("weight.bmi_low"), protocol.number("weight.bmi_high")
        if not protocol.number(bmi_low.key) <= bmi <= bmi_high:
            message = f"{weight} kg at {height} cm is not plausible."
            resolve = "Check weight and height, and their units."
            stops.append(Stop("hard", "weight.bmi", message, resolve, bmi_low.source))
    return stops


def _dose_stops(
    item: Product,
    fixed: Decimal | None,
    per_kg: Decimal | None,
    planned_by_weight: bool,
    protocol: Protocol,
) -> list[Stop]:
    stops: list[Stop] = []
    for key, value, unit in (
        ("dose.hard_max_mg", fixed, "mg"),
        ("dose.hard_max_mg_per_kg", per_kg, "mg/kg"),
    ):
        limit = protocol.find(key)
        if limit is None or value is None or value <= Decimal(str(protocol.number(key))):
            continue
        message = f"{_shown(value)} {unit} is above {protocol.number(key):g} {unit}."
        stops.append(Stop("hard", key, message, "Enter a lower dose.", limit.source))
    ranges = [("dose.range_mg_per_kg", per_kg, "mg/kg"), ("dose.range_mg", fixed, "mg")]
    if len([key for key, _, _ in ranges if protocol.find(key)]) > 1:
        # Where doses were reported both ways, the planned way is the one to compare.
        ranges = ranges[:1] if planned_by_weight else ranges[1:]
    for key, value, unit in ranges:
        limit = protocol.find(key)
        if limit is None or value is None:
            continue
        low, high = (Decimal(str(bound)) for bound in protocol.numbers(key))
        if not low <= value <= high:
            message = f"{_shown(value)} {unit} of {item.label} is outside {low} to {high} {unit}."
            stops.append(Stop("soft", key, message, "Give the reason.", limit.source))
    return stops


def _label_stops(fixed: Decimal, session_number: int | None, protocol: Protocol) -> list[Stop]:
    allowed, first = protocol.threshold("dose.allowed_mg"), protocol.find("dose.first_mg")
    device = Decimal(str(protocol.number("dose.device_mg")))
    doses = [Decimal(str(dose)) for dose in protocol.numbers(allowed.key)]
    if fixed > max(doses):
        # The hard stop of the labeled maximum has said it.
        return []
    if fixed % device:
        message = f"{_shown(fixed)} mg is not a whole number of {_shown(device)} mg devices."
        return [Stop("hard", "dose.device_mg", message, "Choose devices.", allowed.source)]
    if fixed not in doses:
        message = f"{_shown(fixed)} mg is not a labeled session dose."
        return [Stop("soft", allowed.key, message, "Give the reason.", allowed.source)]
    if first is not None and session_number == 1:
        usual = protocol.number(first.key)
        if fixed != Decimal(str(usual)):
            message = f"The first dose is {usual:g} mg, unless suicidality is acute."
            return [Stop("soft", first.key, message, "Give the reason.", first.source)]
    return []


def _duration_stops(duration: Decimal | None, protocol: Protocol) -> list[Stop]:
    limit = protocol.threshold("dose.duration_range_min")
    if duration is None:
        message = "An infusion needs a duration."
        return [_policy("hard", "duration.missing", message, "Enter the minutes.")]
    low, high = protocol.numbers(limit.key)
    if low <= duration <= high:
        return []
    message = f"{duration} minutes is outside {low:g} to {high:g}."
    return [Stop("soft", limit.key, message, "Give the reason.", limit.source)]


def _shown(value: Decimal) -> str:
    return f"{rounded(value, DOSE_PER_KG_STEP).normalize():f}"
