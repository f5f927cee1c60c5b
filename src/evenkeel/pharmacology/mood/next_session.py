"""When a next session would be due: a proposal for a clinician, about the time and nothing else.

It never proposes a dose. It asks one thing at each planned visit: were no session given now, would
relapse before the visit after it be likelier than the caller tolerates?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .parameters import MoodError
from .relapse import RelapseCourse, weighted

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NextSession:
    """``at_h`` is the visit proposed, or None: no proposal. ``reason`` says why in words.

    ``relapse_probability`` is that of a relapse between this visit and the next without a session,
    among those still well; without a proposal, the largest that was found.
    """

    at_h: float | None
    relapse_probability: float
    reason: str


def next_session(
    without: RelapseCourse,
    visits_h: Sequence[float],
    *,
    tolerance: float,
    last_session_h: float,
    minimum_interval_h: float,
    sessions_given: int,
    maximum_sessions: int,
    weights: Array | None = None,
) -> NextSession:
    """Propose the first planned visit at which waiting for the one after is too likely to fail.

    ``without`` follows weighted people (n,) if no further session is given; ``visits_h`` are the
    planned visits, ascending, at least two; the last only ends the search. A visit sooner than
    ``minimum_interval_h`` after ``last_session_h`` is never proposed, nor any once
    ``maximum_sessions`` were given. Raises ``MoodError`` for impossible numbers.
    """
    visits = np.asarray(visits_h, dtype=np.float64)
    _check(visits, tolerance, minimum_interval_h, sessions_given, maximum_sessions)
    well = weighted(without.survival(visits), without.failed, weights)
    risks = 1.0 - well[1:] / np.maximum(well[:-1], 1e-300)
    largest = float(risks.max())
    if sessions_given >= maximum_sessions:
        return NextSession(None, largest, f"all {maximum_sessions} sessions were given")
    early = visits[:-1] < last_session_h + minimum_interval_h - 1e-9
    due = risks > tolerance
    if not due.any():
        return NextSession(
            None, largest, f"relapse before a next visit stays at or below {tolerance:.0%}"
        )
    allowed = np.flatnonzero(due & ~early)
    if not len(allowed):
        return NextSession(None, largest, "every planned visit that needs it comes too soon")
    chosen = int(allowed[0])
    reason = f"without a session, relapse before the next visit has {risks[chosen]:.0%}"
    if (due & early).any():
        reason += "; an earlier visit was within the minimum interval"
    return NextSession(float(visits[chosen]), float(risks[chosen]), reason)


def _check(visits: Array, tolerance: float, interval_h: float, given: int, most: int) -> None:
    if visits.ndim != 1 or len(visits) < 2 or not (np.diff(visits) > 0).all():
        raise MoodError("at least two planned visits are needed, in ascending order")
    if not 0 < tolerance < 1:
        raise MoodError(f"a tolerance lies between 0 and 1, not {tolerance}")
    if not interval_h >= 0 or given < 0 or most < 0:
        raise MoodError("intervals and numbers of sessions cannot be negative")
