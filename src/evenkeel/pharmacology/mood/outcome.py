"""From improvement to what is read: the MADRS from 0 to 60, the PHQ-9 beside it, who is better.

The MADRS of one person at one time is baseline - improvement * sensitivity + drift + error, held
between 0 and 60. ``expected_outcome`` gives what an arm of a trial would report, by quadrature over
people, without drawing any.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from .parameters import MoodParameters, load_mood

Array = NDArray[np.float64]

MADRS_TOP, PHQ9_TOP = 60.0, 27.0
PHQ9_NOTE = (
    "Linked to the MADRS by a line from older adults with treatment-resistant depression; meant "
    "for groups. The PHQ-9 asks about two weeks and follows a quick change late."
)
_SENSITIVITY_NODES, _BASELINE_NODES = 21, 5


@dataclass(frozen=True, eq=False)
class ArmOutcome:
    """What an arm reports: mean fall of the MADRS (points) and two shares, each (...,)."""

    mean_fall_points: Array
    response_share: Array
    remission_share: Array


def bounded(madrs: Array) -> Array:
    """Held between 0 and 60."""
    found: Array = np.clip(madrs, 0.0, MADRS_TOP)
    return found


def phq9_from_madrs(madrs: Array, parameters: MoodParameters | None = None) -> Array:
    """The PHQ-9 that goes with a MADRS, 0 to 27, of any shape (see ``PHQ9_NOTE``)."""
    known = parameters or load_mood()
    line = known.value("outcome", "phq9_intercept") + known.value("outcome", "phq9_slope") * madrs
    found: Array = np.clip(line, 0.0, PHQ9_TOP)
    return found


def responded(
    score: Array, baseline: Array, parameters: MoodParameters | None = None
) -> NDArray[np.bool_]:
    """Whether a score fell by half or more. Shapes broadcast."""
    share = (parameters or load_mood()).value("outcome", "response_share")
    found: NDArray[np.bool_] = np.asarray(score) <= (1.0 - share) * np.asarray(baseline)
    return found


def remitted(
    madrs: Array, cutoff: float | None = None, parameters: MoodParameters | None = None
) -> NDArray[np.bool_]:
    """Whether the MADRS is in remission: 10 or less unless a trial's own ``cutoff`` is given."""
    known = parameters or load_mood()
    limit = known.value("outcome", "remission_madrs") if cutoff is None else cutoff
    found: NDArray[np.bool_] = np.asarray(madrs) <= limit
    return found


def remitted_phq9(phq9: Array, parameters: MoodParameters | None = None) -> NDArray[np.bool_]:
    """Whether the PHQ-9 is in remission: below 5."""
    limit = (parameters or load_mood()).value("outcome", "remission_phq9")
    found: NDArray[np.bool_] = np.asarray(phq9) < limit
    return found


def expected_outcome(
    improvement_points: Array,
    time_h: Array | float,
    baseline_madrs: float,
    parameters: MoodParameters | None = None,
) -> ArmOutcome:
    """What an arm would report whose mean improvement (A + X + care) is ``improvement_points``.

    ``improvement_points`` and ``time_h`` (h, for the spread by drift) broadcast; the results have
    their shape. Gauss-Hermite over sensitivity and baseline; error and drift are normal.
    """
    known = (parameters or load_mood()).values("outcome")
    spread = (parameters or load_mood()).blocks["outcome"]["baseline_madrs"].between_people
    base_sd = 0.0 if spread is None else spread.sd
    z, weight = np.polynomial.hermite_e.hermegauss(_SENSITIVITY_NODES)
    zb, weight_b = np.polynomial.hermite_e.hermegauss(_BASELINE_NODES)
    sd = known["sensitivity_log_sd"]
    times = np.exp(sd * z - sd**2 / 2.0)[:, None]
    base = (baseline_madrs + base_sd * zb)[None, :]
    both = np.outer(weight, weight_b) / (weight.sum() * weight_b.sum())
    improvement = np.asarray(improvement_points, dtype=np.float64)[..., None, None] * times
    grown = -np.expm1(-np.asarray(time_h, dtype=np.float64) / known["drift_time_constant_h"])
    noise = np.sqrt(known["error_points"] ** 2 + (known["drift_points"] * grown) ** 2)
    noise = noise[..., None, None]
    left = base - improvement

    def share(limit: Array | float) -> Array:
        return np.asarray((_below((limit - left) / noise) * both).sum(axis=(-2, -1)))

    fall = ((base - _held(left, noise)) * both).sum(axis=(-2, -1))
    return ArmOutcome(
        fall, share((1.0 - known["response_share"]) * base), share(known["remission_madrs"])
    )


def _below(z: Array) -> Array:
    # On first use, so that importing the package stays quick.
    from scipy.special import ndtr

    found: Array = ndtr(z)
    return found


def _held(mean: Array, sd: Array) -> Array:
    """The mean of a normal reading held between 0 and 60."""

    def part(limit: float) -> Array:
        """The mean of what lies above ``limit``."""
        z = (mean - limit) / sd
        density: Array = np.exp(-(z**2) / 2.0) / sqrt(2.0 * pi)
        return sd * (density + z * _below(z))

    return part(0.0) - part(MADRS_TOP)
