"""An index of NMDA-receptor blockade. It is not measured occupancy and is never shown as such.

x = sum(fu * C / Ki) over S- and R-ketamine and S- and R-norketamine, theta = x/(1 + x).
The Ki are from rat cortex (Ebert 1997); no human tracer has confirmed them. Hydroxynorketamines
contribute nothing at therapeutic levels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .parameters import AcuteModel, load_acute

Array = NDArray[np.float64]
KETAMINE_G_PER_MOL = 237.7
NORKETAMINE_G_PER_MOL = 223.7
OCCUPANCY_NOTE = (
    "An index from rat binding constants, uncertain by a factor of three; "
    "not a measurement of receptor occupancy in people."
)


def occupancy_drive(
    s_ketamine_ng_ml: ArrayLike = 0.0,
    r_ketamine_ng_ml: ArrayLike = 0.0,
    s_norketamine_ng_ml: ArrayLike = 0.0,
    r_norketamine_ng_ml: ArrayLike = 0.0,
    *,
    model: AcuteModel | None = None,
) -> Array:
    """x, the sum of unbound level over Ki (dimensionless), of the shape of the inputs (ng/mL)."""
    model = model or load_acute()
    weights = occupancy_weights(model)
    levels = (s_ketamine_ng_ml, r_ketamine_ng_ml, s_norketamine_ng_ml, r_norketamine_ng_ml)
    drive: Array = np.zeros(np.broadcast_shapes(*(np.shape(level) for level in levels)))
    for level, weight in zip(levels, weights.values(), strict=True):
        array = np.asarray(level, dtype=np.float64)
        if array.ndim or array != 0.0:
            drive = drive + array * weight
    return drive


def occupancy_weights(model: AcuteModel | None = None) -> dict[str, float]:
    """fu/Ki of each species in mL/ng: x is the sum of weight times level in ng/mL."""
    model = model or load_acute()
    unbound = model["unbound_fraction"]
    return {
        "s_ketamine_ng_ml": unbound / (model["ki_s_ketamine_um"] * KETAMINE_G_PER_MOL),
        "r_ketamine_ng_ml": unbound / (model["ki_r_ketamine_um"] * KETAMINE_G_PER_MOL),
        "s_norketamine_ng_ml": unbound / (model["ki_s_norketamine_um"] * NORKETAMINE_G_PER_MOL),
        "r_norketamine_ng_ml": unbound / (model["ki_r_norketamine_um"] * NORKETAMINE_G_PER_MOL),
    }


def occupancy_index(drive: Array) -> Array:
    """theta = x/(1 + x), 0 to 1, of any shape."""
    return np.asarray(drive / (1.0 + drive), dtype=np.float64)


def occupancy_range(drive: Array, *, model: AcuteModel | None = None) -> tuple[Array, Array]:
    """The index with all Ki too low, and too high, by the stated factor: (low, high)."""
    factor = (model or load_acute())["ki_uncertainty_factor"]
    return occupancy_index(drive / factor), occupancy_index(drive * factor)
