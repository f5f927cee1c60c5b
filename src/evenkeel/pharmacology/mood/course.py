"""A course over weeks: mood of virtual people under a regimen, and what would be read.

    MADRS(t) = baseline - (A + X + care) exp(eta) - trial + drift, held between 0 and 60

A is the drug's effect (``states`` or ``two_exponential``), X expectation, care what builds up
beside it; exp(eta) is how strongly a person responds, with mean 1. A trial or clinic differs from
the next by a shift of the drug's effect. What is read has an error besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..model import Model, Status
from ..people import GROUP, People
from ..plan import check_times
from ..quantiles import weighted_quantiles
from ..regimen import Regimen
from ..simulate import least_trusted, simulate, trust
from ..solve import Kernel
from .expectation import care, expectation, goes_into_a_vein, occasions_h, setting_of
from .form import Form, drive_inputs
from .outcome import bounded, phq9_from_madrs, remitted, responded
from .parameters import MoodError, MoodParameters, load_mood
from .states import States
from .two_exponential import TwoExponential

Array = NDArray[np.float64]
BetweenTrials = Literal["own", "shared", "none"]
#: Independent standard normals of a person.
RANDOM_EFFECTS = 4


@dataclass(frozen=True, eq=False)
class MoodPeople:
    """How ``n`` people respond, each (n,).

    ``sensitivity`` multiplies every improvement. ``drift_points`` is where the episode is heading
    (positive for worse), ``trial_points`` the shift of their trial or clinic (positive for better),
    ``therapy`` from 0 to 1 whether therapy goes along.
    """

    baseline_madrs: Array
    sensitivity: Array
    drift_points: Array
    trial_points: Array
    therapy: Array

    @property
    def n(self) -> int:
        return len(self.baseline_madrs)

    def part(self, which: slice | NDArray[np.int64]) -> MoodPeople:
        """Some of them, in the given order."""
        return MoodPeople(
            self.baseline_madrs[which],
            self.sensitivity[which],
            self.drift_points[which],
            self.trial_points[which],
            self.therapy[which],
        )


def typical_mood_people(
    n: int = 1, *, baseline_madrs: float | Array | None = None, therapy: float | Array = 0.0
) -> MoodPeople:
    """``n`` people of mean sensitivity, without drift. Raises ``MoodError`` as below."""
    known = load_mood()
    base = known.value("outcome", "baseline_madrs") if baseline_madrs is None else baseline_madrs
    return MoodPeople(
        _given(base, n, "baseline_madrs", 0.0, 60.0),
        np.ones(n),
        np.zeros(n),
        np.zeros(n),
        _given(therapy, n, "therapy", 0.0, 1.0),
    )


def draw_mood_people(
    n: int,
    seed: int = 0,
    *,
    baseline_madrs: float | Array | None = None,
    therapy: float | Array = 0.0,
    between_trials: BetweenTrials = "own",
) -> MoodPeople:
    """``n`` people drawn; person 17 of a seed is the same however many are drawn.

    ``between_trials``: ``own`` draws a trial's shift for each person, as a forecast for one person
    needs; ``shared`` one for all, as a trial's mean needs; ``none`` leaves it out. A baseline that
    is given is everybody's (one or (n,)). Raises ``MoodError`` for impossible numbers.
    """
    if n < 1:
        raise MoodError(f"at least one person must be drawn, not {n}")
    normals = np.empty((n, RANDOM_EFFECTS))
    for group, start in enumerate(range(0, n, GROUP)):
        stream = _stream(seed, 11, group)
        drawn = stream.standard_normal((GROUP, RANDOM_EFFECTS))
        normals[start : start + GROUP] = drawn[: n - start]
    if between_trials == "shared":
        normals[:, 3] = _stream(seed, 12, 0).standard_normal()
    elif between_trials == "none":
        normals[:, 3] = 0.0
    return mood_people_from_normals(normals, baseline_madrs=baseline_madrs, therapy=therapy)


def mood_people_from_normals(
    normals: Array, *, baseline_madrs: float | Array | None = None, therapy: float | Array = 0.0
) -> MoodPeople:
    """People from standard normals (n, 4): baseline, sensitivity, drift, and their trial's shift.

    In this space the prior is a unit sphere: what learning moves in. A baseline that is given is
    everybody's (one or (n,)). Raises ``MoodError`` for impossible numbers.
    """
    n = len(normals)
    known = load_mood().values("outcome")
    spread = load_mood().blocks["outcome"]["baseline_madrs"].between_people
    base: float | Array
    if baseline_madrs is None:
        sd = 0.0 if spread is None else spread.sd
        base = np.clip(known["baseline_madrs"] + sd * normals[:, 0], 10.0, 60.0)
    else:
        base = baseline_madrs
    log_sd = known["sensitivity_log_sd"]
    return MoodPeople(
        _given(base, n, "baseline_madrs", 0.0, 60.0),
        np.exp(log_sd * normals[:, 1] - log_sd**2 / 2.0),
        known["drift_points"] * normals[:, 2],
        known["between_trials_points"] * normals[:, 3],
        _given(therapy, n, "therapy", 0.0, 1.0),
    )


@dataclass(frozen=True, eq=False)
class Course:
    """What became of people, each (n, T) in MADRS points unless said otherwise.

    ``drug_effect_points`` is A times the sensitivity and nothing else; ``expectation_points`` and
    ``care_points`` stand apart. ``residual_madrs`` is the severity there would be without drug and
    expectation. ``madrs`` is expected, without the error of a reading. ``states`` holds what the
    form followed. ``status`` and ``reasons`` say how far to trust the level behind it.
    """

    form: str
    setting: str
    times_h: Array
    people: MoodPeople
    drug_effect_points: Array
    expectation_points: Array
    care_points: Array
    trial_points: Array
    residual_madrs: Array
    madrs: Array
    states: dict[str, Array]
    failed: NDArray[np.bool_]
    status: Status
    reasons: tuple[str, ...]

    @property
    def phq9(self) -> Array:
        """The PHQ-9 beside it, (n, T); a link for groups (see ``outcome.PHQ9_NOTE``)."""
        return phq9_from_madrs(self.madrs)

    def readings(self, seed: int = 0) -> Array:
        """(n, T) MADRS as it would be read; the error at a time depends on seed and time alone."""
        sd = load_mood().value("outcome", "error_points")
        return bounded(self.madrs + sd * _errors(seed, self.times_h, self.people.n))

    def phq9_readings(self, seed: int = 0) -> Array:
        """(n, T) PHQ-9 as it would be read, with the spread of the link."""
        sd = load_mood().value("outcome", "phq9_error_points")
        noise = sd * _errors(seed + 1_000_003, self.times_h, self.people.n)
        found: Array = np.clip(self.phq9 + noise, 0.0, 27.0)
        return found

    def response(self, seed: int | None = None) -> NDArray[np.bool_]:
        """(n, T) whether the MADRS, as read where a seed is given, fell by half or more."""
        score = self.madrs if seed is None else self.readings(seed)
        return responded(score, self.people.baseline_madrs[:, None])

    def remission(self, seed: int | None = None, cutoff: float | None = None) -> NDArray[np.bool_]:
        """(n, T) whether the MADRS, as read where a seed is given, is 10 or less, or ``cutoff``."""
        return remitted(self.madrs if seed is None else self.readings(seed), cutoff)

    def interval(
        self,
        levels: Sequence[float] = (0.05, 0.5, 0.95),
        *,
        weights: Array | None = None,
        seed: int = 0,
    ) -> Array:
        """(levels, T) quantiles of a MADRS to be read: people, error, and trials where drawn.

        ``levels`` ascend; ``weights`` (n,) are those of a forecast. Raises ``MoodError`` where
        nobody has weight.
        """
        weight = np.ones(self.people.n) if weights is None else np.asarray(weights, dtype=float)
        if weight.shape != self.failed.shape or not (weight >= 0).all():
            raise MoodError(f"{self.people.n} weights of at least 0 are needed, one a person")
        weight = np.where(self.failed, 0.0, weight)
        if not 0 < weight.sum() < np.inf:
            raise MoodError("nobody has weight")
        return weighted_quantiles(self.readings(seed), weight / weight.sum(), levels)


def course(
    model: Model,
    regimen: Regimen,
    people: People,
    mood_people: MoodPeople,
    times_h: object,
    *,
    where: str = "open_label",
    at_h: Iterable[float] | None = None,
    form: Form | None = None,
    kernel: Kernel = "auto",
) -> Course:
    """Follow ``people`` (n) through ``regimen`` and read off ``times_h`` (T,), ascending, in hours.

    ``where`` is one of ``expectation.SETTINGS``. ``at_h`` are the dosing occasions; they are those
    of the regimen unless given, as for a control arm, which is a regimen without doses.
    Raises ``MoodError`` where numbers of people differ, and what ``simulate`` raises.
    """
    if people.n != mood_people.n:
        raise MoodError(f"{people.n} people and {mood_people.n} ways to respond")
    times = check_times(times_h)
    used = default_form() if form is None else form
    effect, states, failed, status, reasons = drug_effect(
        model, regimen, people, mood_people.therapy, times, used, kernel
    )
    occasions = occasions_h(regimen) if at_h is None else tuple(sorted(at_h))
    hopes = load_mood().values("expectation")
    place = setting_of(where, hopes, used.values, into_a_vein=goes_into_a_vein(regimen))
    hoped = expectation(times, occasions, place, drug=len(regimen) > 0)
    cared = care(times, occasions, place)
    times_each = mood_people.sensitivity[:, None]
    residual = mood_people.baseline_madrs[:, None] - cared * times_each
    residual = residual + drift(mood_people, times)
    trial = trial_shift(mood_people, effect)
    return Course(
        form=used.name,
        setting=where,
        times_h=times,
        people=mood_people,
        drug_effect_points=effect * times_each,
        expectation_points=hoped * times_each,
        care_points=cared * times_each,
        trial_points=trial,
        residual_madrs=residual,
        madrs=bounded(residual - (effect + hoped) * times_each - trial),
        states=states,
        failed=failed,
        status=status,
        reasons=reasons,
    )


def drift(people: MoodPeople, times_h: Array) -> Array:
    """(n, T) MADRS points by which the episode itself has moved, positive for worse."""
    grown = -np.expm1(-times_h / load_mood().value("outcome", "drift_time_constant_h"))
    found: Array = people.drift_points[:, None] * grown
    return found


def trial_shift(people: MoodPeople, effect_points: Array) -> Array:
    """(n, T) MADRS points by which a trial's drug effect differs; none where there is no effect."""
    gate_points = load_mood().value("outcome", "between_trials_gate_points")
    found: Array = people.trial_points[:, None] * -np.expm1(-effect_points / gate_points)
    return found


def default_form(parameters: MoodParameters | None = None) -> Form:
    """The form that predicted left-out studies better, with its fitted numbers."""
    known = parameters or load_mood()
    form = States if known.default == "states" else TwoExponential
    return form(known.values(known.default))


def drug_effect(
    model: Model,
    regimen: Regimen,
    people: People,
    therapy: Array | float,
    times: Array,
    form: Form,
    kernel: Kernel = "auto",
) -> tuple[Array, dict[str, Array], NDArray[np.bool_], Status, tuple[str, ...]]:
    """A (n, T) before sensitivity, the states behind it, who failed, and how far to trust it."""
    _, derived = drive_inputs(model.outputs)
    status, reasons = trust(model, regimen, people)
    if derived:
        status = least_trusted(status, "derived")
        reasons = (*reasons, "S and R were taken as half of the total each")
    if not len(regimen):
        states = {name: np.zeros((people.n, len(times))) for name in form.wanted}
        failed = np.zeros(people.n, dtype=bool)
        return np.zeros((people.n, len(times))), states, failed, status, reasons
    found = simulate(
        model,
        regimen,
        people,
        times,
        stages=form.stages(model.outputs, therapy),
        wanted=form.wanted,
        kernel=kernel,
    )
    states = {name: found[name] for name in form.wanted}
    return form.improvement(states, therapy), states, found.failed, status, reasons


def _given(value: float | Array, n: int, name: str, low: float, high: float) -> Array:
    found = np.asarray(value, dtype=np.float64)
    if found.ndim > 1 or found.size not in (1, n):
        raise MoodError(f"{name} has {found.size} values for {n} people")
    if not np.isfinite(found).all() or (found < low).any() or (found > high).any():
        raise MoodError(f"{name} must lie between {low:g} and {high:g}")
    return np.array(np.broadcast_to(found.ravel(), (n,)))


def _stream(*seeds: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seeds)))


def _errors(seed: int, times_h: Array, n: int) -> Array:
    """(n, T) standard normals, each a function of seed, time (to the second) and person."""
    found = np.empty((n, len(times_h)))
    for column, time_h in enumerate(times_h.tolist()):
        for group, start in enumerate(range(0, n, GROUP)):
            drawn = _stream(seed, 13, round(time_h * 3600.0), group).standard_normal(GROUP)
            found[start : start + GROUP, column] = drawn[: n - start]
    return found
