"""The compiled step of a fit is the plain one, also for people whose levels did not work out."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from evenkeel.pharmacology import Regimen, infusion, load_model, simulate, typical_people
from evenkeel.pharmacology.forecast import fit, fit_many

MODEL = load_model("otto_2021_fanta_2015")
REGIMEN = Regimen.of(infusion(20, over_min=30))
OUTPUTS = ("s_ketamine_ng_ml", "s_norketamine_ng_ml") * 3
TIMES = np.array([0.25, 0.25, 0.75, 0.75, 3.0, 3.0])
PEOPLE = 40


@pytest.fixture(scope="module")
def measured() -> fit.Array:
    typical = simulate(MODEL, REGIMEN, typical_people(MODEL), TIMES[::2])
    level = np.array([typical[OUTPUTS[k]][0, k // 2] for k in range(6)])
    rng = np.random.default_rng(3)
    values: fit.Array = level * np.exp(0.4 * rng.standard_normal((PEOPLE, 6)))
    values[rng.random(values.shape) < 0.2] = np.nan
    return values


def problem(values: fit.Array) -> fit._Problem:
    chosen = list(range(len(MODEL.random_effects)))
    return fit._Problem(MODEL, REGIMEN, TIMES, OUTPUTS, values, chosen, 0.15, {})


@pytest.mark.parametrize("far", [0.0, 0.3, 2.5])
def test_the_compiled_step_is_the_plain_one(measured: fit.Array, far: float) -> None:
    k = len(MODEL.random_effects)
    z = far * np.random.default_rng(5).standard_normal((PEOPLE, k))
    near = (z[:, None] + fit._neighbors(k)).reshape(-1, k)
    levels = problem(measured).predict(near).reshape(PEOPLE, -1, 6)
    plain = problem(measured)
    objective, step, curvature = plain.look(levels, z)
    np.testing.assert_allclose(objective, plain.objective(z, levels[:, 0]), rtol=1e-12)
    # Second differences over so small a nudge keep some five digits, whoever takes them.
    expected_step, expected_curvature = plain.step(levels, z)
    np.testing.assert_allclose(step, expected_step, atol=2e-4)
    np.testing.assert_allclose(curvature, expected_curvature, rtol=1e-3, atol=2e-3)


def test_who_did_not_work_out_stays_alone(measured: fit.Array) -> None:
    k = len(MODEL.random_effects)
    z = np.zeros((PEOPLE, k))
    levels = np.repeat(problem(measured).predict(fit._neighbors(k))[None], PEOPLE, axis=0)
    whole = problem(measured).look(levels, z)
    levels[7] = np.nan
    part = problem(measured).look(levels, z)
    others = np.arange(PEOPLE) != 7
    for one, other in zip(whole, part, strict=True):
        np.testing.assert_array_equal(one[others], other[others])
    assert np.isnan(part[1][7]).all()


def test_both_ways_end_at_the_same_people(
    measured: fit.Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = fit_many(MODEL, REGIMEN, TIMES, OUTPUTS, measured)
    monkeypatch.setattr(fit, "has_compiled", lambda: False)
    plain = fit_many(MODEL, REGIMEN, TIMES, OUTPUTS, measured)
    assert compiled.converged.all()
    np.testing.assert_allclose(compiled.normals, plain.normals, atol=1e-4)
    np.testing.assert_allclose(compiled.objective, plain.objective, atol=1e-6)
