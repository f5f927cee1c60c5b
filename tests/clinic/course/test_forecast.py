"""What a plan is expected to do: pure in order, person and seed, and calm where it cannot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evenkeel.clinic.course.forecast import forecast_plan
from evenkeel.clinic.course.forecast_medicines import DESCRIBED, interacting
from evenkeel.clinic.course.forecast_terms import About, NoForecast, Ordered, PlanForecast
from evenkeel.pharmacology.interactions import interactions
from evenkeel.protocol.medicines import recognize
from evenkeel.protocol.products import PRODUCTS

INFUSION = Ordered("racemic_iv", 37.0, 40.0)
ADA = About(74.0, 36.0)
FEW = 80


def made(ordered: Ordered = INFUSION, about: About = ADA, **more: int) -> PlanForecast:
    found = forecast_plan(ordered, about, **{"people": FEW, **more})
    assert isinstance(found, PlanForecast), found
    return found


def refused(ordered: Ordered = INFUSION, about: About = ADA) -> NoForecast:
    found = forecast_plan(ordered, about, people=FEW)
    assert isinstance(found, NoForecast)
    assert found.words.endswith(".")
    return found


def peak(found: PlanForecast, quantity: str = "concentration") -> float:
    return float(found.band(quantity).values[2].max())  # type: ignore[arg-type]


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_product_has_a_forecast_whose_bands_are_in_order(product: str) -> None:
    minutes = 40.0 if PRODUCTS[product].is_infusion else None
    found = made(Ordered(product, 56.0, minutes))
    assert [band.quantity for band in found.bands] == [
        "concentration",
        "pressure",
        "dissociation",
        "sedation",
    ]
    for band in found.bands:
        assert band.values.shape == (5, len(found.times_min))
        assert np.isfinite(band.values).all()
        assert (np.diff(band.values, axis=0) >= 0).all()
        assert band.trust.model
    assert found.band("dissociation").values.max() <= 10
    assert 0 <= found.severe.low <= found.severe.middle <= found.severe.high <= 1
    assert found.rise.low < found.rise.middle < found.rise.high
    assert "never satisfies a discharge condition" in found.readiness.note


def test_half_a_milligram_a_kilo_reaches_what_was_published() -> None:
    """At the end of 0.5 mg/kg over 40 min venous ketamine is near 185 ng/mL (Clements 1982: within
    a third either way, as the model says of itself); the peak comes as the infusion ends."""
    found = made(people=300)
    assert 120 < peak(found) < 245
    assert found.times_min[found.band("concentration").turn()] == 40


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    first, again, other = made(), made(), made(seed=3)
    for one, two in zip(first.bands, again.bands, strict=True):
        assert np.array_equal(one.values, two.values)
    assert first.severe == again.severe
    assert first.readiness == again.readiness
    assert not np.array_equal(first.bands[0].values, other.bands[0].values)


def test_more_drug_more_of_everything_and_slower_less() -> None:
    usual, double = made(), made(replace(INFUSION, dose_mg=74.0))
    slow = made(replace(INFUSION, duration_min=100.0))
    for quantity in ("concentration", "pressure", "dissociation"):
        assert peak(slow, quantity) < peak(usual, quantity) < peak(double, quantity)
    assert usual.rise.middle < double.rise.middle
    assert usual.band("sedation").values[2].min() > double.band("sedation").values[2].min()


def test_the_same_milligrams_are_more_in_a_lighter_person() -> None:
    assert peak(made(about=replace(ADA, weight_kg=50.0))) > peak(made())


def test_the_person_s_own_pressure_is_where_it_starts() -> None:
    high = made(about=replace(ADA, sbp_mmhg=150.0, dbp_mmhg=88.0))
    low = made(about=replace(ADA, sbp_mmhg=110.0, dbp_mmhg=70.0))
    assert abs(high.baseline_sbp_mmhg - 150) < 3
    assert high.severe.middle > low.severe.middle
    assert "No pressure on record" in " ".join(made().notes)
    assert "No pressure on record" not in " ".join(high.notes)


def test_a_later_session_dissociates_less_and_says_it_is_assumed() -> None:
    later = made(about=replace(ADA, session_number=4))
    assert peak(later, "dissociation") < peak(made(), "dissociation")
    assert any("assumed" in reason for reason in later.band("dissociation").trust.reasons)


def test_what_slows_the_breakdown_raises_the_level_by_mouth() -> None:
    oral = Ordered("racemic_oral", 100.0)
    taking = replace(ADA, medicines=("Clarithromycin 500 mg tablet",))
    found = made(oral, taking)
    assert peak(found) > 1.1 * peak(made(oral))
    assert any("larithromycin" in note for note in found.notes)


def test_what_the_forecast_leaves_out_it_says() -> None:
    found = interacting(["Rifadin 300 mg", "lorazepam 1 mg", "Mystery drops"])
    assert found.described == ("rifampicin",)
    assert any("Lorazepam may add to sedation" in said for said in found.left_out)
    assert found.unread == ("Mystery drops",)
    notes = " ".join(made(about=replace(ADA, medicines=("Mystery drops",))).notes)
    assert "Not recognized, so not considered: Mystery drops." in notes
    unknown = made(about=replace(ADA, medicines_known=False))
    assert "No list of medicines is on record" in " ".join(unknown.notes)


def test_the_table_of_medicines_points_to_what_is_there() -> None:
    for ingredient, entry in DESCRIBED.items():
        medicine = recognize(ingredient)
        assert medicine is not None, ingredient
        assert medicine.ingredient == ingredient
        assert entry in interactions()


@pytest.mark.parametrize(
    ("ordered", "about", "code"),
    [
        (INFUSION, replace(ADA, weight_kg=None), "no_weight"),
        (replace(INFUSION, product="racemic_nasal"), ADA, "no_model"),
        (INFUSION, replace(ADA, age_years=15.0), "not_adult"),
        (INFUSION, replace(ADA, age_years=None), "not_adult"),
        (replace(INFUSION, dose_mg=None), ADA, "no_dose"),
        (replace(INFUSION, problem="The dose is missing."), ADA, "no_dose"),
        (replace(INFUSION, duration_min=None), ADA, "no_duration"),
        (replace(INFUSION, duration_min=5000.0), ADA, "no_duration"),
        (replace(INFUSION, refused="3 mg/kg is above 2 mg/kg."), ADA, "refused"),
        (Ordered("esketamine_nasal", 60.0), ADA, "no_dose"),
        (replace(INFUSION, dose_mg=30_000.0), ADA, "engine"),
        (INFUSION, replace(ADA, weight_kg=400.0), "engine"),
    ],
)
def test_where_there_is_none_it_says_why(ordered: Ordered, about: About, code: str) -> None:
    assert refused(ordered, about).code == code


def test_every_curve_says_how_far_it_was_made_for_this() -> None:
    assert {band.trust.status for band in made().bands} == {"derived"}
    spray = made(Ordered("esketamine_nasal", 84.0))
    assert spray.bands[0].trust.status == "validated"
    assert spray.bands[1].trust.status == "derived"
    outside = made(replace(INFUSION, outside=("1 mg/kg is outside 0.1 to 0.75 mg/kg.",)))
    assert {band.trust.status for band in outside.bands} == {"extrapolated"}
    assert "outside 0.1 to 0.75" in " ".join(outside.bands[2].trust.reasons)
    old = made(Ordered("esketamine_nasal", 84.0), replace(ADA, age_years=92.0))
    assert old.bands[0].trust.status == "extrapolated"
    fast = made(replace(INFUSION, duration_min=2.0))
    assert fast.bands[0].trust.status == "extrapolated"


def test_nobody_is_ready_before_the_drug_has_peaked() -> None:
    ready = made(replace(INFUSION, dose_mg=1.0)).readiness
    assert ready.low_min is not None
    assert ready.low_min >= 40
