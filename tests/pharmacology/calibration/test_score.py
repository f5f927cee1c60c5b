"""A reading beside what was predicted for it before it was taken."""

from __future__ import annotations

import json

import numpy as np
import pytest

from evenkeel.pharmacology import Regimen, infusion, load_model
from evenkeel.pharmacology.calibration import Score, score, score_moment
from evenkeel.pharmacology.forecast import Forecast, Observation, Setting
from evenkeel.pharmacology.forecast.observations import ReadingError

SESSION = Regimen.of(infusion(0.5, "mg/kg", over_min=40))
PERSON = {"weight_kg": 74.0, "age_years": 41.0, "sbp_usual_mmhg": 124.0}
READINGS = tuple(
    Observation(minute / 60, kind, value)
    for minute, kind, value in (
        (0, "sbp", 126), (0, "dbp", 79), (10, "sbp", 138), (10, "dissociation", 3),
        (20, "sbp", 150), (20, "moaas", 5), (30, "sbp", 155), (40, "cadss", 20),
    )
)  # fmt: skip


def prior(n: int = 400, seed: int = 3) -> Forecast:
    return Forecast.prior(Setting(load_model("composite_racemic"), SESSION, PERSON, n=n, seed=seed))


def test_it_is_the_same_whether_asked_before_or_after_the_reading_was_taken_in() -> None:
    start = prior()
    before = start.update(*READINGS[:4])
    asked = score_moment(before, READINGS[4:6], start)
    everything = start.update(*READINGS)
    assert score_moment(everything, READINGS[4:6], start) == asked
    assert [one.readings_so_far for one in asked] == [4, 4]
    assert [one.same_so_far for one in asked] == [2, 0]


def test_what_was_predicted_is_what_the_bands_on_the_screen_say() -> None:
    """Their noise is one draw a person, this has none: they agree to that draw's error."""
    forecast = prior(n=4000).update(*READINGS[:4])
    found = score(forecast, READINGS[6], prior(n=4000))
    shown = forecast.predict(np.array([0.5]), names=("sbp_reading",)).bands["sbp_reading"][:, 0]
    assert np.array(found.quantiles) == pytest.approx(shown, abs=0.06 * found.width_90)
    assert found.width_50 < found.width_90
    assert found.inside_90
    assert found.minute == 30


def test_the_first_reading_is_as_far_off_as_the_prior_and_later_ones_less() -> None:
    start = prior()
    assert score(start, READINGS[0], start).crps == score(start, READINGS[0], start).crps_prior
    later = score(start.update(*READINGS[:6]), READINGS[6], start)
    assert later.crps < 0.6 * later.crps_prior


@pytest.mark.parametrize("kind", ["sbp", "dbp", "hr", "dissociation", "cadss", "moaas"])
def test_a_score_is_kept_as_json_and_made_again(kind: str) -> None:
    value = {"sbp": 131.0, "dbp": 80.0, "hr": 77.0, "dissociation": 2.0, "cadss": 9.0, "moaas": 5.0}
    reading = Observation(0.25, kind, value[kind], "r-7")
    found = score(prior(n=200), reading, prior(n=200), session_id="s/1")
    assert Score.from_dict(json.loads(json.dumps(found.as_dict()))) == found
    assert (found.reading_id, found.session_id) == ("r-7", "s/1")
    assert 0.0 <= found.pit <= 1.0
    assert found.tail > 0.01


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ({}, "no kept score"),
        ({"kind": "pain"}, "no kept score"),
        ({"quantiles": [1, 2]}, "no kept score"),
        ({"quantiles": "wide"}, "no kept score"),
    ],
)
def test_what_is_no_kept_score_is_refused(kept: dict[str, object], words: str) -> None:
    whole = score(prior(n=100), READINGS[0], prior(n=100)).as_dict()
    with pytest.raises(ReadingError, match=words):
        Score.from_dict({**whole, **kept} if kept else {})


@pytest.mark.parametrize(
    ("value", "odd"), [(1180, True), (60, True), (150, False)], ids=lambda v: str(v)
)
def test_an_impossible_reading_is_surprising_and_far_off(value: float, odd: bool) -> None:
    start = prior()
    found = score(start.update(*READINGS[:5]), Observation(0.5, "sbp", value), start)
    assert found.surprising is odd
    assert found.inside_90 is not odd
    assert (found.crps > 50) is odd


@pytest.mark.parametrize(
    ("readings", "words"),
    [
        ((), "one moment"),
        (READINGS[1:3], "one moment"),
        ((Observation(0.5, "ketamine_ng_ml", 120.0),), "not scored"),
        ((Observation(0.5, "pain", 1.0),), "no reading of"),
    ],
    ids=["none", "two moments", "level", "unknown"],
)
def test_what_cannot_be_scored_is_said(readings: tuple[Observation, ...], words: str) -> None:
    with pytest.raises(ReadingError, match=words):
        score_moment(prior(n=50), readings, prior(n=50))


def test_the_prior_is_asked_under_what_the_forecast_knows_was_given() -> None:
    """Where twice as much was given, the prior knows it too: it lacks the readings alone."""
    start = prior()
    twice = start.continued(SESSION.scaled(2.0), 0.0)
    reading = Observation(0.5, "sbp", 160)
    assert score(twice, reading, start).crps_prior < score(start, reading, start).crps_prior
    assert score(twice, reading, start).crps_prior == score(twice, reading, twice).crps_prior
