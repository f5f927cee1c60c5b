"""REML of a plain mean over few studies, in floats: arrays this short cost more than they save."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: Up to here plain floats are quicker than arrays.
MOST = 30


def likelihood(y: Sequence[float], v: Sequence[float], tau2: float) -> float:
    """Log restricted likelihood up to a constant, as ``random.restricted_likelihood``."""
    w = [1 / (variance + tau2) for variance in v]
    total = sum(w)
    mean = sum(a * b for a, b in zip(w, y, strict=True)) / total
    squares = sum(a * (b - mean) ** 2 for a, b in zip(w, y, strict=True))
    return 0.5 * (sum(map(math.log, w)) - math.log(total) - squares)


def step(y: Sequence[float], v: Sequence[float], tau2: float) -> float | None:
    """The step of Fisher scoring from ``tau2``; None where there is no curvature to go by.

    P_ii = w_i (W - w_i)/W and P_ij = -w_i w_j/W; W - w_i is summed over the others, lest it
    cancel where weights differ much.
    """
    w = [1 / (variance + tau2) for variance in v]
    total = sum(w)
    mean = sum(a * b for a, b in zip(w, y, strict=True)) / total
    first = second = squares = 0.0
    for i, mine in enumerate(w):
        others = w[:i] + w[i + 1 :]
        diagonal = mine * sum(others) / total
        first += diagonal
        second += diagonal**2 + sum((mine * other / total) ** 2 for other in others)
        squares += (mine * (y[i] - mean)) ** 2
    return (squares - first) / second if second > 0 else None
