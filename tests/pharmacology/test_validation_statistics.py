"""Fold errors and exact intervals against their formulas, worked out by hand or by SciPy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from evenkeel.pharmacology.validation.statistics import (
    average_fold_error,
    exact_interval,
    fold,
    geometric_mean_fold_error,
)

RATIOS = st.lists(st.floats(0.01, 100.0), min_size=1, max_size=30)


def test_fold_errors_by_hand() -> None:
    """Ratios 2, 1/2 and 1: mean log10 is 0, mean |log10| is 2 log10(2) / 3."""
    ratios = [2.0, 0.5, 1.0]
    assert average_fold_error(ratios) == pytest.approx(1.0)
    assert geometric_mean_fold_error(ratios) == pytest.approx(10 ** (2 * math.log10(2) / 3))
    assert geometric_mean_fold_error(ratios) == pytest.approx(1.5874, abs=5e-5)
    assert average_fold_error([0.5, 0.5]) == pytest.approx(0.5)
    assert geometric_mean_fold_error([0.5, 0.5]) == pytest.approx(2.0)


@given(RATIOS)
def test_fold_errors_are_ten_to_the_mean_of_logarithms(ratios: list[float]) -> None:
    logs = [math.log10(ratio) for ratio in ratios]
    assert average_fold_error(ratios) == pytest.approx(10 ** (sum(logs) / len(logs)))
    expected = 10 ** (sum(map(abs, logs)) / len(logs))
    assert geometric_mean_fold_error(ratios) == pytest.approx(expected)
    upside_down = [1 / ratio for ratio in ratios]
    assert geometric_mean_fold_error(upside_down) == pytest.approx(expected)


def test_of_nothing_there_is_no_fold_error() -> None:
    assert math.isnan(average_fold_error([]))
    assert math.isnan(geometric_mean_fold_error([]))


@pytest.mark.parametrize(
    ("predicted", "observed", "found"),
    [(3.0, 2.0, 1.5), (-3.0, -2.0, 1.5), (3.0, -2.0, None), (0.0, 2.0, None), (2.0, 0.0, None)],
)
def test_a_fold_needs_one_sign_and_no_zero(
    predicted: float, observed: float, found: float | None
) -> None:
    assert fold(predicted, observed) == found


@pytest.mark.parametrize(
    ("inside", "of", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (1, 1, 0.025, 1.0)],
)
def test_exact_intervals_from_published_tables(
    inside: int, of: int, low: float, high: float
) -> None:
    """Clopper and Pearson, 95 %; the ends of 0 of n are 1 - 0.025 ** (1 / n)."""
    assert exact_interval(inside, of) == pytest.approx((low, high), abs=5e-5)
    if inside == 0:
        assert exact_interval(0, of)[1] == pytest.approx(1 - 0.025 ** (1 / of), abs=1e-12)


@given(st.integers(1, 240), st.data())
def test_exact_intervals_are_those_of_scipy(of: int, data: st.DataObject) -> None:
    inside = data.draw(st.integers(0, of))
    theirs = binomtest(inside, of).proportion_ci(0.95, method="exact")
    assert exact_interval(inside, of) == pytest.approx((theirs.low, theirs.high), abs=1e-8)


@pytest.mark.parametrize(("inside", "of"), [(0, 2000), (1100, 2000), (9000, 10_000)])
def test_exact_intervals_of_thousands_are_those_of_scipy(inside: int, of: int) -> None:
    theirs = binomtest(inside, of).proportion_ci(0.95, method="exact")
    assert exact_interval(inside, of) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(("inside", "of"), [(-1, 3), (4, 3), (0, 0)])
def test_what_is_no_share_is_refused(inside: int, of: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        exact_interval(inside, of)
