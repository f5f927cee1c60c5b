"""Each compiled part gives what its plain NumPy version gives."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from evenkeel.pharmacology import (
    Filter,
    Model,
    Regimen,
    bolus,
    draw_people,
    infusion,
    load_model,
    model_ids,
    sharing,
)
from evenkeel.pharmacology.between import MOST_KEPT, landings
from evenkeel.pharmacology.expressions import parse
from evenkeel.pharmacology.forecast import weights
from evenkeel.pharmacology.plan import Ladder
from evenkeel.pharmacology.system import build
from evenkeel.pharmacology.tape import Program, Tape

MODELS = {name: load_model(name) for name in model_ids()}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_model_worked_out_by_its_steps_is_worked_out(model: Model) -> None:
    route = next(iter(model.routes))
    regimen = Regimen.of(bolus(20, route=route), bolus(0.1, "mg/kg", route=route, at_h=0.9))
    people = draw_people(model, 70, 3, weight_kg=np.linspace(50, 120, 70))
    output = next(iter(model.outputs))
    filters = [Filter("site", {output: 0.5}, np.linspace(1.0, 9.0, 70), 5.0)]
    both = [build(model, regimen, people, filters, compiled=way) for way in (True, False)]
    (system, inputs), (plain, plain_inputs) = both
    np.testing.assert_allclose(system.rates, plain.rates, rtol=1e-14)
    np.testing.assert_allclose(system.output_values, plain.output_values, rtol=1e-14)
    np.testing.assert_allclose(inputs.factors, plain_inputs.factors, rtol=1e-14)
    np.testing.assert_array_equal(inputs.time_h, plain_inputs.time_h)


FORMULAS = (
    "a + b", "a - b", "a*b", "a/b", "a**b", "-a", "exp(a)", "log(a)", "sqrt(a)", "min(a, b)",
    "max(b, a)", "expit(a)", "logit(b)", "2*a + (2*a)/b",
)  # fmt: skip
VALUES = np.array([0.0, -0.4, 0.3, 1.0, 7.5, -800.0, 800.0, np.nan, np.inf, -np.inf])


@pytest.mark.parametrize("formula", FORMULAS)
def test_each_step_is_the_operation_it_stands_for(formula: str) -> None:
    a, b = (one.ravel() for one in np.meshgrid(VALUES, VALUES))
    with np.errstate(all="ignore"):
        expected = np.asarray(parse(formula)({"a": a, "b": b}), dtype=np.float64)
    tape = Tape()
    row = parse(formula)({name: tape.named(name) for name in "ab"})
    given: dict[str, Any] = {"a": a, "b": b}
    given = {name: given[name] for name in tape.names}
    found, failed = Program(tape, [row], np.array([-1e300])).run(given, len(a))
    fine = np.isfinite(expected)
    np.testing.assert_array_equal(failed, ~fine)
    np.testing.assert_allclose(found[0][fine], expected[fine], rtol=1e-14, atol=1e-300)


def test_who_fails_leaves_the_others() -> None:
    tape = Tape()
    rate = tape.named("amount") / tape.named("volume")
    program = Program(tape, [rate, -rate], np.array([0.0, -5.0]))
    volume = np.array([1.0, 0.0, np.nan, -2.0, 0.1])
    found, failed = program.run({"amount": 1.0, "volume": volume}, 5)
    np.testing.assert_array_equal(failed, [False, True, True, True, True])
    np.testing.assert_array_equal(found, [[1, 0, 0, 0, 0], [-1, 0, 0, 0, 0]])


def test_moves_are_those_of_the_formulas(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    normals, drawn = rng.standard_normal((2, 700, 11))
    chosen = rng.random(700)
    chosen /= chosen.sum()
    root = np.tril(0.2 * rng.standard_normal((11, 11)) + np.eye(11))

    def all_of_it() -> list[Any]:
        near = weights.Normal(rng_mean, root)
        own, ratio = near.own(normals)
        return [
            *weights.moments(normals, chosen), own, ratio, *near.step(own, drawn, 0.7),
            weights.placed_at(normals, rng_mean, root),
        ]  # fmt: skip

    rng_mean = rng.standard_normal(11)
    compiled, again = all_of_it(), all_of_it()
    monkeypatch.setattr(sharing, "_cores", lambda: frozenset({0}))
    alone = all_of_it()
    monkeypatch.setattr(weights, "has_compiled", lambda: False)
    for one, other, single, plain in zip(compiled, again, alone, all_of_it(), strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, single)
        np.testing.assert_allclose(one, plain, rtol=1e-10, atol=1e-10)


def test_output_times_are_found_on_the_ladder() -> None:
    # Two segments of a kind of two panels (1, 1 h), then one of another (2, 2 h).
    steps = Ladder(
        np.array([0.0, 2.0, 4.0]), np.array([0, 1, 2, 3]), np.array([0, 0, 1]),
        np.array([0.25, 0.5]), np.array([1, 1]), 1,
    )  # fmt: skip
    times = np.array([0.0, 0.5, 1.0, 2.0, 2.5 + 1e-13, 3.0, 5.0, 8.0, 9.0])
    found = landings(steps, times)
    np.testing.assert_array_equal(found.panel, [-1, 0, 0, 1, 2, 2, 4, 5, 6])
    np.testing.assert_allclose(found.share[1:8], [0.5, 1, 1, 0.5, 1, 0.5, 1], atol=1e-12)
    assert found.alike[1] == found.alike[4] >= 0
    assert found.alike[2] == found.alike[5] >= 0
    assert (found.alike[[3, 6, 7, 8]] == -1).all()
    assert found.kept == 2 <= MOST_KEPT


def test_tasks_may_share_out_what_they_do_and_their_errors_arrive() -> None:
    done: list[int] = []

    def task(k: int) -> None:
        sharing.in_threads([lambda i=i: done.append(10 * k + i) for i in range(3)])  # type: ignore[misc]

    sharing.in_threads([lambda k=k: task(k) for k in range(5)])  # type: ignore[misc]
    assert sorted(done) == [10 * k + i for k in range(5) for i in range(3)]

    def failing() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sharing.in_threads([failing, lambda: None, failing])
    assert sharing.later(lambda: 7)() == 7


def test_nobody_waits_for_helpers_that_are_busy_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "_cores", lambda: frozenset({0, 1}))
    helpers = sharing._Helpers()
    monkeypatch.setattr(sharing, "_helpers", lambda: helpers)
    free, busy = threading.Event(), threading.Barrier(3)

    def long() -> int:
        busy.wait(10)
        free.wait(10)
        return 3

    begun = [sharing.later(long) for _ in range(2)]
    busy.wait(10)
    here = threading.get_ident()
    by: list[int] = []
    sharing.in_threads([lambda: by.append(threading.get_ident())] * 5)
    assert by == [here] * 5
    assert sharing.later(threading.get_ident)() == here
    free.set()
    assert [one() for one in begun] == [3, 3]


def test_helpers_are_kept_off_the_core_that_calls_them(monkeypatch: pytest.MonkeyPatch) -> None:
    cores = os.sched_getaffinity(0)
    if len(cores) < 2 or sharing._core_asked() is None:
        pytest.skip("needs two cores, and a system that tells on which a thread runs")
    helpers = sharing._Helpers()
    helpers.begin(lambda: None).result()
    core = min(cores)
    monkeypatch.setattr(sharing, "_core_asked", lambda: lambda: core)
    monkeypatch.setattr(os, "getpriority", lambda which, who: 0)
    assert helpers.begin(lambda: os.sched_getaffinity(0)).result() == cores - {core}
    monkeypatch.setattr(os, "getpriority", lambda which, who: 5)
    assert helpers.begin(lambda: os.sched_getaffinity(0)).result() == cores
    monkeypatch.setattr(os, "getpriority", lambda which, who: 0)

    def until_free() -> set[int]:
        for _ in range(2_000_000):
            if os.sched_getaffinity(0) == cores:
                break
        return os.sched_getaffinity(0)

    # Whoever has begun may go on where the caller no longer works.
    assert helpers.wait(helpers.begin(until_free)) == cores


def test_a_regimen_of_readings_at_odd_times_is_propagated_alike() -> None:
    """Steps that are taken once go another way than those that are taken often."""
    from evenkeel.pharmacology import simulate

    model = MODELS["otto_2021_fanta_2015"]
    regimen = Regimen.of(infusion(30, over_min=40), infusion(5, over_min=3, at_h=5.0))
    times = np.array([0.013, 0.171, 0.66, 0.9037, 1.7, 5.02, 5.051, 30.3, 200.0])
    people = draw_people(model, 200, 8)
    both = [simulate(model, regimen, people, times, kernel=k) for k in ("compiled", "numpy")]  # type: ignore[arg-type]
    for name in model.outputs:
        np.testing.assert_allclose(both[0][name], both[1][name], rtol=1e-11)
