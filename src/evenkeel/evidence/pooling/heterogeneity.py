"""How far studies differ by more than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evenkeel.evidence.pooling.intervals import Interval
from evenkeel.evidence.pooling.random import fit, ones, tau2_at_q, traces
from evenkeel.evidence.pooling.studies import Array


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Cochran's Q with p, I2 in percent, H2, tau2 with a 95 % interval where there is one."""

    q: float
    q_p: float | None
    i2: float
    h2: float
    tau2: float
    tau2_low: float | None = None
    tau2_high: float | None = None


def of_common(q: float, k: int) -> Heterogeneity:
    """From Q alone: I2 = (Q - df)/Q. Higgins and Thompson 2002, doi:10.1002/sim.1186"""
    if k < 2:
        return Heterogeneity(q, None, 0.0, 1.0, 0.0)
    i2 = 100 * max(0.0, (q - (k - 1)) / q) if q > 0 else 0.0
    return Heterogeneity(q, _tail(q, k - 1), i2, q / (k - 1), 0.0)


def of_random(y: Array, v: Array, tau2: float, q: float) -> Heterogeneity:
    """I2 = tau2 / (tau2 + typical variance), H2 = tau2 / typical variance + 1, tau2 by Q-profile.

    The typical variance is (k - 1)/tr(P) at tau2 = 0. Q-profile: Viechtbauer 2007,
    doi:10.1002/sim.2514.
    """
    from scipy.stats import chi2

    k = len(y)
    if k < 2:
        return of_common(q, k)
    x = ones(k)
    typical = (k - 1) / traces(fit(y, v, x, 0.0), x)[0]
    low = tau2_at_q(y, v, x, float(chi2.ppf(0.975, k - 1)))
    high = tau2_at_q(y, v, x, float(chi2.ppf(0.025, k - 1)))
    i2 = 100 * tau2 / (tau2 + typical)
    return Heterogeneity(q, _tail(q, k - 1), i2, tau2 / typical + 1, tau2, low, high)


def prediction(estimate: float, interval: Interval, tau2: float) -> tuple[float, float]:
    """Where the true effect of a further study lies, 95 %.

    Estimate +- quantile * sqrt(se^2 + tau2) with the quantile and standard error of the interval:
    normal for Wald, t with k - 1 degrees of freedom for Hartung-Knapp, as metafor does. (Others
    take t with k - 2: Higgins et al. 2009, doi:10.1111/j.1467-985X.2008.00552.x.)
    """
    half = interval.quantile * math.sqrt(interval.se**2 + tau2)
    return estimate - half, estimate + half


def _tail(q: float, df: int) -> float:
    from scipy.stats import chi2

    return float(chi2.sf(q, df))
