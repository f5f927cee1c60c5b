"""SciPy's L-BFGS-B on the NumPy closed form: one person at a time.

Forward differences, the point and its five neighbors in one call of the closed form.
"""

from __future__ import annotations

import numpy as np

from bench.pharmacology.peers.numpy_closed_form import w3_predict
from bench.pharmacology.workloads import W3_EFFECTS, Array, w3_objective

NAME = "SciPy L-BFGS-B, NumPy closed form"
PACKAGES = ("scipy",)


def w3_point_fit(values: Array) -> Array:
    """Most probable effects of one person: readings (8,) -> (5,)."""
    from scipy.optimize import minimize

    def objective(effects: Array) -> tuple[float, Array]:
        around = effects + _NEIGHBORS
        found = w3_objective(around, w3_predict(around), values)
        return float(found[0]), (found[1:] - found[0]) / DIFFERENCE

    start = np.zeros(len(W3_EFFECTS))
    return np.asarray(minimize(objective, start, jac=True, method="L-BFGS-B").x)


DIFFERENCE = 1e-7
_NEIGHBORS = np.vstack([np.zeros(len(W3_EFFECTS)), np.eye(len(W3_EFFECTS))]) * DIFFERENCE
