"""Why one administration of a timeline is refused, from where the session stands before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..sources import CLINIC_POLICY, cite
from .case import Case, Moment
from .doses import (
    SLACK_MG,
    Block,
    device_too_soon,
    far_from_plan,
    implausible_plan,
    not_in_devices,
    over_amount,
    pressure_gate,
    stands_against,
    too_fast,
    wrong_device,
    wrong_route,
)
from .drug import FIRST_DOSE, Drug


@dataclass(frozen=True, slots=True)
class Giving:
    """Where the session stands before an administration.

    ``told`` is the drug as the events tell it, ``allowed`` only what was not refused.
    ``unresolved`` are the statements of holds and emergencies that stand; ``moaas`` the last
    level; ``pressure`` the newest full blood pressure: (when, systolic, diastolic).
    """

    case: Case
    told: Drug
    allowed: Drug
    unresolved: Sequence[str]
    moaas: float | None
    pressure: tuple[datetime, float, float] | None


def refusals(giving: Giving, event: Moment) -> list[Block]:
    """Return every reason against one administration, in the order people would settle them.

    Empty for a pause, a stop and a lower rate, which are never refused.
    """
    return list(_refusals(giving, event))


def _refusals(giving: Giving, event: Moment) -> Iterator[Block]:
    case, at, kind = giving.case, event.happened_at, event.kind
    if kind in ("pause", "infusion_stop"):
        return
    route = wrong_route(kind, case.protocol.product)
    if route is not None:
        yield route
        return
    if not _adds(giving, event):
        return
    sedated = giving.moaas is not None and giving.moaas <= case.protocol.number(
        "alarm.moaas_review"
    )
    against = stands_against(giving.unresolved, sedated, case.protocol)
    if against is not None:
        yield against
    entered = kind == "dose_entered"
    if (entered or kind in FIRST_DOSE) and giving.allowed.started_at is None:
        gate = pressure_gate(giving.pressure, at, case.protocol, case.age_years)
        # A dose may be entered before the pressure is taken, but not against one that is known.
        if gate is not None and not (entered and gate.id == "gate.pressure_missing"):
            yield gate
    yield from _figures(giving, event)


def _adds(giving: Giving, event: Moment) -> bool:
    """Whether an event brings more drug; lowering a rate does not."""
    if event.kind != "rate_change":
        return True
    rate = float(event.body["rate_mg_per_h"])
    return "unstated" in event.body or rate > giving.told.rate_mg_per_h


def _figures(giving: Giving, event: Moment) -> Iterator[Block]:
    case, kind, at = giving.case, event.kind, event.happened_at
    ordered, protocol = case.ordered, case.protocol
    plan = implausible_plan(ordered, protocol)
    if plan is not None and kind in FIRST_DOSE:
        yield plan
    if kind in ("infusion_start", "rate_change", "resume"):
        yield from _infusion(giving, event)
        return
    dose_mg = float(event.body["dose_mg"])
    if kind == "device":
        yield from _device(giving, event)
    if kind in ("device", "dose_entered"):
        devices = not_in_devices(dose_mg, protocol, one=kind == "device")
        if devices is not None:
            yield devices
    given_mg = giving.allowed.given_mg(at)
    running = kind == "dose_entered" and giving.allowed.is_infusing
    found = over_amount(given_mg + dose_mg, ordered, protocol, with_plan=not running)
    if found is None and running:
        # The figure entered for the infusion that runs is not added to itself.
        found = over_amount(dose_mg, ordered, protocol)
    if found is not None:
        yield found
    far = far_from_plan(dose_mg, ordered) if kind == "dose_entered" else None
    if far is not None:
        yield far


def _infusion(giving: Giving, event: Moment) -> Iterator[Block]:
    ordered, protocol, kind = giving.case.ordered, giving.case.protocol, event.kind
    rate = event.body.get("rate_mg_per_h")
    fast = too_fast(float(rate), ordered, protocol) if rate else None
    if fast is not None:
        yield fast
    policy = cite("clinic", CLINIC_POLICY)
    if kind == "infusion_start":
        if giving.allowed.is_infusing:
            text = "The infusion is already running."
            yield Block("dose.already_running", text, "Change its rate instead.", policy)
            return
        given_mg = giving.allowed.given_mg(event.happened_at)
        left_mg = event.body.get("planned_mg")
        if ordered.dose_mg is not None and ordered.dose_mg - given_mg <= SLACK_MG:
            text = f"The {ordered.dose_mg:g} mg of the plan have been given."
            resolve = "Have a prescriber sign another plan."
            yield Block("dose.over_plan", text, resolve, policy)
        elif left_mg is not None:
            over = over_amount(given_mg + float(left_mg), ordered, protocol)
            if over is not None:
                yield over
    elif not giving.told.is_infusing:
        text = "Nothing is running that could go on." if kind == "resume" else "Nothing is running."
        yield Block("dose.not_running", text, "Start the infusion anew, with its checks.", policy)


def _device(giving: Giving, event: Moment) -> Iterator[Block]:
    number, at = int(event.body["number"]), event.happened_at
    used = [n for _, n in giving.allowed.devices]
    told = dict.fromkeys(n for _, n in giving.told.devices)
    # A device that was refused may be tried again, or may have been used all the same.
    wrong = wrong_device(number, used)
    if wrong is not None and (number in used or wrong_device(number, tuple(told)) is not None):
        yield wrong
    before = [when for when, n in giving.told.devices if n in used or n < number]
    if before:
        since_min = (at - max(before)).total_seconds() / 60
        soon = device_too_soon(since_min, giving.case.protocol)
        if soon is not None:
            yield soon
