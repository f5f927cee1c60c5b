"""What lies behind a bend: states with a memory, driven by a curved function of the blood level.

A ``Bend`` is a static curve of a weighted sum of the linear outputs (or of an earlier stage). A
``Delay`` is a first-order filter of an earlier stage, a ``Growth`` a state that saturates at 1. All
stages stand in the order in which they depend on each other.

Between two events the time is cut into panels (``plan.ladder``). In each, what drives a stage is
interpolated by a polynomial of degree 4 through five equally spaced exact values, and the stage's
own decay is integrated exactly against it: order 5 in the panel's length. A ``Growth`` takes an
integrating-factor step with three Gauss points in each quarter of a panel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .plan import DEGREE

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """u**power / (half**power + u**power), u >= 0 being the weighted sum of ``inputs``.

    With ``fall`` the curve comes down again: times 1 / (1 + (u / fall)**fall_power). ``half`` and
    ``fall`` are one value or (n,); powers are the same for everybody. ``typical_half`` is the
    typical person's; where ``half`` varies it must be given for levels far past it to be exact.
    """

    name: str
    inputs: Mapping[str, float]
    half: Array | float
    power: float = 1.0
    fall: Array | float | None = None
    fall_power: float = 8.0
    typical_half: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Delay:
    """y' = rate (u - y), from y = 0; u is the earlier stage ``input``. Rate in 1/h, one or (n,)."""

    name: str
    input: str
    rate_per_h: Array | float


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """y' = gain u (1 - y) - loss y, from y = 0; u is an earlier stage. Both in 1/h, one or (n,)."""

    name: str
    input: str
    gain_per_h: Array | float
    loss_per_h: Array | float


Stage = Bend | Delay | Growth

#: Places of the five values in a panel, as shares of its length.
NODES = np.arange(DEGREE + 1) / DEGREE
#: (5, 5): coefficients of the interpolating polynomial (in the share of the panel) from the values.
COEFFICIENTS = np.linalg.inv(np.vander(NODES, increasing=True))
#: Gauss-Legendre points and weights on 0..1, exact to degree 5.
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(3)
GAUSS_POINTS = (_POINTS + 1.0) / 2.0
GAUSS_WEIGHTS = _WEIGHTS / 2.0
#: A growth whose exponent over a quarter of a panel is larger, and whose gain has any part in that,
#: goes through it in as many equal steps as keep it below: three points follow no steeper fall.
STEEP, GAINS = 1.0, 1e-5
#: No more steps than this; a growth so fast has long arrived.
MOST_STEPS = 512


def _powers(at: Array) -> Array:
    return np.vander(np.atleast_1d(at), DEGREE + 1, increasing=True)


def _integrals(low: Array, high: Array) -> Array:
    """Integrals of the monomials from low to high, in shares of the panel: (len, 5)."""
    orders = np.arange(1, DEGREE + 2)
    spans: Array = np.atleast_1d(high)[:, None] ** orders - np.atleast_1d(low)[:, None] ** orders
    return spans / orders


def quarter_weights() -> tuple[Array, Array, Array]:
    """For each quarter of a panel, from the five values: the values at its Gauss points (4, 3, 5),
    the integrals from each point to the quarter's end (4, 3, 5) and over the quarter (4, 5).
    """
    values, to_end, whole = [], [], []
    for quarter in range(DEGREE):
        start, end = NODES[quarter], NODES[quarter + 1]
        points = start + (end - start) * GAUSS_POINTS
        values.append(_powers(points) @ COEFFICIENTS)
        to_end.append(_integrals(points, np.full(3, end)) @ COEFFICIENTS)
        whole.append((_integrals(np.array([start]), np.array([end])) @ COEFFICIENTS)[0])
    return np.array(values), np.array(to_end), np.array(whole)
