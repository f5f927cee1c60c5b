"""Input that a caller may well give: whole numbers, other kinds of number, very many times."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from evenkeel.pharmacology import (
    AskedError,
    Bend,
    Delay,
    Dose,
    Filter,
    Integral,
    PeopleError,
    PharmacologyError,
    Regimen,
    RegimenError,
    bolus,
    draw_people,
    known_people,
    simulate,
    typical_people,
)
from evenkeel.pharmacology.forecast import Forecast, Observation, Setting
from evenkeel.pharmacology.forecast.observations import ReadingError

from .truth import Truth, made, scaled

MADE = made()
WHOLE: dict[str, Any] = {
    "int": int,
    "int64": np.int64,
    "float32": np.float32,
    "Fraction": Fraction,
}


@pytest.mark.parametrize("kind", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("kernel", ["compiled", "numpy"])
def test_a_dose_in_whole_numbers_is_the_same_dose(kind: Any, kernel: Any) -> None:
    """An infusion from 0 to 3 h, a dose at 2 h alone: all their times are whole."""
    people, times = typical_people(MADE), np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    for at, over in ((0, 3), (2, 0)):
        regimen = Regimen.of(Dose(kind(at), "iv", kind(100), "mg", kind(over)))
        found = simulate(MADE, regimen, people, times, kernel=kernel)
        for output, expected in Truth(MADE, people, 0).outputs(regimen, times).items():
            assert scaled(found[output][0], expected) <= 1e-12


@pytest.mark.parametrize("value", ["ten", "10", None, [1], 10**400, 1j], ids=lambda v: str(v)[:6])
def test_a_dose_that_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(RegimenError, match="must be a number"):
        Regimen.of(bolus(value))
    with pytest.raises(RegimenError, match="must be a number"):
        Regimen.of(bolus(10, at_h=value))


@pytest.mark.parametrize("evenly", [True, False])
def test_very_many_times_cost_in_proportion(evenly: bool) -> None:
    """Evenly spaced but for rounding, or each at its own distance: none is looked at again for
    each of the others. The plan of 20,000 odd times alone would take 10 s so."""
    times = np.linspace(0, 1000, 400_000)
    if not evenly:
        times = np.sort(np.random.default_rng(1).uniform(0, 1000, 20_000))
    regimen, people = Regimen.of(bolus(20, at_h=1 / 3)), typical_people(MADE)
    simulate(MADE, regimen, people, times[:9], outputs=["s_ketamine_ng_ml"])
    began = time.process_time()
    found = simulate(MADE, regimen, people, times, outputs=["s_ketamine_ng_ml"])
    assert time.process_time() - began < 3.0
    some = [0, 3, len(times) // 2, len(times) - 1]
    alone = simulate(MADE, regimen, people, times[some], outputs=["s_ketamine_ng_ml"])
    there = found["s_ketamine_ng_ml"][:, some]
    assert np.abs(alone["s_ketamine_ng_ml"] - there).max() <= 1e-12 * found.array.max()


S = "s_ketamine_ng_ml"
SITE = Filter("site", {S: 1.0}, 6.0)
DRIVE, SIGNAL = Bend("drive", {"site": 1.0}, 150.0), Delay("signal", "drive", 0.8)
ASKED: list[tuple[dict[str, Any], str]] = [
    ({"kernel": "gpu"}, "no kernel 'gpu'"),
    ({"outputs": ["ketamine"]}, "made gives no 'ketamine'"),
    ({"filters": [Filter("site", {"ketamine": 1.0}, 6.0)]}, "site reads .* 'ketamine'"),
    ({"filters": [Filter("site", {S: 1.0}, np.ones(5))]}, "site has 5 values for 3 people"),
    ({"filters": [Filter(S, {S: 1.0}, 6.0)]}, "is taken"),
    ({"filters": [SITE, SITE]}, "'site' is taken"),
    ({"integrals": [Integral("area", {"nothing": 1.0})]}, "area reads .* 'nothing'"),
    ({"filters": [SITE], "stages": [DRIVE], "wanted": ["signal"]}, "no stage is called 'signal'"),
    ({"filters": [SITE], "stages": [SIGNAL, DRIVE], "wanted": ["signal"]}, "signal reads"),
    ({"filters": [SITE], "stages": [Bend("drive", {"site": 1.0}, np.ones(4))], "wanted": ["drive"]},
     "drive has 4 values"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "said"), ASKED)
def test_what_cannot_be_asked_for_is_told_by_its_name(asked: dict[str, Any], said: str) -> None:
    people = draw_people(MADE, 3, 1)
    with pytest.raises(AskedError, match=said):
        simulate(MADE, Regimen.of(bolus(20)), people, [1.0], **asked)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"n": 2.5}, "people can be drawn, not 2.5"),
        ({"n": "5"}, "people can be drawn, not '5'"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": 0.5}, "seed must be a whole number"),
        ({"weight_kg": "heavy"}, "weight_kg must be a number"),
    ],
)
def test_people_that_cannot_be_drawn_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(PeopleError, match=said):
        draw_people(MADE, **{"n": 2, "seed": 1, **given})


WHO: list[tuple[dict[str, Any], str]] = [
    ({"weight": 95}, "nothing knows a covariate 'weight'"),
    ({"weight_kg": 9000}, "weight_kg is 9000"),
    ({"sbp_usual_mmhg": 900}, "sbp_usual_mmhg is 900"),
    ({"sbp_usual_mmhg": float("nan")}, "sbp_usual_mmhg must be finite"),
    ({"hr_usual_bpm": "fast"}, "hr_usual_bpm must be a number"),
    ({"hypertension": 7}, "hypertension is 7"),
    ({"age_years": -5}, "age_years is -5"),
]


@pytest.mark.parametrize(("known", "said"), WHO)
def test_nobody_is_forecast_whom_there_cannot_be(known: dict[str, Any], said: str) -> None:
    with pytest.raises(PharmacologyError, match=said):
        Forecast.prior(Setting(MADE, Regimen.of(bolus(20)), known, n=50)).predict([0.5])


@pytest.mark.parametrize("levels", [(), (0.9, 0.1), (2.0,), (-0.1,), (float("nan"),)])
def test_quantile_levels_that_are_none_are_refused(levels: tuple[float, ...]) -> None:
    """None at all ended the process: the compiled quantiles wrote beyond an empty array."""
    forecast = Forecast.prior(Setting(MADE, Regimen.of(bolus(20)), n=50))
    with pytest.raises(AskedError, match="must ascend between 0 and 1"):
        forecast.predict([0.5], levels=levels)


@pytest.mark.parametrize("value", ["high", None, 10**400, [1]])
def test_a_reading_that_is_no_number_is_refused(value: Any) -> None:
    forecast = Forecast.prior(Setting(MADE, Regimen.of(bolus(20)), n=50))
    for reading in (Observation(0.5, "sbp", value), Observation(value, "sbp", 130)):
        with pytest.raises(ReadingError, match="must be a number"):
            forecast.update(reading)


def test_nobody_is_refused_and_all_who_fail_are_values() -> None:
    with pytest.raises(PeopleError, match="at least one person"):
        typical_people(MADE, weight_kg=np.array([]))
    with pytest.raises(PeopleError, match="at least one person"):
        known_people(MADE, {"CL": np.array([])})
    regimen, few = Regimen.of(bolus(20)), draw_people(MADE, 3, 1)
    with pytest.raises(PeopleError, match="at least one person"):
        simulate(MADE, regimen, few.part(slice(0, 0)), [1.0])
    failing = known_people(MADE, {"CL": np.array([np.nan, -1.0])})
    found = simulate(MADE, regimen, failing, [1.0, 2.0])
    assert found.failed.all()
    quantiles = found.quantiles(S)
    assert quantiles.shape == (5, 2)
    assert np.isnan(quantiles).all()
