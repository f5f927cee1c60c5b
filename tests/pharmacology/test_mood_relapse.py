"""Relapse over time, and when a next session would be due."""

import numpy as np
import pytest

from evenkeel.pharmacology import Regimen, draw_people, infusion, load_model
from evenkeel.pharmacology.mood import (
    MoodError,
    RelapseCourse,
    draw_mood_people,
    hazard_per_h,
    next_session,
    relapse,
)

MODEL = load_model("composite_racemic")
SIX_H = [0.0, 48.0, 96.0, 168.0, 216.0, 264.0]
SERIES = Regimen.of(infusion(0.5, "mg/kg", over_min=40)).repeated(SIX_H)
N = 60
PEOPLE, MOOD = draw_people(MODEL, N, 1), draw_mood_people(N, 1)


@pytest.fixture(scope="module")
def followed():
    return relapse(MODEL, SERIES, PEOPLE, MOOD, from_h=288.0, until_h=288.0 + 60 * 24.0)


def test_a_probability_that_only_grows(followed):
    times_h = 288.0 + 24.0 * np.arange(61)
    found = followed.probability(times_h)
    assert found[0] == 0.0
    assert found.min() >= 0.0
    assert found.max() <= 1.0
    assert (np.diff(found) > 0).all()


def test_more_effect_and_less_residual_severity_mean_less_relapse():
    effect, residual = np.array([0.0, 5.0, 10.0]), np.array([10.0, 20.0, 30.0])
    assert (np.diff(hazard_per_h(effect, np.full(3, 20.0))) < 0).all()
    assert (np.diff(hazard_per_h(np.full(3, 5.0), residual)) > 0).all()


def test_expectation_has_no_part_in_it():
    at_midazolam = relapse(
        MODEL, SERIES, PEOPLE, MOOD, from_h=288.0, until_h=500.0, where="midazolam"
    )
    open_label = relapse(MODEL, SERIES, PEOPLE, MOOD, from_h=288.0, until_h=500.0)
    assert at_midazolam.probability([400.0]) == pytest.approx(open_label.probability([400.0]))


def test_maintenance_lowers_it(followed):
    kept = Regimen.of(infusion(0.5, "mg/kg", over_min=40)).repeated([*SIX_H, 432.0, 600.0, 768.0])
    other = relapse(MODEL, kept, PEOPLE, MOOD, from_h=288.0, until_h=288.0 + 60 * 24.0)
    assert other.probability([900.0])[0] < followed.probability([900.0])[0]


def test_one_time_does_not_depend_on_how_long_it_is_followed(followed):
    shorter = relapse(MODEL, SERIES, PEOPLE, MOOD, from_h=288.0, until_h=700.0)
    assert shorter.probability([600.0]) == pytest.approx(followed.probability([600.0]), rel=1e-3)


def test_who_has_no_weight_does_not_count(followed):
    one = np.zeros(N)
    one[7] = 2.0
    assert followed.probability([600.0], one) == pytest.approx(1.0 - followed.survival([600.0])[7])
    with pytest.raises(MoodError):
        followed.probability([600.0], np.zeros(N))
    with pytest.raises(MoodError):
        followed.probability([600.0], np.ones(3))
    with pytest.raises(MoodError):
        followed.probability([100.0])


def test_a_failed_person_takes_nobody_along(followed):
    failed = followed.failed.copy()
    failed[3] = True
    hazard = followed.cumulative_hazard.copy()
    hazard[3] = np.nan
    found = RelapseCourse(followed.grid_h, hazard, failed).probability([600.0])
    assert np.isfinite(found).all()


def test_the_end_must_come_after_the_start():
    with pytest.raises(MoodError):
        relapse(MODEL, SERIES, PEOPLE, MOOD, from_h=10.0, until_h=10.0)


# --- the next session ----------------------------------------------------------------------

DAY_H = 24.0


def rising(rate_per_day):
    """One person whose hazard is constant."""
    grid_h = np.array([0.0, 100.0 * DAY_H])
    hazard = np.array([[0.0, 100.0 * rate_per_day]])
    return RelapseCourse(grid_h, hazard, np.zeros(1, dtype=bool))


def ask(course, **changed):
    given = {
        "tolerance": 0.2,
        "last_session_h": 0.0,
        "minimum_interval_h": 0.0,
        "sessions_given": 1,
        "maximum_sessions": 8,
    }
    return next_session(course, [DAY_H * d for d in (1, 8, 15, 22)], **(given | changed))


def test_no_proposal_while_nothing_is_likelier_than_the_tolerance():
    found = ask(rising(0.001))
    assert found.at_h is None
    assert found.relapse_probability == pytest.approx(1 - np.exp(-0.007))


def test_the_first_visit_at_which_waiting_is_too_likely_to_fail():
    grid_h = DAY_H * np.arange(31.0)
    hazard = np.cumsum(np.concatenate([[0.0], np.where(np.arange(30) < 14, 0.001, 0.1)]))[None]
    course = RelapseCourse(grid_h, hazard, np.zeros(1, dtype=bool))
    found = ask(course)
    assert found.at_h == 15 * DAY_H
    assert found.relapse_probability > 0.2
    assert ask(course, tolerance=0.99).at_h is None


def test_never_sooner_than_the_minimum_interval():
    for interval_d in (0, 3, 9, 16):
        found = ask(rising(0.2), minimum_interval_h=interval_d * DAY_H)
        assert found.at_h is None or found.at_h >= interval_d * DAY_H
    found = ask(rising(0.2), minimum_interval_h=9 * DAY_H)
    assert found.at_h == 15 * DAY_H
    assert "minimum interval" in found.reason
    assert ask(rising(0.2), minimum_interval_h=20 * DAY_H).at_h is None


def test_never_more_than_the_maximum():
    found = ask(rising(0.2), sessions_given=8)
    assert found.at_h is None
    assert "8 sessions" in found.reason
    assert found.relapse_probability > 0.2


@pytest.mark.parametrize(
    "changed",
    [
        {"tolerance": 0.0},
        {"tolerance": 1.0},
        {"minimum_interval_h": -1.0},
        {"sessions_given": -1},
    ],
)
def test_impossible_wishes_are_refused(changed):
    with pytest.raises(MoodError):
        ask(rising(0.2), **changed)


def test_visits_must_be_in_order():
    with pytest.raises(MoodError):
        next_session(
            rising(0.1), [5.0, 4.0], tolerance=0.1, last_session_h=0.0, minimum_interval_h=0.0,
            sessions_given=0, maximum_sessions=3,
        )  # fmt: skip
