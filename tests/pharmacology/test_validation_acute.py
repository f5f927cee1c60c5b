"""Acute recipes against small independent computations: by closed form, or by drawing readings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from evenkeel.pharmacology import load_model, simulate
from evenkeel.pharmacology.effects import cadss_scale, load_acute, score_scale
from evenkeel.pharmacology.validation import acute_recipes
from evenkeel.pharmacology.validation.acute_recipes import course, predict
from evenkeel.pharmacology.validation.crowd import crowds_of
from evenkeel.pharmacology.validation.recipe_form import ACUTE_NEEDS, MOOD_NEEDS
from evenkeel.pharmacology.validation.recipes import RecipeError, regimen_of
from evenkeel.pharmacology.validation.rows import bundled

ACUTE = load_acute()
INFUSION = {"route": "iv", "dose": 0.5, "unit": "mg/kg", "over_min": 40, "at_min": 0}
NASAL = {"route": "nasal", "dose": 28, "unit": "mg", "at_min": 0, "count": 2, "every_min": 5}
RACEMIC, ESKETAMINE = "composite_racemic", "perez_ruixo_2021"


def recipe(statistic: str, *doses: dict[str, Any], n: int = 60, **more: Any) -> dict[str, Any]:
    return {
        "statistic": statistic,
        "regimen": list(doses),
        "people": {"n": n, "seed": 1},
        "covariates": {},
        **more,
    }


def value(model: str | None, how: dict[str, Any]) -> float:
    return predict(model, how).value


def test_every_statistic_of_the_tables_has_an_answer() -> None:
    answered = {*acute_recipes.SINGLE, *acute_recipes.OF_CROWDS}
    assert answered == set(ACUTE_NEEDS)
    for target in bundled():
        if target.kind == "pd" and target.how is not None:
            assert target.how["statistic"] in answered | set(MOOD_NEEDS)


def test_an_effect_site_is_the_solution_of_its_equation() -> None:
    """y' = ln2 / t (S + 0.3 R - y), solved by SciPy on the engine's plasma levels."""
    how = recipe("mean_at", INFUSION, n=2, effect="sbp_rise_mmhg", at_min=60)
    (crowd,) = crowds_of(RACEMIC, how)
    fine = np.linspace(0, 1, 2001)
    plasma = simulate(load_model(RACEMIC), regimen_of([INFUSION]), crowd.people, fine)
    site = crowd.levels([60.0])["site_pressure"][:, 0]
    half_life = crowd.person().pressure_half_life_min
    for k in range(2):
        drive = plasma["s_ketamine_ng_ml"][k] + 0.3 * plasma["r_ketamine_ng_ml"][k]
        rate = np.log(2) / (half_life[k] / 60)
        solved = solve_ivp(
            lambda t, y, rate=rate, drive=drive: rate * (np.interp(t, fine, drive) - y),
            (0, 1),
            [0.0],
            rtol=1e-8,
            max_step=0.01,
        )
        assert site[k] == pytest.approx(solved.y[0, -1], rel=1e-4)


def test_the_mean_at_a_time_and_its_peak() -> None:
    how = recipe("mean_at", INFUSION, effect="sbp_rise_mmhg", at_min=44)
    (crowd,) = crowds_of(RACEMIC, how)
    levels, person = crowd.levels([44.0]), crowd.person()
    site, damping = levels["site_pressure"], levels["site_pressure_norketamine"]
    by_hand = person.sbp_slope_mmhg_per_ng_ml * site[:, 0]
    by_hand /= np.sqrt(1 + (site[:, 0] / ACUTE["pressure_saturation_ng_ml"]) ** 2)
    by_hand /= 1 + damping[:, 0] / ACUTE["norketamine_damping_ng_ml"]
    assert value(RACEMIC, how) == pytest.approx(by_hand.mean())
    at = value(RACEMIC, {**how, "statistic": "time_of_peak_of_mean_min"})
    peak = value(RACEMIC, {**how, "statistic": "peak_of_mean"})
    assert value(RACEMIC, {**how, "at_min": at}) == pytest.approx(peak)
    assert 40 <= at <= 50


def test_times_of_a_mean_course() -> None:
    how = recipe("time_mean_back_min", INFUSION, effect="sbp_rise_mmhg", line=3.0)
    (crowd,) = crowds_of(RACEMIC, how)
    minutes = np.arange(481.0)
    mean = course("sbp_rise_mmhg", crowd.levels(minutes), crowd.person()).mean(axis=0)
    above = [m for m, y in zip(minutes, mean, strict=True) if y > 3.0]
    assert value(RACEMIC, how) == above[-1]
    assert value(RACEMIC, {**how, "counted_from_min": 40}) == above[-1] - 40
    duration = value(RACEMIC, {**how, "statistic": "duration_of_mean_above_min"})
    assert duration == above[-1] - above[0]
    half = [m for m, y in zip(minutes, mean, strict=True) if y >= mean.max() / 2]
    assert value(RACEMIC, {**how, "statistic": "time_to_half_peak_min"}) == half[0]
    assert value(RACEMIC, {**how, "statistic": "time_back_to_half_peak_min"}) == half[-1]


def test_a_mean_that_never_crosses_the_line_has_no_duration() -> None:
    how = recipe("duration_of_mean_above_min", INFUSION, effect="sbp_rise_mmhg", line=99.0)
    assert value(RACEMIC, how) == 0
    assert value(RACEMIC, {**how, "statistic": "time_mean_back_min"}) == 0
    with pytest.raises(RecipeError, match="ever above"):
        predict(RACEMIC, {**how, "statistic": "median_time_back_min"})


def test_the_median_time_back_is_that_of_those_ever_above() -> None:
    how = recipe("median_time_back_min", NASAL, effect="cadss", line=4.0)
    (crowd,) = crowds_of(ESKETAMINE, how)
    minutes = np.arange(481.0)
    score = course("cadss", crowd.levels(minutes), crowd.person())
    last = [minutes[row > 4][-1] for row in score if (row > 4).any()]
    assert value(ESKETAMINE, how) == np.median(last)


def test_the_mean_of_maxima_of_three_readings_of_noise() -> None:
    """0.846 SD for three normal readings of nothing."""
    how = recipe("mean_of_max_rise", effect="sbp_mmhg", readings_min=[40, 60, 90])
    expected = 0.8462844 * ACUTE["sbp_noise_sd_mmhg"]
    assert value(ESKETAMINE, how) == pytest.approx(expected, rel=1e-6)


def test_the_mean_of_maxima_by_drawing_readings() -> None:
    how = recipe("mean_of_max_rise", NASAL, effect="dbp_mmhg", readings_min=[40, 60, 90])
    (crowd,) = crowds_of(ESKETAMINE, how)
    truth = course("dbp_rise_mmhg", crowd.levels([40.0, 60.0, 90.0]), crowd.person())
    stream = np.random.default_rng(5)
    noise = ACUTE["dbp_noise_sd_mmhg"] * stream.standard_normal((4000, *truth.shape))
    drawn = (truth + noise).max(axis=2).mean()
    assert value(ESKETAMINE, how) == pytest.approx(drawn, abs=0.05)


def _sessions(crowd: Any, starts: list[float], readings: list[float], effect: str) -> list[Any]:
    times = [start + reading for start in starts for reading in readings]
    levels = crowd.levels(times)
    found = []
    for k in range(len(starts)):
        part = {n: v[:, k * len(readings) : (k + 1) * len(readings)] for n, v in levels.items()}
        found.append(course(effect, part, crowd.person(k + 1), k + 1))
    return found


def test_the_share_that_ever_crosses_a_line_by_drawing_readings() -> None:
    starts, readings = [0.0, 4320.0, 10080.0], [40.0, 60.0, 90.0]
    doses = {**NASAL, "at_min": starts, "count": 3}
    lines = [
        {"effect": "sbp_rise_mmhg", "at_least": 22},
        {"effect": "dbp_mmhg", "at_least": 102},
    ]
    how = recipe("share_ever_percent", doses, readings_min=readings, any_of=lines)
    (crowd,) = crowds_of(ESKETAMINE, how)
    sbp = _sessions(crowd, starts, readings, "sbp_rise_mmhg")
    dbp = _sessions(crowd, starts, readings, "dbp_mmhg")
    stream = np.random.default_rng(6)
    ever = np.zeros((3000, crowd.n), dtype=bool)
    for rise, level in zip(sbp, dbp, strict=True):
        noise = ACUTE["sbp_noise_sd_mmhg"] * stream.standard_normal((3000, *rise.shape))
        before = ACUTE["sbp_noise_sd_mmhg"] * stream.standard_normal((3000, crowd.n, 1))
        ever |= (rise + noise - before >= 22).any(axis=2)
        noise = ACUTE["dbp_noise_sd_mmhg"] * stream.standard_normal((3000, *level.shape))
        ever |= (level + noise >= 102).any(axis=2)
    assert value(ESKETAMINE, how) == pytest.approx(100 * ever.mean(), abs=0.4)


def test_a_new_session_has_a_new_shift_and_the_same_person() -> None:
    (crowd,) = crowds_of(ESKETAMINE, recipe("mean_at", NASAL, effect="sbp_mmhg", at_min=1))
    first, second = crowd.person(1), crowd.person(2)
    np.testing.assert_array_equal(first.sbp_slope_mmhg_per_ng_ml, second.sbp_slope_mmhg_per_ng_ml)
    moved = second.sbp_baseline_mmhg - first.sbp_baseline_mmhg
    assert moved.std() == pytest.approx(np.sqrt(2) * ACUTE["sbp_session_sd_mmhg"], rel=0.3)
    np.testing.assert_array_equal(second.sbp_baseline_mmhg, crowd.person(2).sbp_baseline_mmhg)


def test_shares_of_dissociation_and_sedation() -> None:
    starts, readings = [0.0, 4320.0], [40.0, 90.0]
    how = recipe(
        "share_ever_percent",
        {**NASAL, "at_min": starts},
        effect="cadss",
        above=4,
        readings_min=readings,
    )
    (crowd,) = crowds_of(ESKETAMINE, how)
    levels = crowd.levels([start + r for start in starts for r in readings])
    site, slow = levels["site_dissociation"], levels["site_tolerance"]
    person = crowd.person()
    c50 = person.dissociation_c50_ng_ml[:, None] * (1 + ACUTE["tolerance_c50_per_ng_ml"] * slow)
    power = ACUTE["dissociation_hill"]
    drug = site**power / (c50**power + site**power)
    drug[:, 2:] *= ACUTE["session_factor_later"]
    latent = person.cadss_intercept[:, None] + ACUTE["cadss_slope"] * drug
    never = (1 - cadss_scale(ACUTE).probability_at_least(latent, 5)).prod(axis=1)
    assert value(ESKETAMINE, how) == pytest.approx(100 * (1 - never).mean())
    score = {**how, "effect": "score", "above": 3}
    same = {k: v for k, v in score.items() if k != "above"} | {"at_least": 4}
    latent = person.score_intercept[:, None] + ACUTE["score_slope"] * drug
    never = (1 - score_scale(ACUTE).probability_at_least(latent, 4)).prod(axis=1)
    assert value(ESKETAMINE, score) == pytest.approx(100 * (1 - never).mean())
    assert value(ESKETAMINE, same) == value(ESKETAMINE, score)
    calm = {**how, "effect": "moaas", "at_most": 4, "one_draw_per_session": True}
    odds = (levels["site_sedation"] / person.sedation_c50_ng_ml[:, None]) ** ACUTE["sedation_hill"]
    sedated = odds / (1 + odds)
    never = (1 - sedated[:, :2].max(axis=1)) * (1 - sedated[:, 2:].max(axis=1))
    assert value(ESKETAMINE, calm) == pytest.approx(100 * (1 - never).mean())
    independent = {**calm, "one_draw_per_session": False}
    expected = 100 * (1 - (1 - sedated).prod(axis=1)).mean()
    assert value(ESKETAMINE, independent) == pytest.approx(expected)


def test_incidence_is_the_area_of_the_site_by_quadrature() -> None:
    starts = [0.0, 4320.0, 10080.0]
    how = recipe(
        "incidence_percent", {**NASAL, "at_min": starts}, n=20, event="nausea", watched_h=2.0
    )
    (crowd,) = crowds_of(ESKETAMINE, how)
    person, total = crowd.person(), np.zeros(20)
    for k, start in enumerate(starts):
        minutes = np.linspace(start, start + 120, 2401)
        site = crowd.levels(minutes)["site_sedation"]
        area = np.trapezoid(site, minutes / 60, axis=1)
        factor = (k + 1.0) ** -ACUTE["nausea_session_exponent"]
        own = ACUTE["nausea_hazard_per_ng_h_ml"] * area + 2.0 * ACUTE["nausea_background_per_h"]
        total += factor * person.nausea_frailty * own
    assert value(ESKETAMINE, how) == pytest.approx(100 * (1 - np.exp(-total)).mean(), rel=1e-4)


def test_incidence_on_placebo_is_the_background() -> None:
    how = recipe(
        "incidence_percent", event="dizziness", watched_h=2.0, sessions_at_min=[0, 4320, 10080]
    )
    (crowd,) = crowds_of(ESKETAMINE, how)
    sessions = sum(k ** -ACUTE["nausea_session_exponent"] for k in (1.0, 2.0, 3.0))
    hazard = 2.0 * sessions * ACUTE["dizziness_background_per_h"]
    expected = 100 * (1 - np.exp(-hazard * crowd.person().dizziness_frailty)).mean()
    assert value(ESKETAMINE, how) == pytest.approx(expected)


def test_held_levels_and_the_correlation_with_them() -> None:
    steps = [
        {"route": "held_level", "dose": c, "unit": "ng/mL", "over_min": 30, "at_min": 30 * k}
        for k, c in enumerate((0, 50, 100))
    ]
    at = [29.9, 59.9, 89.9]
    how = recipe("correlation_with_level", *steps, effect="score", at_min=at)
    (crowd,) = crowds_of(RACEMIC, how)
    level = crowd.levels([59.9])["site_dissociation"][:, 0]
    extra = ACUTE["dissociation_venous_extra_half_life_min"]
    half_life = crowd.person().dissociation_half_life_min + extra
    grown = 0.5 * (1 + 0.25) * 50 * (1 - 0.5 ** (29.9 / half_life))
    np.testing.assert_allclose(level, grown)
    score = course("score", crowd.levels(at), crowd.person()).mean(axis=0)
    centered, levels = score - score.mean(), np.array([-50.0, 0.0, 50.0])
    expected = centered @ levels / np.sqrt((centered @ centered) * (levels @ levels))
    assert value(RACEMIC, how) == pytest.approx(expected)
    with pytest.raises(RecipeError, match="one length"):
        predict(RACEMIC, {**how, "regimen": [steps[0], {**steps[1], "at_min": 45}]})


def test_arms_share_the_people() -> None:
    arms = [{"share": 0.25, "regimen": []}, {"share": 0.25, "regimen": [NASAL]}]
    how = recipe("mean_at", n=40, effect="sbp_rise_mmhg", at_min=40)
    del how["regimen"]
    how["arms"] = arms
    idle, given = crowds_of(ESKETAMINE, how)
    assert (idle.n, given.n) == (20, 20)
    (whole,) = crowds_of(ESKETAMINE, recipe("mean_at", NASAL, n=40, effect="", at_min=40))
    half = course("sbp_rise_mmhg", whole.levels([40.0]), whole.person())[20:]
    assert value(ESKETAMINE, how) == pytest.approx(half.sum() / 40)


def test_what_needs_nobody() -> None:
    parameter = recipe("parameter", name="sbp_noise_sd_mmhg", divide_by=2)
    assert value(None, parameter) == ACUTE["sbp_noise_sd_mmhg"] / 2
    effect = "cardiac_output_percent"
    for species, sign in (("S_ketamine", 1), ("S_norketamine", -1), ("R_ketamine", 0)):
        assert value(None, recipe("sign_of_effect", effect=effect, of=species)) == sign
    bladder = recipe("bladder_signal_per_100_patient_years", grams_per_week=0.1)
    assert 0 < value(None, bladder) < 0.1


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (recipe("mean_at", INFUSION, effect="joy", at_min=1), "joy"),
        (recipe("mean_at", INFUSION, effect="joy_percent_of_maximum", at_min=1), "joy"),
        (recipe("mean_at", INFUSION, n=0, effect="cadss", at_min=1), "nobody"),
        (recipe("sign_of_effect", effect="cadss", of="S_ketamine"), "no sign"),
    ],
)
def test_a_recipe_that_cannot_be_followed_says_why(how: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        predict(RACEMIC, how)


def test_hypertension_goes_to_the_share_that_has_it() -> None:
    how = recipe("mean_at", INFUSION, n=1000, effect="sbp_rise_mmhg", at_min=40)
    how["covariates"] = {"age_years": 56.7, "hypertension_share": 0.361}
    (crowd,) = crowds_of(RACEMIC, how)
    assert np.mean(crowd.covariates["hypertension"]) == pytest.approx(0.361)
