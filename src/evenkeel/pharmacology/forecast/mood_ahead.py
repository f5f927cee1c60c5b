"""What comes after the scores so far: mood by day, who is well, and when relief would be lost.

A pure function of what was given, what was scored, what is known of the person, the model's version
and a seed. Times are hours from the first dose. The virtual people are learned as in
``mood_learning``; from the last thing known on they are followed twice, without any further session
and with the next one as it is planned, at the dose that was given last. It proposes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..model import Model, Status
from ..model_file import FOLDER
from ..mood import Course, course, load_mood, phq9_from_madrs, relapse
from ..mood.outcome import MADRS_TOP, PHQ9_TOP
from ..mood.parameters import FILE
from ..quantiles import weighted_quantiles
from ..regimen import SITTING_H, Regimen
from .mood_learning import MoodForecast, MoodSetting
from .observations import Observation
from .weights import systematic

Array = NDArray[np.float64]

#: Raised whenever what is worked out here changes other than by the files of parameters.
VERSION = "mood-ahead/1"
DAY_H = 24.0
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
#: With a smaller share of weight on people who are well, a chance of relapse would be of few.
LEAST_WELL = 0.2
#: The virtual people handed on to whoever plans further, of equal weight.
KEPT = 200
_TOPS = {"madrs": MADRS_TOP, "phq9": PHQ9_TOP}
_ERRORS = {"madrs": "error_points", "phq9": "phq9_error_points"}
#: Places at which the error of one reading stands in for all of it, of unit variance.
_NODES = np.array([-1.6, -1.0, -0.6, -0.28, 0.0, 0.28, 0.6, 1.0, 1.6])
NODES = _NODES / np.sqrt(np.mean(_NODES**2))


@dataclass(frozen=True, eq=False)
class MoodHistory:
    """What a forecast of the weeks ahead stands on. Hours count from the first dose.

    ``given`` are the doses as they were given; ``scores`` PHQ-9 and MADRS totals, those from before
    the first dose at 0. ``baseline_madrs`` is the severity before it, None where only the scores
    say. ``baseline_phq9`` is what a response on the PHQ-9 is measured against. ``next_h`` is when
    the next session is planned, None for none.
    """

    model: Model
    given: Regimen
    covariates: Mapping[str, float] = field(default_factory=dict)
    scores: tuple[Observation, ...] = ()
    baseline_madrs: float | None = None
    baseline_phq9: float | None = None
    next_h: float | None = None

    @property
    def last_sitting_h(self) -> float:
        """When the last session began."""
        return self.last_sitting().doses[0].at_h

    @property
    def known_h(self) -> float:
        """The last moment anything is known of: a score, or the day after the last session."""
        scored = max((one.time_h for one in self.scores), default=0.0)
        return max(scored, self.last_sitting_h + DAY_H)

    def last_sitting(self) -> Regimen:
        """The doses of the last session."""
        doses = self.given.doses
        first = len(doses) - 1
        while first and doses[first].at_h - doses[first - 1].end_h <= SITTING_H:
            first -= 1
        return Regimen(doses[first:])


@dataclass(frozen=True, eq=False)
class Scale:
    """One questionnaire ahead: ``bands`` (levels, T) as it would be read, and shares (T,).

    ``planned`` (T,) is the middle with the next session, None where none is planned.
    """

    bands: Array
    response: Array
    remission: Array
    planned: Array | None


@dataclass(frozen=True, eq=False)
class MoodAhead:
    """The weeks after ``known_h``: ``times_h`` (T,) a day apart.

    ``relapse`` (T,) is the chance of a relapse from ``known_h`` to each time among those who were
    well then, if nothing more is given; ``relapse_planned`` the same with the next session. Each
    counts as far as a score of theirs would say at ``known_h`` that they are well; ``well`` is that
    share of all. Both are None where it is below ``LEAST_WELL``. ``surprises`` are (id of
    the score, share of people who read as far out). ``blood`` and ``mood`` are the normals of
    ``KEPT`` people of equal weight.
    """

    known_h: float
    times_h: Array
    scales: Mapping[str, Scale]
    well: float
    relapse: Array | None
    relapse_planned: Array | None
    surprises: tuple[tuple[str, float], ...]
    effective: float
    status: Status
    reasons: tuple[str, ...]
    blood: Array
    mood: Array


def mood_ahead(
    history: MoodHistory, *, days_ahead: int = 84, n: int = 1000, seed: int = 0
) -> MoodAhead:
    """Learn from the scores and look ``days_ahead``.

    Raises ``ReadingError`` for what is no score, ``PeopleError`` and ``RegimenError`` for numbers
    that cannot be.
    """
    setting = MoodSetting(
        history.model, history.given, history.covariates, history.baseline_madrs, n=n, seed=seed
    )
    learned = MoodForecast.prior(setting).update(*history.scores)
    times = history.known_h + DAY_H * np.arange(days_ahead + 1.0)
    without = course(history.model, history.given, *learned.people, times)
    planned = _with_next(history)
    other = None if planned is None else course(history.model, planned, *learned.people, times)
    weights = np.where(without.failed, 0.0, learned.weights)
    weights = weights / weights.sum()
    wellness = weights * _wellness(history, without)
    well = float(wellness.sum())
    lost, lost_planned = None, None
    if well >= LEAST_WELL:
        lost = _relapse(learned, history.given, wellness, times)
        if planned is not None:
            lost_planned = _relapse(learned, planned, wellness, times)
    kept = systematic(weights, 0.5)[:: max(1, n // KEPT)][:KEPT]
    return MoodAhead(
        known_h=history.known_h,
        times_h=times,
        scales={name: _scale(name, history, without, other, weights) for name in _TOPS},
        well=well,
        relapse=lost,
        relapse_planned=lost_planned,
        surprises=tuple((one.observation.id, one.tail) for one in learned.surprises),
        effective=learned.effective,
        status=without.status,
        reasons=without.reasons,
        blood=learned.blood[kept],
        mood=learned.mood[kept],
    )


def _with_next(history: MoodHistory) -> Regimen | None:
    """What was given and the next session as planned: the last one again, never more."""
    if history.next_h is None or history.next_h < history.known_h:
        return None
    sitting = history.last_sitting()
    start = sitting.doses[0].at_h
    moved = (replace(dose, at_h=dose.at_h - start + history.next_h) for dose in sitting)
    return history.given + Regimen.of(moved)


def _wellness(history: MoodHistory, found: Course) -> Array:
    """(n,) how likely each would be seen to be well at the first time, by the scale they answer."""
    name = "phq9" if any(one.kind == "phq9" for one in history.scores) else "madrs"
    half, line = _limits(name, history, found)
    error = load_mood().value("outcome", _ERRORS[name])
    at_most: Array = _at_most(np.maximum(half, line)[:, None], _expected(name, found)[:, :1], error)
    return np.where(found.failed, 0.0, at_most[:, 0])


def _relapse(learned: MoodForecast, regimen: Regimen, wellness: Array, times: Array) -> Array:
    """(T,) chance of relapse from the first time to each, by weight of the well."""
    place = learned.setting
    followed = relapse(
        place.model, regimen, *learned.people, from_h=float(times[0]), until_h=float(times[-1]),
        where=place.where,
    )  # fmt: skip
    return followed.probability(times, wellness)


def _scale(
    name: str, history: MoodHistory, found: Course, other: Course | None, weights: Array
) -> Scale:
    """One questionnaire as it would be read."""
    error = load_mood().value("outcome", _ERRORS[name])
    expected = _expected(name, found)
    half, line = _limits(name, history, found)
    return Scale(
        bands=_as_read(expected, error, weights, _TOPS[name]),
        response=weights @ _at_most(half[:, None], expected, error),
        remission=weights @ _at_most(line, expected, error),
        planned=None
        if other is None
        else _as_read(_expected(name, other), error, weights, _TOPS[name], (0.5,))[0],
    )


def _limits(name: str, history: MoodHistory, found: Course) -> tuple[Array, float]:
    """The highest whole scores that still are a response (n,), and a remission."""
    base = found.people.baseline_madrs
    if name == "madrs":
        share = load_mood().value("outcome", "response_share")
        return np.floor(share * base), load_mood().value("outcome", "remission_madrs")
    start = phq9_from_madrs(base) if history.baseline_phq9 is None else history.baseline_phq9
    half = np.broadcast_to(np.floor(np.asarray(start) / 2.0), base.shape)
    return half, load_mood().value("outcome", "remission_phq9") - 1.0


def _expected(name: str, found: Course) -> Array:
    values = found.madrs if name == "madrs" else found.phq9
    return np.where(found.failed[:, None], 0.0, values)


def _as_read(
    expected: Array, error: float, weights: Array, top: float, levels: Sequence[float] = LEVELS
) -> Array:
    """(levels, T) quantiles of readings: each person with nine errors of one."""
    moved = np.clip(expected[None] + error * NODES[:, None, None], 0.0, top)
    each = np.tile(weights / len(NODES), len(NODES))
    return weighted_quantiles(moved.reshape(-1, expected.shape[1]), each, levels)


def _at_most(limit: Array | float, expected: Array, error: float) -> Array:
    """(n, T) chance that a whole-numbered reading is at most ``limit``."""
    from scipy.special import ndtr

    found: Array = ndtr((limit + 0.5 - expected) / error)
    return found


@cache
def mood_version() -> str:
    """Names the code and every number behind a forecast, so that a change of either shows."""
    told = hashlib.sha256()
    for path in (FILE, *sorted(FOLDER.glob("*.json"))):
        told.update(path.read_bytes())
    return f"{VERSION}:{told.hexdigest()[:16]}"
