"""What a cuff shows, how likely a reading is, and when a person is likely to be back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.pharmacology.effects import (
    EffectsError,
    cadss_likelihood,
    concentration_likelihood,
    dissociation,
    draw_acute_people,
    expected_maximum,
    hemodynamics,
    load_acute,
    moaas_likelihood,
    probability_any_reading_at_least,
    probability_any_rise_at_least,
    sample_readings,
    score_likelihood,
    sedation,
    severe_pressure,
    time_back_min,
    time_of_peak_min,
    time_to_readiness_min,
    total_likelihood,
    vital_likelihood,
)

MODEL = load_acute()
PEOPLE = draw_acute_people(200, np.random.default_rng(5))


def test_three_readings_of_placebo_have_a_mean_maximum_of_0_846_sd() -> None:
    """SD 7.2 mmHg gives 6.1 mmHg, the mean of maxima on placebo (Doherty 2020)."""
    none = np.zeros((1, 3))
    assert expected_maximum(none, 1.0)[0] == pytest.approx(3.0 / (2.0 * np.sqrt(np.pi)), abs=1e-8)
    assert expected_maximum(none, MODEL["sbp_noise_sd_mmhg"])[0] == pytest.approx(6.1, abs=0.05)
    assert expected_maximum(none, MODEL["dbp_noise_sd_mmhg"])[0] == pytest.approx(4.9, abs=0.05)


def test_the_mean_at_a_time_and_the_mean_of_maxima_differ_as_published() -> None:
    rng = np.random.default_rng(8)
    truth = np.full((100_000, 3), 5.0)
    seen = sample_readings(truth, 7.2, rng) - sample_readings(np.zeros((100_000, 1)), 7.2, rng)
    assert seen.mean() == pytest.approx(5.0, abs=0.1)
    assert seen.max(axis=1).mean() == pytest.approx(expected_maximum(truth[:1], 7.2)[0], abs=0.12)


@given(
    st.lists(st.floats(-20.0, 60.0), min_size=1, max_size=5),
    st.floats(1.0, 12.0),
    st.floats(0.0, 80.0),
)
def test_probabilities_of_readings(rise: list[float], sd: float, line: float) -> None:
    truth = np.array([rise])
    absolute = probability_any_reading_at_least(truth, line, sd)[0]
    change = probability_any_rise_at_least(truth, line, sd)[0]
    assert 0.0 <= absolute <= 1.0
    assert 0.0 <= change <= 1.0 + 1e-12
    assert probability_any_reading_at_least(truth + 1.0, line, sd)[0] >= absolute
    assert expected_maximum(truth, sd)[0] >= truth.max() - 1e-6
    assert expected_maximum(truth, 0.0)[0] == truth.max()


def test_a_rise_is_over_a_pre_dose_reading_with_noise_of_its_own() -> None:
    rng = np.random.default_rng(9)
    rise = np.array([[22.0, 18.0, 9.0]])
    before = sample_readings(np.zeros((400_000, 1)), 7.2, rng)
    seen = sample_readings(np.repeat(rise, 400_000, axis=0), 7.2, rng) - before
    assert probability_any_rise_at_least(rise, 40.0, 7.2)[0] == pytest.approx(
        (seen.max(axis=1) >= 40.0).mean(), abs=0.002
    )


def test_severe_pressure_grows_with_the_drug() -> None:
    quiet = severe_pressure(hemodynamics(np.zeros((200, 4)), PEOPLE), [1, 2, 3])
    strong = severe_pressure(hemodynamics(np.full((200, 4), 150.0), PEOPLE), [1, 2, 3])
    for name in ("sbp_180", "sbp_rise_40", "dbp_110", "dbp_rise_25"):
        low, high = getattr(quiet, name), getattr(strong, name)
        assert np.all((low >= 0) & (high <= 1))
        assert np.all(high >= low)
    assert np.all(strong.any_of_absolute() <= 1.0)


def test_a_reading_weighs_for_whoever_predicted_it() -> None:
    truth = np.array([120.0, 140.0, 160.0])
    found = vital_likelihood("sbp", 140.0, truth, MODEL)
    assert np.argmax(found.log) == 1
    assert found.tail > 0.5
    assert not found.surprising


def test_an_impossible_reading_surprises_and_moves_nobody() -> None:
    truth = np.random.default_rng(1).normal(125.0, 10.0, 500)
    found = vital_likelihood("sbp", 280.0, truth, MODEL)
    assert found.surprising
    assert found.tail < 1e-6
    assert np.ptp(found.log) < 1e-3
    assert np.all(np.isfinite(found.log))


def test_a_surprise_is_judged_by_the_weights() -> None:
    truth = np.array([100.0, 180.0])
    even = vital_likelihood("sbp", 180.0, truth, MODEL)
    knowing = vital_likelihood("sbp", 180.0, truth, MODEL, weights=np.array([1.0, 0.0]))
    assert even.tail > knowing.tail
    assert knowing.surprising


def test_a_surprising_tail_is_as_rare_as_it_says() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(120.0, 10.0, 400)
    readings = sample_readings(rng.choice(truth, 3000), 7.2, rng)
    tails = np.array([vital_likelihood("sbp", float(r), truth, MODEL).tail for r in readings])
    assert (tails < 0.1).mean() == pytest.approx(0.1, abs=0.02)


def test_the_likelihood_of_scores_sums_to_one_before_the_floor() -> None:
    site = np.full((200, 1), 80.0)
    state, calm = dissociation(site, PEOPLE), sedation(site, PEOPLE)
    score = sum(np.exp(score_likelihood(k, state).log) for k in range(11))
    cadss = sum(np.exp(cadss_likelihood(k, state).log) for k in range(93))
    moaas = sum(np.exp(moaas_likelihood(k, calm).log) for k in range(6))
    phq9 = sum(
        np.exp(total_likelihood("phq9", k, np.linspace(0, 27, 200), MODEL).log) for k in range(28)
    )
    madrs = sum(
        np.exp(total_likelihood("madrs", k, np.linspace(0, 60, 200), MODEL).log) for k in range(61)
    )
    for total in (score, cadss, moaas, phq9, madrs):
        np.testing.assert_allclose(total, 1.0, atol=1e-9)


def test_a_concentration_is_likeliest_where_it_was_predicted() -> None:
    predicted = np.array([20.0, 80.0, 320.0])
    for kind in ("log_additive", "proportional"):
        found = concentration_likelihood(80.0, predicted, 0.25, MODEL, kind=kind)  # type: ignore[arg-type]
        assert np.argmax(found.log) == 1
    nothing = concentration_likelihood(80.0, np.zeros(3), 0.25, MODEL)
    assert np.all(np.isfinite(nothing.log))
    assert nothing.surprising


def test_what_cannot_be_a_reading_is_refused() -> None:
    state = dissociation(np.zeros((200, 1)), PEOPLE)
    with pytest.raises(EffectsError, match="finite"):
        vital_likelihood("sbp", float("nan"), np.array([120.0]), MODEL)
    with pytest.raises(EffectsError, match="sbp, dbp or hr"):
        vital_likelihood("spo2", 98.0, np.array([120.0]), MODEL)  # type: ignore[arg-type]
    with pytest.raises(EffectsError, match="0 to 10"):
        score_likelihood(11, state)
    with pytest.raises(EffectsError, match="0 to 27"):
        total_likelihood("phq9", 28, np.array([10.0]), MODEL)
    with pytest.raises(EffectsError, match="above zero"):
        concentration_likelihood(0.0, np.array([10.0]), 0.2, MODEL)
    with pytest.raises(EffectsError, match="MOAA/S"):
        moaas_likelihood(6, sedation(np.zeros((200, 1)), PEOPLE))


def test_readiness_waits_for_the_last_of_the_conditions_and_for_good() -> None:
    times = np.array([0.0, 30.0, 60.0, 90.0])
    dissociated = np.array([[0, 5, 0.5, 0], [0, 0, 0, 0], [0, 5, 5, 5], [0, 2, 0, 2.0]])
    moaas = np.array([[5, 3, 4, 5.0], [5, 5, 5, 5], [5, 5, 5, 5], [5, 5, 5, 5]])
    rise = np.array([[0, 20, 5, 2.0], [0, 3, 4, 1], [0, 0, 0, 0], [0, 0, 0, 0]])
    ready = time_to_readiness_min(times, dissociation=dissociated, moaas=moaas, sbp_rise_mmhg=rise)
    np.testing.assert_array_equal(ready, [90.0, 0.0, np.nan, np.nan])
    with pytest.raises(EffectsError, match="one shape"):
        time_to_readiness_min(times, dissociation=dissociated, moaas=moaas[:2], sbp_rise_mmhg=rise)
    with pytest.raises(EffectsError, match="increasing"):
        time_to_readiness_min(
            times[::-1], dissociation=dissociated, moaas=moaas, sbp_rise_mmhg=rise
        )


def test_time_of_peak_and_time_back() -> None:
    times = np.array([0.0, 20.0, 40.0, 60.0])
    values = np.array([[0.0, 6.0, 9.0, 2.0], [0.0, 1.0, 1.0, 1.0], [0.0, 4.0, 5.0, 6.0]])
    np.testing.assert_array_equal(time_of_peak_min(times, values), [40.0, 20.0, 60.0])
    np.testing.assert_array_equal(time_back_min(times, values, 3.0), [60.0, 0.0, np.nan])


def test_a_person_whose_prediction_failed_weighs_nothing() -> None:
    truth = np.array([120.0, np.nan, 130.0])
    found = vital_likelihood("sbp", 125.0, truth, MODEL, weights=np.array([0.3, 0.4, 0.3]))
    assert found.log[1] == -np.inf
    assert np.all(np.isfinite(found.log[[0, 2]]))
    assert 0.0 < found.tail <= 1.0
    assert vital_likelihood("sbp", 125.0, np.array([np.nan]), MODEL).tail == 0.0
