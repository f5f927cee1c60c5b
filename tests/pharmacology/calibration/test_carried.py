"""What one session taught is the prior of the next, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.pharmacology import PharmacologyError, Regimen, bolus, infusion, load_model
from evenkeel.pharmacology.effects import SESSION_EFFECTS
from evenkeel.pharmacology.errors import PeopleError
from evenkeel.pharmacology.forecast import Forecast, Learned, Observation, Setting
from evenkeel.pharmacology.forecast.carried import LASTING

SESSION = Regimen.of(infusion(0.5, "mg/kg", over_min=40))
PERSON = {"weight_kg": 74.0, "age_years": 41.0, "sbp_usual_mmhg": 124.0}
HIGH = tuple(
    Observation(minute / 60, "sbp", value)
    for minute, value in (
        (0, 127),
        (10, 148),
        (20, 161),
        (30, 168),
        (40, 170),
        (60, 158),
        (90, 141),
    )
)


def setting(**changes: Any) -> Setting:
    own = Setting(load_model("composite_racemic"), SESSION, PERSON, n=1000, seed=4)
    return replace(own, **changes)


@pytest.fixture(scope="module")
def taught() -> Learned:
    return Forecast.prior(setting()).update(*HIGH).carried()


def column(found: Learned, name: str) -> tuple[float, float]:
    at = found.names.index(name)
    return float(found.mean[at]), float(np.sqrt(found.covariance[at, at]))


def test_after_high_readings_the_next_session_starts_higher_and_narrower(taught: Learned) -> None:
    """Higher in mmHg; narrower before the dose, and for the size of the rise after it."""
    times, names = np.array([0.0, 0.5, 0.75]), ("sbp",)
    stranger = Forecast.prior(setting(seed=9)).predict(times, names=names).bands["sbp"]
    known = Forecast.prior(setting(seed=9, learned=taught, session_number=2))
    band = known.predict(times, names=names).bands["sbp"]
    assert (band[2, 1:] > stranger[2, 1:] + 8.0).all()
    width, before = band[4] - band[0], stranger[4] - stranger[0]
    assert width[0] < 0.9 * before[0]
    rise, usual = band[2] - band[2, 0], stranger[2] - stranger[2, 0]
    assert (width[1:] / rise[1:] < 0.7 * before[1:] / usual[1:]).all()


def test_what_nothing_was_learned_of_stays_a_strangers(taught: Learned) -> None:
    """No level, no score and no pulse was read. The chance of the draw is 1 / sqrt(1000)."""
    for name in ("hr_baseline_bpm", "score_intercept", "nausea_hazard_per_ng_h_ml"):
        mean, sd = column(taught, name)
        assert mean == pytest.approx(0.0, abs=0.13)
        assert sd == pytest.approx(1.0, abs=0.1)
    slope, sd = column(taught, "sbp_slope_mmhg_per_ng_ml")
    assert slope > 0.5
    assert sd < 0.9


def test_the_shift_of_a_session_is_not_carried(taught: Learned) -> None:
    assert not set(SESSION_EFFECTS) & set(taught.names)
    own = setting(learned=taught)
    normals = own.prior()
    moved = own.placed(normals)
    at = [own.column_names.index(name) for name in SESSION_EFFECTS]
    assert np.array_equal(moved[:, at], normals[:, at])
    rest = [i for i in range(own.columns) if i not in at]
    between = np.corrcoef(moved.T)[np.ix_(at, rest)]
    assert np.abs(between).max() < 0.13


def test_carrying_nothing_changes_nothing() -> None:
    one, other = Forecast.prior(setting()), Forecast.prior(setting(learned=None))
    assert np.array_equal(one.update(*HIGH).normals, other.update(*HIGH).normals)
    empty = Forecast.prior(setting()).carried()
    assert np.abs(empty.mean).max() < 0.13
    gone = Forecast.prior(setting()).update(*HIGH).carried(persistence=0.0)
    for name in gone.names:
        if name not in LASTING:
            assert column(gone, name) == pytest.approx((0.0, 1.0), abs=1e-6)


def test_it_is_a_pure_function_and_the_same_after_being_kept(taught: Learned) -> None:
    again = Forecast.prior(setting()).update(*reversed(HIGH)).carried()
    kept = Learned.from_dict(json.loads(json.dumps(taught.as_dict())))
    for other in (again, kept):
        assert np.array_equal(other.mean, taught.mean)
        assert np.array_equal(other.root, taught.root)
        assert (other.names, other.usual, other.sessions) == (
            taught.names, taught.usual, taught.sessions
        )  # fmt: skip
    ends = [Forecast.prior(setting(learned=one)).update(*HIGH).normals for one in (taught, kept)]
    assert np.array_equal(*ends)


def test_sessions_add_up_and_go_on_from_the_first_usual_pressure(taught: Learned) -> None:
    later = setting(learned=taught, seed=5, covariates={**PERSON, "sbp_usual_mmhg": 150.0})
    assert later.known["sbp_usual_mmhg"] == 124.0
    twice = Forecast.prior(later).update(*HIGH).carried()
    assert twice.sessions == 2
    assert twice.usual == {"sbp_usual_mmhg": 124.0}
    usual = "sbp_baseline_mmhg"
    assert column(twice, usual)[1] < column(taught, usual)[1] < 1.0


def test_another_drug_keeps_the_person_and_forgets_the_blood(taught: Learned) -> None:
    nasal = load_model("perez_ruixo_2021")
    own = Setting(nasal, Regimen.of(bolus(56, route="nasal")), PERSON, n=500, learned=taught)
    moved = own.placed(np.zeros((1, own.columns)))[0]
    found = dict(zip(own.column_names, moved, strict=True))
    assert not any(found[name] for name in found if name.startswith("blood:"))
    assert found["sbp_slope_mmhg_per_ng_ml"] == pytest.approx(
        column(taught, "sbp_slope_mmhg_per_ng_ml")[0]
    )
    Forecast.prior(own).update(Observation(0.5, "sbp", 150))


def test_what_was_learned_under_other_parameters_is_not_used(taught: Learned) -> None:
    with pytest.raises(PeopleError, match="learn it again"):
        setting(learned=replace(taught, effects_version=taught.effects_version + 1))
    with pytest.raises(PeopleError, match="share from 0 to 1"):
        Forecast.prior(setting()).carried(persistence=1.5)


BROKEN: dict[str, dict[str, Any]] = {
    "no format": {"format": "else"},
    "no names": {"names": []},
    "one name twice": {"names": ["a", "a"]},
    "too few means": {"mean": [0.0]},
    "a mean that is no number": {"mean": "zero"},
    "an upper root": {"root": [[1.0, 1.0], [0.0, 1.0]], "names": ["a", "b"], "mean": [0, 0]},
    "a root of zero": {"root": [[0.0]], "names": ["a"], "mean": [0]},
    "infinite": {"root": [[1.0]], "names": ["a"], "mean": [float("inf")]},
    "half a session": {"sessions": 0.5},
    "an odd usual": {"usual": {"mood": 3}},
    "a usual in words": {"usual": {"sbp_usual_mmhg": "high"}},
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_refused(change: dict[str, Any], taught: Learned) -> None:
    with pytest.raises(PeopleError, match="learned"):
        Learned.from_dict({**taught.as_dict(), **change})


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
KEYS = ("format", "names", "mean", "root", "usual", "sessions", "effects_version", "model_version")


@given(st.sampled_from(KEYS), JSON)
def test_hostile_values_are_refused_or_read(key: str, value: object) -> None:
    whole = {
        "format": "evenkeel-learned/1", "model": "m", "model_version": 1, "effects_version": 1,
        "sessions": 1, "names": ["a"], "mean": [0.5], "root": [[1.0]], "usual": {},
    }  # fmt: skip
    try:
        found = Learned.from_dict({**whole, key: value})
    except PharmacologyError:
        return
    assert np.isfinite(found.mean).all()
    assert np.linalg.cholesky(found.covariance).shape == found.root.shape
