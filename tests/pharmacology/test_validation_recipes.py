"""Concentration recipes against a small independent computation: matrix algebra by SciPy.

The reference takes only the matrix of a typical person from the engine. Levels are matrix
exponentials, areas to infinity are linear solves, and areas over a window are quadratures; the
engine's propagation, integrals and search for peaks have no part in it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import expm
from scipy.optimize import minimize_scalar

from evenkeel.pharmacology import draw_people, load_model, simulate, typical_people
from evenkeel.pharmacology.interactions import interactions
from evenkeel.pharmacology.people import parameters
from evenkeel.pharmacology.system import build
from evenkeel.pharmacology.validation.recipes import RecipeError, predict, regimen_of

Recipe = dict[str, Any]
INFUSION = {
    "kind": "infusion",
    "route": "iv",
    "dose": 0.5,
    "unit": "mg/kg",
    "over_min": 40,
    "at_min": 0,
}
SWALLOWED = {"kind": "bolus", "route": "oral", "dose": 50, "unit": "mg", "at_min": 15}


class Reference:
    """One typical person: levels and areas of one output."""

    def __init__(self, model_id: str, doses: list[Recipe], output: str, **covariates: float):
        self.model = load_model(model_id)
        people = typical_people(self.model, **covariates)
        self.regimen = regimen_of(doses)
        system, self.inputs = build(self.model, self.regimen, people)
        size = len(system.states)
        self.a = np.zeros((size, size))
        self.a[system.a.rows, system.a.cols] = system.rates[:, 0]
        place = system.outputs.index(output)
        terms = slice(system.output_start[place], system.output_start[place + 1])
        self.c = np.zeros(size)
        self.c[system.output_cols[terms]] = system.output_values[terms, 0]

    def jumps(self) -> list[tuple[float, np.ndarray]]:
        found = []
        for k, time in enumerate(self.inputs.time_h):
            jump = np.zeros(len(self.a))
            jump[self.inputs.state[k]] = (
                self.inputs.amount[k] * self.inputs.factors[self.inputs.factor[k], 0]
            )
            found.append((float(time), jump))
        return found

    def level(self, hour: float) -> float:
        state = sum(
            (expm(self.a * (hour - at)) @ jump for at, jump in self.jumps() if at <= hour + 1e-12),
            start=np.zeros(len(self.a)),
        )
        return float(self.c @ state)

    def area(self, start: float, end: float) -> float:
        events = [at for at, _ in self.jumps() if start < at < end]
        edges = [start, *sorted(set(events)), end]
        return sum(
            quad(self.level, low, high, epsabs=0, epsrel=1e-9, limit=200)[0]
            for low, high in itertools.pairwise(edges)
        )

    def moments(self) -> tuple[float, float]:
        """Area and first moment to infinity: what is left of every input is -c A^-1 x.

        Input channels do not decay; they are taken as the constant inflow they stand for.
        """
        real = [i for i in range(len(self.a)) if self.a[i, i] != 0]
        a, c = self.a[np.ix_(real, real)], self.c[real]
        area = moment = 0.0
        for dose in self.pieces(real):
            at, over, amount = dose
            once = -np.linalg.solve(a, amount)
            part = float(c @ once)
            area += part
            moment += float(c @ -np.linalg.solve(a, once)) + part * (at + over / 2)
        return area, moment

    def pieces(self, real: list[int]) -> list[tuple[float, float, np.ndarray]]:
        """(when, for how long, whole amount by state) of every input."""
        found: list[tuple[float, float, np.ndarray]] = []
        running: list[tuple[int, float, float]] = []
        for k, (at, jump) in enumerate(self.jumps()):
            state = int(self.inputs.state[k])
            rate = float(jump[state])
            if state in real:
                found.append((at, 0.0, jump[real]))
            elif rate > 0:
                running.append((state, at, rate))
            else:
                own = next(r for r in running if r[0] == state and np.isclose(r[2], -rate))
                running.remove(own)
                found.append(
                    (own[1], at - own[1], (self.a[:, state] * -rate * (at - own[1]))[real])
                )
        assert not running
        return found


def recipe(statistic: str, doses: list[Recipe], output: str = "ketamine_ng_ml", **more: Any):
    return {
        "statistic": statistic,
        "regimen": doses,
        "output": output,
        "covariates": {},
        **more,
    }


def value(model_id: str, how: Recipe) -> float:
    return predict(model_id, how).value


CASES = [
    ("composite_racemic", [INFUSION], "ketamine_ng_ml"),
    ("composite_racemic", [SWALLOWED], "r_norketamine_ng_ml"),
    ("simons_2022", [INFUSION], "s_norketamine_ng_ml"),
    (
        "perez_ruixo_2021",
        [{"kind": "device", "route": "nasal", "dose": 28, "unit": "mg", "at_min": 0, "count": 2}],
        "s_ketamine_ng_ml",
    ),
]


@pytest.mark.parametrize(("model_id", "doses", "output"), CASES)
def test_level_area_and_area_to_infinity(model_id: str, doses: list[Recipe], output: str) -> None:
    reference = Reference(model_id, doses, output)
    at = value(model_id, recipe("at", doses, output, at_min=75))
    assert at == pytest.approx(reference.level(1.25), rel=1e-8)
    area = value(model_id, recipe("auc", doses, output, window_min=[30, 480]))
    assert area == pytest.approx(reference.area(0.5, 8.0), rel=1e-7)
    whole = value(model_id, recipe("auc_inf", doses, output))
    assert whole == pytest.approx(reference.moments()[0], rel=1e-7)


@pytest.mark.parametrize(("model_id", "doses", "output"), CASES)
def test_the_highest_value_and_when(model_id: str, doses: list[Recipe], output: str) -> None:
    reference = Reference(model_id, doses, output)
    grid = np.linspace(0.05, 4.0, 80)
    rough = grid[np.argmax([reference.level(t) for t in grid])]
    best = minimize_scalar(
        lambda t: -reference.level(t),
        bounds=(rough - 0.1, rough + 0.1),
        method="bounded",
        options={"xatol": 1e-7},
    )
    window = [0, 600]
    top = value(model_id, recipe("max", doses, output, window_min=window))
    when = value(model_id, recipe("time_of_max_min", doses, output, window_min=window, from_min=5))
    assert top == pytest.approx(-best.fun, rel=1e-7)
    assert when == pytest.approx(60 * best.x - 5, abs=0.02)


def test_a_peak_at_the_end_of_the_window_is_found_there() -> None:
    how = recipe("time_of_max_min", [INFUSION], window_min=[0, 25])
    assert value("composite_racemic", how) == pytest.approx(25)


def test_half_life_is_the_slope_of_a_line_through_logarithms() -> None:
    reference = Reference("composite_racemic", [INFUSION], "ketamine_ng_ml")
    minutes = np.linspace(240, 1440, 61)
    logs = np.log([reference.level(m / 60) for m in minutes])
    centered = minutes - minutes.mean()
    slope = (centered @ (logs - logs.mean())) / (centered @ centered)
    found = value("composite_racemic", recipe("half_life_min", [INFUSION], window_min=[240, 1440]))
    assert found == pytest.approx(-np.log(2) / slope, rel=1e-8)


def test_clearance_and_volume_from_area_and_moment() -> None:
    for model_id, output, share in (
        ("composite_racemic", "s_ketamine_ng_ml", 0.5),
        ("otto_2021_fanta_2015", "s_ketamine_ng_ml", 1.0),
    ):
        reference = Reference(model_id, [INFUSION], output, weight_kg=80.0)
        area, moment = reference.moments()
        how = recipe(
            "clearance_l_h", [INFUSION], output, covariates={"weight_kg": 80}, dose_share=share
        )
        clearance = 1000 * 0.5 * 80 * share / area
        assert value(model_id, how) == pytest.approx(clearance, rel=1e-7)
        volume = value(model_id, {**how, "statistic": "vss_l", "per_kg": True})
        assert volume == pytest.approx(clearance * (moment / area - 20 / 60) / 80, rel=1e-5)


def test_clearance_is_that_of_the_model() -> None:
    model = load_model("otto_2021_fanta_2015")
    known = parameters(model, typical_people(model))["CL"]
    how = recipe("clearance_l_h", [INFUSION], "s_ketamine_ng_ml")
    assert value(model.id, how) == pytest.approx(float(np.ravel(known)[0]), rel=1e-6)


def test_volume_is_refused_where_it_means_nothing() -> None:
    later = {**INFUSION, "at_min": 120}
    with pytest.raises(RecipeError, match="one infusion"):
        predict("composite_racemic", recipe("vss_l", [INFUSION, later]))


def test_bioavailability_is_over_the_same_dose_into_a_vein() -> None:
    swallowed = {**SWALLOWED, "at_min": 0}
    vein = {**swallowed, "route": "iv"}
    for model_id, output in (
        ("composite_racemic", "ketamine_ng_ml"),
        ("perez_ruixo_2021", "s_ketamine_ng_ml"),
    ):
        areas = [Reference(model_id, [d], output).moments()[0] for d in (swallowed, vein)]
        found = value(model_id, recipe("bioavailability", [swallowed], output, unit_factor=100))
        assert found == pytest.approx(100 * areas[0] / areas[1], rel=1e-7)


def test_bioavailability_of_mixed_units_is_refused() -> None:
    mixed = [SWALLOWED, {**SWALLOWED, "unit": "mg/kg", "dose": 1}]
    with pytest.raises(RecipeError, match="one unit"):
        predict("composite_racemic", recipe("bioavailability", mixed))


def test_a_sum_of_parameters() -> None:
    model = load_model("perez_ruixo_2021")
    names = ["Vc", "Vp1", "Vp2"]
    how = {"statistic": "parameter_sum", "covariates": {}, "parameters": names}
    assert value(model.id, how) == pytest.approx(sum(model.parameters[n].value for n in names))


def test_a_recipe_divided_by_another_and_by_that_again() -> None:
    def auc(output: str, drug: str | None) -> float:
        acting = () if drug is None else interactions()[drug].activities
        covariates = {activity.covariate: activity.value for activity in acting}
        return Reference("ashraf_2018", [SWALLOWED], output, **covariates).moments()[0]

    k, nk, drug = "s_ketamine_ng_ml", "s_norketamine_ng_ml", "clarithromycin"
    without = {"output": k, "interaction": None, "divided_by": {"output": nk, "interaction": None}}
    how = recipe(
        "auc_inf",
        [SWALLOWED],
        nk,
        interaction=drug,
        unit_factor=3,
        divided_by={"output": k, "divided_by": without},
    )
    # Each recipe is divided by the value of the next: a / (b / (c / d)).
    expected = 3 * (auc(nk, drug) / auc(k, drug)) / (auc(nk, None) / auc(k, None))
    assert value("ashraf_2018", how) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("summary", "of"),
    [
        ("mean", np.mean),
        ("median", np.median),
        ("geometric mean", lambda x: np.exp(np.mean(np.log(x)))),
        ("sd", lambda x: np.sqrt(np.sum((x - x.mean()) ** 2) / 29)),
        ("cv percent", lambda x: 100 * np.std(x, ddof=1) / np.mean(x)),
        ("geometric cv percent", lambda x: 100 * np.sqrt(np.exp(np.log(x).var(ddof=1)) - 1)),
        ("p5", lambda x: np.quantile(x, 0.05)),
        ("p97.5", lambda x: np.quantile(x, 0.975)),
    ],
)
def test_people_are_drawn_and_summarized(summary: str, of: Callable[[Any], Any]) -> None:
    model = load_model("composite_racemic")
    how = recipe("at", [INFUSION], at_min=40, people={"n": 30, "seed": 7, "summary": summary})
    people = draw_people(model, 30, 7)
    levels = simulate(model, regimen_of([INFUSION]), people, [40 / 60])["ketamine_ng_ml"][:, 0]
    assert value(model.id, how) == pytest.approx(float(of(levels)))


def test_the_spread_of_one_person_is_refused() -> None:
    with pytest.raises(RecipeError, match="sd of one person"):
        value("composite_racemic", recipe("at", [INFUSION], at_min=40, people={
            "n": 1, "seed": 7, "summary": "sd"}))  # fmt: skip


def test_a_trough_is_just_before_a_dose_and_an_average_is_over_the_window() -> None:
    daily = [{**INFUSION, "at_min": [0, 1440, 2880]}]
    own = Reference("composite_racemic", daily, "ketamine_ng_ml")
    trough = value("composite_racemic", recipe("min", daily, window_min=[1000, 2900]))
    assert trough == pytest.approx(own.level(1440 / 60 - 1e-9), rel=1e-6)
    average = value("composite_racemic", recipe("average", daily, window_min=[1440, 2880]))
    assert average == pytest.approx(own.area(24.0, 48.0) / 24.0, rel=1e-6)


def test_peaks_of_drawn_people_are_their_own() -> None:
    model = load_model("composite_racemic")
    how = recipe(
        "max", [SWALLOWED], window_min=[0, 600], people={"n": 6, "seed": 3, "summary": "mean"}
    )
    fine = np.linspace(0, 10, 12_001)
    result = simulate(model, regimen_of([SWALLOWED]), draw_people(model, 6, 3), fine)
    expected = result["ketamine_ng_ml"].max(axis=1).mean()
    assert value(model.id, how) == pytest.approx(expected, rel=1e-6)


def test_sittings_and_devices_become_doses() -> None:
    nasal = {"route": "nasal", "dose": 28, "unit": "mg", "count": 3, "every_min": 5}
    found = regimen_of([{**nasal, "at_min": [0, 4320]}])
    assert [round(d.at_h * 60) for d in found] == [0, 5, 10, 4320, 4325, 4330]
    assert {d.amount for d in found} == {28.0}
