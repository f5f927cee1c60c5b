"""What a forecast says a reading will show: the mixture of its people's reading likelihoods.

No noise is drawn: a reading of a vital sign is a mixture of normals, one a virtual person, a score
a mixture of ladders. The small floor of the likelihood (a reading that is not what it says) is left
out, as it is from the bands on the screen, so what is scored is what is shown.

The continuous ranked probability score is E|X - y| - E|X - X'| / 2 in the unit of the reading
(Gneiting and Raftery 2007, doi:10.1198/016214506000001437). Its second half is the integral of
F (1 - F), which the trapezoid rule on a grid of half a noise SD gives to rounding, as F is smooth
on the scale of the noise. On a ladder it is the ranked probability score, the sum of (F - step)^2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..effects.bounded import normal_cdf

Array = NDArray[np.float64]

#: Quantiles that are kept of what a reading was predicted to show.
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_REACH = 8.0
_PER_SD = 2.0
_MOST_POINTS = 4000
_NEWTON = 6
_ROOT_2_PI = float(np.sqrt(2.0 * np.pi))


@dataclass(frozen=True, eq=False)
class NormalMixture:
    """A reading around each person's true value ``means`` (N,) with one ``sd``; ``weights`` (N,).

    The weights sum to 1 and no mean is NaN.
    """

    means: Array
    weights: Array
    sd: float

    def at_most(self, value: float) -> float:
        """P(reading <= value)."""
        return float(self.weights @ normal_cdf((value - self.means) / self.sd))

    def below(self, value: float) -> float:
        """P(reading < value): the same, as no single value has a chance of its own."""
        return self.at_most(value)

    @cached_property
    def _grid(self) -> tuple[Array, Array]:
        """Points half a noise SD apart over all that has weight, and P(reading <= point)."""
        held = self.means[self.weights > 0.0]
        low, high = held.min() - _REACH * self.sd, held.max() + _REACH * self.sd
        count = min(_MOST_POINTS, int(np.ceil((high - low) * _PER_SD / self.sd)) + 1)
        points = np.linspace(low, high, count)
        return points, self._cdf(points)

    def _cdf(self, points: Array) -> Array:
        return normal_cdf((points[:, None] - self.means) / self.sd) @ self.weights

    def _density(self, points: Array) -> Array:
        z = (points[:, None] - self.means) / self.sd
        found: Array = np.exp(-0.5 * z * z) @ self.weights / (self.sd * _ROOT_2_PI)
        return found

    def quantiles(self, levels: tuple[float, ...] = LEVELS) -> tuple[float, ...]:
        """Values below which these shares of readings lie, to 1e-6 of the noise SD."""
        points, reached = self._grid
        wanted = np.asarray(levels)
        place = np.clip(np.searchsorted(reached, wanted), 1, len(points) - 1)
        low, high = points[place - 1], points[place]
        share = (wanted - reached[place - 1]) / np.maximum(
            reached[place] - reached[place - 1], 1e-300
        )
        found = low + np.clip(share, 0.0, 1.0) * (high - low)
        for _ in range(_NEWTON):
            off = self._cdf(found) - wanted
            # The bracket closes in, and a Newton step that leaves it is replaced by its middle.
            low, high = np.where(off < 0, found, low), np.where(off < 0, high, found)
            step = found - off / np.maximum(self._density(found), 1e-300)
            inside = (step >= low) & (step <= high)
            step = np.where(inside, step, 0.5 * (low + high))
            if np.abs(step - found).max() < 1e-7 * self.sd:
                found = step
                break
            found = step
        return tuple(float(one) for one in found)

    def crps(self, value: float) -> float:
        """The continuous ranked probability score of ``value``, in the unit of the reading."""
        z = (value - self.means) / self.sd
        density = np.exp(-0.5 * z * z) / _ROOT_2_PI
        away = self.sd * (2.0 * density + z * (2.0 * normal_cdf(z) - 1.0))
        points, reached = self._grid
        spread = float((reached * (1.0 - reached)).sum()) * float(points[1] - points[0])
        return float(self.weights @ away) - spread


@dataclass(frozen=True, eq=False)
class Ladder:
    """A whole-number score 0 to top: ``chances`` (top + 1,) sum to 1."""

    chances: Array

    @cached_property
    def _reached(self) -> Array:
        found: Array = np.minimum(np.cumsum(self.chances), 1.0)
        found[-1] = 1.0
        return found

    def at_most(self, value: float) -> float:
        """P(score <= value)."""
        step = int(np.floor(value))
        return 0.0 if step < 0 else float(self._reached[min(step, len(self.chances) - 1)])

    def below(self, value: float) -> float:
        """P(score < value)."""
        return self.at_most(np.ceil(value) - 1.0)

    def quantiles(self, levels: tuple[float, ...] = LEVELS) -> tuple[float, ...]:
        """The lowest step that at least these shares of scores do not exceed."""
        place = np.searchsorted(self._reached, np.asarray(levels) * (1.0 - 1e-12))
        return tuple(float(one) for one in place)

    def crps(self, value: float) -> float:
        """The ranked probability score of ``value``, in steps of the ladder."""
        steps = np.arange(len(self.chances)) >= value
        return float(np.square(self._reached - steps).sum())


Predictive = NormalMixture | Ladder
