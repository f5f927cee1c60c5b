"""Cumulative exposure and the signal to ask about the bladder."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.pharmacology.long_term import (
    NOTES,
    STUDIED_TOP,
    THERAPEUTIC_BOUND,
    LongTermError,
    bladder_signal,
    cumulative_grams,
    grams_per_week,
    notes_on,
)


def test_84_mg_a_week_is_0_084_g_a_week_once_half_a_year_has_passed() -> None:
    days = np.arange(0.0, 400.0, 7.0)
    weekly = grams_per_week(days, np.full(len(days), 84.0), [7.0, 364.0])
    assert weekly[1] == pytest.approx(0.084)
    assert weekly[0] < weekly[1]
    assert cumulative_grams(days, np.full(len(days), 84.0), [0.0, 70.0]) == pytest.approx(
        [0.084, 11 * 0.084]
    )


@given(st.lists(st.floats(0.0, 200.0), min_size=1, max_size=40), st.integers(0, 600))
def test_grams_are_counted_once_and_forgotten_after_half_a_year(
    doses: list[float], day: int
) -> None:
    days = 3.0 * np.arange(len(doses))
    weekly = grams_per_week(days, doses, [float(day)])[0]
    total = cumulative_grams(days, doses, [float(day)])[0]
    assert 0.0 <= weekly * 26.0 <= total + 1e-12
    assert grams_per_week(days, doses, [days[-1] + 182.0])[0] <= max(doses) * 61 / 26_000
    assert grams_per_week(days, doses, [days[-1] + 183.0])[0] == pytest.approx(0.0)


def test_two_people_are_two_rows() -> None:
    weekly = grams_per_week([0.0, 3.0], [[56.0, 84.0], [28.0, 28.0]], [3.0])
    assert weekly.shape == (2, 1)
    np.testing.assert_allclose(weekly[:, 0], [0.14 / 26, 0.056 / 26])


def test_the_bound_holds_at_therapeutic_exposure() -> None:
    """0 cases in 3777 patient-years: at most about 0.08 per 100 (rule of three)."""
    assert pytest.approx(300.0 / 3777.0, abs=1e-4) == THERAPEUTIC_BOUND.value
    signal = bladder_signal(STUDIED_TOP.value, use_outside_clinic=False)
    assert signal.per_100_patient_years <= THERAPEUTIC_BOUND.value + 1e-9
    assert signal.within_studied


@given(st.floats(0.0, 20.0), st.floats(0.0, 5.0))
def test_the_signal_only_grows(grams: float, more: float) -> None:
    low = bladder_signal(grams, use_outside_clinic=False)
    high = bladder_signal(grams + more, use_outside_clinic=False)
    assert high.relative_to_bound >= low.relative_to_bound


def test_outside_the_studied_range_there_is_a_signal_and_no_probability() -> None:
    signal = bladder_signal([0.05, 1.0], use_outside_clinic=False)
    assert signal.within_studied.tolist() == [True, False]
    assert np.isfinite(signal.per_100_patient_years[0])
    assert np.isnan(signal.per_100_patient_years[1])
    assert signal.relative_to_bound[1] > 1.0
    assert "no probability" in signal.ask


@pytest.mark.parametrize("known", [None, True])
def test_use_outside_the_clinic_asks_and_unknown_does_not_pass(known: bool | None) -> None:
    signal = bladder_signal(0.05, use_outside_clinic=known)
    assert not signal.within_studied
    assert np.isnan(signal.per_100_patient_years)
    assert "outside the clinic" in signal.ask


def test_every_note_has_a_source() -> None:
    assert {note.domain for note in NOTES} == {"bladder", "cognition", "dependence", "tolerance"}
    for note in NOTES:
        assert note.source.startswith("http")
    assert len(notes_on("bladder")) == 3


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(LongTermError, match="negative"):
        grams_per_week([0.0], [-1.0], [0.0])
    with pytest.raises(LongTermError, match="finite"):
        grams_per_week([0.0], [np.nan], [0.0])
    with pytest.raises(LongTermError, match="each of 2 days"):
        grams_per_week([0.0, 1.0], [1.0], [0.0])
    with pytest.raises(LongTermError, match="at least 0"):
        bladder_signal(-0.1)
    with pytest.raises(LongTermError, match="window"):
        grams_per_week([0.0], [1.0], [0.0], window_weeks=0.0)
