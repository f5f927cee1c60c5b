"""Sedation on the MOAA/S scale, 5 (alert) to 0 (no response), as proportional odds.

P(MOAA/S <= k) = x/(x + c_k) with x = (level/C50)^g: a logistic in log concentration, so that no
drug gives no sedation. Half of people of typical sensitivity are below 5 at C50; the thresholds of
deeper levels are spaced evenly in log concentration up to loss of consciousness.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .chunks import row_slices
from .dissociation import powered
from .errors import EffectsError
from .parameters import AcuteModel
from .people import AcutePerson

Array = NDArray[np.float64]
ALERT = 5


@dataclass(frozen=True)
class Sedation:
    """The odds (N, T) of MOAA/S below 5; everything else follows."""

    odds: Array
    person: AcutePerson

    def probability_at_most(self, level: int) -> Array:
        """P(MOAA/S <= level) (N, T); level 5 is 1. Raises EffectsError off the scale 0 to 5."""
        if not 0 <= level <= ALERT:
            raise EffectsError(f"MOAA/S is 0 to 5, not {level}")
        if level == ALERT:
            return np.ones_like(self.odds)
        ratio = self.odds + sedation_thresholds(self.person.model)[level]
        np.divide(self.odds, ratio, out=ratio)
        return ratio

    def probability_sedated(self) -> Array:
        """P(MOAA/S < 5) (N, T)."""
        return self.probability_at_most(4)

    def probability_moderate(self) -> Array:
        """P(MOAA/S <= 3) (N, T): moderate or deeper."""
        return self.probability_at_most(3)

    def probability_unresponsive(self) -> Array:
        """P(MOAA/S = 0) (N, T): loss of consciousness."""
        return self.probability_at_most(0)

    def probabilities(self) -> Array:
        """P(MOAA/S = k) as (N, T, 6), k from 0 to 5; sums to 1."""
        at_most = np.stack([self.probability_at_most(level) for level in range(6)], axis=-1)
        at_most[..., 1:] -= at_most[..., :-1].copy()
        return at_most

    def score(self) -> Array:
        """Expected MOAA/S (N, T)."""
        expected = np.full(self.odds.shape, float(ALERT))
        thresholds = sedation_thresholds(self.person.model)
        for rows in row_slices(*self.odds.shape):
            odds, score = self.odds[rows], expected[rows]
            for threshold in thresholds:
                share = odds + threshold
                np.divide(odds, share, out=share)
                score -= share
        return expected


def sedation(site: Array, person: AcutePerson) -> Sedation:
    """Sedation of N people at T times from the filter `site_sedation` (N, T) in ng/mL."""
    hill = person.model["sedation_hill"]
    odds = np.empty(site.shape)
    for rows in row_slices(*site.shape):
        level = np.maximum(site[rows], 0.0)
        level /= person.sedation_c50_ng_ml[rows, None]
        odds[rows] = powered(level, hill)
    return Sedation(odds, person)


def sedation_thresholds(model: AcuteModel) -> tuple[float, ...]:
    """c_k of MOAA/S <= k for k = 0 to 4: the odds (relative to those of C50) at one half."""
    ratio = model["sedation_c50_zero_ng_ml"] / model["sedation_c50_below5_ng_ml"]
    power = model["sedation_hill"]
    return tuple(float(ratio ** (power * (4 - level) / 4)) for level in range(5))
