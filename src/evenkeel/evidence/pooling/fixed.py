"""One common effect: inverse variance, Mantel-Haenszel, Peto."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenkeel.evidence.pooling.effects import Effects, cells
from evenkeel.evidence.pooling.studies import Array, EvidenceError, Study


@dataclass(frozen=True, slots=True)
class Common:
    """A pooled effect on the scale of pooling, its standard error, weights (sum 1) and Q."""

    estimate: float
    se: float
    weights: Array
    q: float


def inverse_variance(y: Array, v: Array) -> Common:
    """Mean of ``y`` with weights 1/v, standard error 1/sqrt(sum of weights)."""
    w = 1 / v
    mean = float(w @ y / w.sum())
    return Common(mean, float(1 / math.sqrt(w.sum())), w / w.sum(), float(w @ (y - mean) ** 2))


def mantel_haenszel(found: Effects) -> Common:
    """Mantel-Haenszel pooled log OR, log RR or RD, without continuity correction.

    Variances: OR Robins, Breslow and Greenland 1986, doi:10.2307/2531052; RR and RD Greenland and
    Robins 1985, doi:10.2307/2530643. Q is taken about this estimate with inverse-variance weights.
    """
    a, b, c, d = _columns(found.studies)
    n1, n2 = a + b, c + d
    n = n1 + n2
    if found.measure == "OR":
        r, s = a * d / n, b * c / n
        _positive(r.sum(), s.sum())
        estimate = math.log(r.sum() / s.sum())
        p, q = (a + d) / n, (b + c) / n
        variance = (
            (p * r).sum() / (2 * r.sum() ** 2)
            + (p * s + q * r).sum() / (2 * r.sum() * s.sum())
            + (q * s).sum() / (2 * s.sum() ** 2)
        )
        w = s
    elif found.measure == "RR":
        r, s = a * n2 / n, c * n1 / n
        _positive(r.sum(), s.sum())
        estimate = math.log(r.sum() / s.sum())
        variance = ((n1 * n2 * (a + c) - a * c * n) / n**2).sum() / (r.sum() * s.sum())
        w = s
    elif found.measure == "RD":
        w = n1 * n2 / n
        estimate = float((w * (a / n1 - c / n2)).sum() / w.sum())
        variance = ((a * b * n2**3 + c * d * n1**3) / (n1 * n2 * n**2)).sum() / w.sum() ** 2
    else:
        raise EvidenceError(f"MH pools RR, OR and RD, not {found.measure}")
    if not variance > 0:
        raise EvidenceError("MH has no variance here: no study holds both events and non-events")
    q_total = float(((found.y - estimate) ** 2 / found.v).sum())
    return Common(float(estimate), math.sqrt(variance), w / w.sum(), q_total)


def peto(found: Effects) -> tuple[Common, Array, Array]:
    """Peto's one-step log OR; also each study's own effect and variance, shape (k,).

    (O - E)/V a study, V hypergeometric. Yusuf et al. 1985, doi:10.1016/S0033-0620(85)80003-7.
    """
    if found.measure != "OR":
        raise EvidenceError(f"PETO pools OR, not {found.measure}")
    a, b, c, d = _columns(found.studies)
    n1, n2, m1, m2 = a + b, c + d, a + c, b + d
    n = n1 + n2
    v = n1 * n2 * m1 * m2 / (n**2 * (n - 1))
    y = (a - n1 * m1 / n) / v
    return inverse_variance(y, 1 / v), y, 1 / v


def _columns(studies: Sequence[Study]) -> tuple[Array, Array, Array, Array]:
    table = np.array([cells(s) for s in studies], dtype=np.float64)
    return table[:, 0], table[:, 1], table[:, 2], table[:, 3]


def _positive(above: float, below: float) -> None:
    if not (above > 0 and below > 0):
        raise EvidenceError("MH gives no ratio here: all the events are in the same arm")
