"""Which doses are refused during a session: amount, rate, order, route, pressure, what stands.

Stopping, pausing and lowering are never refused; nothing here speaks of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ..gate import pressure_gate_for
from ..pack import Protocol
from ..products import PRODUCTS
from ..sources import CLINIC_POLICY, Source, cite

#: Two figures agree within this share of the larger: pumps and people round. [assumed]
AGREE_WITHIN: Final = 0.02
#: A dose may be over its limit by no more than this, for rounding. [assumed]
SLACK_MG: Final = 0.05
#: A tenth of the plan or less, with some room for rounding, is a slip of the decimal point.
_A_TENTH: Final = 0.125
_MOST_DEVICES: Final = 3

_KINDS_BY_ROUTE: Final[dict[str, frozenset[str]]] = {
    "nasal": frozenset({"device"}),
    "intravenous": frozenset({"infusion_start", "rate_change", "pause", "resume", "infusion_stop"}),
    "intramuscular": frozenset({"injection"}),
    "subcutaneous": frozenset({"injection"}),
    "oral": frozenset({"oral_dose"}),
    "sublingual": frozenset({"oral_dose"}),
}
_ROUTED: Final = frozenset().union(*_KINDS_BY_ROUTE.values()) - {"pause", "infusion_stop"}


@dataclass(frozen=True, slots=True)
class Block:
    """A reason not to give a dose now.

    ``passable``: a clinician's recorded decision may pass it; the others want another figure.
    """

    id: str
    explanation: str
    resolve: str
    source: Source
    passable: bool = False


@dataclass(frozen=True, slots=True)
class Ordered:
    """What was ordered for the session; None where it is not known."""

    dose_mg: float | None = None
    dose_mg_per_kg: float | None = None
    duration_min: float | None = None
    weight_kg: float | None = None


def agree(one: float, other: float) -> bool:
    """Whether two figures are the same but for rounding."""
    return abs(one - other) <= AGREE_WITHIN * max(abs(one), abs(other))


def _policy(block_id: str, explanation: str, resolve: str, passable: bool = False) -> Block:
    return Block(block_id, explanation, resolve, cite("clinic", CLINIC_POLICY), passable)


def wrong_route(kind: str, product: str) -> Block | None:
    """The block of a kind of giving the product does not have. Stops and pauses are exempt."""
    item = PRODUCTS[product]
    if kind not in _ROUTED or kind in _KINDS_BY_ROUTE[item.route]:
        return None
    return _policy(
        "dose.route",
        f"{item.label} is not given like this.",
        "Choose the way of giving that the plan names.",
    )


def over_amount(
    total_mg: float, ordered: Ordered, protocol: Protocol, *, with_plan: bool = True
) -> Block | None:
    """The block of a total beyond the plan, the labeled maximum or the protocol's hard stop."""
    limits: list[tuple[float, str, str, Source]] = []
    policy = cite("clinic", CLINIC_POLICY)
    if with_plan and ordered.dose_mg is not None:
        words = f"the {ordered.dose_mg:g} mg of the plan"
        limits.append((ordered.dose_mg, words, "dose.over_plan", policy))
    hard = protocol.find("dose.hard_max_mg")
    if hard is not None:
        most = protocol.number(hard.key)
        limits.append((most, f"the hard stop of {most:g} mg", "dose.over_maximum", hard.source))
    per_kg = protocol.find("dose.hard_max_mg_per_kg")
    if per_kg is not None and ordered.weight_kg:
        most = protocol.number(per_kg.key) * ordered.weight_kg
        words = f"the hard stop of {most:g} mg for this weight"
        limits.append((most, words, "dose.over_maximum", per_kg.source))
    elif per_kg is not None and ordered.dose_mg is None:
        # Without a plan and a weight the lightest person the protocol knows is assumed.
        most = protocol.number(per_kg.key) * protocol.number("weight.low_kg")
        words = f"{most:g} mg, and neither plan nor weight is known to allow it"
        limits.append((most, words, "dose.unchecked", per_kg.source))
    for limit, words, block_id, source in limits:
        if total_mg > limit + max(SLACK_MG, AGREE_WITHIN * limit):
            text = f"This would come to {total_mg:.4g} mg in all, above {words}."
            resolve = "Give less, or have a prescriber sign another plan."
            return Block(block_id, text, resolve, source)
    return None


def implausible_plan(ordered: Ordered, protocol: Protocol) -> Block | None:
    """The block of a plan that is beyond its own limits or names an impossible weight."""
    low, high = protocol.number("weight.low_kg"), protocol.number("weight.high_kg")
    if ordered.weight_kg is not None and not low <= ordered.weight_kg <= high:
        source = protocol.threshold("weight.low_kg").source
        text = (
            f"The plan does not fit together: {ordered.dose_mg or 0:g} mg at "
            f"{ordered.dose_mg_per_kg or 0:g} mg/kg is a person of {ordered.weight_kg:.4g} kg."
        )
        return Block("dose.plan", text, "Check dose, dose by weight and weight.", source)
    per_kg = protocol.find("dose.hard_max_mg_per_kg")
    if per_kg is not None and ordered.dose_mg_per_kg is not None:
        most = protocol.number(per_kg.key)
        if ordered.dose_mg_per_kg > most:
            text = f"The planned {ordered.dose_mg_per_kg:g} mg/kg is above {most:g} mg/kg."
            return Block("dose.over_maximum", text, "Plan a lower dose.", per_kg.source)
    if ordered.dose_mg is None:
        return None
    return over_amount(ordered.dose_mg, ordered, protocol, with_plan=False)


def far_from_plan(dose_mg: float, ordered: Ordered) -> Block | None:
    """The block of an entered dose that looks like a slip: mg/kg typed as mg, or a tenth."""
    planned, per_kg = ordered.dose_mg, ordered.dose_mg_per_kg
    if planned is None or dose_mg <= 0:
        return None
    resolve = "Enter the dose in mg anew."
    if per_kg is not None and agree(dose_mg, per_kg) and not agree(dose_mg, planned):
        text = f"{dose_mg:g} is the dose in mg/kg; the plan is {planned:g} mg."
        return _policy("dose.unit", text, resolve)
    if dose_mg <= planned * _A_TENTH:
        text = f"{dose_mg:g} mg is far from the {planned:g} mg of the plan."
        return _policy("dose.far_from_plan", text, resolve)
    return None


def too_fast(rate_mg_per_h: float, ordered: Ordered, protocol: Protocol) -> Block | None:
    """The block of a rate that would give the whole dose far faster than planned or reported."""
    if ordered.dose_mg is None:
        return None
    resolve = "Check the rate and its unit."
    shortest = protocol.numbers("dose.duration_range_min")
    if shortest and rate_mg_per_h > ordered.dose_mg * 60 / shortest[0] * (1 + AGREE_WITHIN):
        text = f"{rate_mg_per_h:g} mg/h would give the whole dose in under {shortest[0]:g} minutes."
        source = protocol.threshold("dose.duration_range_min").source
        return Block("dose.rate", text, resolve, source)
    times = protocol.find("dose.rate_over_plan")
    if times is None or not ordered.duration_min:
        return None
    planned = ordered.dose_mg * 60 / ordered.duration_min
    if rate_mg_per_h > planned * protocol.number(times.key) * (1 + AGREE_WITHIN):
        minutes = ordered.dose_mg * 60 / rate_mg_per_h
        text = (
            f"{rate_mg_per_h:g} mg/h would give the whole dose in {minutes:.3g} minutes; the plan "
            f"is {planned:.4g} mg/h over {ordered.duration_min:g} minutes."
        )
        return Block("dose.rate", text, resolve, times.source)
    return None


def wrong_device(number: int, used: Collection[int]) -> Block | None:
    """The block of a nasal device out of order, used again, or beyond the third."""
    if number == len(used) + 1 and number <= _MOST_DEVICES:
        return None
    if number > _MOST_DEVICES:
        words = f"A session has at most {_MOST_DEVICES} devices."
    elif number in used:
        words = "It was used already."
    else:
        words = f"Device {len(used) + 1} is next."
    source = cite("us_label", CLINIC_POLICY, "the label counts the devices of a dose")
    text = f"Not device {number} now. {words}"
    return Block("device.order", text, "Read the number on the device again.", source)


def not_in_devices(dose_mg: float, protocol: Protocol, *, one: bool) -> Block | None:
    """The block of a nasal dose that devices cannot give: ``one``, or a whole number of them."""
    device = protocol.find("dose.device_mg")
    if device is None or PRODUCTS[protocol.product].device_mg is None:
        return None
    holds = protocol.number(device.key)
    if (dose_mg == holds) if one else (dose_mg > 0 and dose_mg % holds == 0):
        return None
    text = (
        f"A device holds {holds:g} mg, not {dose_mg:g}."
        if one
        else f"{dose_mg:g} mg is not a whole number of {holds:g} mg devices."
    )
    return Block("device.dose", text, "Choose devices.", device.source)


def device_too_soon(since_min: float, protocol: Protocol) -> Block | None:
    """The block of a device sooner after the one before than the protocol's gap."""
    gap = protocol.threshold("dose.device_gap_min")
    gap_min = protocol.number(gap.key)
    if since_min >= gap_min:
        return None
    text = f"Only {max(0.0, since_min):.1f} minutes since the last device."
    resolve = f"Wait until {gap_min:g} minutes have passed, or give the reason."
    return Block("device.gap", text, resolve, gap.source, passable=True)


def pressure_gate(
    pressure: tuple[datetime, float, float] | None,
    at: datetime,
    protocol: Protocol,
    age_years: float | None = None,
) -> Block | None:
    """The block of a first dose without a recent blood pressure, or with one above the gate.

    ``pressure`` is the newest full reading before: (when, systolic, diastolic). Where the
    protocol has a gate for older people it holds from its age on; of unknown age, the usual one.
    """
    age = protocol.threshold("bp_gate.max_age_min")
    limit_min = protocol.number(age.key)
    if pressure is None or (at - pressure[0]).total_seconds() / 60 > limit_min:
        text = f"Blood pressure was not measured in the last {limit_min:g} minutes."
        return Block("gate.pressure_missing", text, "Measure it, then start.", age.source, True)
    _, sbp, dbp = pressure
    gate = pressure_gate_for(protocol, age_years)
    if not gate.holds(sbp, dbp):
        return None
    text = f"Blood pressure {sbp:g}/{dbp:g} is above {gate.sbp_mmhg:g}/{gate.dbp_mmhg:g}"
    resolve = "Wait and repeat, or give the reason for starting."
    return Block("gate.pressure", text, resolve, gate.source, passable=True)


def stands_against(unresolved: Sequence[str], sedated: bool, protocol: Protocol) -> Block | None:
    """The block of any more drug while a hold or emergency stands, or after marked sedation."""
    if unresolved:
        text = "No more drug while this stands: " + "; ".join(unresolved) + "."
        resolve = "A clinician looks at the person and records the decision."
        return _policy("dose.held", text, resolve, passable=True)
    if sedated:
        limit = protocol.threshold("alarm.moaas_review")
        text = (
            f"The last MOAA/S was {protocol.number(limit.key):g} or less: no further dose until a "
            "clinician has looked or the person has woken."
        )
        resolve = "A clinician looks, or MOAA/S is taken again."
        return Block("dose.sedated", text, resolve, limit.source, passable=True)
    return None
