"""Mood recipes against the mood room asked directly, and against formulas worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evenkeel.pharmacology import Regimen, draw_people, load_model
from evenkeel.pharmacology.mood import Course, States, course, draw_mood_people, load_mood
from evenkeel.pharmacology.mood.relapse import hazard_per_h
from evenkeel.pharmacology.validation import mood_recipes
from evenkeel.pharmacology.validation.acute_recipes import course as acute_course
from evenkeel.pharmacology.validation.crowd import crowds_of
from evenkeel.pharmacology.validation.mood_recipes import Arm, predict
from evenkeel.pharmacology.validation.recipe_form import MOOD_NEEDS
from evenkeel.pharmacology.validation.recipes import RecipeError, regimen_of

RACEMIC, N, SEED = "composite_racemic", 80, 4
ONCE = {"route": "iv", "dose": 0.5, "unit": "mg/kg", "over_min": 40, "at_min": 0}
SERIES = {**ONCE, "at_min": [0, 2880, 5760, 10080, 12960, 15840]}
SERIES_H = (0.0, 48.0, 96.0, 168.0, 216.0, 264.0)


def recipe(statistic: str, *doses: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "statistic": statistic,
        "regimen": list(doses),
        "people": {"n": N, "seed": SEED},
        "covariates": {},
        **more,
    }


def value(how: dict[str, Any]) -> float:
    return predict(RACEMIC, how).value


def asked(
    dose: dict[str, Any] | None, times_h: list[float], where: str, at_h: Any = None, **more: Any
) -> Course:
    """The mood room asked directly, for the same people."""
    model = load_model(RACEMIC)
    regimen = Regimen.of() if dose is None else regimen_of([dose])
    people = draw_people(model, N, SEED)
    mood = draw_mood_people(N, SEED, between_trials="none", **more)
    return course(model, regimen, people, mood, times_h, where=where, at_h=at_h)


def test_every_statistic_of_the_rows_has_an_answer_but_one_that_nobody_defined() -> None:
    assert set(MOOD_NEEDS) - set(mood_recipes.STATISTICS) == {"madrs_difference_rank"}
    with pytest.raises(RecipeError, match="do not say"):
        predict(RACEMIC, recipe("madrs_difference_rank", ONCE, at_h=24))


def test_changes_and_means_are_those_of_readings() -> None:
    found = asked(ONCE, [24.0], "midazolam")
    change = (found.readings(SEED)[:, 0] - found.people.baseline_madrs).mean()
    how = recipe("madrs_change_at", ONCE, at_h=24, control="midazolam")
    assert value(how) == pytest.approx(change)
    given = asked(ONCE, [24.0], "midazolam", baseline_madrs=25.1)
    mean = {**how, "statistic": "madrs_mean_at", "covariates": {"madrs_baseline": 25.1}}
    assert value(mean) == pytest.approx(given.readings(SEED).mean())


def test_a_control_arm_has_its_sittings_and_no_drug() -> None:
    found = asked(None, [24.0], "inert", at_h=(0.0, 72.0))
    change = (found.readings(SEED)[:, 0] - found.people.baseline_madrs).mean()
    how = recipe("madrs_change_at", at_h=24, control="inert", sessions_at_min=[0, 4320])
    assert value(how) == pytest.approx(change)
    with pytest.raises(RecipeError, match="sessions_at_min"):
        value(recipe("madrs_change_at", at_h=24, control="inert"))


def test_a_difference_is_drug_less_control_at_the_mean_of_its_times() -> None:
    times = [24.0, 48.0, 72.0]
    drug = asked(ONCE, times, "midazolam").readings(SEED)
    control = asked(None, times, "midazolam", at_h=(0.0,)).readings(SEED)
    how = recipe("madrs_difference_at", ONCE, at_h=times, control="midazolam")
    assert value(how) == pytest.approx(drug.mean() - control.mean())
    assert value(how) < 0
    sd = np.sqrt((drug[:, 0].var(ddof=1) + control[:, 0].var(ddof=1)) / 2)
    one = {**how, "statistic": "madrs_standardized_difference_at", "at_h": 24}
    expected = (drug[:, 0].mean() - control[:, 0].mean()) / sd
    # Another end of what is asked moves the panels behind the bends, within their stated error.
    assert value(one) == pytest.approx(expected, rel=5e-5)


def test_shares_and_their_ratios_by_counting() -> None:
    drug = asked(ONCE, [24.0, 72.0], "midazolam")
    control = asked(None, [24.0], "midazolam", at_h=(0.0,))
    half = drug.people.baseline_madrs / 2

    def count(scores: Any, limit: Any) -> float:
        return sum(bool(s <= c) for s, c in zip(scores, limit, strict=True)) / N

    responded = count(drug.readings(SEED)[:, 0], half)
    later = count(drug.readings(SEED)[:, 1], half)
    beside = count(control.readings(SEED)[:, 0], half)
    remitted = count(drug.readings(SEED)[:, 0], np.full(N, 10.0))
    how = recipe("response_share_percent", ONCE, at_h=24, control="midazolam")
    assert value(how) == pytest.approx(100 * responded)
    assert value({**how, "statistic": "remission_share_percent"}) == pytest.approx(100 * remitted)
    odds = responded / (1 - responded) / (beside / (1 - beside))
    assert value({**how, "statistic": "response_odds_ratio"}) == pytest.approx(odds)
    both = {**how, "statistic": "response_ratio", "at_h": [24, 72]}
    assert value(both) == pytest.approx(later / responded)
    changed = drug.readings(SEED).mean(axis=0)
    between = {**how, "statistic": "madrs_change_between", "at_h": [24, 72]}
    assert value(between) == pytest.approx(changed[1] - changed[0])


def test_sessions_until_the_first_response() -> None:
    found = asked(SERIES, [at + 24 for at in SERIES_H], "open_label")
    first = []
    for scores, base in zip(found.readings(SEED), found.people.baseline_madrs, strict=True):
        better = [k + 1 for k, score in enumerate(scores) if score <= base / 2]
        first += better[:1]
    how = recipe("median_sessions_to_response", SERIES, read_after_h=24, control="open_label")
    assert value(how) == np.median(first)


def test_relapse_is_the_integral_of_the_hazard() -> None:
    how = recipe(
        "relapse_share_percent", SERIES, counted_from_h=264, horizon_d=30, among="responders"
    )
    judged = asked(SERIES, [288.0], "open_label")
    kept = judged.madrs[:, 0] <= judged.people.baseline_madrs / 2
    times = list(np.arange(264.0, 264 + 30 * 24 + 1, 2.0))
    followed = asked(SERIES, times, "open_label")
    own = load_mood().values(f"relapse_{load_mood().default}")
    hazard = hazard_per_h(followed.drug_effect_points, followed.residual_madrs, own)[kept]
    left = np.exp(-np.trapezoid(hazard, times, axis=1)).mean()
    assert value(how) == pytest.approx(100 * (1 - left), rel=5e-3)
    median = value({**how, "statistic": "median_relapse_d"})
    share = value({**how, "horizon_d": median})
    assert share == pytest.approx(50, abs=0.1)


def test_a_median_beyond_what_is_followed_goes_on_at_the_mean_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mood_recipes, "_FOLLOWED_D", 2.0)
    how = recipe("median_relapse_d", SERIES, counted_from_h=264, among="responders")
    share = value({**how, "statistic": "relapse_share_percent", "horizon_d": 2}) / 100
    assert value(how) == pytest.approx(2 * np.log(2) / -np.log(1 - share))


def test_a_hazard_ratio_compares_two_regimens_of_the_same_people() -> None:
    longer = {**SERIES, "at_min": [*SERIES["at_min"], 25920, 36000]}
    how = recipe(
        "relapse_hazard_ratio",
        longer,
        against=[SERIES],
        counted_from_h=288,
        horizon_d=30,
    )
    shares = [
        value({**how, "statistic": "relapse_share_percent", "regimen": [dose]}) / 100
        for dose in (longer, SERIES)
    ]
    assert value(how) == pytest.approx(np.log(1 - shares[0]) / np.log(1 - shares[1]))
    assert value(how) < 1


def test_who_is_counted() -> None:
    how = recipe("relapse_share_percent", SERIES, counted_from_h=288, horizon_d=1)
    (crowd,) = crowds_of(RACEMIC, how)
    arm = Arm.of(crowd, how)
    assert mood_recipes._among(how, arm).all()
    stable = mood_recipes._among({**how, "among": "stable_remitters"}, arm)
    np.testing.assert_array_equal(stable, arm.followed([288.0]).madrs[:, 0] <= 12)
    with pytest.raises(RecipeError, match="rich"):
        mood_recipes._among({**how, "among": "rich"}, arm)
    nobody = {**how, "among": "stable_remitters", "covariates": {"madrs_baseline": 60.0}}
    with pytest.raises(RecipeError, match="nobody is well"):
        value({**nobody, "control": "inert", "counted_from_h": 9000})


def test_therapy_in_units_of_the_spread() -> None:
    how = recipe("therapy_effect_d", SERIES, at_h=600, among="responders", control="open_label")
    (crowd,) = crowds_of(RACEMIC, how)
    arm = Arm.of(crowd, how)
    kept = mood_recipes._among(how, arm)
    without, beside = (arm.followed([600.0], therapy=t).readings(SEED)[kept, 0] for t in (0.0, 1.0))
    pooled = np.sqrt((without.var(ddof=1) + beside.var(ddof=1)) / 2)
    assert value(how) == pytest.approx((without.mean() - beside.mean()) / pooled)
    assert value(how) > 0


def test_correlations_and_slopes_are_of_true_means_across_people() -> None:
    score = {"effect": "cadss", "at_min": 40}
    change = {"effect": "madrs_change", "at_h": 24.0}
    how = recipe("correlation_across_people", ONCE, a=score, b=change)
    (crowd,) = crowds_of(RACEMIC, how)
    x = acute_course("cadss", crowd.levels([40.0]), crowd.person())[:, 0]
    followed = asked(ONCE, [24.0], "open_label")
    y = followed.madrs[:, 0] - followed.people.baseline_madrs
    assert value(how) == pytest.approx(np.corrcoef(x, y)[0, 1])
    kept = x <= 15
    xs, ys = x[kept] - x[kept].mean(), y[kept] - y[kept].mean()
    slope = recipe("slope_across_people", ONCE, x={**score, "at_most": 15}, y=change)
    assert value(slope) == pytest.approx((xs @ ys) / (xs @ xs))
    signal = recipe(
        "correlation_across_people", ONCE, a={"effect": "bdnf", "at_min": 240}, b=change
    )
    arm = Arm.of(crowd, how)
    b = arm.followed([4.0], form=States()).states["bdnf"][:, 0]
    assert value(signal) == pytest.approx(np.corrcoef(b, y)[0, 1])


def test_arms_share_the_people_of_a_course() -> None:
    doses = [ONCE, {**ONCE, "dose": 1.0}]
    how = recipe("madrs_mean_at", at_h=24)
    del how["regimen"]
    how["arms"] = [{"share": 0.5, "regimen": [dose]} for dose in doses]
    means = []
    for k, dose in enumerate(doses):
        found = asked(dose, [24.0], "open_label")
        half = slice(40 * k, 40 * (k + 1))
        error = found.readings(SEED) - found.madrs
        # Readings are numbered within an arm: both have the errors of its first 40 people, but
        # for what a reading at 0 cut off.
        means.append(np.clip(found.madrs[half, 0] + error[:40, 0], 0, 60).mean())
    assert value(how) == pytest.approx(np.mean(means), abs=0.4)


def test_some_may_have_been_let_in_because_they_had_responded() -> None:
    """All of them, or a part beside everybody; who responded is judged by what was read."""
    found = asked(SERIES, [288.0, 480.0], "open_label")
    scores, baseline = found.readings(SEED), found.people.baseline_madrs
    responded = scores[:, 0] <= 0.5 * baseline
    those, everybody = (100.0 * (one[:, 1] <= 12).mean() for one in (scores[responded], scores))
    how = recipe("remission_share_percent", SERIES, at_h=480.0, at_most=12)
    assert value(how) == pytest.approx(everybody)
    for part in (0.25, 1.0):
        mixed = value({**how, "responders": {"share": part, "at_h": 288.0, "covariates": {}}})
        assert mixed == pytest.approx(part * those + (1.0 - part) * everybody)
    assert those > everybody
