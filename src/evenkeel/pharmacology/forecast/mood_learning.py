"""Learning from scores over weeks: PHQ-9 and MADRS readings weigh virtual people as vital signs do.

The blood level of each virtual person is worked out once; scores move how strongly a person
responds, where the episode is heading and how this clinic differs (resample-move, as in
``learning``), and reweigh everything. Like a session's forecast it is a pure function of its
setting and its readings in the order they were measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import PeopleError
from ..model import Model, Status
from ..mood import (
    Course,
    MoodPeople,
    RelapseCourse,
    course,
    madrs_log_likelihood,
    mood_people_from_normals,
    phq9_from_madrs,
    phq9_log_likelihood,
    relapse,
    remitted,
    responded,
)
from ..mood.course import RANDOM_EFFECTS
from ..people import WEIGHT, People
from ..people import people_from_normals as blood_people
from ..plan import check_times
from ..quantiles import weighted_quantiles
from ..regimen import Regimen
from .learning import MOVES, RENEW, STEP
from .observations import Observation, ReadingError
from .prediction import Surprise
from .weights import effective_number, normalized, systematic

Array = NDArray[np.float64]
_LIKELIHOODS = {"madrs": madrs_log_likelihood, "phq9": phq9_log_likelihood}
_TOPS = {"madrs": 60, "phq9": 27}
#: A score further out than all but this share of virtual people is surprising.
SURPRISING = 0.01


@dataclass(frozen=True, eq=False)
class MoodSetting:
    """All that a forecast of mood stands on beside the scores.

    ``baseline_madrs`` is the severity before the first session; unknown, it is drawn.
    ``where`` is one of ``mood.SETTINGS``.
    """

    model: Model
    regimen: Regimen
    covariates: Mapping[str, float] = field(default_factory=dict)
    baseline_madrs: float | None = None
    where: str = "open_label"
    therapy: float = 0.0
    n: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 10 <= self.n <= 200_000:
            raise PeopleError(f"a forecast of mood takes 10 to 200000 people, not {self.n}")

    def stream(self, step: int) -> np.random.Generator:
        """The random numbers of one step."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, 5, step])))


@dataclass(frozen=True, eq=False)
class MoodForecast:
    """Weighted virtual people, immutable. ``blood`` (n, k) and ``mood`` (n, 4) are normals."""

    setting: MoodSetting
    observations: tuple[Observation, ...]
    surprises: tuple[Surprise, ...]
    blood: Array
    mood: Array
    log_weights: Array

    @classmethod
    def prior(cls, setting: MoodSetting) -> MoodForecast:
        """Before the first score."""
        columns = len(setting.model.random_effects)
        stream = setting.stream(0)
        blood = stream.standard_normal((setting.n, columns))
        mood = stream.standard_normal((setting.n, RANDOM_EFFECTS))
        return cls(setting, (), (), blood, mood, np.zeros(setting.n))

    @property
    def weights(self) -> Array:
        """(n,) weights that sum to 1."""
        return normalized(self.log_weights)

    @property
    def effective(self) -> float:
        """Effective number of virtual people (Kish)."""
        return effective_number(self.weights)

    def update(self, *readings: Observation) -> MoodForecast:
        """With these scores too. Raises ``ReadingError`` for what is none; nothing then changes."""
        for one in readings:
            _check(one)
        everything = tuple(sorted({*self.observations, *readings}))
        if everything == self.observations:
            return self
        return MoodForecast.prior(self.setting)._learn(everything)

    def without(self, *readings: Observation) -> MoodForecast:
        """As if these scores had never been taken."""
        left = tuple(one for one in self.observations if one not in readings)
        return MoodForecast.prior(self.setting)._learn(left)

    @cached_property
    def people(self) -> tuple[People, MoodPeople]:
        """The virtual people behind the normals."""
        return self._blood(), self._moods(self.mood)

    def predict(
        self, times_h: object, levels: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95)
    ) -> MoodPrediction:
        """Bands of both scores and chances of response and remission at ``times_h`` (T,)."""
        times = check_times(times_h)
        found = self._course(*self.people, times)
        weights = np.where(found.failed, 0.0, self.weights)
        weights = weights / weights.sum()
        readings = found.readings(self.setting.seed)
        scores = {"madrs": readings, "phq9": found.phq9_readings(self.setting.seed)}
        base = found.people.baseline_madrs[:, None]
        return MoodPrediction(
            times_h=times,
            levels=tuple(levels),
            bands={name: weighted_quantiles(v, weights, levels) for name, v in scores.items()},
            response=weights @ responded(readings, base),
            remission=weights @ remitted(readings),
            drug_effect_points=weights @ np.nan_to_num(found.drug_effect_points),
            expectation_points=weights @ np.nan_to_num(found.expectation_points),
            effective=self.effective,
            surprises=self.surprises,
            status=found.status,
            reasons=found.reasons,
        )

    def relapse(self, from_h: float, until_h: float) -> RelapseCourse:
        """The hazard of relapse of these people if nothing more is given; weigh by ``weights``."""
        place = self.setting
        return relapse(
            place.model, place.regimen, *self.people, from_h=from_h, until_h=until_h,
            where=place.where,
        )  # fmt: skip

    def _learn(self, readings: tuple[Observation, ...]) -> MoodForecast:
        times = np.array(sorted({one.time_h for one in readings}))
        if not len(times):
            return self
        found, seen = self, 0
        drug = self._course(*self.people, times)
        for seen, one in enumerate(readings, 1):
            column = int(np.searchsorted(times, one.time_h))
            expected = drug.madrs[:, column]
            log = _log_likelihood(one, expected)
            tail = _tail(one, expected, found.weights)
            surprises = found.surprises
            if tail < SURPRISING:
                surprises = (*surprises, Surprise(one, tail))
            found = replace(
                found,
                observations=readings[:seen],
                surprises=surprises,
                log_weights=found.log_weights + log,
            )
            if found.effective < RENEW * self.setting.n:
                found = found._renewed(drug, times)
                drug = found._course(*found.people, times)
        return found

    def _renewed(self, drug: Course, times: Array) -> MoodForecast:
        """Draw in proportion to weight and move how people respond; their blood levels stay."""
        stream = self.setting.stream(len(self.observations))
        chosen = systematic(self.weights, float(stream.random()))
        mood, blood = self.mood[chosen], self.blood[chosen]
        fixed = replace(self, blood=blood)._blood()
        log = self._likelihoods(drug, chosen, times)
        keep = float(np.sqrt(1.0 - STEP**2))
        for _ in range(MOVES):
            offered = keep * mood + STEP * stream.standard_normal(mood.shape)
            found = self._course(fixed, self._moods(offered), times)
            offered_log = self._likelihoods(found, np.arange(len(log)), times)
            taken = np.log(stream.random(len(log))) < offered_log - log
            mood = np.where(taken[:, None], offered, mood)
            log = np.where(taken, offered_log, log)
        return replace(self, blood=blood, mood=mood, log_weights=np.zeros(len(log)))

    def _likelihoods(self, drug: Course, chosen: NDArray[np.int64], times: Array) -> Array:
        total = np.zeros(len(chosen))
        for one in self.observations:
            column = int(np.searchsorted(times, one.time_h))
            total += _log_likelihood(one, drug.madrs[chosen, column])
        return total

    def _blood(self) -> People:
        model = self.setting.model
        known = {
            name: value
            for name, value in self.setting.covariates.items()
            if name in model.covariates or name == WEIGHT.name
        }
        return blood_people(model, self.blood, **known)

    def _moods(self, normals: Array) -> MoodPeople:
        base, therapy = self.setting.baseline_madrs, self.setting.therapy
        return mood_people_from_normals(normals, baseline_madrs=base, therapy=therapy)

    def _course(self, people: People, mood: MoodPeople, times: Array) -> Course:
        place = self.setting
        return course(place.model, place.regimen, people, mood, times, where=place.where)


@dataclass(frozen=True, eq=False)
class MoodPrediction:
    """Bands (levels, T) of scores as they would be read, and chances (T,).

    ``drug_effect_points`` and ``expectation_points`` (T,) are means, apart from each other.
    """

    times_h: Array
    levels: tuple[float, ...]
    bands: Mapping[str, Array]
    response: Array
    remission: Array
    drug_effect_points: Array
    expectation_points: Array
    effective: float
    surprises: tuple[Surprise, ...]
    status: Status
    reasons: tuple[str, ...]


def _check(one: Observation) -> None:
    if one.kind not in _TOPS:
        raise ReadingError(f"a forecast of mood reads {', '.join(_TOPS)}, not {one.kind!r}")
    top = _TOPS[one.kind]
    if not np.isfinite(one.time_h) or one.time_h < 0 or one.value not in range(top + 1):
        raise ReadingError(f"a {one.kind} is a whole number 0 to {top} at a time from 0 on: {one}")


def _log_likelihood(one: Observation, madrs: Array) -> Array:
    """The log likelihood for people whose expected MADRS is ``madrs``; a failed one weighs none."""
    found = _LIKELIHOODS[one.kind](madrs, one.value)
    return np.where(np.isfinite(found), found, -np.inf)


def _tail(one: Observation, madrs: Array, weights: Array) -> float:
    """Two-sided share of weighted virtual people who would read as far out as this."""
    from scipy.special import ndtr

    from ..mood import load_mood

    name = "error_points" if one.kind == "madrs" else "phq9_error_points"
    expected = madrs if one.kind == "madrs" else phq9_from_madrs(madrs)
    known = np.isfinite(expected)
    if not known.any():
        return 0.0
    z = (one.value - expected[known]) / load_mood().value("outcome", name)
    weight = weights[known] / weights[known].sum()
    half = 0.5 / load_mood().value("outcome", name)
    below, above = float(weight @ ndtr(z + half)), float(weight @ ndtr(half - z))
    return min(1.0, 2.0 * min(below, above))
