"""The compiled step of a fit is the plain one, also for people whose levels did not work out."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from evenkeel.pharmacology import (
    PeopleError,
    Regimen,
    infusion,
    load_model,
    simulate,
    typical_people,
)
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


@pytest.mark.parametrize(
    ("model_id", "names"),
    [
        ("otto_2021_fanta_2015", None),
        # More neighbors than one block of people holds.
        ("simons_2022", None),
        ("simons_2022", ["CLK1", "VK1"]),
    ],
)
def test_both_ways_end_at_the_same_people(
    measured: fit.Array,
    monkeypatch: pytest.MonkeyPatch,
    model_id: str,
    names: list[str] | None,
) -> None:
    model = load_model(model_id)
    outputs = (list(model.outputs) * 2)[:2] * 3
    levels = measured[:7]
    compiled = fit_many(model, REGIMEN, TIMES, outputs, levels, names=names)
    alone = fit_many(model, REGIMEN, TIMES, outputs, levels[4:5], names=names)
    monkeypatch.setattr(fit, "has_compiled", lambda: False)
    plain = fit_many(model, REGIMEN, TIMES, outputs, levels, names=names)
    assert compiled.converged.all()
    for one in (compiled, alone):
        some = slice(4, 5) if one is alone else slice(None)
        np.testing.assert_allclose(one.normals, plain.normals[some], atol=3e-4)
        np.testing.assert_allclose(one.objective, plain.objective[some], atol=1e-6)
        # Taken where the last step began, and the plain way goes on until all are at rest.
        np.testing.assert_allclose(one.covariance, plain.covariance[some], atol=0.03)


def test_whose_levels_cannot_be_explained_is_said_and_stays_alone(measured: fit.Array) -> None:
    values = measured[:9].copy()
    values[4] = 1e300
    values[5] = np.nan
    found = fit_many(MODEL, REGIMEN, TIMES, OUTPUTS, values)
    others = np.array([0, 1, 2, 3, 6, 7, 8])
    expected = fit_many(MODEL, REGIMEN, TIMES, OUTPUTS, measured[others])
    assert found.converged[others].all()
    assert not found.converged[4]
    np.testing.assert_allclose(found.normals[others], expected.normals, atol=3e-4)
    # No levels: the typical person, as uncertain as before.
    np.testing.assert_allclose(found.normals[5], 0.0, atol=1e-9)
    np.testing.assert_allclose(found.covariance[5], np.eye(len(MODEL.random_effects)), atol=1e-9)


@pytest.mark.parametrize(
    ("model_id", "names", "message"),
    [
        ("clements_1981", None, "must be named"),
        ("simons_2022", [], "must be named"),
        ("simons_2022", ["CLK1", "CLK1"], "each once"),
        ("simons_2022", ["CLK1", "height"], "under the name 'height'"),
    ],
)
def test_what_cannot_be_fitted_is_said(
    measured: fit.Array, model_id: str, names: list[str] | None, message: str
) -> None:
    model = load_model(model_id)
    with pytest.raises(PeopleError, match=message):
        fit_many(model, REGIMEN, TIMES, [next(iter(model.outputs))] * 6, measured, names=names)
