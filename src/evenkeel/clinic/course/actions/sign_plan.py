"""Signing a plan. A signed plan is never edited: the next one replaces it."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.course.actions.draft_plan import Schedule, check_plannable, fill
from evenkeel.clinic.course.altered import refuse_while_dosed
from evenkeel.clinic.course.dose_sheet import Figures, measured_weight, order_of, work_out
from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.course.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.protocol.products import PRODUCTS


@action("plan.sign", permission="plan.sign")
def sign_plan(act: Act, *, plan_id: Any, figures_digest: str) -> Plan:
    """Sign a draft. It is worked out once more; ``figures_digest`` is what the signer read.

    Raises ``Conflict`` (``figures_changed``) where it comes out otherwise by now, ``Refused`` for
    a hard stop (``hard_stop``), a product other than the course's (``product_differs``), or a
    higher dose between first administration and readiness (``altered_state``); ``Invalid``
    (``soft_stop``) where a soft stop has no reason.
    """
    plan = act.open(Plan, plan_id, "course", "course__patient", "course__patient__site")
    course = plan.course
    if plan.state != "draft":
        raise Refused(
            "This plan is signed already and stays as it is.",
            what_to_do="Write a new plan; it will replace this one.",
            code="not_a_draft",
        )
    held = check_plannable(course, plan.product, act.now)
    weight = measured_weight(course.patient, now=act.now, product=plan.product)
    figures = work_out(order_of(plan), weight, now=act.now, protocol=held.protocol)
    if figures.digest != figures_digest:
        raise Conflict(
            "The figures changed while this page was open. Look again before you sign.",
            what_to_do="Check dose and weight as they stand now.",
            code="figures_changed",
        )
    _check_stops(figures, plan)
    if plan.product != course.product:
        raise Refused(
            f"The course was screened for {product_words(course)}, not for this product.",
            what_to_do="Screen for this product first.",
            code="product_differs",
        )
    before = Plan.objects.filter(course=course, state="signed").first()
    if before is None or is_increase(before, plan):
        refuse_while_dosed(course, "a higher dose")
    if before is not None:
        before.state = "replaced"
        act.write(before)
    fill(plan, figures, Schedule(plan.sessions_planned, plan.spacing_days), held)
    plan.replaces = before
    plan.state = "signed"
    plan.signed_by, plan.signed_at = signer(act), act.now
    plan.meaning = f"I order plan {plan.number}: {PRODUCTS[plan.product].label}, {_dose(plan)}."
    act.reason = plan.override_reason
    return act.write(plan)


def _check_stops(figures: Figures, plan: Plan) -> None:
    if figures.hard_stops:
        first = figures.hard_stops[0]
        raise Refused(
            " ".join(stop.message for stop in figures.hard_stops),
            what_to_do=first.resolve,
            code="hard_stop",
        )
    if figures.soft_stops and not plan.override_reason:
        raise Invalid(
            "This plan is outside what the protocol proposes.",
            fields={"override_reason": "Say why, for the record."},
            code="soft_stop",
        )


def product_words(course: Course) -> str:
    """The course's product as people say it."""
    item = PRODUCTS.get(course.product)
    return item.label if item else "no product yet"


def is_increase(before: Plan, after: Plan) -> bool:
    """Whether a plan gives more than the one before: more mg, more mg an hour, another drug."""
    if before.product != after.product or after.dose_mg > before.dose_mg:
        return True
    if before.duration_min and after.duration_min:
        return bool(after.dose_mg / after.duration_min > before.dose_mg / before.duration_min)
    return False


def _dose(plan: Plan) -> str:
    per_kg = f" ({plan.dose_mg_per_kg.normalize():f} mg/kg)" if plan.dose_mg_per_kg else ""
    over = f" over {plan.duration_min.normalize():f} min" if plan.duration_min else ""
    spacing = plan.spacing_days.normalize()
    return (
        f"{plan.dose_mg.normalize():f} mg{per_kg}{over}, "
        f"{plan.sessions_planned} sessions, {spacing:f} days apart"
    )
