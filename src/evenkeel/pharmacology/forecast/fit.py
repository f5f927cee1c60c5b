"""The single most likely person behind measured levels, for one person or thousands at once.

Newton's steps to the posterior mode: the random effects of each person, as standard normals z, that
minimize  sum over levels of ((y - p) / (sd p))**2 + 2 log(sd p)  +  z'z . Slopes and
bends are differences of neighboring virtual people, who are propagated together with the person:
one call does a whole step for everybody, and one person and all neighbors fill a single block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import PeopleError
from ..model import Model
from ..people import People, effects_root, typical_people
from ..plan import LinearPlan, check_times, linear_plan
from ..regimen import Regimen
from ..sharing import shared_out
from ..solve import linear, way_of
from ..system import Layout, build_in
from ..tape import has_compiled
from ..written import begun

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Places = tuple[Integers, Integers]

MOST_STEPS = 30
#: After a step this small in every standard normal the next would be about a tenth of its square,
#: which is far below any error: the end.
SETTLED = 0.01
_NUDGE = 1e-5
#: Gauss-Newton steps smaller than this, in standard normals, are near enough for Newton's.
NEAR = 0.6
#: A curvature with a smaller eigenvalue than this is not used.
_LEAST = 0.05


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
    (people,) says where the steps came to rest; ``curvature`` (people, k, k) is that of half the
    objective at the mode.
    """

    names: tuple[str, ...]
    normals: Array
    effects: Array
    objective: Array
    converged: NDArray[np.bool_]
    curvature: Array
    steps: int

    @cached_property
    def covariance(self) -> Array:
        """(people, k, k) that of the normals, by the curvature at the mode."""
        return np.asarray(np.linalg.inv(self.curvature), dtype=np.float64)


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
    levels that are not above zero, shapes that do not fit, names of no random effect, and a model
    that has none.
    """
    times = check_times(times_h)
    every = model.random_effects
    wanted = tuple(every if names is None else names)
    unknown = set(wanted) - set(every)
    if unknown or not wanted or len(set(wanted)) < len(wanted):
        raise PeopleError(
            f"in {model.id} nothing differs between people under the name {min(unknown)!r}"
            if unknown
            else f"random effects of {model.id} to fit must be named, each once"
        )
    chosen = [every.index(name) for name in wanted]
    values = np.ascontiguousarray(values_ng_ml, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(times) or len(outputs) != len(times):
        raise PeopleError(f"levels must be (people, {len(times)}), not {values.shape}")
    if (values <= 0).any() or not (sd > 0):
        raise PeopleError("a level and its error must be above zero")
    problem = _Problem(model, regimen, times, tuple(outputs), values, chosen, sd, covariates)
    down = _descend_compiled if problem.compiled else _descend
    z, objective, converged, curvature, steps = down(problem, len(values), len(chosen))
    kept = tuple(every[c] for c in chosen)
    return Fit(kept, z, z @ problem.root, objective, converged, curvature, steps)


#: Layouts made before, with the model they are of: a model has no hash of its own.
_LAYOUTS: dict[tuple[object, ...], tuple[Layout, People]] = {}
_MOST_LAYOUTS = 64


def _layout(
    model: Model,
    regimen: Regimen,
    names: tuple[str, ...],
    covariates: tuple[tuple[str, float], ...],
) -> tuple[Layout, People]:
    """The states of a regimen and the typical person, made once for the fits that share them."""
    key = (id(model), regimen, names, covariates)
    found = _LAYOUTS.get(key)
    if found is None or found[0].model is not model:
        if len(_LAYOUTS) >= _MOST_LAYOUTS:
            _LAYOUTS.clear()
        made = Layout(model, regimen, (), (), names), typical_people(model, **dict(covariates))
        found = _LAYOUTS[key] = made
    return found


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
        self.model, self.values, self.sd = model, values, float(sd)
        names, self.times, self.pick = _places(outputs, times.tobytes())
        every = model.random_effects
        self.names = [every[c] for c in chosen]
        self.root = np.ascontiguousarray(effects_root(model)[chosen][:, chosen])
        self.layout, self.typical = _layout(model, regimen, names, tuple(covariates.items()))
        self.plan: LinearPlan | None = None
        self.measured = np.isfinite(values)

    @property
    def compiled(self) -> bool:
        """Whether it can be gone through compiled: none's doses last as long as they please."""
        return self.layout.fixed and has_compiled()

    def people(self, z: Array) -> People:
        """The people that the chosen normals (n, k) stand for."""
        eta = z @ self.root
        alike = {k: np.broadcast_to(v, (len(z),)) for k, v in self.typical.covariates.items()}
        return People(len(z), alike, {name: eta[:, i] for i, name in enumerate(self.names)})

    def predict(self, z: Array) -> Array:
        """Levels (len(z), L) of people given by the chosen normals."""
        system, inputs = build_in(self.layout, self.people(z), compiled=has_compiled())
        if self.plan is None:
            self.plan = linear_plan(inputs, self.times)
        found = linear(system, inputs, self.times, plan=self.plan)
        picked: Array = found[self.pick[0], :, self.pick[1]].T
        return picked

    def look(self, levels: Array, z: Array) -> tuple[Array, Array, Array]:
        """What is minimized (people,), the step and the curvature, from levels of neighbors."""
        if not has_compiled():
            return self.objective(z, levels[:, 0]), *self.step(levels, z)
        from ..fit_kernel import newton

        found = newton(levels, self.values, z, self.sd, _NUDGE, NEAR, _LEAST)
        objective, step, curvature = found
        return objective, step, curvature

    def objective(self, z: Array, predicted: Array) -> Array:
        """(people,) what is minimized."""
        safe = np.maximum(predicted, 1e-300)
        terms = ((self.values - safe) / (self.sd * safe)) ** 2 + 2.0 * np.log(self.sd * safe)
        total: Array = np.where(self.measured, terms, 0.0).sum(axis=1) + np.square(z).sum(axis=1)
        return total

    def step(self, levels: Array, z: Array) -> tuple[Array, Array]:
        """The step (people, k) and the curvature (people, k, k) from levels of neighbors.

        Far from the end what bends the levels themselves is left out of the curvature
        (Gauss-Newton), which is then never less than that of the prior; near it is Newton's.
        """
        k = z.shape[1]
        here = levels[:, 0]
        rise = levels[:, 1 : k + 1] - levels[:, :1]
        relative = (rise / (_NUDGE * here[:, None])).swapaxes(1, 2)
        relative[~self.measured] = 0.0
        off = np.where(self.measured, self.values / here, 1.0) - 1.0
        pull = off * (1.0 + off) / self.sd**2 - self.measured
        weight = (1.0 + off) * (1.0 + 2.0 * off) / self.sd**2
        gradient = z - (pull[:, None] @ relative)[:, 0]
        kept = np.maximum(weight, 0.25 / self.sd**2)
        curvature = np.swapaxes(relative, 1, 2) @ (kept[:, :, None] * relative) + np.eye(k)
        step = _solved(curvature, gradient)
        near = np.abs(step).max(axis=1) < NEAR
        if near.any():
            full = self.curvature(levels, relative, pull, weight)
            near &= np.linalg.eigvalsh(full)[:, 0] > _LEAST
            if near.all():
                return _solved(full, gradient), full
            curvature = np.where(near[:, None, None], full, curvature)
            step = np.where(near[:, None], _solved(curvature, gradient), step)
        return step, curvature

    def curvature(self, levels: Array, relative: Array, pull: Array, weight: Array) -> Array:
        """The curvature (people, k, k) with what bends the levels themselves."""
        k = relative.shape[2]
        second = _second(levels, k) / levels[:, 0][:, :, None, None]
        bend = second - relative[:, :, :, None] * relative[:, :, None, :]
        bend[~self.measured] = 0.0
        outer = np.swapaxes(relative, 1, 2) @ (weight[:, :, None] * relative)
        pulled = pull[:, None] @ bend.reshape(*pull.shape, k * k)
        found: Array = outer + np.eye(k) - pulled.reshape(-1, k, k)
        return found


@lru_cache(maxsize=64)
def _places(outputs: tuple[str, ...], times: bytes) -> tuple[tuple[str, ...], Array, Places]:
    """The outputs and times that are asked for, each once, and where among them each level is."""
    names = tuple(dict.fromkeys(outputs))
    once, at = np.unique(np.frombuffer(times), return_inverse=True)
    return names, once, (np.array([names.index(name) for name in outputs]), at.ravel())


def _solved(curvature: Array, gradient: Array) -> Array:
    """The steps (people, k) that lead to the bottom of a bowl."""
    return np.asarray(-np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0])


@cache
def _neighbors(k: int) -> Array:
    """(1 + k + k (k + 1) / 2, k): the person, one nudge each, and two nudges of every pair."""
    single = _NUDGE * np.eye(k)
    pairs = [single[i] + single[j] for i in range(k) for j in range(i, k)]
    return np.concatenate([np.zeros((1, k)), single, np.array(pairs).reshape(-1, k)])


def _second(levels: Array, k: int) -> Array:
    """Second derivatives (people, L, k, k) from the levels (people, neighbors, L)."""
    i, j, pair = _pairs(k)
    rise = levels[:, 1 : k + 1] - levels[:, :1]
    both = (levels[:, k + 1 :] - levels[:, :1] - rise[:, i] - rise[:, j]) / _NUDGE**2
    return both[:, pair].swapaxes(1, 2).reshape(len(levels), -1, k, k)


@cache
def _pairs(k: int) -> tuple[Integers, Integers, Integers]:
    """Both of each pair of k, and (k * k,) the number of the pair that each two make."""
    i, j = np.triu_indices(k)
    pair = np.empty((k, k), dtype=np.int64)
    pair[i, j] = pair[j, i] = np.arange(len(i))
    return i, j, pair.ravel()


def _descend(
    problem: _Problem, people: int, k: int
) -> tuple[Array, Array, NDArray[np.bool_], Array, int]:
    z, move = np.zeros((people, k)), np.zeros((people, k))
    neighbors = _neighbors(k)
    best = np.full(people, np.inf)
    settled = np.zeros(people, dtype=bool)
    curvature = np.broadcast_to(np.eye(k), (people, k, k)).copy()
    for step in range(1, MOST_STEPS + 1):
        if step == 1:
            # All begin at the typical person, whose levels are the same for everybody.
            levels = np.repeat(problem.predict(neighbors)[None], people, axis=0)
        else:
            near = (z[:, None, :] + neighbors).reshape(-1, k)
            levels = problem.predict(near).reshape(people, len(neighbors), -1)
        value, proposed, found = problem.look(levels, z)
        worse = ~(value <= best + 1e-9)
        small = np.abs(proposed).max(axis=1) < SETTLED
        if worse.any():
            best = np.where(worse, best, value)
            curvature = np.where(worse[:, None, None], curvature, found)
            settled |= ~worse & small
            # Too far: half of the way back. Else the next step, but for those at rest.
            move = np.where(worse[:, None], -0.5 * move, proposed)
            z = z + move
            move = np.where(worse[:, None], -move, move)
        else:
            best, curvature, move, z = value, found, proposed, z + proposed
            settled |= small
        if settled.all():
            # The last step was not looked at again; a bowl says by how much it led down.
            best = best - np.einsum("pj,pjk,pk->p", move, curvature, move)
            return z, best, settled, curvature, step
    return z, best, settled, curvature, MOST_STEPS


def _descend_compiled(
    problem: _Problem, people: int, k: int
) -> tuple[Array, Array, NDArray[np.bool_], Array, int]:
    from ..descent_kernel import descend

    tape, way, root = _written(problem)
    pick = np.array(problem.pick)
    z, objective = np.zeros((people, k)), np.empty(people)
    converged = np.zeros(people, dtype=bool)
    curvature, taken = np.zeros((people, k, k)), np.zeros(people, dtype=np.int64)
    curvature[:] = np.eye(k)
    work = partial(
        descend, problem.values, problem.sd, _NUDGE, NEAR, _LEAST, SETTLED, MOST_STEPS,
        _neighbors(k), root, pick, len(problem.times), tape, way,
        z, objective, converged, curvature, taken,
    )  # fmt: skip
    shared_out(people, work)
    return z, objective, converged, curvature, int(taken.max(initial=0))


#: What the compiled way down needs of a problem, by its layout, its times and who is fitted.
_WRITTEN: dict[tuple[object, ...], tuple[Layout, tuple[Any, ...]]] = {}


def _written(problem: _Problem) -> tuple[Any, ...]:
    """(tape, way, root) of ``descent_kernel``, made once for the fits that share them."""
    layout = problem.layout
    key = id(layout), problem.times.tobytes(), tuple(problem.names)
    found = _WRITTEN.get(key)
    if found is None or found[0] is not layout:
        if len(_WRITTEN) >= _MOST_LAYOUTS:
            _WRITTEN.clear()
        run, system, inputs = begun(layout, problem.people(np.zeros((1, len(problem.names)))))
        asked = run.program
        tape = (
            run.steps, run.alike, run.known, run.places, asked.rows, asked.least,
            len(system.rates),
        )  # fmt: skip
        way = way_of(system, inputs, linear_plan(inputs, problem.times))
        columns = [problem.names.index(name.removeprefix("effect ")) for name in run.varying]
        root = np.ascontiguousarray(problem.root[:, columns])
        found = _WRITTEN[key] = layout, (tape, way, root)
    return found[1]
