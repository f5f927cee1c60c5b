"""Studies in, one pooled effect out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evenkeel.evidence.pooling import fixed, heterogeneity, intervals
from evenkeel.evidence.pooling.effects import VARIANCE_FORMULA, Effects, effects
from evenkeel.evidence.pooling.heterogeneity import Heterogeneity
from evenkeel.evidence.pooling.random import fit, ones, q_at, standard_error, tau2_by
from evenkeel.evidence.pooling.studies import (
    INTERVALS,
    METHODS,
    RATIOS,
    Array,
    Caution,
    EvidenceError,
    Study,
)

PREDICTION_CONVENTION = {"wald": "normal quantile", "hk": "t with k - 1 degrees of freedom"}


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled effect. ``estimate``, its limits and ``y`` are on the scale of pooling (log)."""

    measure: str
    method: str
    ci: str
    studies: tuple[Study, ...]
    y: Array
    se: Array
    weights: Array
    estimate: float
    estimate_se: float
    low: float
    high: float
    p: float
    spread: Heterogeneity
    predicted: tuple[float, float] | None
    variance_formula: str
    cautions: tuple[Caution, ...]

    @property
    def k(self) -> int:
        """How many studies."""
        return len(self.studies)

    @property
    def n(self) -> int:
        """How many people."""
        return sum(s.n1 + s.n2 for s in self.studies)

    @property
    def significant(self) -> bool:
        """Whether the interval leaves out no effect."""
        return self.low > 0 or self.high < 0

    def natural(self, value: float) -> float:
        """From the scale of pooling to that of the reader."""
        return math.exp(min(value, 700.0)) if self.measure in RATIOS else value


def pool(
    studies: Sequence[Study], measure: str = "SMD", method: str = "REML", ci: str = "wald"
) -> Pooled:
    """Pool the studies. Raises ``EvidenceError`` where they do not fit the measure or method."""
    if method not in METHODS:
        raise EvidenceError(f"there is no method {method!r}; choose of {', '.join(METHODS)}")
    if ci not in INTERVALS:
        raise EvidenceError(f"there is no interval {ci!r}; choose of {', '.join(INTERVALS)}")
    return pool_effects(effects(studies, measure), method, ci)


def pool_effects(found: Effects, method: str, ci: str) -> Pooled:
    """Pool effects that have been worked out."""
    formula = VARIANCE_FORMULA[found.measure]
    if method in ("MH", "PETO"):
        if ci == "hk":
            raise EvidenceError(f"hk goes with FE, DL, PM or REML, not with {method}")
        if method == "MH":
            common = fixed.mantel_haenszel(found)
            pooled_by = "Robins-Breslow-Greenland" if found.measure == "OR" else "Greenland-Robins"
            formula = f"{formula}; of the pooled effect: {pooled_by}"
        else:
            common, y, v = fixed.peto(found)
            found = replace(found, y=y, v=v)
            formula = "n1 n2 m1 m2 / (N^2 (N-1)), hypergeometric; its inverse (log scale, Peto)"
        estimate, weights = common.estimate, common.weights
        interval = intervals.wald(estimate, common.se)
        spread = heterogeneity.of_common(common.q, len(found.y))
        predicted = None
    else:
        x = ones(len(found.y))
        tau2 = tau2_by(method, found.y, found.v, x)
        fitted = fit(found.y, found.v, x, tau2)
        estimate, weights = float(fitted.beta[0]), fitted.weights / fitted.weights.sum()
        if ci == "hk":
            interval = intervals.hartung_knapp(found.y, fitted)
        else:
            interval = intervals.wald(estimate, standard_error(fitted))
        q = q_at(found.y, found.v, x, 0.0)
        if method == "FE":
            spread, predicted = heterogeneity.of_common(q, len(found.y)), None
        else:
            spread = heterogeneity.of_random(found.y, found.v, tau2, q)
            predicted = heterogeneity.prediction(estimate, interval, tau2)
            predicted = predicted if len(found.y) > 1 else None
    return Pooled(
        measure=found.measure,
        method=method,
        ci=ci,
        studies=found.studies,
        y=found.y,
        se=found.v**0.5,
        weights=weights,
        estimate=estimate,
        estimate_se=interval.se,
        low=interval.low,
        high=interval.high,
        p=interval.p,
        spread=spread,
        predicted=predicted,
        variance_formula=formula,
        cautions=found.cautions,
    )
