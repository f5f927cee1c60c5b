"""What a cuff shows of a true pressure: reading = truth + noise, one independent draw a reading.

Two published summaries differ several-fold and both come out of this layer: the mean change at a
time (noise averages out) and the mean of each person's maximum over the readings (noise adds
0.846 SD for three readings, which is the 6.1 mmHg that placebo shows). All functions take true
values (N, R) at the times of the R readings; the shift of a session is already in the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bounded import normal_cdf
from .hemodynamics import Hemodynamics

Array = NDArray[np.float64]
_NODES = 48
_REACH = 6.0


@dataclass(frozen=True)
class SeverePressure:
    """Per person (N,) probabilities that any reading of the schedule crosses the line."""

    sbp_180: Array
    sbp_rise_40: Array
    dbp_110: Array
    dbp_rise_25: Array

    def any_of_absolute(self) -> Array:
        """Upper bound (N,) for SBP >= 180 or DBP >= 110, as their readings are not independent."""
        return np.minimum(self.sbp_180 + self.dbp_110, 1.0)


def expected_maximum(truth: Array, noise_sd: float) -> Array:
    """Mean (N,) of the largest of R noisy readings of `truth` (N, R).

    E[max] = top - integral of prod F, by the trapezoid rule on 49 points up to 6 SD either side
    of the largest true value (error below 1e-8 SD: the integrand is smooth and flat at the ends).
    """
    if noise_sd == 0.0:
        return np.asarray(truth.max(axis=1), dtype=np.float64)
    high = truth.max(axis=1) + _REACH * noise_sd
    step = 2.0 * _REACH * noise_sd / _NODES
    area = np.zeros(len(truth))
    for node in range(_NODES + 1):
        point = high - node * step
        below = normal_cdf((point[:, None] - truth) / noise_sd).prod(axis=1)
        area += below * (0.5 if node in (0, _NODES) else 1.0)
    area *= step
    return np.asarray(high - area, dtype=np.float64)


def probability_any_reading_at_least(truth: Array, line: float, noise_sd: float) -> Array:
    """P(some reading >= line) (N,) for true values (N, R)."""
    below = normal_cdf((line - truth) / noise_sd).prod(axis=1)
    return np.asarray(1.0 - below, dtype=np.float64)


def probability_any_rise_at_least(rise: Array, line: float, noise_sd: float) -> Array:
    """P(some reading - pre-dose reading >= line) (N,) for true rises (N, R).

    The pre-dose reading has noise of its own, shared by all rises: integrated over by
    Gauss-Hermite quadrature of 15 nodes (error below 1e-5).
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    weights = weights / weights.sum()
    found = np.zeros(len(rise))
    for node, weight in zip(nodes, weights, strict=True):
        below = normal_cdf((line + noise_sd * node - rise) / noise_sd).prod(axis=1)
        found += weight * (1.0 - below)
    return found


def severe_pressure(truth: Hemodynamics, at: Sequence[int]) -> SeverePressure:
    """Probabilities of the severe lines for readings taken at the time indexes `at`."""
    model = truth.person.model
    index = list(at)
    sbp_sd, dbp_sd = model["sbp_noise_sd_mmhg"], model["dbp_noise_sd_mmhg"]
    rise = truth.sbp_rise_mmhg[:, index]
    dbp_rise = rise * model["dbp_ratio"]
    sbp = rise + truth.person.sbp_baseline_mmhg[:, None]
    dbp = dbp_rise + truth.person.dbp_baseline_mmhg[:, None]
    return SeverePressure(
        sbp_180=probability_any_reading_at_least(sbp, 180.0, sbp_sd),
        sbp_rise_40=probability_any_rise_at_least(rise, 40.0, sbp_sd),
        dbp_110=probability_any_reading_at_least(dbp, 110.0, dbp_sd),
        dbp_rise_25=probability_any_rise_at_least(dbp_rise, 25.0, dbp_sd),
    )


def sample_readings(truth: Array, noise_sd: float, rng: np.random.Generator) -> Array:
    """One reading of every true value, of any shape."""
    return truth + noise_sd * rng.standard_normal(truth.shape)
