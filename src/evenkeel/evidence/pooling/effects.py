"""One effect and its sampling variance a study, on the scale on which they are pooled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenkeel.evidence.pooling.studies import (
    COUNTED,
    MEASURES,
    RATIOS,
    Array,
    Caution,
    EvidenceError,
    Study,
)

#: Standard errors further apart than this are a mistake, and beyond what double precision carries.
_FOLD = 1e4
VARIANCE_FORMULA = {
    "RR": "1/a - 1/n1 + 1/c - 1/n2 (log scale, delta method)",
    "OR": "1/a + 1/b + 1/c + 1/d (log scale, Woolf)",
    "RD": "p1(1-p1)/n1 + p2(1-p2)/n2",
    "MD": "sd1^2/n1 + sd2^2/n2 (variances not pooled)",
    "SMD": "LS: 1/n1 + 1/n2 + g^2/(2(n1+n2)), g by Hedges with the exact correction",
}


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects ``y`` with variances ``v``, shape (k,), of the studies that could be used."""

    measure: str
    studies: tuple[Study, ...]
    y: Array
    v: Array
    cautions: tuple[Caution, ...] = ()


def hedges_correction(m: float) -> float:
    """Exact factor that makes a standardized difference with m degrees of freedom unbiased.

    J(m) = gamma(m/2) / (sqrt(m/2) gamma((m-1)/2)). Hedges 1981, doi:10.3102/10769986006002107.
    """
    return math.exp(math.lgamma(m / 2) - math.lgamma((m - 1) / 2)) / math.sqrt(m / 2)


def effects(studies: Sequence[Study], measure: str) -> Effects:
    """Work out the effect of every study; log scale for RR and OR.

    0.5 is added to all four cells of a study with an empty cell, and to no other. Studies that say
    nothing of a ratio are left out with a caution: no event in either arm (RR, OR), or none but
    events (OR). Raises ``EvidenceError`` where the columns do not fit the measure, no study stays,
    or standard errors differ so much that they cannot be of one scale.
    """
    if measure not in MEASURES:
        raise EvidenceError(f"there is no measure {measure!r}; choose of {', '.join(MEASURES)}")
    kept: list[Study] = []
    pairs: list[tuple[float, float]] = []
    cautions: list[Caution] = []
    for study in studies:
        if study.counted != (measure in COUNTED):
            needs = "events1 and events2" if measure in COUNTED else "mean1, sd1, mean2 and sd2"
            raise EvidenceError(f"{measure} needs the columns {needs}")
        left_out = _silent(study, measure)
        if left_out:
            cautions.append(Caution("double_zero", study.name, left_out))
            continue
        kept.append(study)
        pairs.append(_one(study, measure))
    if not kept:
        raise EvidenceError(f"no study is left from which {measure} can be worked out")
    values = np.array(pairs, dtype=np.float64)
    least, most = (kept[int(i)].name for i in (values[:, 1].argmin(), values[:, 1].argmax()))
    if values[:, 1].max() > _FOLD**2 * values[:, 1].min():
        raise EvidenceError(
            f"the standard errors of {least} and {most} differ more than {_FOLD:,.0f} times: "
            "their numbers are not on one scale"
        )
    return Effects(measure, tuple(kept), values[:, 0], values[:, 1], tuple(cautions))


def cells(study: Study) -> tuple[float, float, float, float]:
    """Events and others in arm 1, events and others in arm 2."""
    a, c = float(study.events1 or 0), float(study.events2 or 0)
    return a, study.n1 - a, c, study.n2 - c


def _silent(study: Study, measure: str) -> str:
    if measure not in RATIOS:
        return ""
    a, b, c, d = cells(study)
    if a == c == 0:
        return f"{study.name} had no event in either arm and says nothing of {measure}: left out"
    if measure == "OR" and b == d == 0:
        return f"{study.name} had events in everybody of both arms, says nothing of OR: left out"
    return ""


def _one(study: Study, measure: str) -> tuple[float, float]:
    if measure in COUNTED:
        return _counted(study, measure)
    difference = study.mean1 - study.mean2
    if measure == "MD":
        return difference, study.sd1**2 / study.n1 + study.sd2**2 / study.n2
    m = study.n1 + study.n2 - 2
    pooled = ((study.n1 - 1) * study.sd1**2 + (study.n2 - 1) * study.sd2**2) / m
    g = hedges_correction(m) * difference / math.sqrt(pooled)
    return g, 1 / study.n1 + 1 / study.n2 + g**2 / (2 * (study.n1 + study.n2))


def _counted(study: Study, measure: str) -> tuple[float, float]:
    a, b, c, d = cells(study)
    if 0 in (a, b, c, d):
        a, b, c, d = a + 0.5, b + 0.5, c + 0.5, d + 0.5
    n1, n2 = a + b, c + d
    if measure == "OR":
        return math.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
    if measure == "RR":
        return math.log(a / n1) - math.log(c / n2), 1 / a - 1 / n1 + 1 / c - 1 / n2
    p1, p2 = a / n1, c / n2
    return p1 - p2, p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
