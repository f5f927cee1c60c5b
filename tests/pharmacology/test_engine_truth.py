"""The engine gives what SciPy gives, to the stated error, for random regimens and people."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.pharmacology import (
    Bend,
    Delay,
    Dose,
    Filter,
    Growth,
    Integral,
    Model,
    People,
    Regimen,
    bolus,
    devices,
    draw_people,
    infusion,
    load_model,
    model_ids,
    read_model,
    sharpness,
    simulate,
    solve,
    typical_people,
)
from evenkeel.pharmacology import plan as plan_module
from evenkeel.pharmacology.model_file import FOLDER, OUTPUTS
from evenkeel.pharmacology.sharpness import fineness

from .truth import Array, Truth, document, made, scaled, stage_slopes

KERNELS = ("compiled", "numpy")
MADE = made()
MODELS = {"made": MADE, **{name: load_model(name) for name in model_ids()}}
PK, BENT = 1e-8, 2e-5


def can_run(model: Model, route: str) -> bool:
    return all(entry.over is None for entry in model.routes[route].inputs)


@st.composite
def regimens(draw: st.DrawFn, model: Model, days: int = 3) -> Regimen:
    doses, free_h = [], dict.fromkeys(model.routes, 0.0)
    for _ in range(draw(st.integers(1, 6))):
        route = draw(st.sampled_from(sorted(model.routes)))
        at_h = free_h[route] + draw(st.sampled_from([0.0, 1 / 12, 0.5, 7.3, 24.0]))
        over_h = 0.0
        if can_run(model, route) and draw(st.booleans()):
            over_h = draw(st.floats(0.01, 5))
        unit: Any = draw(st.sampled_from(["mg", "mg/kg"]))
        doses.append(Dose(at_h, route, draw(st.floats(0.01, 100)), unit, over_h))
        free_h[route] = at_h + over_h
    return Regimen.of(doses)


#: Whole seconds: what lies closer together than the engine tells apart is no test of it.
HOURS = st.integers(0, 72 * 3600).map(lambda second: second / 3600)
TIMES = st.one_of(
    st.lists(HOURS, min_size=1, max_size=12).map(lambda t: np.array(sorted(t))),
    st.builds(
        lambda first, step, count: first + step * np.arange(count),
        st.sampled_from([0.0, 1 / 60, 0.7]),
        st.sampled_from([1 / 60, 0.1, 1.0]),
        st.integers(2, 70),
    ),
)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=8)
@given(data=st.data())
def test_blood_levels_are_exact(name: str, kernel: Any, data: st.DataObject) -> None:
    model = MODELS[name]
    regimen, times = data.draw(regimens(model)), data.draw(TIMES)
    weights = data.draw(st.floats(40, 150)), 70.0, 88.8
    people = draw_people(
        model, 3, data.draw(st.integers(0, 10**6)), weight_kg=np.array(weights)
    )  # fmt: skip
    found = simulate(model, regimen, people, times, kernel=kernel)
    assert not found.failed.any()
    for person in range(3):
        expected = Truth(model, people, person).outputs(regimen, times)
        for output, values in expected.items():
            assert scaled(found[output][person], values) <= PK, output


def test_the_references_agree() -> None:
    regimen = Regimen.of(infusion(30, over_min=40), bolus(50, route="oral", at_h=2))
    times = np.linspace(0, 12, 25)
    truth = Truth(MADE, draw_people(MADE, 1, 5), 0)
    by_expm, by_lsoda = truth.states(regimen, times), truth.integrated(regimen, times)
    assert scaled(by_lsoda, by_expm) < 1e-9


# --- what lies behind bends ----------------------------------------------------------------------

PARENT, METABOLITE = "s_ketamine_ng_ml", "s_norketamine_ng_ml"
SITE = {PARENT: 1.0, METABOLITE: 0.3}
COURSES = {
    "one infusion": Regimen.of(infusion(0.5, "mg/kg", over_min=40)),
    "a bolus": Regimen.of(bolus(20)),
    "devices": Regimen.of(devices(3)),
    "an infusion with a pause": Regimen.of(infusion(40, over_min=40)).paused(0.3, 0.2),
    "two weeks": Regimen.of(infusion(0.5, "mg/kg", over_min=40)).repeated([0, 72, 168, 240]),
}


def stages_of(power: float = 1.4) -> list[Any]:
    return [
        Bend("drive", {"site": 1.0}, 150.0, 2.0),
        Bend("humped", {PARENT: 1.0, METABOLITE: 0.2}, 60.0, power, fall=400.0, fall_power=3.0),
        Delay("signal", "drive", 0.8),
        Delay("slow", "humped", 0.02),
        Growth("growth", "signal", 1.5, 0.02),
        Delay("late", "growth", 0.3),
    ]


WANTED = ("signal", "slow", "growth", "late")


def bent_truth(
    person: int, people: People, regimen: Regimen, times: Array, power: float = 1.4
) -> Array:
    truth = Truth(MADE, people, person)
    slopes = stage_slopes(truth, stages_of(power), {"site": (SITE, 6.0)})
    found = truth.integrated(regimen, times, slopes, 1 + len(WANTED))
    return found[:, len(MADE.compartments) :]


def bent_found(
    people: People, regimen: Regimen, times: Array, kernel: Any, power: float = 1.4
) -> Any:
    return simulate(
        MADE, regimen, people, times, filters=[Filter("site", SITE, 6.0)], stages=stages_of(power),
        wanted=WANTED, kernel=kernel,
    )  # fmt: skip


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", COURSES)
def test_stages_are_within_their_error(name: str, kernel: Any) -> None:
    regimen = COURSES[name]
    times = np.unique([0, 0.01, 0.11, *np.linspace(0, max(24, regimen.end_h + 60), 37)])
    people = draw_people(MADE, 2, 11)
    found = bent_found(people, regimen, times, kernel)
    for person in range(2):
        expected = bent_truth(person, people, regimen, times)
        assert scaled(found["site"][person], expected[:, 0]) < 1e-8
        for k, stage in enumerate(WANTED):
            assert scaled(found[stage][person], expected[:, k + 1]) <= BENT, stage


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=3)
@given(data=st.data())
def test_stages_hold_their_error_for_clinical_doses(name: str, data: st.DataObject) -> None:
    """Levels to about ten times the half of a bend."""
    model = MODELS[name]
    parent = next(iter(model.outputs))
    route = data.draw(st.sampled_from(sorted(model.routes)))
    over_h = data.draw(st.sampled_from([0.0, 2 / 3, 1.0])) if can_run(model, route) else 0.0
    dose = Dose(0.0, route, data.draw(st.floats(0.1, 1.0)), "mg/kg", over_h)
    regimen = Regimen.of(dose).repeated(data.draw(st.sampled_from([[0], [0, 48], [0, 1, 72]])))
    half, rate = data.draw(st.floats(60, 500)), data.draw(st.floats(0.02, 2))
    stages: list[Any] = [
        Bend("drive", {"site": 1.0}, half),
        Delay("signal", "drive", rate),
        Growth("growth", "signal", 0.5, 0.01),
    ]
    times = np.linspace(0, regimen.end_h + 12, 40)
    people = draw_people(model, 1, data.draw(st.integers(0, 10**6)))
    site = {"site": ({parent: 1.0}, 6.0)}
    truth = Truth(model, people, 0)
    expected = truth.integrated(regimen, times, stage_slopes(truth, stages, site), 3)
    found = simulate(
        model, regimen, people, times, filters=[Filter("site", {parent: 1.0}, 6.0)],
        stages=stages, wanted=("signal", "growth"),
    )  # fmt: skip
    for k, stage in enumerate(("site", "signal", "growth")):
        assert scaled(found[stage][0], expected[:, len(model.compartments) + k]) <= BENT, stage


@pytest.mark.parametrize("times_past", [30.0, 1000.0])
@pytest.mark.parametrize("power", [1.0, 1.5, 2.0, 8.0])
@pytest.mark.parametrize("name", ["one infusion", "a bolus", "devices"])
def test_stages_hold_their_error_far_past_the_half_of_a_bend(
    name: str, power: float, times_past: float
) -> None:
    """A bend driven a thousand times past its half turns sharply in time, up and down again."""
    regimen, people = COURSES[name], typical_people(MADE)
    filters = [Filter("site", {PARENT: 1.0}, 6.0)]
    near = np.linspace(0.0, 4.0, 200)
    peak = simulate(MADE, regimen, people, near, filters=filters)["site"].max()
    stages: list[Any] = [
        Bend("drive", {"site": 1.0}, float(peak) / times_past, power),
        Delay("signal", "drive", 0.5),
        Growth("growth", "signal", 0.5, 0.01),
    ]
    times = np.unique([*np.geomspace(1e-4, 1.0, 20), *np.linspace(0, 150, 60)])
    truth = Truth(MADE, people, 0)
    slopes = stage_slopes(truth, stages, {"site": ({PARENT: 1.0}, 6.0)})
    expected = truth.integrated(regimen, times, slopes, 3)
    found = simulate(
        MADE, regimen, people, times, filters=filters, stages=stages, wanted=("signal", "growth")
    )
    for k, stage in enumerate(("site", "signal", "growth")):
        assert scaled(found[stage][0], expected[:, len(MADE.compartments) + k]) <= BENT, stage


def test_a_curve_of_a_curve_and_a_half_that_differs_between_people() -> None:
    """Panels follow the level that drives the chain, for the typical half where there are many."""
    regimen, filters = COURSES["one infusion"], [Filter("site", {PARENT: 1.0}, 6.0)]

    def fine(*stages: Any) -> tuple[int, int]:
        return fineness(MADE, regimen, filters, stages)

    usual = fine(Bend("a", {"site": 1.0}, 50.0), Delay("d", "a", 1.0))
    assert usual == (0, plan_module.PANELS)
    first = Bend("a", {"site": 1.0}, 0.05)
    far = fine(first, Delay("d", "a", 1.0))
    assert far[0] > 5
    assert far[1] > usual[1]
    onward = fine(first, Bend("b", {"a": 1.0}, 0.2, 4.0), Delay("d", "b", 1.0))
    assert onward[0] >= far[0]
    assert onward[1] > far[1]
    # A curve that never reaches 1 does not turn what asks for more.
    assert fine(first, Bend("b", {"a": 1.0}, 2.0), Delay("d", "b", 1.0)) == far
    many = np.array([0.05, 0.05])
    assert fine(Bend("a", {"site": 1.0}, many)) == usual
    assert fine(Bend("a", {"site": 1.0}, many, typical_half=0.05)) == far
    humped = fine(Bend("a", {"site": 1.0}, 50.0, fall=0.05, fall_power=8.0))
    assert humped[0] >= far[0]
    assert humped[1] > far[1]
    # Asked again, the answer that was kept is the same.
    assert fine(first, Delay("d", "a", 1.0)) == far


def test_smaller_panels_leave_less_error(monkeypatch: pytest.MonkeyPatch) -> None:
    regimen, times = COURSES["one infusion"], np.linspace(0, 12, 13)
    people = typical_people(MADE)
    expected = bent_truth(0, people, regimen, times, power=2.0)
    errors = []
    for panels in (1, 2, 4):
        monkeypatch.setattr(sharpness, "PANELS_SHARP", panels)
        monkeypatch.setattr(plan_module, "FIRST", 1.0)
        found = bent_found(people, regimen, times, "numpy", power=2.0)
        errors.append([scaled(found[s][0], expected[:, k + 1]) for k, s in enumerate(WANTED)])
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert (orders[-1] > 4.3).all(), (errors, orders)


# --- what must hold whatever the numbers ---------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_the_compiled_kernel_is_the_plain_one(name: str) -> None:
    model = MODELS[name]
    route = sorted(model.routes)[0]
    regimen = Regimen.of(bolus(20, route=route), bolus(0.1, "mg/kg", route=route, at_h=0.9))
    people = draw_people(model, 130, 3)
    times = np.sort(np.concatenate([np.arange(0, 5, 1 / 60), [0.123, 20.0, 100.0]]))
    both = [simulate(model, regimen, people, times, kernel=k) for k in KERNELS]  # type: ignore[arg-type]
    for output in model.outputs:
        assert scaled(both[0][output], both[1][output]) < 1e-12


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("n", [1, 7, 64, 65, 127, 600])
def test_every_number_of_people_and_times_fits(
    n: int, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solve, "LARGE", 0 if large else 10**12)
    people, regimen = draw_people(MADE, n, 6), COURSES["an infusion with a pause"]
    for count in (1, 7, 8, 9, 31, 130):
        times = np.append(np.arange(count) / 40, [1.234] if count % 2 else [])
        times.sort()
        both = [simulate(MADE, regimen, people, times, kernel=k) for k in KERNELS]  # type: ignore[arg-type]
        for output in MADE.outputs:
            assert both[0][output].shape == (n, len(times))
            assert scaled(both[0][output], both[1][output]) < 1e-12


def test_the_compiled_ladder_is_the_plain_one() -> None:
    people, regimen = draw_people(MADE, 130, 3), COURSES["two weeks"]
    times = np.unique([0.0, *np.linspace(0.3, 250, 40)])
    both = [bent_found(people, regimen, times, kernel) for kernel in KERNELS]
    for stage in WANTED:
        assert scaled(both[0][stage], both[1][stage]) < 1e-11


@pytest.mark.parametrize("kernel", KERNELS)
@settings(max_examples=8)
@given(
    few=st.lists(HOURS.map(lambda h: 4 * h), min_size=1, max_size=5),
    more=st.lists(HOURS.map(lambda h: 5 * h), max_size=10) | st.just(list(np.arange(0, 30, 0.25))),
)
def test_a_time_does_not_know_the_others(kernel: Any, few: list[float], more: list[float]) -> None:
    """Neither levels nor stages at a time depend on which other times were asked for."""
    regimen, people = COURSES["two weeks"], typical_people(MADE)
    times = np.unique(few)
    alone = bent_found(people, regimen, times, kernel)
    every = np.unique([*times, *more])
    among = bent_found(people, regimen, every, kernel)
    for name, values in alone.values.items():
        largest = np.abs(among[name]).max()
        there = among[name][:, np.searchsorted(every, times)]
        assert np.abs(values - there).max() <= 1e-12 * largest, name


def amounts(model: Model, regimen: Regimen, people: People, times: Array) -> dict[str, Array]:
    """mg in every compartment and mg gone by each flow out of the body, through the engine."""
    truth = Truth(model, people, 0)
    text = document() if model is MADE else json.loads((FOLDER / model.file).read_text())
    found: dict[str, Array] = {}
    for first in range(0, len(model.compartments), len(OUTPUTS)):
        some = model.compartments[first : first + len(OUTPUTS)]
        text["outputs"] = {OUTPUTS[i]: {"terms": {c: "1"}} for i, c in enumerate(some)}
        text["residual"] = {}
        plain = read_model(json.dumps(text), model.file)
        gone = {
            c: sum(
                truth.of(f.rate.text) / model.hours * (1 - (truth.of(f.share.text) if f.to else 0))
                for f in model.flows
                if f.origin == c
            )
            for c in some
        }
        integrals = [Integral(f"gone {c}", {OUTPUTS[i]: gone[c]}) for i, c in enumerate(some)]
        result = simulate(plain, regimen, people, times, integrals=integrals)
        found |= {c: result[OUTPUTS[i]][0] for i, c in enumerate(some)}
        found |= {f"gone {c}": result[f"gone {c}"][0] for c in some}
    return found


@pytest.mark.parametrize("name", MODELS)
def test_what_is_given_is_in_the_body_or_gone(name: str) -> None:
    model = MODELS[name]
    people = draw_people(model, 1, 4)
    times = np.array([0.0, 0.2, 1.0, 5.0, 30.0, 200.0])
    for route in model.routes:
        regimen = Regimen.of(bolus(50, route=route), bolus(25, route=route, at_h=3.0))
        truth = Truth(model, people, 0)
        jumps, rates = truth.inputs(regimen)
        given = np.array([
            sum(v.sum() for t, v in jumps if t <= now)
            + sum(v.sum() * (min(now, b) - a) for a, b, v in rates if a <= now)
            for now in times
        ])  # fmt: skip
        total = sum(amounts(model, regimen, people, times).values())
        assert scaled(np.asarray(total), given) < 1e-11, route


@pytest.mark.parametrize("name", MODELS)
def test_doses_add_up(name: str) -> None:
    model = MODELS[name]
    people, times = draw_people(model, 5, 8), np.linspace(0, 20, 50)
    route = next(r for r in sorted(model.routes) if r != "nasal")
    one = Regimen.of(bolus(20, route=route))
    other = Regimen.of(bolus(0.3, "mg/kg", route=route, at_h=1.3))
    parts = [simulate(model, r, people, times) for r in (one, other, one + other)]
    twice = simulate(model, one.scaled(2.0), people, times)
    for output in model.outputs:
        # they do not take the same steps: the rounding of fifty of them
        assert scaled(parts[0][output] + parts[1][output], parts[2][output]) < 5e-12
        assert scaled(2 * parts[0][output], twice[output]) < 1e-14


@pytest.mark.parametrize("gap", [0.0, 1e-15, 1e-12, 1.8e-6, 1e-4])
@pytest.mark.parametrize("kernel", KERNELS)
def test_nearly_equal_eigenvalues_lose_no_digits(kernel: Any, gap: float) -> None:
    """Parent and metabolite leave at the same rate, as do both of their peripheral exchanges."""
    model = made(
        individual={"Vi": "V", "CLi": "CL"},
        flows=[
            {"from": "gut", "to": "central", "rate": "1.5"},
            {"from": "central", "to": "metabolite", "rate": "1.5"},
            {"from": "metabolite", "to": None, "rate": repr(1.5 * (1 + gap))},
            {"from": "metabolite", "to": "metabolite_p", "rate": "0.2"},
            {"from": "metabolite_p", "to": "metabolite", "rate": "0.2"},
        ],
    )
    regimen = Regimen.of(bolus(50, route="oral"), infusion(10, over_min=40))
    times, people = np.linspace(0, 30, 61), typical_people(model)
    found = simulate(model, regimen, people, times, kernel=kernel)
    for output, values in Truth(model, people, 0).outputs(regimen, times).items():
        assert scaled(found[output][0], values) < 1e-11
