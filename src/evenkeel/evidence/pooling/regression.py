"""Whether a moderator explains the differences: mixed-effects regression and subgroups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenkeel.evidence.pooling.random import fit, ones, q_at, standard_error, tau2_by
from evenkeel.evidence.pooling.studies import Array, EvidenceError

_METHODS = ("FE", "DL", "PM", "REML")


@dataclass(frozen=True, slots=True)
class Regression:
    """Coefficients (intercept first) with standard errors, residual tau2 and Q, test of moderators.

    ``qm`` is Wald's chi-square of all but the intercept.
    """

    beta: Array
    se: Array
    tau2: float
    qe: float
    qm: float
    qm_p: float


def meta_regression(y: Array, v: Array, moderators: Array, method: str = "REML") -> Regression:
    """Regress effects (k,) on moderators (k, m) or (k,), with an intercept.

    van Houwelingen et al. 2002, doi:10.1002/sim.1040. Raises ``EvidenceError`` where there are
    too few studies.
    """
    from scipy.stats import chi2

    _known(method)
    k = len(y)
    x = np.column_stack([ones(k), np.asarray(moderators, dtype=np.float64).reshape(k, -1)])
    p = x.shape[1]
    if k <= p:
        raise EvidenceError(f"{p - 1} moderators need more than {p} studies, not {k}")
    if np.linalg.matrix_rank(x) < p:
        raise EvidenceError("the moderators cannot be told apart in these studies")
    tau2 = tau2_by(method, y, v, x)
    found = fit(y, v, x, tau2)
    rest, block = found.beta[1:], found.covariance[1:, 1:]
    qm = float(rest @ np.linalg.solve(block, rest))
    se = np.sqrt(np.diag(found.covariance))
    return Regression(found.beta, se, tau2, q_at(y, v, x, 0.0), qm, float(chi2.sf(qm, p - 1)))


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Each group's (name, k, estimate, se, tau2) and the test that they are the same."""

    groups: tuple[tuple[str, int, float, float, float], ...]
    q_between: float
    p: float


def subgroups(y: Array, v: Array, groups: Sequence[str], method: str = "REML") -> Subgroups:
    """Pool each group with a tau2 of its own and compare them by Q between groups.

    Borenstein and Higgins 2013, doi:10.1007/s11121-013-0377-7.
    """
    from scipy.stats import chi2

    _known(method)
    names = list(dict.fromkeys(groups))
    if len(names) < 2 or len(groups) != len(y):
        raise EvidenceError("subgroups need a group for every study, and at least two of them")
    found = []
    for name in names:
        mine = np.array([g == name for g in groups])
        x = ones(int(mine.sum()))
        tau2 = tau2_by(method, y[mine], v[mine], x)
        fitted = fit(y[mine], v[mine], x, tau2)
        found.append((name, len(x), float(fitted.beta[0]), standard_error(fitted), tau2))
    means = np.array([f[2] for f in found])
    q = q_at(means, np.array([f[3] ** 2 for f in found]), ones(len(found)), 0.0)
    return Subgroups(tuple(found), q, float(chi2.sf(q, len(found) - 1)))


def _known(method: str) -> None:
    if method not in _METHODS:
        raise EvidenceError(f"there is no method {method!r} here; choose of {', '.join(_METHODS)}")


def explained(tau2_without: float, tau2_with: float) -> float:
    """The share of tau2, in percent, that moderators account for; nan where there was none."""
    return 100 * max(0.0, 1 - tau2_with / tau2_without) if tau2_without > 0 else math.nan
