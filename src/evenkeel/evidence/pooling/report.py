"""A pooled effect as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evenkeel.evidence.pooling.pool import PREDICTION_CONVENTION, Pooled
from evenkeel.evidence.pooling.studies import RATIOS, Caution


def as_data(result: Pooled, warnings: Sequence[Caution]) -> dict[str, Any]:
    """What ``--json`` prints.

    Ratios, their limits and each study's ``effect`` are on the natural scale; ``se``, ``tau2``
    and ``q`` belong to the log scale. ``i2`` and ``weight`` are percentages.
    """
    natural = result.natural
    predicted = result.predicted
    return {
        "measure": result.measure,
        "method": result.method,
        "ci": result.ci,
        "scale": "ratio; se and tau2 of its logarithm"
        if result.measure in RATIOS
        else "as entered"
        if result.measure in ("RD", "MD")
        else "standard deviations",
        "estimate": natural(result.estimate),
        "ci_low": natural(result.low),
        "ci_high": natural(result.high),
        "se": result.estimate_se,
        "p": result.p,
        "k": result.k,
        "n": result.n,
        "tau2": result.spread.tau2,
        "tau2_low": result.spread.tau2_low,
        "tau2_high": result.spread.tau2_high,
        "i2": result.spread.i2,
        "h2": result.spread.h2,
        "q": result.spread.q,
        "q_p": result.spread.q_p,
        "prediction_low": natural(predicted[0]) if predicted else None,
        "prediction_high": natural(predicted[1]) if predicted else None,
        "prediction_convention": PREDICTION_CONVENTION[result.ci] if predicted else None,
        "variance_formula": result.variance_formula,
        "studies": [
            {
                "study": study.name,
                "effect": natural(float(y)),
                "se": float(se),
                "weight": float(100 * weight),
            }
            for study, y, se, weight in zip(
                result.studies, result.y, result.se, result.weights, strict=True
            )
        ],
        "warnings": [{"code": w.code, "study": w.study, "message": w.message} for w in warnings],
    }
