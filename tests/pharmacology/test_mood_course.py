"""Courses: expectation apart from the drug, the scale and its ends, reproducible people."""

from dataclasses import replace

import numpy as np
import pytest

from evenkeel.pharmacology import (
    Regimen,
    devices,
    draw_people,
    infusion,
    load_model,
    typical_people,
)
from evenkeel.pharmacology.mood import (
    SETTINGS,
    MoodError,
    TwoExponential,
    course,
    draw_mood_people,
    expected_outcome,
    load_mood,
    madrs_log_likelihood,
    occasions_h,
    phq9_from_madrs,
    phq9_log_likelihood,
    remitted,
    remitted_phq9,
    responded,
    setting,
    typical_mood_people,
)
from evenkeel.pharmacology.mood.expectation import renewal

MODEL = load_model("composite_racemic")
ONCE = Regimen.of(infusion(0.5, "mg/kg", over_min=40))
NOTHING = Regimen.of()
TIMES_H = [0.0, 2.0, 24.0, 72.0, 168.0, 336.0]
N = 400
PEOPLE = draw_people(MODEL, N, 1)


def follow(regimen=ONCE, where="open_label", times_h=TIMES_H, n=N, mood_people=None, **more):
    people = PEOPLE.part(slice(0, n))
    mood_people = mood_people or draw_mood_people(n, 1)
    return course(MODEL, regimen, people, mood_people, times_h, where=where, **more)


# --- expectation ---------------------------------------------------------------------------


@pytest.mark.parametrize("where", SETTINGS)
def test_placebo_is_all_expectation_and_care(where):
    found = follow(NOTHING, where, at_h=[0.0])
    assert (found.drug_effect_points == 0.0).all()
    assert (found.trial_points == 0.0).all()
    assert (found.expectation_points[:, 1] > 0).all()


def test_the_drug_effect_is_the_same_whatever_is_expected():
    found = [follow(where=where).drug_effect_points for where in SETTINGS]
    assert all((one == found[0]).all() for one in found)


def test_an_active_placebo_does_more_than_an_inert_one():
    points = {w: setting(w).control_points for w in SETTINGS}
    assert points["midazolam"] > points["inert"]
    masked = setting("masked_anesthesia")
    assert masked.control_points + masked.care_points > points["midazolam"]


def test_only_who_can_tell_is_unblinded():
    for where in ("midazolam", "masked_anesthesia"):
        for vein in (False, True):
            place = setting(where, into_a_vein=vein)
            assert place.drug_points == place.control_points
    assert setting("inert").drug_points > setting("inert").control_points


def test_a_drip_beside_salt_water_tells_more_than_a_bitter_spray():
    """The same once somebody knows what it is; the control arm is the same in any case."""
    for where in ("inert", "inert_with_antidepressant", "inert_with_new_antidepressant"):
        spray, drip = setting(where), setting(where, into_a_vein=True)
        assert drip.drug_points > spray.drug_points
        assert drip.control_points == spray.control_points
    told = [setting("open_label", into_a_vein=vein).drug_points for vein in (False, True)]
    assert told[0] == told[1]
    by_vein = follow(ONCE, "inert").expectation_points
    told = setting("inert", into_a_vein=True).drug_points / setting("inert").control_points
    beside = follow(NOTHING, "inert", at_h=[0.0]).expectation_points
    np.testing.assert_allclose(by_vein, told * beside)


def test_expectation_is_renewed_and_does_not_add_up():
    times_h = np.linspace(0.0, 400.0, 4001)
    once = renewal(times_h, [0.0], 120.0, 0.5)
    often = renewal(times_h, [0.0, 48.0, 96.0], 120.0, 0.5)
    assert once[0] == 0.0
    assert often.max() <= 1.0
    assert np.abs(np.diff(often)).max() < 0.2
    assert often[times_h > 100] == pytest.approx(
        renewal(times_h - 96.0, [0.0], 120.0, 0.5)[times_h > 100], abs=1e-3
    )
    assert (renewal(times_h, [], 120.0, 0.5) == 0.0).all()


def test_devices_of_one_sitting_are_one_occasion():
    regimen = Regimen.of(devices(3)).repeated([0.0, 72.0])
    assert occasions_h(regimen) == (0.0, 72.0)


def test_an_unknown_setting_is_named():
    with pytest.raises(MoodError, match="hopeful"):
        setting("hopeful")


# --- the scale -----------------------------------------------------------------------------


def test_madrs_is_what_its_parts_say_and_stays_on_the_scale():
    found = follow()
    parts = (
        found.residual_madrs
        - found.drug_effect_points
        - found.expectation_points
        - found.trial_points
    )
    assert found.madrs == pytest.approx(np.clip(parts, 0.0, 60.0))
    read = found.readings(3)
    assert read.min() >= 0.0
    assert read.max() <= 60.0
    assert found.phq9_readings(3).max() <= 27.0


def test_before_anything_is_given_it_is_the_baseline():
    later = Regimen.of(infusion(0.5, "mg/kg", over_min=40, at_h=48.0))
    people = typical_mood_people(N, baseline_madrs=30.0)
    found = follow(later, times_h=[0.0, 47.0, 50.0], mood_people=people)
    assert found.madrs[:, :2] == pytest.approx(30.0)
    assert (found.madrs[:, 2] < 30.0).all()


def test_cutoffs():
    assert responded(np.array([15.0, 15.1]), np.array(30.0)).tolist() == [True, False]
    assert remitted(np.array([10.0, 10.5])).tolist() == [True, False]
    assert remitted(np.array([11.0]), cutoff=12.0).tolist() == [True]
    assert remitted_phq9(np.array([4.0, 5.0])).tolist() == [True, False]


def test_the_phq9_link_passes_near_its_published_points():
    """PHQ-9 of 1, 15 and 27 at a MADRS of 1, 24 and 48 (doi:10.1016/j.jad.2024.06.068)."""
    assert phq9_from_madrs(np.array([1.0, 24.0, 48.0])) == pytest.approx([1, 15, 27], abs=1.0)
    assert phq9_from_madrs(np.array([60.0]))[0] == 27.0


def test_an_arm_by_quadrature_is_the_mean_of_an_arm_drawn():
    n = 40_000
    drawn = draw_mood_people(n, 5, between_trials="none")
    known = load_mood().values("outcome")
    rng = np.random.default_rng(1)
    for improvement, time_h in ((3.0, 336.0), (16.0, 24.0)):
        grown = -np.expm1(-time_h / known["drift_time_constant_h"])
        read = drawn.baseline_madrs - improvement * drawn.sensitivity
        read += drawn.drift_points * grown + known["error_points"] * rng.standard_normal(n)
        read = np.clip(read, 0.0, 60.0)
        said = expected_outcome(np.array(improvement), time_h, known["baseline_madrs"])
        assert said.mean_fall_points == pytest.approx(
            (drawn.baseline_madrs - read).mean(), abs=0.15
        )
        assert said.response_share == pytest.approx(
            responded(read, drawn.baseline_madrs).mean(), abs=0.01
        )
        assert said.remission_share == pytest.approx(remitted(read).mean(), abs=0.01)


# --- people --------------------------------------------------------------------------------


def test_the_same_person_however_many_are_drawn():
    few, many = draw_mood_people(20, 3), draw_mood_people(5000, 3)
    assert (few.sensitivity == many.sensitivity[:20]).all()
    assert (few.trial_points == many.trial_points[:20]).all()
    assert (follow(n=20).readings(4) == follow(n=N).readings(4)[:20]).all()


def test_sensitivity_has_mean_one_and_trials_their_sd():
    people = draw_mood_people(100_000, 2)
    assert people.sensitivity.mean() == pytest.approx(1.0, abs=0.01)
    assert people.trial_points.std() == pytest.approx(3.0, abs=0.03)
    shared = draw_mood_people(100, 2, between_trials="shared")
    assert np.ptp(shared.trial_points) == 0.0
    assert (draw_mood_people(10, 2, between_trials="none").trial_points == 0.0).all()


def test_a_reading_does_not_depend_on_other_times():
    all_times, one = follow(), follow(times_h=[72.0])
    assert all_times.madrs[:, 3] == pytest.approx(one.madrs[:, 0], rel=1e-4)
    assert (all_times.readings(9) - all_times.madrs)[:, 3] == pytest.approx(
        (one.readings(9) - one.madrs)[:, 0], abs=1e-2
    )


def test_intervals_hold_the_spread_between_trials():
    n = 6000
    people = typical_people(MODEL, weight_kg=np.full(n, 75.0))
    alike = typical_mood_people(n, baseline_madrs=40.0)
    shifted = replace(alike, trial_points=draw_mood_people(n, 1).trial_points)
    spread = []
    for mood_people in (alike, shifted):
        low, middle, high = course(MODEL, ONCE, people, mood_people, [24.0]).interval()[:, 0]
        assert low < middle < high
        spread.append(high - low)
    error, shift = (
        load_mood().value("outcome", name) for name in ("error_points", "between_trials_points")
    )
    assert spread[1] / spread[0] == pytest.approx(np.hypot(error, shift) / error, abs=0.04)


def test_weights_move_the_interval():
    found = follow()
    better = (found.madrs[:, 2] < np.median(found.madrs[:, 2])).astype(float)
    assert found.interval(weights=better)[1, 2] < found.interval()[1, 2]
    for wrong in (np.zeros(N), -better, np.ones(3)):
        with pytest.raises(MoodError):
            found.interval(weights=wrong)


def test_the_other_form_can_be_asked_for():
    other = follow(form=TwoExponential())
    assert other.form == "two_exponential"
    assert not np.allclose(other.drug_effect_points, follow().drug_effect_points)


def test_a_model_that_knows_only_the_total_gives_a_derived_course():
    model = load_model("domino_1982")
    assert "s_ketamine_ng_ml" not in model.outputs
    regimen = Regimen.of(infusion(0.5, "mg/kg", over_min=40))
    found = course(model, regimen, typical_people(model), typical_mood_people(), [24.0])
    assert found.status == "derived"
    assert any("half" in reason for reason in found.reasons)
    assert 2.0 < found.drug_effect_points[0, 0] < 20.0


def test_impossible_people_are_refused():
    with pytest.raises(MoodError):
        course(MODEL, ONCE, PEOPLE, draw_mood_people(3), [1.0])
    with pytest.raises(MoodError):
        draw_mood_people(0)
    with pytest.raises(MoodError):
        draw_mood_people(2, baseline_madrs=70.0)
    with pytest.raises(MoodError):
        typical_mood_people(2, therapy=np.array([0.0, np.nan]))
    with pytest.raises(MoodError):
        typical_mood_people(2, baseline_madrs=np.array([30.0, 30.0, 30.0]))


# --- what a reading says -------------------------------------------------------------------


def test_a_reading_is_likeliest_for_who_expects_it():
    expected = np.array([5.0, 20.0, 40.0])
    assert madrs_log_likelihood(expected, 21.0).argmax() == 1
    assert madrs_log_likelihood(expected, 0.0).argmax() == 0
    assert madrs_log_likelihood(expected, 60.0).argmax() == 2
    assert phq9_log_likelihood(expected, 12.0).argmax() == 1
    assert phq9_log_likelihood(expected, 27.0).argmax() == 2
    with pytest.raises(MoodError):
        madrs_log_likelihood(expected, 61.0)
