"""The accelerator's way gives what the plain way gives, wherever JAX runs."""

from __future__ import annotations

import numpy as np
import pytest

from evenkeel.pharmacology import Regimen, bolus, draw_people, infusion, load_model, simulate
from tests.needs import need


@pytest.mark.parametrize("model_id", ["composite_racemic", "otto_2021_fanta_2015"])
def test_it_agrees_with_the_reference(model_id: str) -> None:
    try:
        import jax  # noqa: F401
    except ImportError:
        need(None, "JAX (the extra gpu)")
    model = load_model(model_id)
    regimen = Regimen.of(infusion(0.5, "mg/kg", over_min=40), bolus(10, at_h=2.0))
    people = draw_people(model, 40, seed=3)
    times = np.concatenate([np.arange(61) / 60, [1.5, 2.0, 2.01, 30.0]])
    plain = simulate(model, regimen, people, times, kernel="numpy")
    other = simulate(model, regimen, people, times, kernel="jax")
    for name in model.outputs:
        scale = np.abs(plain[name]).max()
        assert np.abs(plain[name] - other[name]).max() <= 1e-11 * scale
