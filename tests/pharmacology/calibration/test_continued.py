"""The regimen goes on: what was learned stays, and the answer depends on no order of arrival."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evenkeel.pharmacology import Regimen, bolus, infusion, load_model
from evenkeel.pharmacology.errors import RegimenError
from evenkeel.pharmacology.forecast import Forecast, Observation, Setting
from evenkeel.pharmacology.regimen import check_agree

PLANNED = Regimen.of(infusion(0.5, "mg/kg", over_min=40))
SLOWED = PLANNED.slowed(15 / 60, 0.5)
STOPPED = SLOWED.stopped(27 / 60)
EARLY = tuple(Observation(m / 60, "sbp", v) for m, v in ((0, 126), (5, 139), (10, 152), (15, 160)))
MIDDLE = (Observation(20 / 60, "sbp", 158), Observation(25 / 60, "dissociation", 4))
LATE = tuple(Observation(m / 60, "sbp", v) for m, v in ((30, 150), (45, 139), (60, 130)))


def start(regimen: Regimen = PLANNED) -> Forecast:
    setting = Setting(load_model("composite_racemic"), regimen, {"weight_kg": 74.0}, n=400, seed=8)
    return Forecast.prior(setting)


def lived() -> Forecast:
    """As it happens in the room."""
    found = start().update(*EARLY)
    found = found.continued(SLOWED, 15 / 60).update(*MIDDLE)
    return found.continued(STOPPED, 27 / 60).update(*LATE)


def same(one: Forecast, other: Forecast) -> bool:
    return (
        np.array_equal(one.normals, other.normals)
        and np.array_equal(one.log_weights, other.log_weights)
        and np.array_equal(one.log_likelihood, other.log_likelihood)
        and one.observations == other.observations
        and one.earlier == other.earlier
        and one.setting.regimen == other.setting.regimen
    )


def test_it_is_the_fold_in_which_each_reading_saw_the_regimen_known_then() -> None:
    """By hand: the setting alone is exchanged between readings."""
    hand = start().update(*EARLY)
    hand = replace(hand, setting=replace(hand.setting, regimen=SLOWED)).update(*MIDDLE)
    hand = replace(hand, setting=replace(hand.setting, regimen=STOPPED)).update(*LATE)
    found = lived()
    assert np.array_equal(found.normals, hand.normals)
    assert np.array_equal(found.log_weights, hand.log_weights)


def test_late_readings_and_late_changes_give_the_answer_of_having_had_them_in_time() -> None:
    found = lived()
    missing = start().update(EARLY[0], EARLY[1]).continued(SLOWED, 15 / 60).update(*MIDDLE)
    missing = missing.continued(STOPPED, 27 / 60).update(*LATE).update(EARLY[3], EARLY[2])
    before = start().continued(SLOWED, 15 / 60).continued(STOPPED, 27 / 60)
    before = before.update(*LATE, *EARLY, *MIDDLE)
    after = start().update(*EARLY, *MIDDLE, *LATE)
    after = after.continued(SLOWED, 15 / 60).continued(STOPPED, 27 / 60)
    corrected = found.update(Observation(0.2, "sbp", 210)).without(Observation(0.2, "sbp", 210))
    for other in (missing, before, after, corrected):
        assert same(found, other)


def test_nothing_is_learned_again_while_no_reading_is_later() -> None:
    found = start().update(*EARLY)
    on = found.continued(SLOWED)
    assert on.normals is found.normals
    assert on.log_weights is found.log_weights
    assert on.earlier == ((15 / 60, PLANNED),)
    less, more = on.predict(np.array([0.7])), found.predict(np.array([0.7]))
    assert (less.bands["sbp_reading"][2] < more.bands["sbp_reading"][2]).all()


def test_it_is_what_a_change_from_the_start_teaches_but_for_rounding() -> None:
    """The regimens agree where the readings are, so relearning under the last one is the same."""
    found, relearned = lived(), start(STOPPED).update(*EARLY, *MIDDLE, *LATE)
    times = np.array([0.5, 1.2])
    one, other = (f.predict(times).bands["sbp_reading"] for f in (found, relearned))
    assert one == pytest.approx(other, abs=1.5)


def test_as_it_stood_before_a_moment_it_knew_the_regimen_of_then() -> None:
    found = lived()
    assert found.before(99.0) is found
    slowed = start().update(*EARLY).continued(SLOWED, 15 / 60).update(*MIDDLE)
    assert same(found.before(27 / 60), slowed)
    assert same(found.before(15 / 60), start().update(*EARLY[:3]))
    assert found.before(0.0).observations == ()


@pytest.mark.parametrize(
    ("other", "agrees"),
    [
        (SLOWED, True),
        (STOPPED, True),
        (PLANNED.paused(15 / 60, 0.2), True),
        (PLANNED.slowed(15 / 60, 1.0), True),
        (PLANNED + Regimen.of(bolus(10, at_h=15 / 60)), True),
        (PLANNED.slowed(14 / 60, 0.5), False),
        (PLANNED.scaled(1.01), False),
        (PLANNED + Regimen.of(bolus(10, at_h=0.1)), False),
        (Regimen.of(bolus(35, route="im")), False),
        (Regimen(()), False),
    ],
)
def test_regimens_that_differ_in_what_was_given_are_refused(other: Regimen, agrees: bool) -> None:
    if agrees:
        check_agree(PLANNED, other, 15 / 60)
        assert start().update(*EARLY).continued(other).setting.regimen == other
        return
    with pytest.raises(RegimenError, match="before 15 min"):
        start().update(*EARLY).continued(other)


def test_parts_of_one_infusion_at_one_rate_count_as_one() -> None:
    parts = PLANNED.slowed(5 / 60, 1.0).slowed(12 / 60, 1.0)
    assert len(parts) == 3
    check_agree(PLANNED, parts, 0.6)
