"""SciPy's L-BFGS-B on the NumPy closed form, with finite differences: one person at a time."""

from __future__ import annotations

import numpy as np

from bench.pharmacology.peers.numpy_closed_form import w3_predict
from bench.pharmacology.workloads import W3_EFFECTS, Array, w3_objective

NAME = "SciPy L-BFGS-B, NumPy closed form"
PACKAGES = ("scipy",)


def w3_point_fit(values: Array) -> Array:
    """Most probable effects of one person: readings (8,) -> (5,)."""
    from scipy.optimize import minimize

    def objective(effects: Array) -> float:
        one = effects[None]
        return float(w3_objective(one, w3_predict(one), values[None])[0])

    return np.asarray(minimize(objective, np.zeros(len(W3_EFFECTS)), method="L-BFGS-B").x)
