"""The single most likely person behind measured levels, for one person or thousands at once.

Gauss-Newton steps to the posterior mode: the random effects of each person, as standard normals z,
that minimize  sum over levels of ((y - p) / (sd p))**2 + 2 log(sd p)  +  z'z . Sensitivities are
differences of neighboring virtual people, which are propagated together with the person, so that
one call does a whole step for everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import PeopleError
from ..model import Model
from ..people import people_from_normals
from ..plan import check_times
from ..regimen import Regimen
from ..solve import linear
from ..system import build

Array = NDArray[np.float64]

MOST_STEPS = 30
#: A step this small in every standard normal is the end.
SETTLED = 1e-6
_NUDGE = 1e-6


@dataclass(frozen=True, slots=True)
class Level:
    """A measured level in ng/mL of one of the model's outputs."""

    time_h: float
    output: str
    value_ng_ml: float


@dataclass(frozen=True, eq=False)
class Fit:
    """The fitted people: ``normals`` and ``effects`` (people, k) in the order of ``names``.

    ``objective`` (people,) is minus twice the log posterior but for a constant; ``converged``
    (people,) says where the steps came to rest; ``covariance`` (people, k, k) is that of the
    normals by the curvature at the mode.
    """

    names: tuple[str, ...]
    normals: Array
    effects: Array
    objective: Array
    converged: NDArray[np.bool_]
    covariance: Array
    steps: int


def fit_person(
    model: Model,
    regimen: Regimen,
    levels: Sequence[Level],
    *,
    names: Sequence[str] | None = None,
    sd: float = 0.15,
    **covariates: float,
) -> Fit:
    """One person from measured levels; see ``fit_many``."""
    ordered = sorted(levels, key=lambda one: one.time_h)
    times = np.array([one.time_h for one in ordered])
    outputs = [one.output for one in ordered]
    values = np.array([[one.value_ng_ml for one in ordered]])
    return fit_many(model, regimen, times, outputs, values, names=names, sd=sd, **covariates)


def fit_many(
    model: Model,
    regimen: Regimen,
    times_h: Array,
    outputs: Sequence[str],
    values_ng_ml: Array,
    *,
    names: Sequence[str] | None = None,
    sd: float = 0.15,
    **covariates: float,
) -> Fit:
    """People from their levels (people, L), the j-th being of ``outputs[j]`` at ``times_h[j]``.

    ``names`` are the random effects to fit (all if None; the others stay typical); ``sd`` is the
    proportional error. NaN values are levels that were not taken. Raises ``PeopleError`` for
    levels that are not above zero, or shapes that do not fit.
    """
    times = check_times(times_h)
    every = model.random_effects
    chosen = [every.index(name) for name in (every if names is None else names)]
    values = np.asarray(values_ng_ml, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(times) or len(outputs) != len(times):
        raise PeopleError(f"levels must be (people, {len(times)}), not {values.shape}")
    if (values <= 0).any() or not (sd > 0):
        raise PeopleError("a level and its error must be above zero")
    problem = _Problem(model, regimen, times, tuple(outputs), values, chosen, sd, covariates)
    z, objective, converged, information, steps = _descend(problem, len(values), len(chosen))
    full = np.zeros((len(z), len(every)))
    full[:, chosen] = z
    people = people_from_normals(model, full, **covariates)
    effects = np.stack([people.effects[every[c]] for c in chosen], axis=1)
    covariance: Array = np.asarray(np.linalg.inv(information), dtype=np.float64)
    kept = tuple(every[c] for c in chosen)
    return Fit(kept, z, effects, objective, converged, covariance, steps)


class _Problem:
    """Predicted levels of people and their neighbors."""

    def __init__(
        self,
        model: Model,
        regimen: Regimen,
        times: Array,
        outputs: tuple[str, ...],
        values: Array,
        chosen: list[int],
        sd: float,
        covariates: dict[str, float],
    ) -> None:
        self.model, self.regimen, self.values, self.sd = model, regimen, values, sd
        self.times, at = np.unique(times, return_inverse=True)
        self.outputs = tuple(dict.fromkeys(outputs))
        rows = {name: place for place, name in enumerate(self.outputs)}
        self.pick = (np.array([rows[name] for name in outputs]), at)
        self.chosen, self.covariates = chosen, covariates
        self.measured = np.isfinite(values)

    def predict(self, z: Array) -> Array:
        """Levels (len(z), L) of people given by the chosen normals."""
        full = np.zeros((len(z), len(self.model.random_effects)))
        full[:, self.chosen] = z
        people = people_from_normals(self.model, full, **self.covariates)
        system, inputs = build(self.model, self.regimen, people, outputs=self.outputs)
        found = linear(system, inputs, self.times)
        picked: Array = found[self.pick[0], :, self.pick[1]].T
        return picked

    def objective(self, z: Array, predicted: Array) -> Array:
        """(people,) what is minimized."""
        safe = np.maximum(predicted, 1e-300)
        terms = ((self.values - safe) / (self.sd * safe)) ** 2 + 2.0 * np.log(self.sd * safe)
        total: Array = np.where(self.measured, terms, 0.0).sum(axis=1) + np.square(z).sum(axis=1)
        return total

    def step(self, predicted: Array, slope: Array, z: Array) -> tuple[Array, Array]:
        """The Gauss-Newton step (people, k) and the information (people, k, k)."""
        relative = np.where(self.measured[:, :, None], slope / predicted[:, :, None], 0.0)
        off = np.where(self.measured, self.values / predicted, 1.0) - 1.0
        pull = off * (1.0 + off) / self.sd**2 - np.where(self.measured, 1.0, 0.0)
        gradient = z - np.einsum("pl,plk->pk", pull, relative)
        # The curvature in log p itself rather than its expectation: fewer steps. It is kept from
        # falling to nothing where a level is less than half of what is predicted.
        weight = np.maximum((1.0 + off) * (1.0 + 2.0 * off), 0.25) / self.sd**2
        information = np.einsum("pl,plj,plk->pjk", weight, relative, relative)
        information += np.eye(z.shape[1])
        return -np.linalg.solve(information, gradient[:, :, None])[:, :, 0], information


def _descend(
    problem: _Problem, people: int, k: int
) -> tuple[Array, Array, NDArray[np.bool_], Array, int]:
    z = np.zeros((people, k))
    nudges = np.concatenate([np.zeros((1, k)), _NUDGE * np.eye(k)])
    best = np.full(people, np.inf)
    settled = np.zeros(people, dtype=bool)
    move = np.zeros((people, k))
    information = np.broadcast_to(np.eye(k), (people, k, k)).copy()
    for step in range(1, MOST_STEPS + 1):
        near = (z[:, None, :] + nudges).reshape(-1, k)
        levels = problem.predict(near).reshape(people, k + 1, -1)
        here = levels[:, 0]
        value = problem.objective(z, here)
        worse = ~(value <= best + 1e-9)
        # Too far: go back half of the way, and look again from there.
        move = np.where(worse[:, None], 0.5 * move, move)
        z = np.where(worse[:, None], z - move, z)
        if worse.all():
            continue
        slope = np.moveaxis(levels[:, 1:] - here[:, None], 1, 2) / _NUDGE
        proposed, found = problem.step(here, slope, z)
        better = ~worse
        best = np.where(better, value, best)
        information[better] = found[better]
        settled = np.where(better, np.abs(proposed).max(axis=1) < SETTLED, settled)
        if settled.all():
            return z, best, settled, information, step
        move = np.where(better[:, None], proposed, move)
        z = np.where(better[:, None], z + proposed, z)
    return z, best, settled, information, MOST_STEPS
