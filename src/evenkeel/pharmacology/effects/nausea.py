"""Nausea and dizziness as time to a first event in a session.

The hazard is a background plus a term in proportion to the level at the effect site, all of it
times a frailty of the person (recurrence is likelier in whoever had it) and a factor of the
session. The background is that of people who were sprayed without the drug; it has the frailty and
the factor too, for with the same background at every session a course of years would come to more
of it alone than was reported with the drug. The numbers are worked out by ``nausea_fit``. The
integral of the site's level is exact without a filter of its own: the integral of the plasma level
minus site x half-life / ln 2.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .chunks import row_slices
from .errors import EffectsError
from .parameters import AcuteModel
from .people import AcutePerson

Array = NDArray[np.float64]
Event = Literal["nausea", "dizziness"]


def site_exposure(exposure: Array, site: Array, person: AcutePerson) -> Array:
    """Integral of the sedation site's level (N, T) in ng h/mL, since the integral was zero.

    `exposure` is the filter `exposure_nausea` (ng h/mL), `site` the filter `site_sedation`.
    """
    hours = person.sedation_half_life_min * (-1.0 / (60.0 * np.log(2.0)))
    found = np.empty(site.shape)
    for rows in row_slices(*site.shape):
        piece = np.multiply(site[rows], hours[rows, None], out=found[rows])
        piece += exposure[rows]
        np.maximum(piece, 0.0, out=piece)
    return found


def cumulative_hazard(
    event: Event,
    exposure_at_site: Array,
    watched_h: ArrayLike,
    person: AcutePerson,
    session_number: ArrayLike = 1,
) -> Array:
    """Cumulative hazard (N, T) of a first `event` within one session.

    `exposure_at_site` (N, T) in ng h/mL and `watched_h` (T,) count from the start of the session;
    sum the last column over sessions for a course. Raises EffectsError for an unknown event.
    """
    if event not in ("nausea", "dizziness"):
        raise EffectsError(f"the event is nausea or dizziness, not {event!r}")
    model = person.model
    frailty = person.nausea_frailty if event == "nausea" else person.dizziness_frailty
    factor = nausea_session_factor(session_number, model)
    by_exposure = factor * model[f"{event}_hazard_per_ng_h_ml"]
    watched = np.asarray(watched_h, dtype=np.float64)
    background = factor * model[f"{event}_background_per_h"] * watched
    hazard = np.empty(exposure_at_site.shape)
    for rows in row_slices(*exposure_at_site.shape):
        piece = np.multiply(exposure_at_site[rows], by_exposure, out=hazard[rows])
        piece += background
        piece *= frailty[rows, None]
    return hazard


def probability_of_event(hazard: Array) -> Array:
    """P(at least one event) = 1 - exp(-hazard), of any shape."""
    return np.asarray(-np.expm1(-hazard), dtype=np.float64)


def nausea_session_factor(session_number: ArrayLike, model: AcuteModel) -> Array:
    """How much of the first session's hazard a later one has: its number to a falling power."""
    number = np.asarray(session_number, dtype=np.float64)
    if np.any(number < 1):
        raise EffectsError("sessions are counted from 1")
    return np.asarray(number ** -model["nausea_session_exponent"])
