"""The acute effects: limits, order and published numbers."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.pharmacology.effects import (
    EffectsError,
    bounded_integer,
    cardiac_output_percent,
    cumulative_hazard,
    dissociation,
    draw_acute_people,
    hemodynamics,
    occupancy_drive,
    occupancy_index,
    occupancy_range,
    probability_of_event,
    sedation,
    site_exposure,
    site_of_held_levels,
    typical_person,
)

PEOPLE = draw_acute_people(8, np.random.default_rng(7))
TYPICAL = typical_person()
LEVELS = st.floats(0.0, 5000.0)


def rows(*levels: float, n: int = 8) -> np.ndarray:
    return np.tile(np.array(levels, dtype=float), (n, 1))


def test_occupancy_index_is_what_the_ebert_constants_give() -> None:
    """100 ng/mL S-ketamine 0.44; 100 and 200 ng/mL racemic 0.32 and 0.48 (fu 0.55)."""
    assert occupancy_index(occupancy_drive(100.0)) == pytest.approx(0.44, abs=0.005)
    assert occupancy_index(occupancy_drive(50.0, 50.0)) == pytest.approx(0.32, abs=0.005)
    assert occupancy_index(occupancy_drive(100.0, 100.0)) == pytest.approx(0.48, abs=0.005)


@given(LEVELS, LEVELS, LEVELS, LEVELS)
def test_occupancy_is_a_share_and_its_range_holds_it(s: float, r: float, sn: float, rn: float):
    drive = occupancy_drive([s], [r], [sn], [rn])
    low, high = occupancy_range(drive)
    index = occupancy_index(drive)
    assert 0.0 <= low[0] <= index[0] <= high[0] < 1.0
    assert occupancy_index(occupancy_drive([s + 1.0], [r], [sn], [rn]))[0] > index[0]


def test_no_drug_no_effect() -> None:
    zero = rows(0.0, 0.0)
    state = dissociation(zero, PEOPLE, tolerance_site=zero)
    np.testing.assert_array_equal(state.drug, 0.0)
    pressure = hemodynamics(zero, PEOPLE, norketamine_site=rows(50.0, 100.0))
    np.testing.assert_array_equal(pressure.sbp_rise_mmhg, 0.0)
    np.testing.assert_array_equal(pressure.dbp_mmhg[:, 0], PEOPLE.dbp_baseline_mmhg)
    calm = sedation(zero, PEOPLE)
    np.testing.assert_array_equal(calm.score(), 5.0)
    np.testing.assert_array_equal(calm.probability_unresponsive(), 0.0)
    np.testing.assert_array_equal(cardiac_output_percent(zero, PEOPLE), 0.0)
    np.testing.assert_array_equal(cumulative_hazard("nausea", zero, [0.0, 0.0], PEOPLE), 0.0)


def test_half_of_the_drug_term_at_c50() -> None:
    """C50 of drug high 0.3 nmol/mL, 71.3 ng/mL of S-ketamine (Simons 2022)."""
    state = dissociation(np.array([[0.3 * 237.7]]), TYPICAL)
    assert state.drug[0, 0] == pytest.approx(0.5, abs=1e-3)


@given(LEVELS, LEVELS)
def test_more_drug_is_more_effect(level: float, more: float) -> None:
    site = rows(level, level + more)
    state = dissociation(site, PEOPLE)
    assert np.all(np.diff(state.drug) >= 0)
    assert np.all(np.diff(state.cadss()) >= -1e-9)
    assert np.all((state.score() >= 0) & (state.score() <= 10))
    assert np.all((state.cadss() >= 0) & (state.cadss() <= 92))
    assert np.all(np.diff(hemodynamics(site, PEOPLE).sbp_rise_mmhg) >= -1e-9)
    calm = sedation(site, PEOPLE)
    assert np.all(np.diff(calm.score()) <= 1e-9)
    assert np.all(np.diff(calm.probability_sedated()) >= 0)
    assert np.all(np.diff(cardiac_output_percent(site, PEOPLE)) >= 0)


@given(LEVELS, LEVELS)
def test_tolerance_and_later_sessions_weaken_dissociation(level: float, past: float) -> None:
    site = rows(level)
    plain = dissociation(site, PEOPLE).drug
    assert np.all(dissociation(site, PEOPLE, tolerance_site=rows(past)).drug <= plain)
    later = dissociation(site, PEOPLE, session_number=5).drug
    np.testing.assert_allclose(later, 0.7 * plain)
    many = dissociation(rows(level, level, level), PEOPLE, np.array([1, 2, 9])).drug
    np.testing.assert_allclose(many, plain * np.array([1.0, 0.7, 0.7]))


def test_sessions_are_counted_from_one() -> None:
    with pytest.raises(EffectsError, match="from 1"):
        dissociation(rows(10.0), PEOPLE, session_number=0)
    with pytest.raises(EffectsError, match="from 1"):
        cumulative_hazard("nausea", rows(10.0), [1.0], PEOPLE, session_number=0)
    with pytest.raises(EffectsError, match="nausea or dizziness"):
        cumulative_hazard("joy", rows(10.0), [1.0], PEOPLE)  # type: ignore[arg-type]


def test_perception_moves_more_outside_than_inside_and_anxiety_least() -> None:
    state = dissociation(rows(60.0, 125.0), PEOPLE)
    outside, inside, anxiety = (
        state.percent_of_maximum("external"),
        state.percent_of_maximum("internal"),
        state.percent_of_maximum("anxiety"),
    )
    assert np.all(outside > inside)
    assert np.all(inside > anxiety)


@given(LEVELS)
def test_sedation_levels_are_probabilities_that_sum_to_one(level: float) -> None:
    calm = sedation(rows(level), PEOPLE)
    levels = calm.probabilities()
    assert levels.shape == (8, 1, 6)
    assert np.all(levels >= -1e-12)
    np.testing.assert_allclose(levels.sum(axis=-1), 1.0, atol=1e-12)
    np.testing.assert_allclose((levels * np.arange(6)).sum(axis=-1), calm.score(), atol=1e-9)
    np.testing.assert_allclose(levels[..., 0], calm.probability_unresponsive())
    np.testing.assert_allclose(levels[..., :4].sum(axis=-1), calm.probability_moderate())


def test_the_pressure_rise_levels_off_and_norketamine_opposes_it() -> None:
    low, one_um, huge = hemodynamics(np.array([[1.0, 237.7, 1e6]]), TYPICAL).sbp_rise_mmhg[0]
    assert low == pytest.approx(0.102, rel=1e-4)
    assert one_um == pytest.approx(0.102 * 237.7 / np.sqrt(2.0))
    assert huge == pytest.approx(0.102 * 237.7, rel=1e-6)
    damped = hemodynamics(np.array([[100.0]]), TYPICAL, norketamine_site=np.array([[400.0]]))
    plain = hemodynamics(np.array([[100.0]]), TYPICAL)
    assert damped.sbp_rise_mmhg[0, 0] == pytest.approx(plain.sbp_rise_mmhg[0, 0] / 2)
    np.testing.assert_allclose(plain.dbp_rise_mmhg, 0.55 * plain.sbp_rise_mmhg)


def test_cardiac_output_rises_40_to_50_percent_at_320_ng_ml() -> None:
    """Sigtermans 2009; S-norketamine lowers it (Kamp 2021); held above what was studied."""
    top = cardiac_output_percent(np.array([[320.0, 900.0]]), TYPICAL)[0]
    assert 40.0 <= top[0] <= 50.0
    assert top[1] == top[0]
    lower = cardiac_output_percent(
        np.array([[320.0]]), TYPICAL, norketamine_site=np.array([[100.0]])
    )
    assert lower[0, 0] < top[0]


@given(st.lists(LEVELS, min_size=2, max_size=6))
def test_nausea_only_grows_and_stays_a_probability(levels: list[float]) -> None:
    exposure = np.cumsum(rows(*levels), axis=1)
    hazard = cumulative_hazard("nausea", exposure, np.arange(len(levels)) * 0.25, PEOPLE)
    risk = probability_of_event(hazard)
    assert np.all((risk >= 0) & (risk <= 1))
    assert np.all(np.diff(risk) >= -1e-12)
    later = cumulative_hazard("nausea", exposure, np.arange(len(levels)) * 0.25, PEOPLE, 3)
    assert np.all(later <= hazard + 1e-12)


def test_exposure_at_the_site_is_the_integral_of_the_site() -> None:
    half_life = TYPICAL.sedation_half_life_min
    minutes = np.linspace(0.0, 240.0, 24_001)
    site = site_of_held_levels([80.0, 0.0], 40.0, half_life, minutes)
    level = np.where(minutes < 40.0, 80.0, 0.0)
    plasma = np.concatenate(([0.0], np.cumsum(level[:-1]) * 0.01 / 60.0))[None, :]
    found = site_exposure(plasma, site, TYPICAL)[0, -1]
    exact = float(np.trapezoid(site[0], minutes) / 60.0)
    assert found == pytest.approx(exact, rel=1e-5)
    assert exact == pytest.approx(80.0 * 40.0 / 60.0, rel=1e-3)


def test_held_levels_reach_half_in_one_half_life() -> None:
    site = site_of_held_levels([10.0], 30.0, np.array([6.0]), [0.0, 6.0, 12.0])
    np.testing.assert_allclose(site, [[0.0, 5.0, 7.5]])
    with pytest.raises(EffectsError):
        site_of_held_levels([10.0], 0.0, np.array([6.0]), [0.0])


@given(st.sampled_from([5, 10, 92, 100]), st.floats(0.4, 0.8), st.floats(-9.0, 9.0))
def test_a_bounded_score_is_a_distribution_and_the_table_gives_its_mean(
    top: int, sd: float, latent: float
) -> None:
    scale = bounded_integer(top, round(sd, 1))
    at = np.array([latent])
    shares = np.array([scale.probability(at, score)[0] for score in range(top + 1)])
    assert np.all(shares >= 0)
    assert shares.sum() == pytest.approx(1.0, abs=1e-12)
    assert scale.mean(at)[0] == pytest.approx(float(shares @ np.arange(top + 1)), abs=4e-6 * top)
    tail = [scale.probability_at_least(at, score)[0] for score in range(top + 2)]
    assert tail[0] == 1.0
    assert tail[-1] == 0.0
    assert np.all(np.diff(tail) <= 0)


def test_readings_of_a_bounded_score_follow_its_distribution() -> None:
    scale = bounded_integer(10, 0.5)
    drawn = scale.sample(np.full(100_000, 0.3), np.random.default_rng(1))
    shares = np.bincount(drawn, minlength=11) / len(drawn)
    expected = [scale.probability(np.array([0.3]), score)[0] for score in range(11)]
    np.testing.assert_allclose(shares, expected, atol=0.006)


def test_inputs_are_left_as_they_were() -> None:
    site = rows(50.0, 100.0)
    before = site.copy()
    state = dissociation(site, PEOPLE, 2, tolerance_site=site)
    drug = state.drug.copy()
    state.score(), state.cadss(), state.probability_cadss_above(4)
    hemodynamics(site, PEOPLE, norketamine_site=site)
    sedation(site, PEOPLE).score()
    site_exposure(site, site, PEOPLE)
    np.testing.assert_array_equal(site, before)
    np.testing.assert_array_equal(state.drug, drug)


def test_many_people_are_the_same_people_one_at_a_time() -> None:
    people = draw_acute_people(700, np.random.default_rng(11))
    site = np.random.default_rng(12).uniform(0, 200, (700, 91))
    whole = dissociation(site, people, tolerance_site=site).score()
    pressure = hemodynamics(site, people, norketamine_site=site).sbp_rise_mmhg
    for person in (0, 180, 181, 699):
        one, own = people.take([person]), site[[person]]
        np.testing.assert_array_equal(
            dissociation(own, one, tolerance_site=own).score()[0], whole[person]
        )
        np.testing.assert_array_equal(
            hemodynamics(own, one, norketamine_site=own).sbp_rise_mmhg[0], pressure[person]
        )


def test_one_person_who_failed_stays_one_person() -> None:
    site = rows(50.0, 100.0)
    site[3] = np.nan
    others = np.arange(8) != 3
    for found in (
        dissociation(site, PEOPLE, tolerance_site=site).score(),
        dissociation(site, PEOPLE).cadss(),
        hemodynamics(site, PEOPLE, norketamine_site=site).sbp_mmhg,
        sedation(site, PEOPLE).score(),
    ):
        assert np.all(np.isnan(found[3]))
        assert np.all(np.isfinite(found[others]))


def test_importing_the_effects_loads_no_scipy() -> None:
    code = (
        "import sys, evenkeel.pharmacology.effects as e; assert 'scipy' not in sys.modules;"
        "e.warm_effects(); assert 'scipy' in sys.modules"
    )
    path = os.pathsep.join(place for place in sys.path if place)
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": path})
