"""The variance between studies, and the fit that goes with it, with or without moderators.

Every function takes effects ``y`` and variances ``v`` of shape (k,) and a design ``x`` of shape
(k, p), a column of ones where there is no moderator.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evenkeel.evidence.pooling import few
from evenkeel.evidence.pooling.studies import Array, EvidenceError

_STEPS = 200
_CLOSE = 1e-11


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients (p,), their covariance (p, p) and the weights (k,) under ``tau2``."""

    tau2: float
    beta: Array
    covariance: Array
    weights: Array


def ones(k: int) -> Array:
    """The design without moderators."""
    return np.ones((k, 1))


def fit(y: Array, v: Array, x: Array, tau2: float) -> Fit:
    """Weighted least squares with weights 1/(v + tau2)."""
    w = 1 / (v + tau2)
    if x.shape[1] == 1:
        # One coefficient needs no matrix; most poolings are of this kind, and there are many.
        column = x[:, 0]
        total = float(column @ (w * column))
        if not total > 0:
            raise EvidenceError("the moderators cannot be told apart in these studies")
        beta = np.array([float(column @ (w * y)) / total])
        return Fit(tau2, beta, np.array([[1 / total]]), w)
    try:
        covariance: Array = np.linalg.inv(x.T @ (w[:, None] * x)).astype(np.float64)
    except np.linalg.LinAlgError as error:
        raise EvidenceError("the moderators cannot be told apart in these studies") from error
    return Fit(tau2, covariance @ (x.T @ (w * y)), covariance, w)


def q_at(y: Array, v: Array, x: Array, tau2: float) -> float:
    """Generalized Q: weighted squares about the fit."""
    found = fit(y, v, x, tau2)
    return float(found.weights @ (y - x @ found.beta) ** 2)


def traces(found: Fit, x: Array) -> tuple[float, float]:
    """tr(P) and tr(PP) of P = W - WX(X'WX)^-1 X'W."""
    # P itself, not the sums it can be expanded into: those cancel where weights differ much.
    wx = found.weights[:, None] * x
    p = np.diag(found.weights) - wx @ found.covariance @ wx.T
    return float(np.trace(p)), float((p * p).sum())


def tau2_dl(y: Array, v: Array, x: Array) -> float:
    """DerSimonian and Laird: (Q - (k - p)) / tr(P), at least 0. doi:10.1016/0197-2456(86)90046-2"""
    k, p = x.shape
    if k <= p:
        return 0.0
    first, _ = traces(fit(y, v, x, 0.0), x)
    excess: float = q_at(y, v, x, 0.0) - (k - p)
    return max(0.0, excess / first)


def tau2_at_q(y: Array, v: Array, x: Array, target: float) -> float:
    """The tau2 at which Q falls to ``target``; 0 where it is lower from the start."""
    from scipy.optimize import brentq

    if q_at(y, v, x, 0.0) <= target:
        return 0.0
    high = max(float(v.max()), float(np.var(y)), 1e-12)
    while q_at(y, v, x, high) > target:
        high *= 4
    return float(
        brentq(lambda t: q_at(y, v, x, t) - target, 0.0, high, xtol=1e-14 * high, rtol=1e-13)
    )


def tau2_pm(y: Array, v: Array, x: Array) -> float:
    """Paule and Mandel: Q(tau2) = k - p. doi:10.6028/jres.087.022"""
    k, p = x.shape
    return tau2_at_q(y, v, x, float(k - p)) if k > p else 0.0


def restricted_likelihood(y: Array, v: Array, x: Array, tau2: float) -> float:
    """Log restricted likelihood up to a constant."""
    found = fit(y, v, x, tau2)
    squares = float(found.weights @ (y - x @ found.beta) ** 2)
    if x.shape[1] == 1:
        size = math.log(found.covariance[0, 0])
    else:
        size = float(np.linalg.slogdet(found.covariance)[1])
    return float(0.5 * (np.log(found.weights).sum() + size - squares))


def tau2_reml(y: Array, v: Array, x: Array) -> float:
    """REML by Fisher scoring from DL, step (y'PPy - tr P)/tr(PP), never below 0.

    A step that lowers the likelihood is halved. Viechtbauer 2005, doi:10.3102/10769986030003261.
    The likelihood may have a second peak, so the start at 0 is tried as well.
    """
    if x.shape[0] <= x.shape[1]:
        return 0.0
    starts = dict.fromkeys((tau2_dl(y, v, x), 0.0, float(np.var(y, ddof=1))))
    height, step = _landscape(y, v, x)
    ends = [_climb(height, step, float(v.min()), start) for start in starts]
    return max(ends, key=height)


def _landscape(
    y: Array, v: Array, x: Array
) -> tuple[Callable[[float], float], Callable[[float], float | None]]:
    """The likelihood and the step of Fisher scoring, each as a function of tau2."""
    if x.shape[1] == 1 and len(y) <= few.MOST and bool((x == 1).all()):
        one, two = y.tolist(), v.tolist()
        return (
            lambda tau2: few.likelihood(one, two, tau2),
            lambda tau2: few.step(one, two, tau2),
        )

    def step(tau2: float) -> float | None:
        found = fit(y, v, x, tau2)
        py = found.weights * (y - x @ found.beta)
        first, second = traces(found, x)
        return (float(py @ py) - first) / second if second > 0 else None

    return lambda tau2: restricted_likelihood(y, v, x, tau2), step


def _climb(
    likelihood: Callable[[float], float],
    step_from: Callable[[float], float | None],
    least: float,
    tau2: float,
) -> float:
    height = likelihood(tau2)
    for _ in range(_STEPS):
        step = step_from(tau2)
        if step is None:
            return tau2
        for _ in range(60):
            after = max(0.0, tau2 + step)
            new = likelihood(after)
            if new >= height - 1e-13 * (1 + abs(height)):
                break
            step /= 2
        else:
            return tau2
        moved = abs(after - tau2)
        tau2, height = after, new
        if moved <= _CLOSE * (tau2 + least):
            break
    return tau2


def tau2_by(method: str, y: Array, v: Array, x: Array) -> float:
    """tau2 by DL, PM or REML; 0 for FE."""
    if method == "FE":
        return 0.0
    return {"DL": tau2_dl, "PM": tau2_pm, "REML": tau2_reml}[method](y, v, x)


def standard_error(found: Fit) -> float:
    """Of the first coefficient."""
    return math.sqrt(float(found.covariance[0, 0]))
