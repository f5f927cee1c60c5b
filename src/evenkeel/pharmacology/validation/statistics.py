"""Fold errors and the share inside the bands, by their published formulas.

Average fold error: 10 to the mean of log10(predicted / observed); above 1 the model predicts too
much. Geometric mean fold error: the same with the absolute value of each logarithm; 1.35 means
wrong by 35 % one way or the other. Both are common in judging pharmacokinetic predictions
(Obach RS et al. J Pharmacol Exp Ther 1997;283(1):46-58). The
share has the exact binomial interval of Clopper and Pearson (Biometrika
1934;26(4):404-413; doi:10.1093/biomet/26.4.404).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence


def average_fold_error(ratios: Sequence[float]) -> float:
    """Of ratios predicted / observed, all above zero; NaN of none."""
    if not ratios:
        return math.nan
    return math.exp(math.fsum(map(math.log, ratios)) / len(ratios))


def geometric_mean_fold_error(ratios: Sequence[float]) -> float:
    """Of ratios predicted / observed, all above zero; NaN of none."""
    return average_fold_error([max(ratio, 1.0 / ratio) for ratio in ratios])


def fold(predicted: float, observed: float) -> float | None:
    """predicted / observed; None where a fold means nothing: a zero, or signs that differ."""
    return predicted / observed if predicted * observed > 0 else None


def exact_interval(inside: int, of: int, level: float = 0.95) -> tuple[float, float]:
    """The exact binomial interval of a share ``inside / of`` (Clopper and Pearson).

    The ends are the shares at which so many or more, and so few or fewer, have a probability of
    half of what the level leaves. Raises ``ValueError`` unless 0 <= inside <= of and of > 0.
    """
    if not 0 <= inside <= of or of < 1:
        raise ValueError(f"{inside} of {of} is no share")
    tail = (1.0 - level) / 2.0
    low = 0.0 if inside == 0 else _root(lambda p: 1.0 - _at_most(inside - 1, of, p), tail)
    high = 1.0 if inside == of else _root(lambda p: 1.0 - _at_most(inside, of, p), 1.0 - tail)
    return low, high


def _at_most(k: int, n: int, p: float) -> float:
    if p in (0.0, 1.0):
        return 1.0 if p == 0.0 or k >= n else 0.0
    # By logarithms: of a thousand rows the number of ways is no float any more.
    yes, no, ways = math.log(p), math.log1p(-p), math.lgamma(n + 1)
    return math.fsum(
        math.exp(ways - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * yes + (n - i) * no)
        for i in range(k + 1)
    )


def _root(rising: Callable[[float], float], value: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return (low + high) / 2.0
