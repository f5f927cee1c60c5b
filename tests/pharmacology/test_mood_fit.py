"""The fit of the mood models: its rows, and that it gives again what is stored."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evenkeel.pharmacology.mood import States, TwoExponential, load_mood, spread_fit
from evenkeel.pharmacology.mood.calibration import load_rows, predict
from evenkeel.pharmacology.mood.fit import (
    fit_expectation,
    fit_form,
    leave_one_out,
    run,
    whitening,
)
from evenkeel.pharmacology.mood.fit_report import stored, table, written
from evenkeel.pharmacology.mood.parameters import FILE, FORMS, parse_mood
from evenkeel.pharmacology.validation.rows import bundled

KNOWN, PARAMETERS = load_rows(), load_mood()
#: What the models may be fitted to; pd-v44 and pd-v45 tell of controls and of the spread alone.
CALIBRATION = {"31", "32", "33", "35", "36", "37", "38", "39", "40", "41", "42", "43", "44", "45"}
#: Trials beside the targets.
OTHERS = {
    *("singh", "crossover", "karma-dep-2", "aspire-1", "aspire-2", "persevere", "china"),
    *("monotherapy", "transform-1", "transform-2", "transform-3"),
}


def test_nothing_that_judges_a_forecast_is_fitted_to():
    rows = json.loads((FILE.parent / "calibration.json").read_text(encoding="utf-8"))
    assert rows["citations"].keys() >= OTHERS
    for row in KNOWN.rows:
        of_a_target = row.id.startswith("pd-v") and row.id.removeprefix("pd-v")[:2] in CALIBRATION
        assert of_a_target or row.id.split(".")[0] in OTHERS


def test_no_trial_beside_the_targets_is_cited_by_one_that_judges():
    judging = {t.url for t in bundled() if t.role == "validation"}
    for name in ("calibration.json", "spread.json"):
        cited = json.loads((FILE.parent / name).read_text(encoding="utf-8"))["citations"]
        assert not judging & {word for text in cited.values() for word in text.split()}


def test_held_back_rows_and_control_arms_are_kept_apart():
    held_back = {row.study for row in KNOWN.of("held_back")}
    assert held_back == {"v44", "v45"}
    assert not held_back & {row.study for row in KNOWN.of("drug")}
    assert all(not row.drug_arm for row in KNOWN.of("expectation"))


def test_shifts_of_one_study_are_shared():
    rows = [r for r in KNOWN.rows if r.study == "v36" and r.kind == "difference"]
    w = whitening(rows, 3.0)
    covariance = np.linalg.inv(w.T @ w)
    assert covariance[0, 1] == pytest.approx(9.0)
    assert covariance[0, 0] == pytest.approx(9.0 + rows[0].se ** 2)


def test_the_stored_numbers_come_out_again():
    expectation = fit_expectation(PARAMETERS, KNOWN)
    for name, value in expectation.values.items():
        assert value == pytest.approx(PARAMETERS.value("expectation", name), rel=1e-3)
    hoped = PARAMETERS.values("expectation") | expectation.values
    for form in FORMS:
        found = fit_form(form, PARAMETERS, KNOWN, hoped).values
        for name, value in found.items():
            assert value == pytest.approx(PARAMETERS.value(form, name), rel=1e-3)
    assert found == fit_form(FORMS[-1], PARAMETERS, KNOWN, hoped).values


@pytest.mark.parametrize("form", FORMS)
def test_the_stored_error_of_a_study_comes_out_again(form):
    found = leave_one_out(form, PARAMETERS, KNOWN, studies=["v31"])
    stored_error = PARAMETERS.comparison["forms"][form]["by_study"]["v31"]
    assert found.by_study["v31"] == pytest.approx(stored_error, abs=2e-3)


def test_the_file_is_written_as_it_stands():
    text = FILE.read_text(encoding="utf-8")
    assert written(json.loads(text)) == text


def test_a_run_is_told_and_stored():
    outcome = run(PARAMETERS, KNOWN, compare=False)
    text = table(outcome, KNOWN)
    assert "pd-v36-84.24h_difference" in text
    for form in FORMS:
        assert outcome.relapse[form].values == pytest.approx(
            {k: PARAMETERS.value(f"relapse_{form}", k) for k in outcome.relapse[form].values},
            rel=1e-3,
        )
    left_out = {form: leave_one_out(form, PARAMETERS, KNOWN, studies=["v31"]) for form in FORMS}
    document = stored(
        json.loads(FILE.read_text(encoding="utf-8")), replace(outcome, comparison=left_out), KNOWN
    )
    again = parse_mood(written(document))
    assert again.value("states", "fast_points") == pytest.approx(
        PARAMETERS.value("states", "fast_points"), rel=1e-3
    )


@pytest.mark.parametrize("form", [States, TwoExponential])
def test_the_default_person_says_something_finite_to_every_row(form):
    found = predict(form(), PARAMETERS.values("expectation"), KNOWN.rows, KNOWN, 1)
    assert found.shape == (1, len(KNOWN.rows))
    assert np.isfinite(found).all()


def test_the_spread_of_people_is_the_one_that_fits_the_published_spreads() -> None:
    here = spread_fit.stored()
    best = spread_fit.misfit(here, 2**10)
    for name in ("sensitivity_log_sd", "error_points", "drift_points"):
        for times in (1 / 1.15, 1.15):
            moved = replace(here, **{name: times * getattr(here, name)})
            assert spread_fit.misfit(moved, 2**10) > best, (name, times)
    # What was assumed before the spreads were fitted together.
    assert spread_fit.misfit(spread_fit.Spread(0.6, 6.0, 6.0), 2**10) > best + 40
    arms = spread_fit.published()["sds"] + spread_fit.published()["shares"]
    allowed = {"pd-v36", "pd-v37", "pd-v40", "pd-v44", "takahashi", "transform-3", "aspire-2"}
    assert {arm["row"] for arm in arms} <= allowed
    assert {arm["row"] for arm in spread_fit.published()["remissions"]} == {"pd-v43"}


def test_an_arm_has_the_fall_and_the_spread_it_is_asked_for() -> None:
    made = spread_fit.Spread(0.45, 7.6, 11.6)
    arm = {"baseline": 36.0, "baseline_sd": 3.0, "fall": 5.0, "at_h": 72.0}
    baseline, score, mean = spread_fit._arm(arm, made, spread_fit._normals(2**11))
    assert (baseline - score).mean() == pytest.approx(5.0, abs=1e-3)
    grown = 11.6 * (1 - np.exp(-72 / 336))
    assert (score - mean).std() == pytest.approx(7.6, rel=0.02)
    drifted = np.hypot(7.6, grown)
    points = 5.0 * np.sqrt(np.exp(0.45**2) - 1)
    assert (baseline - score).std() == pytest.approx(np.hypot(drifted, points), rel=0.02)
