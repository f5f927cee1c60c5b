"""Scores over weeks narrow the forecast of mood to this person."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest

from evenkeel.pharmacology import Regimen, infusion, load_model
from evenkeel.pharmacology.forecast import MoodForecast, MoodSetting, Observation
from evenkeel.pharmacology.forecast.observations import ReadingError
from evenkeel.pharmacology.mood import next_session

DAY = 24.0
DAYS = (0, 3, 7, 10, 14, 17)
SERIES = Regimen.of(infusion(0.5, "mg/kg", over_min=40)).repeated([DAY * d for d in DAYS])
WEEKS = DAY * np.array([20.0, 28.0, 42.0])


@cache
def prior() -> MoodForecast:
    setting = MoodSetting(
        load_model("composite_racemic"), SERIES, {"weight_kg": 74.0}, baseline_madrs=34.0, n=400,
        seed=2,
    )  # fmt: skip
    return MoodForecast.prior(setting)


GOOD = tuple(Observation(DAY * day, "madrs", 9) for day in (4, 8, 11, 15))
POOR = tuple(Observation(DAY * day, "madrs", 33) for day in (4, 8, 11, 15))
PHQ9 = tuple(Observation(DAY * day, "phq9", 6) for day in (4, 8, 11, 15))


def test_good_scores_lead_to_good_weeks_and_poor_to_poor() -> None:
    unknown, good, poor = prior(), prior().update(*GOOD), prior().update(*POOR)
    medians = [f.predict(WEEKS).bands["madrs"][2] for f in (good, unknown, poor)]
    assert (medians[0] < medians[1]).all()
    assert (medians[1] < medians[2]).all()
    assert good.predict(WEEKS).response[0] > unknown.predict(WEEKS).response[0] + 0.1
    assert poor.predict(WEEKS).remission[0] < unknown.predict(WEEKS).remission[0]


def test_scores_narrow_the_bands() -> None:
    wide, narrow = (f.predict(WEEKS[:1]).bands["madrs"] for f in (prior(), prior().update(*GOOD)))
    assert narrow[-1, 0] - narrow[0, 0] < 0.85 * (wide[-1, 0] - wide[0, 0])


def test_a_phq9_says_less_than_a_madrs_but_the_same_way() -> None:
    start, by_phq9 = prior().predict(WEEKS), prior().update(*PHQ9).predict(WEEKS)
    assert by_phq9.bands["madrs"][2, 0] < start.bands["madrs"][2, 0]
    assert by_phq9.bands["phq9"][2, 0] < start.bands["phq9"][2, 0]


def test_the_order_of_arrival_plays_no_part() -> None:
    straight = prior().update(*GOOD)
    for order in itertools.islice(itertools.permutations(GOOD), 0, 24, 9):
        step = prior()
        for one in order:
            step = step.update(one)
        assert np.array_equal(step.mood, straight.mood)
        assert np.array_equal(step.log_weights, straight.log_weights)
    odd = Observation(DAY * 9, "madrs", 50)
    assert np.array_equal(straight.update(odd).without(odd).mood, straight.mood)


def test_a_score_that_does_not_fit_is_called_out() -> None:
    found = prior().update(*GOOD, Observation(DAY * 16, "madrs", 58))
    assert [s.observation.value for s in found.surprises] == [58]
    assert prior().update(*GOOD).surprises == ()


def test_expectation_stands_apart_from_the_drug() -> None:
    found = prior().predict(WEEKS)
    assert (found.drug_effect_points > 0).all()
    assert (found.expectation_points >= 0).all()
    assert found.drug_effect_points[-1] < found.drug_effect_points[0]


def test_the_next_session_comes_sooner_for_whom_relief_fades() -> None:
    visits = [DAY * d for d in range(21, 120, 7)]
    found = {}
    for name, forecast in (("good", prior().update(*GOOD)), ("poor", prior().update(*POOR))):
        without = forecast.relapse(visits[0], visits[-1])
        risk = without.probability([visits[4]], forecast.weights)[0]
        proposal = next_session(
            without, visits, tolerance=0.03, last_session_h=DAY * 17, minimum_interval_h=DAY * 7,
            sessions_given=6, maximum_sessions=12, weights=forecast.weights,
        )  # fmt: skip
        found[name] = (risk, proposal)
    assert found["good"][0] < found["poor"][0]
    assert found["poor"][1].at_h is not None
    assert found["good"][1].at_h is None or found["good"][1].at_h >= found["poor"][1].at_h


@pytest.mark.parametrize(
    "reading",
    [
        Observation(DAY, "sbp", 120),
        Observation(DAY, "madrs", 61),
        Observation(DAY, "phq9", 4.5),
        Observation(-1.0, "phq9", 4),
        Observation(DAY, "madrs", float("nan")),
    ],
    ids=str,
)
def test_what_is_no_score_is_refused(reading: Observation) -> None:
    with pytest.raises(ReadingError):
        prior().update(reading)
