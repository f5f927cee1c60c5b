"""The plan: what stops a dose, whose weight counts, and that what is signed stays as it is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from evenkeel.clinic.course.actions.draft_plan import Schedule, draft_plan
from evenkeel.clinic.course.actions.sign_plan import sign_plan
from evenkeel.clinic.course.dose_sheet import (
    DoseOrder,
    Weight,
    as_document,
    measured_weight,
    sheet_for,
)
from evenkeel.clinic.course.models import Plan
from evenkeel.clinic.course.queries import protocol_for
from evenkeel.clinic.course.schedule import draw_schedule, session_days
from evenkeel.clinic.people.actions.record_fact import correct_fact
from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound
from tests.clinic.course.makers import IV_ORDER, NASAL_ORDER, TWICE_A_WEEK, Case
from tests.clinic.course.test_consent import dosed
from tests.clinic.course.test_course import refused

pytestmark = pytest.mark.django_db
S_KETAMINE = DoseOrder(
    "esketamine_iv",
    dose_mg_per_kg=Decimal("0.25"),
    duration_min=Decimal(40),
    concentration_mg_ml=Decimal(5),
)
IM = DoseOrder("racemic_im", dose_mg=Decimal(50), concentration_mg_ml=Decimal(100))


@pytest.fixture
def screened(case: Case) -> Case:
    """Screened and eligible for racemic ketamine into a vein; 74 kg, measured today."""
    case.screened()
    return case


def without_weight(case: Case) -> None:
    row = Fact.objects.get(patient=case.patient, key="weight_kg")
    correct_fact(case.nurse, fact_id=row.pk, reason="another's", status="entered_in_error")


def test_half_a_milligram_a_kilo_over_forty_minutes(screened: Case) -> None:
    """Andrade 2017: 0.5 mg/kg over 40 min; of 74 kg that is 37 mg, 55.5 mg/h, 0.74 mL of 50."""
    plan = screened.planned()
    shown = plan.sheet
    assert (shown["dose_mg"], shown["volume_ml"], shown["rate_mg_per_h"]) == ("37", "0.74", "55.5")
    assert (plan.dose_mg, plan.weight_kg, plan.state, plan.number) == (37, 74, "signed", 1)
    assert plan.weight_as_of == screened.clinic.clock.now()
    assert plan.signed_by == screened.clinic.staff["prescriber"]
    assert plan.stops == []
    assert "37 mg (0.5 mg/kg) over 40 min" in plan.meaning


def test_what_is_thinned_runs_at_the_rate_of_what_is_pumped(screened: Case) -> None:
    plan = screened.planned(replace(IV_ORDER, diluted_mg_ml=Decimal(1)))
    shown = plan.sheet
    assert (shown["volume_ml"], shown["pumped_ml"], shown["rate_ml_per_h"]) == (
        "0.74",
        "37",
        "55.5",
    )


def test_the_strong_vial_must_be_thinned_before_a_vein(screened: Case) -> None:
    strong = replace(IV_ORDER, concentration_mg_ml=Decimal(100))
    with refused("soft_stop"):
        screened.planned(strong)
    assert screened.planned(replace(strong, diluted_mg_ml=Decimal(2))).state == "signed"


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (replace(NASAL_ORDER, dose_mg=Decimal(112)), "hard_stop"),
        (replace(NASAL_ORDER, dose_mg=Decimal(28)), "plan_incomplete"),
        (replace(NASAL_ORDER, dose_mg=Decimal(60)), "dose_invalid"),
        (replace(NASAL_ORDER, dose_mg=Decimal(84)), ""),
        (NASAL_ORDER, ""),
    ],
)
def test_the_label_knows_56_and_84_mg_and_stops_above(
    case: Case, order: DoseOrder, code: str
) -> None:
    case.screened("esketamine_nasal")
    if not code:
        plan = case.planned(order)
        assert plan.sheet["devices"] == int(order.dose_mg or 0) // 28
        assert plan.weight_kg is None
        return
    with refused(code):
        case.planned(order, override_reason="The person asks for more")


@pytest.mark.parametrize(
    ("dose_mg_per_kg", "level"),
    [("0.1", ""), ("0.75", ""), ("0.09", "soft"), ("0.76", "soft"), ("2", "soft"), ("2.1", "hard")],
)
def test_the_published_range_of_racemic_iv(screened: Case, dose_mg_per_kg: str, level: str) -> None:
    """0.10-0.75 mg/kg (Andrade 2017, doi 10.4088/JCP.17f11738); above 2 mg/kg is clinic policy."""
    order = replace(IV_ORDER, dose_mg_per_kg=Decimal(dose_mg_per_kg))
    draft = screened.drafted(order)
    assert (draft.stops[0]["level"] if draft.stops else "") == level
    if level == "hard":
        with refused("hard_stop"):
            screened.planned(order, override_reason="Nothing else helped")
    elif level == "soft":
        with refused("soft_stop"):
            screened.planned(order)
        plan = screened.planned(order, override_reason="Nothing else helped")
        assert plan.override_reason == "Nothing else helped"
        assert plan.stops[0]["source"]["title"]
    else:
        assert screened.planned(order).state == "signed"


def test_s_ketamine_has_limits_of_its_own(case: Case) -> None:
    case.screened("esketamine_iv")
    sound_for_racemate = replace(S_KETAMINE, dose_mg_per_kg=Decimal("0.6"))
    with refused("hard_stop"):
        case.planned(sound_for_racemate, override_reason="As for racemate")
    with pytest.raises(Invalid) as raised:
        case.drafted(replace(S_KETAMINE, concentration_mg_ml=Decimal(50)))
    assert "concentration_mg_ml" in raised.value.fields
    assert case.planned(S_KETAMINE).sheet["dose_mg"] == "18.5"


def test_a_plan_is_for_the_product_that_was_screened(screened: Case) -> None:
    assert screened.drafted(S_KETAMINE).state == "draft"
    with refused("product_differs"):
        screened.planned(S_KETAMINE)


@pytest.mark.parametrize(
    ("kg", "days_old", "stop"),
    [
        (74, 30, ""),
        (74, 31, "weight.old"),
        (29, 0, "weight.implausible"),
        (251, 0, "weight.implausible"),
        (34, 0, "weight.bmi"),
        (163, 0, ""),
    ],
)
def test_an_old_or_implausible_weight_stops(
    screened: Case, kg: float, days_old: int, stop: str
) -> None:
    screened.clinic.clock.advance(timedelta(minutes=1))
    screened.know(weight_kg=kg)
    screened.clinic.clock.advance(timedelta(days=days_old))
    assert [s["id"] for s in screened.drafted().stops][:1] == ([stop] if stop else [])
    if stop:
        with refused("hard_stop"):
            screened.planned(override_reason="We are in a hurry")


def test_without_a_weight_there_is_no_dose_by_weight(screened: Case) -> None:
    without_weight(screened)
    with refused("weight_missing"):
        screened.drafted()


def test_a_dose_in_mg_of_a_drug_dosed_by_weight_needs_the_weight_too(screened: Case) -> None:
    without_weight(screened)
    draft = screened.drafted(replace(IV_ORDER, dose_mg_per_kg=None, dose_mg=Decimal(37)))
    assert [s["id"] for s in draft.stops] == ["weight.missing"]
    with refused("hard_stop"):
        sign_plan(
            screened.prescriber,
            plan_id=draft.pk,
            figures_digest=screened.figures(draft).digest,
        )


def test_a_new_weight_must_be_looked_at_before_signing(screened: Case) -> None:
    draft = screened.drafted()
    read = screened.figures(draft).digest
    screened.clinic.clock.advance(timedelta(minutes=5))
    screened.know(weight_kg=80)
    with refused("figures_changed"):
        sign_plan(screened.prescriber, plan_id=draft.pk, figures_digest=read)
    again = screened.planned()
    assert (again.pk, again.dose_mg) == (draft.pk, 40)


def test_a_signed_plan_is_replaced_never_edited(screened: Case) -> None:
    first = screened.planned()
    with refused("not_a_draft"):
        sign_plan(
            screened.prescriber, plan_id=first.pk, figures_digest=screened.figures(first).digest
        )
    draft = screened.drafted(replace(IV_ORDER, dose_mg_per_kg=Decimal("0.6")))
    assert (draft.number, draft.pk != first.pk) == (2, True)
    assert screened.drafted(IV_ORDER).pk == draft.pk, "one draft at a time"
    second = screened.planned(replace(IV_ORDER, dose_mg_per_kg=Decimal("0.6")))
    first.refresh_from_db()
    assert (first.state, first.dose_mg, second.replaces_id) == ("replaced", 37, first.pk)
    assert Plan.objects.filter(course=screened.course, state="signed").count() == 1


@pytest.mark.parametrize(
    ("changes", "is_taken"),
    [
        ({"dose_mg_per_kg": Decimal("0.6")}, False),
        ({"duration_min": Decimal(30)}, False),
        ({"dose_mg_per_kg": Decimal("0.4")}, True),
        ({"duration_min": Decimal(60)}, True),
        ({}, True),
    ],
)
def test_under_the_drug_no_higher_dose_is_signed(
    screened: Case, changes: dict[str, Decimal], is_taken: bool
) -> None:
    screened.planned()
    dosed(screened)
    order = replace(IV_ORDER, **changes)
    if is_taken:
        assert screened.planned(order).number == 2
        return
    with refused("altered_state"):
        screened.planned(order)


@pytest.mark.parametrize(
    ("order", "schedule", "field"),
    [
        (replace(IV_ORDER, dose_mg_per_kg=None), TWICE_A_WEEK, "dose"),
        (replace(IV_ORDER, dose_mg=Decimal(37)), TWICE_A_WEEK, "dose"),
        (replace(IV_ORDER, concentration_mg_ml=None), TWICE_A_WEEK, "concentration_mg_ml"),
        (replace(IV_ORDER, concentration_mg_ml=Decimal(25)), TWICE_A_WEEK, "concentration_mg_ml"),
        (replace(IV_ORDER, duration_min=None), TWICE_A_WEEK, "duration_min"),
        (replace(IV_ORDER, diluted_mg_ml=Decimal(50)), TWICE_A_WEEK, "diluted_mg_ml"),
        (replace(IM, duration_min=Decimal(40)), TWICE_A_WEEK, "duration_min"),
        (replace(IM, diluted_mg_ml=Decimal(10)), TWICE_A_WEEK, "diluted_mg_ml"),
        (
            replace(NASAL_ORDER, concentration_mg_ml=Decimal(10)),
            TWICE_A_WEEK,
            "concentration_mg_ml",
        ),
        (IV_ORDER, Schedule(0, Decimal(7)), "sessions_planned"),
        (IV_ORDER, Schedule(61, Decimal(7)), "sessions_planned"),
        (IV_ORDER, Schedule(6, Decimal(0)), "spacing_days"),
        (IV_ORDER, Schedule(6, Decimal(181)), "spacing_days"),
    ],
)
def test_a_plan_is_complete(
    screened: Case, order: DoseOrder, schedule: Schedule, field: str
) -> None:
    with pytest.raises(Invalid) as raised:
        screened.drafted(order, schedule=schedule)
    assert field in raised.value.fields
    assert not Plan.objects.exists()


def test_two_who_write_the_same_draft(screened: Case) -> None:
    seen = screened.drafted().version
    screened.drafted(replace(IV_ORDER, duration_min=Decimal(60)), seen_version=seen)
    with refused("draft_changed"):
        screened.drafted(replace(IV_ORDER, duration_min=Decimal(50)), seen_version=seen)


def test_who_may_plan(screened: Case) -> None:
    draft = screened.drafted()
    digest = screened.figures(draft).digest
    for role in ("session_nurse", "pharmacist", "therapist", "front_desk"):
        ctx = screened.clinic.as_(role)
        with pytest.raises(Forbidden):
            sign_plan(ctx, plan_id=draft.pk, figures_digest=digest)
        with pytest.raises(Forbidden):
            draft_plan(ctx, course_id=draft.course_id, order=IV_ORDER, schedule=TWICE_A_WEEK)
    with pytest.raises(NotFound):
        sign_plan(
            screened.clinic.as_("prescriber_elsewhere"), plan_id=draft.pk, figures_digest=digest
        )


def test_the_sheet_of_the_day_takes_the_weight_of_the_day(screened: Case) -> None:
    plan = screened.planned()
    now = screened.clinic.clock.advance(timedelta(days=31))
    protocol = protocol_for(screened.fresh(), at=screened.clinic.clock.now())
    assert protocol is not None
    stale = sheet_for(plan, now=now, protocol=protocol)
    assert [s.id for s in stale.hard_stops] == ["weight.old"]
    weighed = sheet_for(
        plan, weight=Weight(Decimal(80), now, "check-in"), now=now, protocol=protocol
    )
    assert as_document(weighed)["dose_mg"] == "40"
    assert weighed.stops == ()
    screened.know(weight_kg=80)
    assert measured_weight(screened.patient, now=now, product="racemic_iv").weight_kg == 80


def test_three_and_a_half_days_fall_twice_a_week() -> None:
    days = session_days(date(2026, 11, 23), 5, Decimal("3.5"))
    assert [d.isoweekday() for d in days] == [1, 4, 1, 4, 1]
    assert days[-1] == date(2026, 12, 7)
    drawn = draw_schedule(days)
    assert drawn.count("<circle") == 5
    assert "style=" not in drawn
    assert draw_schedule(days[:1]).count("<circle") == 1


@pytest.mark.parametrize("sessions", [2, 6, 12, 24])
@pytest.mark.parametrize("spacing", ["3.5", "7", "14", "30", "90"])
def test_the_words_of_a_schedule_stand_apart(sessions: int, spacing: str) -> None:
    days = session_days(date(2026, 11, 23), sessions, Decimal(spacing))
    ticks = str(draw_schedule(days)).partition('class="tick"')[2].partition("</g>")[0]
    places = [float(x) for x in re.findall(r'<text[^>]* x="([\d.]+)"', ticks)]
    assert places[0] < 20
    assert all(later - one >= 60 for one, later in pairwise(places))
