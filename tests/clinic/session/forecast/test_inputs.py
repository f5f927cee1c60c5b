"""What the forecast takes to have been given: never against what a later event says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from evenkeel.clinic.course.forecast_terms import About, NoForecast
from evenkeel.clinic.session.forecast.inputs import Given, Inputs, devices_due, read_inputs
from evenkeel.clinic.session.forecast.learner import Learner
from evenkeel.clinic.session.forecast.options import options_of
from evenkeel.clinic.session.forecast.payload import Scene, as_payload
from evenkeel.clinic.session.moments import Event
from evenkeel.clinic.session.phases import fold
from evenkeel.pharmacology.regimen import check_agree

#: Nothing here is stored.
pytestmark = pytest.mark.sqlite

ZERO = datetime(2026, 3, 2, 9, tzinfo=UTC)
PERSON = About(weight_kg=70.0, age_years=40.0)
NASAL = Given("esketamine_nasal", 84.0, None, 3, 5.0)
INFUSION = Given("racemic_iv", 35.0, 40.0, None, 0.0)
PRESSURE = {"sbp_mmhg": 130.0, "dbp_mmhg": 80.0}


def events(*said: tuple[float, str, dict[str, Any]]) -> list[Event]:
    """Events at these minutes after the dose, recorded in this order."""
    return [
        Event(str(UUID(int=n + 1)), kind, at, at, n + 1, "", "", "screen", body)
        for n, (minute, kind, body) in enumerate(said)
        for at in [ZERO + timedelta(minutes=minute)]
    ]


def inputs(given: Given, *said: tuple[float, str, dict[str, Any]]) -> Inputs:
    found = read_inputs(events(*said), UUID(int=0), PERSON, given, ZERO - timedelta(minutes=20))
    assert isinstance(found, Inputs), found
    return found


def doses(found: Inputs, step: int) -> list[tuple[float, float]]:
    """Minute and mg of each dose, as it was known at a step."""
    start_h = found.first_dose_h or 0.0
    regimen = found.steps[step].regimen
    return [(round((d.at_h - start_h) * 60, 2), round(d.amount, 2)) for d in regimen]


def device(number: int) -> dict[str, Any]:
    return {"number": number, "dose_mg": 28.0}


def pump(rate: float, planned: float | None = None) -> dict[str, Any]:
    return {"rate_mg_per_h": rate} | ({} if planned is None else {"planned_mg": planned})


READ = ("observation", PRESSURE)


@pytest.mark.parametrize(
    ("given", "said", "known"),
    [
        pytest.param(
            NASAL,
            [(0, "device", device(1)), (7, *READ), (9, "device", device(2)), (12, *READ)],
            [[(0, 28), (8, 28), (13, 28)], [(0, 28), (9, 28), (14, 28)]],
            id="a device that is late is not taken to have been given on time",
        ),
        pytest.param(
            NASAL,
            [(0, "device", device(1)), (5, *READ), (5, "device", device(2)), (60, *READ)],
            [[(0, 28), (5, 28), (10, 28)], [(0, 28), (5, 28)]],
            id="a device that is overdue for long is not expected any more",
        ),
        pytest.param(
            INFUSION,
            [
                *((0, "infusion_start", pump(30, 20)), (45, *READ), (50, "infusion_stop", {})),
                *((55, "infusion_start", pump(30, 10)), (60, *READ)),
            ],
            [[(0, 20)], [(0, 20), (55, 10)]],
            id="a second start does not change when the first ran out",
        ),
        pytest.param(
            INFUSION,
            [(0, "infusion_start", pump(52.5)), (10, *READ), (50, *READ)],
            [[(0, 35)], [(0, 43.75)]],
            id="a pump that was told no amount gives what was seen to run",
        ),
    ],
)
def test_what_was_given_as_it_was_known(
    given: Given, said: Sequence[Any], known: list[list[tuple[float, float]]]
) -> None:
    found = inputs(given, *said)
    assert [doses(found, n) for n in range(len(found.steps))] == known


_MINUTES = st.integers(0, 240).map(lambda halves: halves / 2)
_RATES = st.sampled_from([20.0, 30.0, 52.5])
_PUMPING = st.one_of(
    st.tuples(
        _MINUTES,
        st.just("infusion_start"),
        st.builds(pump, _RATES, st.sampled_from([None, 10, 35])),
    ),
    st.tuples(_MINUTES, st.sampled_from(["rate_change", "resume"]), st.builds(pump, _RATES)),
    st.tuples(_MINUTES, st.sampled_from(["pause", "infusion_stop"]), st.just({})),
)
_READ = st.tuples(_MINUTES, st.just("observation"), st.just(PRESSURE))


@settings(max_examples=150, deadline=None)
@drawn(st.lists(_PUMPING, min_size=1, max_size=8), st.lists(_READ, min_size=2, max_size=6))
def test_what_is_known_later_agrees_with_what_was_known_before(
    pumping: list[Any], read: list[Any]
) -> None:
    """Else what was learned from one reading would not hold at the next, and all would fail."""
    said = [(0.0, "infusion_start", pump(30.0, 20.0)), *pumping, *read]
    found = inputs(INFUSION, *said)
    for one, after in zip(found.steps, found.steps[1:], strict=False):
        check_agree(one.regimen, after.regimen, one.at_h)


@settings(max_examples=80, deadline=None)
@drawn(st.lists(_MINUTES, max_size=2), st.lists(_READ, min_size=2, max_size=6))
def test_devices_whenever_they_come_agree_too(late: list[float], read: list[Any]) -> None:
    devices = [(m, "device", device(n + 2)) for n, m in enumerate(sorted(late))]
    found = inputs(NASAL, (0.0, "device", device(1)), *devices, *read)
    for one, after in zip(found.steps, found.steps[1:], strict=False):
        check_agree(one.regimen, after.regimen, one.at_h)


@pytest.mark.parametrize("ahead_s", [-0.6, -0.4, 0.0, 0.3, 7.0])
def test_what_is_supposed_begins_where_the_bands_do(ahead_s: float) -> None:
    """A reading's time is rounded to the second, so it may lie a little after the moment itself."""
    seconds = timedelta(seconds=600.6)
    said = [*events((0, "infusion_start", pump(52.5, 35))), *events((-5, *READ), (9, *READ))[:2]]
    newest = replace(events((0, *READ))[0], id=str(UUID(int=9)), happened_at=ZERO + seconds)
    found = read_inputs([*said, newest], UUID(int=0), PERSON, INFUSION, ZERO)
    assert isinstance(found, Inputs)
    learner = Learner()
    forecast = learner.learn(found)
    assert learner.prior is not None
    scene = Scene(ZERO + seconds + timedelta(seconds=ahead_s), "running", 5.0, ())
    told = as_payload(found, forecast, learner.prior, scene)
    assert [option["name"] for option in told["options"]] == ["continue", "half", "pause", "stop"]
    assert {len(option["sbp"]) for option in told["options"]} == {len(told["minutes"])}
    first = datetime.fromisoformat(told["from"]) + timedelta(minutes=told["minutes"][0])
    assert first >= ZERO + timedelta(seconds=600)


@pytest.mark.parametrize(
    ("via", "minutes", "kept"),
    [
        ("screen", [10.0, 10.3, 10.6], 3),
        ("paper", [10.0, 10.2, 10.4, 10.6], 4),
        ("screen", [10 + n / 10 for n in range(10)], 6),  # no hand reads as often as that
        ("monitor", [10.0, 10.3, 10.6, 12.0], 1),
        ("monitor", [9.0, 10.0, 14.9, 15.0], 3),
    ],
)
def test_what_was_read_by_hand_counts_and_a_monitor_is_thinned(
    via: str, minutes: list[float], kept: int
) -> None:
    said = events((0, "infusion_start", pump(30, 20)), *((m, *READ) for m in minutes))
    said = [replace(event, via=via) for event in said]
    opened = ZERO - timedelta(minutes=20)
    found = read_inputs(said, UUID(int=0), PERSON, INFUSION, opened)
    assert isinstance(found, Inputs)
    assert found.readings == 2 * kept  # systolic and diastolic


@settings(max_examples=150, deadline=None)
@drawn(
    st.lists(_PUMPING, min_size=1, max_size=8),
    st.floats(0.0, 150.0),
    st.sampled_from(["running", "paused", "before_dose", "watching"]),
)
def test_whatever_was_given_all_ways_on_have_it_in_common(
    pumping: list[Any], minute: float, phase: str
) -> None:
    """Else they could not be worked out together, and there would be no forecast at all."""
    said = [(0.0, "infusion_start", pump(30.0, 20.0)), *pumping]
    found = inputs(INFUSION, *(one for one in said if one[0] <= minute))
    scene = Scene(ZERO + timedelta(minutes=minute), phase, 5.0, ())
    from_h = found.hours(scene.now)
    first, *others = (found.regimen(from_h, o.supposed) for o in options_of(found, scene))
    for other in others:
        check_agree(first, other, from_h)


def test_without_a_weight_the_words_are_those_of_a_session() -> None:
    """It stands on what was known at opening: a weight recorded now would not change it."""
    unknown = About(weight_kg=None, age_years=40.0)
    found = read_inputs([], UUID(int=0), unknown, INFUSION, ZERO)
    assert isinstance(found, NoForecast)
    assert found.code == "no_weight"
    assert "when this session opened" in found.words


@pytest.mark.parametrize(
    ("minute", "names"), [(12, ["continue", "half", "pause", "stop"]), (90, ["continue"])]
)
def test_what_a_pump_that_ran_out_leaves_to_choose(minute: int, names: list[str]) -> None:
    found = inputs(INFUSION, (0, "infusion_start", pump(52.5, 35)))
    scene = Scene(ZERO + timedelta(minutes=minute), "running", 5.0, ())
    assert [option.name for option in options_of(found, scene)] == names


def test_all_devices_given_is_all_there_is() -> None:
    given = events(*((5.0 * n, "device", device(n + 1)) for n in range(3)))
    assert devices_due(fold(given), NASAL, ZERO + timedelta(minutes=11)) == []
