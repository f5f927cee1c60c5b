"""Drafting a plan. A course has one draft at a time; it is written over until it is signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from evenkeel.clinic.course.dose_sheet import (
    DoseOrder,
    Figures,
    as_document,
    measured_weight,
    stops_document,
    work_out,
)
from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.course.queries import held_for, next_number
from evenkeel.clinic.protocols.queries import HeldProtocol
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.products import PRODUCTS

MOST_SESSIONS = 60
LONGEST_SPACING_DAYS = Decimal(180)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many sessions, and how many days between two."""

    sessions_planned: int
    spacing_days: Decimal


@action("plan.draft", permission="plan.draft")
def draft_plan(
    act: Act,
    *,
    course_id: Any,
    order: DoseOrder,
    schedule: Schedule,
    note: str = "",
    override_reason: str = "",
    seen_version: int | None = None,
) -> Plan:
    """Write the draft of a course, or make one numbered after the plan before.

    The dose is worked out from the newest measured weight; a draft may still hold stops, a signed
    plan may not. ``seen_version`` is the version of the draft the writer saw.

    Raises ``Invalid`` naming the field, ``Conflict`` where somebody else wrote the draft
    meanwhile, ``Refused`` for a closed course or a person who has died.
    """
    course = act.open(Course, course_id, "patient", "patient__site", "site")
    held = check_plannable(course, order.product, act.now)
    protocol = held.protocol
    check_order(order, schedule, protocol)
    weight = measured_weight(course.patient, now=act.now, product=order.product)
    figures = work_out(order, weight, now=act.now, protocol=protocol)
    if figures.sheet is None and figures.problem_field != "weight_kg":
        raise Invalid(
            "The dose cannot be worked out.",
            fields={_form_field(figures.problem_field): figures.problem_words},
            code="dose_invalid",
        )
    if figures.sheet is None:
        raise Refused(
            "Dosing by weight needs a measured weight.",
            what_to_do="Weigh the person and record it, or order a dose in mg.",
            code="weight_missing",
        )
    plan = Plan.objects.filter(course=course, state="draft").first()
    if plan is not None and seen_version is not None and plan.version != seen_version:
        raise Conflict(
            "Somebody else changed this draft meanwhile.",
            what_to_do="Look at the draft as it stands now.",
            code="draft_changed",
        )
    plan = plan or _new_plan(course)
    fill(plan, figures, schedule, held)
    plan.note, plan.override_reason = note.strip(), override_reason.strip()
    return act.write(plan)


def check_plannable(course: Course, product: str, now: datetime) -> HeldProtocol:
    """The protocol of the product now.

    Raises ``Refused`` or ``Invalid`` where none can be planned.
    """
    if course.state == "closed":
        raise Refused(
            "This course is closed.", what_to_do="Open a new course first.", code="closed"
        )
    if course.patient.deceased:
        raise Refused("This person has died and cannot be treated.", code="deceased")
    if product not in PRODUCTS:
        raise Invalid("There is no such product.", fields={"product": "Choose a product."})
    held = held_for(course, product, at=now)
    if held is None:
        raise Refused(
            f"No protocol for {PRODUCTS[product].label} is in force here.",
            what_to_do="Choose another product, or ask the medical director.",
            code="no_protocol",
        )
    return held


def check_order(order: DoseOrder, schedule: Schedule, protocol: Protocol) -> None:
    """Raise ``Invalid`` for what no dose arithmetic would notice."""
    item = PRODUCTS[order.product]
    fields: dict[str, str] = {}
    if (order.dose_mg is None) == (order.dose_mg_per_kg is None):
        fields["dose"] = "Enter the dose."
    allowed = labeled_doses_mg(protocol)
    if allowed and order.dose_mg is not None and order.dose_mg < allowed[0]:
        fields["dose"] = "The label knows " + " and ".join(f"{d:f}" for d in allowed) + " mg."
    vials = item.concentrations_mg_ml
    if vials and order.concentration_mg_ml not in vials:
        fields["concentration_mg_ml"] = "Choose the vial: " + ", ".join(map(str, vials)) + " mg/mL."
    if not vials and order.concentration_mg_ml is not None:
        fields["concentration_mg_ml"] = "This product is not drawn from a vial."
    fields.update(_dilution_errors(order))
    if not item.is_infusion and order.duration_min is not None:
        fields["duration_min"] = "Only an infusion has a duration."
    if item.is_infusion and order.duration_min is None:
        fields["duration_min"] = "Enter the minutes of the infusion."
    if not 1 <= schedule.sessions_planned <= MOST_SESSIONS:
        fields["sessions_planned"] = f"Between 1 and {MOST_SESSIONS} sessions."
    if not 0 < schedule.spacing_days <= LONGEST_SPACING_DAYS:
        fields["spacing_days"] = f"Between 0.5 and {LONGEST_SPACING_DAYS} days."
    if fields:
        raise Invalid("The plan is not complete yet.", fields=fields, code="plan_incomplete")


def _form_field(key: str) -> str:
    return "dose" if key in ("dose_mg", "dose_mg_per_kg") else key


def _dilution_errors(order: DoseOrder) -> dict[str, str]:
    if order.diluted_mg_ml is None:
        return {}
    if not PRODUCTS[order.product].is_infusion:
        return {"diluted_mg_ml": "Only an infusion is thinned."}
    if order.concentration_mg_ml is not None and not (
        0 < order.diluted_mg_ml < order.concentration_mg_ml
    ):
        return {"diluted_mg_ml": "It must be weaker than the vial."}
    return {}


def labeled_doses_mg(protocol: Protocol) -> tuple[Decimal, ...]:
    """The only session doses a label knows, ascending; empty where no label sets them."""
    return tuple(Decimal(f"{dose:g}") for dose in protocol.numbers("dose.allowed_mg"))


def fill(plan: Plan, figures: Figures, schedule: Schedule, held: HeldProtocol) -> None:
    """Put an order and its figures into a plan that is not signed yet."""
    order, sheet = figures.order, figures.sheet
    assert sheet is not None
    by_weight = order.dose_mg_per_kg is not None or PRODUCTS[order.product].by_weight
    plan.product = order.product
    plan.dose_mg = sheet.dose_mg
    plan.dose_mg_per_kg = order.dose_mg_per_kg
    plan.weight_kg = figures.weight.weight_kg if by_weight else None
    plan.weight_as_of = figures.weight.as_of if by_weight else None
    plan.duration_min = order.duration_min
    plan.concentration_mg_ml = order.concentration_mg_ml
    plan.diluted_mg_ml = order.diluted_mg_ml
    plan.sessions_planned = schedule.sessions_planned
    plan.spacing_days = schedule.spacing_days
    held.stamp(plan)
    plan.sheet = as_document(figures)
    plan.stops = stops_document(figures.stops)


def _new_plan(course: Course) -> Plan:
    number = next_number(Plan.objects.filter(course=course))
    return Plan(site=course.site, course=course, patient=course.patient, number=number)
