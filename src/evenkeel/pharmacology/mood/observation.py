"""How likely a reading is for each virtual person: what a forecast weighs them by."""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray

from .outcome import MADRS_TOP, PHQ9_TOP, phq9_from_madrs
from .parameters import MoodError, load_mood

Array = NDArray[np.float64]


def madrs_log_likelihood(madrs: Array, reading: float) -> Array:
    """Log-likelihood of one reading for people whose expected MADRS is ``madrs`` (n,).

    Normal with the SD of a reading; at 0 and 60, where the scale ends, all that lies beyond.
    Raises ``MoodError`` for a reading outside the scale.
    """
    sd = load_mood().value("outcome", "error_points")
    return _log_likelihood(madrs, reading, sd, MADRS_TOP, "MADRS")


def phq9_log_likelihood(madrs: Array, reading: float) -> Array:
    """The same for a PHQ-9 beside an expected MADRS (n,): wide, for the link is one for groups."""
    sd = load_mood().value("outcome", "phq9_error_points")
    return _log_likelihood(phq9_from_madrs(madrs), reading, sd, PHQ9_TOP, "PHQ-9")


def _log_likelihood(expected: Array, reading: float, sd: float, top: float, name: str) -> Array:
    if not 0.0 <= reading <= top:
        raise MoodError(f"a {name} lies between 0 and {top:g}, not at {reading}")
    from scipy.special import log_ndtr

    z = (reading - np.asarray(expected, dtype=np.float64)) / sd
    if reading == 0.0:
        found = log_ndtr(z)
    elif reading == top:
        found = log_ndtr(-z)
    else:
        found = -(z**2) / 2.0 - np.log(sd * np.sqrt(2.0 * pi))
    return np.asarray(found)
