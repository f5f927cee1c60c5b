"""Dissociation from the effect site: H = S^g/(C50^g + S^g), falling over sessions and within one.

C50 and its drive by the parent alone: Simons 2022 (S-ketamine film, sigmoid Emax with effect
site). Tolerance within a session: a slower site on the same input raises C50 (assumed form).
Scores are bounded whole numbers over a latent normal; external perception moves more than
internal, and internal more than anxiety (Bowdle 1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .bounded import BoundedInteger, bounded_integer
from .chunks import row_slices
from .errors import EffectsError
from .parameters import AcuteModel
from .people import AcutePerson

Array = NDArray[np.float64]
Scale = Literal["external", "internal", "anxiety"]
CADSS_TOP = 92
SCORE_TOP = 10


@dataclass(frozen=True)
class Dissociation:
    """The drug term H*h (N, T), 0 to 1, of N people; scores are worked out when asked."""

    drug: Array
    person: AcutePerson

    def cadss_latent(self) -> Array:
        """Latent mean (N, T) of the CADSS."""
        return self._latent("cadss")

    def score_latent(self) -> Array:
        """Latent mean (N, T) of the 0 to 10 score."""
        return self._latent("score")

    def cadss(self) -> Array:
        """Expected CADSS total (N, T), 0 to 92."""
        return self._mean(cadss_scale(self.person.model), "cadss", self.person.cadss_intercept)

    def score(self) -> Array:
        """Expected dissociation score (N, T), 0 to 10."""
        return self._mean(score_scale(self.person.model), "score", self.person.score_intercept)

    def probability_cadss_above(self, points: int = 4) -> Array:
        """P(CADSS reading > points) (N, T); above 4 is the usual sign of dissociation."""
        scale = cadss_scale(self.person.model)
        return scale.probability_at_least(self.cadss_latent(), points + 1)

    def percent_of_maximum(self, scale: Scale) -> Array:
        """Expected share of the scale's maximum in percent (N, T), as a 0 to 100 rating."""
        rating = bounded_integer(100, self.person.model["score_residual_sd"])
        return self._mean(rating, scale, self.person.score_intercept)

    def _mean(self, scale: BoundedInteger, name: str, intercept: Array) -> Array:
        slope = self.person.model[f"{name}_slope"]
        found = np.empty_like(self.drug)
        for rows in row_slices(*self.drug.shape):
            latent = np.multiply(self.drug[rows], slope, out=found[rows])
            latent += intercept[rows, None]
            scale.mean_into(latent)
        return found

    def _latent(self, kind: Literal["cadss", "score"]) -> Array:
        latent = self.drug * self.person.model[f"{kind}_slope"]
        latent += getattr(self.person, f"{kind}_intercept")[:, None]
        return latent


def dissociation(
    site: Array,
    person: AcutePerson,
    session_number: ArrayLike = 1,
    *,
    tolerance_site: Array | None = None,
) -> Dissociation:
    """Dissociation of N people at T times.

    `site` and `tolerance_site` (N, T) are the filters `site_dissociation` and `site_tolerance` in
    ng/mL of S-ketamine equivalents; without the second there is no tolerance within a session.
    `session_number` counts from 1: one number, or (T,) for a course.
    Raises EffectsError for a session number below 1.
    """
    model = person.model
    hill, per_ng_ml = model["dissociation_hill"], model["tolerance_c50_per_ng_ml"]
    factor = session_factor(session_number, model)
    drug = np.empty(site.shape)
    for rows in row_slices(*site.shape):
        level = np.maximum(site[rows], 0.0)
        c50 = person.dissociation_c50_ng_ml[rows, None]
        if tolerance_site is None:
            level /= c50
        else:
            growth = np.maximum(tolerance_site[rows], 0.0)
            growth *= per_ng_ml * c50
            growth += c50
            level /= growth
        level = powered(level, hill)
        np.divide(level, 1.0 + level, out=drug[rows])
        if not (factor.ndim == 0 and factor == 1.0):
            drug[rows] *= factor
    return Dissociation(drug, person)


def session_factor(session_number: ArrayLike, model: AcuteModel) -> Array:
    """h of a session: 1 for the first, the later factor from the second on (scalar or (T,))."""
    number = np.asarray(session_number)
    if np.any(number < 1):
        raise EffectsError("sessions are counted from 1")
    return np.asarray(np.where(number < 2, 1.0, model["session_factor_later"]))


def cadss_scale(model: AcuteModel) -> BoundedInteger:
    """The CADSS total as a bounded whole number, 0 to 92."""
    return bounded_integer(CADSS_TOP, model["cadss_residual_sd"])


def score_scale(model: AcuteModel) -> BoundedInteger:
    """The dissociation score as a bounded whole number, 0 to 10."""
    return bounded_integer(SCORE_TOP, model["score_residual_sd"])


def powered(x: Array, exponent: float) -> Array:
    """x**exponent for x >= 0, without a power where the exponent is 1, 1.5, 2 or 4."""
    if exponent == 1.0:
        return x
    if exponent == 1.5:
        return np.asarray(x * np.sqrt(x))
    if exponent == 2.0:
        return np.asarray(x * x)
    if exponent == 4.0:
        square = x * x
        square *= square
        return np.asarray(square)
    return np.asarray(x**exponent)
