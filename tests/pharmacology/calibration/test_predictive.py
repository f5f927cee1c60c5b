"""What is said of a reading: against closed forms and numerical integration."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from evenkeel.pharmacology.calibration.predictive import LEVELS, Ladder, NormalMixture
from evenkeel.pharmacology.calibration.score import _share

MEANS = np.array([118.0, 121.0, 124.0, 131.0, 152.0, 190.0])
WEIGHTS = np.array([0.1, 0.25, 0.3, 0.2, 0.1, 0.05])
MIXED = NormalMixture(MEANS, WEIGHTS, 7.2)


def mixed_cdf(x: float) -> float:
    return float(sum(w * norm.cdf(x, m, 7.2) for w, m in zip(WEIGHTS, MEANS, strict=True)))


@pytest.mark.parametrize("value", [60.0, 118.0, 126.5, 188.0, 260.0])
def test_crps_is_the_integral_it_is_defined_by(value: float) -> None:
    below, _ = quad(lambda x: mixed_cdf(x) ** 2, 0.0, value, limit=400)
    above, _ = quad(lambda x: (1.0 - mixed_cdf(x)) ** 2, value, 400.0, limit=400)
    assert MIXED.crps(value) == pytest.approx(below + above, abs=1e-7)


@pytest.mark.parametrize("z", [-2.5, 0.0, 0.4, 6.0])
def test_crps_of_one_person_is_the_closed_form_for_a_normal(z: float) -> None:
    # Gneiting and Raftery 2007, equation 21.
    sd = 5.8
    exact = sd * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / math.sqrt(math.pi))
    one = NormalMixture(np.array([80.0]), np.array([1.0]), sd)
    assert one.crps(80.0 + sd * z) == pytest.approx(exact, abs=1e-10)


def test_quantiles_are_where_the_distribution_reaches_them() -> None:
    exact = [brentq(lambda x, q=q: mixed_cdf(x) - q, 50.0, 300.0, xtol=1e-10) for q in LEVELS]
    assert MIXED.quantiles() == pytest.approx(exact, abs=1e-5)


@given(
    st.lists(st.floats(20.0, 400.0), min_size=1, max_size=30),
    st.floats(0.5, 20.0),
    st.floats(20.0, 400.0),
)
def test_any_mixture_has_quantiles_in_order_and_a_score_above_zero(
    means: list[float], sd: float, value: float
) -> None:
    one = NormalMixture(np.array(means), np.full(len(means), 1.0 / len(means)), sd)
    found = one.quantiles()
    assert list(found) == sorted(found)
    assert [one.at_most(q) for q in found] == pytest.approx(list(LEVELS), abs=1e-6)
    assert 0.0 <= one.crps(value) <= abs(value - np.mean(means)) + np.ptp(means) + 5 * sd


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=12).filter(lambda c: sum(c) > 0.1))
def test_a_perfect_forecast_of_a_ladder_covers_what_it_says(chances: list[float]) -> None:
    """Weighted by its own chances, the counted shares of all steps are 50 and 90 % exactly."""
    own = np.array(chances) / sum(chances)
    ladder = Ladder(own)
    for low, high in ((0.25, 0.75), (0.05, 0.95)):
        counted = sum(
            p * _share(ladder.below(step), ladder.at_most(step), low, high)
            for step, p in enumerate(own)
            if p > 1e-12
        )
        assert counted == pytest.approx(high - low, abs=1e-6)


def test_a_ladder_is_scored_by_hand() -> None:
    ladder = Ladder(np.array([0.1, 0.2, 0.4, 0.3]))
    assert ladder.quantiles() == (0.0, 1.0, 2.0, 3.0, 3.0)
    # F is 0.1, 0.3, 0.7, 1; the step of 1 is 0, 1, 1, 1.
    assert ladder.crps(1.0) == pytest.approx(0.1**2 + 0.7**2 + 0.3**2)
    assert (ladder.below(1.0), ladder.at_most(1.0)) == pytest.approx((0.1, 0.3))
    assert (ladder.below(0.0), ladder.at_most(3.0)) == (0.0, 1.0)
