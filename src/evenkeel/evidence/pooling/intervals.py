"""Intervals of a pooled effect: Wald, and Hartung-Knapp with a floor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from evenkeel.evidence.pooling.random import Fit, standard_error
from evenkeel.evidence.pooling.studies import Array, EvidenceError


@dataclass(frozen=True, slots=True)
class Interval:
    """95 % limits, two-sided p, the standard error used and the quantile it was multiplied by."""

    low: float
    high: float
    p: float
    se: float
    quantile: float


@cache
def _normal_quantile() -> float:
    from scipy.stats import norm

    return float(norm.ppf(0.975))


@cache
def _t_quantile(df: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, df))


def wald(estimate: float, se: float) -> Interval:
    """Estimate +- 1.96 se, p from the normal distribution."""
    from scipy.stats import norm

    z = _normal_quantile()
    p = float(2 * norm.sf(abs(estimate) / se))
    return Interval(estimate - z * se, estimate + z * se, p, se, z)


def hartung_knapp(y: Array, found: Fit) -> Interval:
    """Hartung-Knapp without moderators: se sqrt(max(1, q)), t with k - 1 degrees of freedom.

    q is the weighted mean square of ``y`` about the estimate. The floor of 1 keeps the interval
    from becoming shorter than Wald's where the studies agree by chance. Hartung and Knapp 2001,
    doi:10.1002/sim.791; the floor, Roever et al. 2015, doi:10.1186/s12874-015-0091-1.
    """
    from scipy.stats import t

    k = len(y)
    if k < 2:
        raise EvidenceError("hk needs at least two studies")
    estimate = float(found.beta[0])
    q = float(found.weights @ (y - estimate) ** 2) / (k - 1)
    se = standard_error(found) * math.sqrt(max(1.0, q))
    quantile = _t_quantile(k - 1)
    p = float(2 * t.sf(abs(estimate) / se, k - 1))
    return Interval(estimate - quantile * se, estimate + quantile * se, p, se, quantile)
