"""What the result rests on: one study left out, studies added one by one, small studies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenkeel.evidence.pooling.pool import Pooled, pool
from evenkeel.evidence.pooling.studies import Array, Caution, EvidenceError, Study


def leave_one_out(
    studies: Sequence[Study], measure: str, method: str, ci: str = "wald"
) -> list[Pooled]:
    """The pooled effect without each study in turn, in their order. Needs two studies."""
    if len(studies) < 2:
        raise EvidenceError("leaving one out needs at least two studies")
    return [
        pool([*studies[:i], *studies[i + 1 :]], measure, method, ci) for i in range(len(studies))
    ]


def cumulative(
    studies: Sequence[Study], measure: str, method: str, ci: str = "wald"
) -> list[Pooled]:
    """The pooled effect after the first study, the first two and so on; ``hk`` begins at two."""
    first = 2 if ci == "hk" else 1
    return [pool(studies[:i], measure, method, ci) for i in range(first, len(studies) + 1)]


@dataclass(frozen=True, slots=True)
class SmallStudies:
    """Egger's intercept with its standard error, t and p on k - 2 degrees of freedom."""

    intercept: float
    se: float
    t: float
    p: float
    cautions: tuple[Caution, ...]


def egger(y: Array, se: Array) -> SmallStudies:
    """Regression of y/se on 1/se; an intercept off 0 says small studies differ.

    Egger et al. 1997, doi:10.1136/bmj.315.7109.629. With fewer than ten studies it cannot tell
    chance from bias (Sterne et al. 2011, doi:10.1136/bmj.d4002), which a caution says. For OR and
    RR the effect and its standard error are related by themselves, so it may mislead there.
    """
    from scipy.stats import t as student

    k = len(y)
    if k < 3:
        raise EvidenceError("Egger's test needs at least three studies")
    x = np.column_stack([np.ones(k), 1 / se])
    if np.linalg.matrix_rank(x) < 2:
        raise EvidenceError("Egger's test needs studies of different size")
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ (y / se)
    rest = y / se - x @ beta
    spread = math.sqrt(float(rest @ rest) / (k - 2) * float(inverse[0, 0]))
    ratio = float(beta[0]) / spread if spread > 0 else math.inf
    few = Caution("few_for_small_study_test", "", f"only {k} studies: this test needs ten or more")
    p = float(2 * student.sf(abs(ratio), k - 2))
    return SmallStudies(float(beta[0]), spread, ratio, p, (few,) if k < 10 else ())
