"""What the engine is measured against is right itself. Nothing here is timed."""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("scipy")

from bench.pharmacology import engine, limits, reference
from bench.pharmacology import workloads as w
from bench.pharmacology.measure import Contender, measure
from bench.pharmacology.peers import numpy_closed_form, scipy_lsoda, scipy_map
from bench.pharmacology.table import Row, Sizes, _judged_w1, line_of, missing
from bench.pharmacology.workloads import Array


def with_gap(person: Array, relative: float) -> Array:
    """Change a norketamine clearance so that its slow rate lies so close to a ketamine one."""
    near = person.copy()
    wanted = numpy_closed_form.modes(near[None])[0][2, 0] * (1 + relative)
    v, q, v2 = near[7:]
    # The rates are the zeros of x**2 - (CLN/V + Q/V + Q/V2) x + CLN/V Q/V2; solved for CLN.
    k21 = q / v2
    near[6] = v * (wanted * (q / v + k21) - wanted**2) / (k21 - wanted)
    return near


def nearly_equal() -> Array:
    """People of W1 with gaps from a tenth down to nothing, 1.8e-6 among them."""
    person = w.w1_people(1)[0]
    gaps = [0.1, 1e-2, 4e-4, 1.8e-6, -1.8e-6, 1e-9, 1e-13, 0.0]
    return np.array([with_gap(person, gap) for gap in gaps])


def smallest_gap(people: Array) -> Array:
    rates = numpy_closed_form.modes(people)[0]
    return np.asarray(np.abs(rates[:3, None] / rates[None, 3:] - 1).min(axis=(0, 1)))


def test_the_draw_is_reproducible_and_does_not_depend_on_the_number() -> None:
    many = w.w1_people(3000)
    np.testing.assert_array_equal(many[:1000], w.w1_people(1000))
    logarithm = np.log(many / [value for value, _ in w.W1_PARAMETERS.values()])
    omega = [np.sqrt(np.log1p(cv**2)) for _, cv in w.W1_PARAMETERS.values()]
    np.testing.assert_allclose(logarithm.std(axis=0), omega, rtol=0.05)
    assert np.abs(logarithm.mean(axis=0)).max() < 0.02
    z = np.random.default_rng(20261123).standard_normal(10)
    np.testing.assert_allclose(logarithm[0], z * omega, rtol=1e-12)
    assert w.W2_TIMES_MIN.shape == (305,)


def test_the_model_file_says_the_same_as_the_workload() -> None:
    model = json.loads(w.MODEL_FILE.read_text())
    values = {name: entry["value"] for name, entry in model["parameters"].items()}
    assert values == {name: value for name, (value, _) in w.W1_PARAMETERS.items()}
    assert {entry["mark"] for entry in model["parameters"].values()} == {"assumed"}
    omega2 = {block["parameters"][0]: block["omega2"][0][0] for block in model["variability"]}
    for name, (_, cv) in w.W1_PARAMETERS.items():
        assert omega2[name] == pytest.approx(w.omega_of(cv) ** 2, rel=1e-15)
    names = model["compartments"]
    found = np.zeros((5, 5))
    for flow in model["flows"]:
        above, below = flow["rate"].split("/")
        rate, source = values[above] / values[below], names.index(flow["from"])
        found[source, source] -= rate
        if flow["to"]:
            share = w.FORMED if "yield" in flow else 1.0
            found[names.index(flow["to"]), source] += rate * share
    typical = np.array([list(values.values())], dtype=float)
    np.testing.assert_allclose(found, w.generator(typical)[0], rtol=1e-14)
    assert {flow["yield"] for flow in model["flows"] if "yield" in flow} == {"0.80*223.70/237.72"}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_exact_form_agrees_with_matrix_exponentials(seed: int) -> None:
    people = w.draw(w.W1_PARAMETERS, 300, seed)
    independent = reference.w1_expm(people)
    assert w.scaled_error(reference.w1_exact(people), independent) <= 1e-12
    assert w.relative_error(reference.w1_exact(people), independent) <= 1e-11
    assert w.scaled_error(numpy_closed_form.w1(people), independent) <= 1e-9


def test_nearly_equal_rates_cost_the_exact_form_nothing() -> None:
    people = nearly_equal()
    gaps = smallest_gap(people)
    assert gaps[3] == pytest.approx(1.8e-6, rel=1e-3)
    assert gaps[-1] < 1e-12
    for person in people:
        one = person[None]
        independent = reference.w1_expm(one)
        assert w.relative_error(reference.w1_exact(one), independent) <= 1e-11
    assert w.scaled_error(reference.w1_exact(people), reference.w1_expm(people)) <= 1e-12
    plain = numpy_closed_form.w1(people[3:4])
    assert w.scaled_error(plain, reference.w1_expm(people[3:4])) <= 1e-9


def test_matrix_exponentials_agree_with_forty_digits() -> None:
    pytest.importorskip("mpmath")
    people = np.vstack([w.w1_people(2), nearly_equal()[3:4]])
    assert w.relative_error(reference.w1_exact(people), reference.w1_mpmath(people)) <= 1e-12


def test_a_tight_solver_agrees() -> None:
    people = np.vstack([w.w1_people(3), nearly_equal()[3:4]])
    assert w.relative_error(reference.w1_lsoda(people), reference.w1_exact(people)) <= 1e-10


def test_the_linear_states_of_the_course_agree_with_matrix_exponentials() -> None:
    people = w.w2_people(2)
    states = reference.w2_states_lsoda(people)
    linear = states[:, :, [0, 1, 2, 3, 4, 5, 7]]
    assert w.scaled_errors(linear, reference.w2_expm(people)).max() <= 1e-10
    outputs = w.w2_outputs(states, people)
    assert outputs.shape == (2, 305, len(w.W2_OUTPUTS))
    first = w.W2_TIMES_MIN <= 180
    exact = reference.w1_exact(people, w.W2_TIMES_MIN[first])
    assert w.scaled_error(outputs[:, first, :2], exact) <= 1e-10
    np.testing.assert_array_equal(outputs[:, 0, 2], w.MAP_BASE)
    np.testing.assert_array_equal(outputs[:, 0, 3], people[:, 14])
    assert w.scaled_error(scipy_lsoda.w2(people[:1]), outputs[:1]) <= 2e-5


def test_both_forms_of_the_rates_of_the_course_are_the_same() -> None:
    people = w.w2_people(4)
    states = np.abs(np.random.default_rng(3).standard_normal((4, 9)))
    one_by_one = [
        w.w2_person_rates(person)(0.0, state, 0.875)
        for person, state in zip(people, states, strict=True)
    ]
    np.testing.assert_allclose(
        w.w2_rates(states, people, 0.875), one_by_one, rtol=1e-12, atol=1e-14
    )


def test_the_reference_fit_is_a_minimum_and_peers_reach_it() -> None:
    values = w.w3_readings(6).values
    fitted = reference.w3_fit(values)
    least = w.w3_objective(fitted, reference.w3_predict(fitted), values)
    for move in np.vstack([np.eye(5), -np.eye(5)]) * 1e-4:
        beside = w.w3_objective(fitted + move, reference.w3_predict(fitted + move), values)
        assert (beside > least).all()
    np.testing.assert_allclose(numpy_closed_form.w3_refit_many(values), fitted, atol=1e-5)
    np.testing.assert_allclose(scipy_map.w3_point_fit(values[0]), fitted[0], atol=1e-4)


def test_quantiles_of_weighted_particles() -> None:
    values, weight = np.arange(101.0)[:, None], np.ones(101)
    np.testing.assert_allclose(
        reference.weighted_quantiles(values, weight)[:, 0], [4.55, 50.0, 95.45]
    )
    doubled = np.concatenate([values, values[50:]])
    twice = np.where(np.arange(101) >= 50, 2.0, 1.0)
    np.testing.assert_allclose(
        reference.weighted_quantiles(values, twice),
        reference.weighted_quantiles(doubled, np.ones(len(doubled))),
        atol=1.0,
    )
    found = numpy_closed_form.w3_update(w.w1_people(400), w.w3_readings(1).values[0, :4])
    assert found.shape == (3, 91, 2)
    assert (np.diff(found, axis=0) >= 0).all()


def test_limits_touch_the_whole_array() -> None:
    for threads in (1, 2, 3):
        made = limits.fresh_fill((7, 5), threads)()
        np.testing.assert_array_equal(made, np.ones((7, 5)))
        np.testing.assert_array_equal(limits.held_fill((7, 5), threads)(), made)
    assert limits.copied_gb_per_s(1.0) == pytest.approx(0.537, rel=1e-3)


def test_a_contender_that_breaks_is_a_row_and_no_end() -> None:
    def broken() -> Array:
        raise ValueError("no")

    calls: list[int] = []
    good = Contender("good", lambda: calls.append(1) or 7, lambda x: {"is": float(x)}, rounds=4)
    bad = Contender("bad", broken)
    measure([bad, good])
    assert bad.broken == "ValueError: no"
    assert bad.timing is None
    assert good.timing is not None
    assert len(good.timing.seconds) == 4
    assert len(calls) == 6
    assert good.errors == {"is": 7.0}


def test_one_with_threads_of_its_own_is_timed_in_a_process_that_has_ended() -> None:
    here, seen = os.getpid(), []

    def work() -> int:
        seen.append(os.getpid())
        return os.getpid()

    alone = Contender("alone", work, lambda pid: {"elsewhere": float(pid != here)}, 4, apart=True)
    among = Contender("among", work, lambda pid: {"elsewhere": float(pid != here)}, 4)
    dying = Contender("dying", lambda: os._exit(3), apart=True)
    measure([among, alone, dying])
    assert alone.errors == {"elsewhere": 1.0}
    assert alone.timing is not None
    assert len(alone.timing.seconds) == 4
    assert among.errors == {"elsewhere": 0.0}
    assert dying.broken == "its process ended without an answer"
    assert set(seen) == {here}
    assert not multiprocessing.active_children()


def test_a_goal_is_met_only_where_speed_and_error_are_right() -> None:
    def rows(per_s: float, error: float) -> Row:
        floor = Row("W1", numpy_closed_form.NAME, 100_000, 100.0, 1.0)
        fill = Row("W1", "limit: fill a fresh array, threads: 2", 100_000, 2000.0, 1.0)
        mine = Row("W1", engine.NAME, 100_000, per_s, 1.0, errors={"scaled": error})
        return _judged_w1([floor, fill, mine])[2]

    assert rows(900.0, 1e-10).met is True
    assert rows(700.0, 1e-10).met is False
    assert rows(900.0, 1e-8).met is False
    assert "NOT MET" in line_of(rows(900.0, 1e-8))
    assert "9 x floor" in rows(900.0, 1e-10).note


def test_what_is_not_installed_is_said() -> None:
    class Absent:
        PACKAGES = ("a_package_that_nobody_has",)

    assert missing(Absent) == "a_package_that_nobody_has is not installed"  # type: ignore[arg-type]
    assert missing(scipy_lsoda) == ""
    assert replace(Sizes(), peers=False).w1_people == (1_000, 10_000, 100_000)
