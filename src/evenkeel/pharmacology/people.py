"""Virtual people: their covariates and their random effects, drawn once and reproducible.

People are drawn in groups of a fixed size, each from its own stream, so that person 17 of seed 1
is the same person whether 20 or a million are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import PeopleError
from .model import Covariate, Model

Array = NDArray[np.float64]
GROUP = 4096
LARGEST = 20_000_000
#: What everybody has, whether a model asks for it or not: doses by weight need it.
WEIGHT = Covariate("weight_kg", 70.0, 25.0, 350.0, "range of adults a clinic can weigh: assumed")
_POPULATION = Path(__file__).parent / "population.json"


@dataclass(frozen=True, eq=False)
class People:
    """``n`` people: covariates and random effects by name, each (n,).

    ``effects`` holds the effect of each varying parameter (eta); a parameter that is not there
    has its typical value, unless ``known`` holds each person's own, which then stands.
    """

    n: int
    covariates: Mapping[str, Array]
    effects: Mapping[str, Array]
    known: Mapping[str, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.n

    def part(self, which: slice | NDArray[np.int64]) -> People:
        """Some of them, in the given order."""
        covariates = {k: v[which] for k, v in self.covariates.items()}
        effects = {k: v[which] for k, v in self.effects.items()}
        known = {k: v[which] for k, v in self.known.items()}
        n = len(range(*which.indices(self.n))) if isinstance(which, slice) else len(which)
        return People(n, covariates, effects, known)


def known_people(
    model: Model, parameters: Mapping[str, Array], **covariates: float | Array
) -> People:
    """People whose own parameters are known: name -> (n,), the others typical.

    Raises ``PeopleError`` for a name that is no parameter, or arrays of different lengths.
    """
    sizes = {np.size(value) for value in parameters.values()}
    unknown = set(parameters) - set(model.parameters)
    if unknown or len(sizes) != 1:
        raise PeopleError(
            f"{model.id} has no parameter {min(unknown)!r}"
            if unknown
            else f"parameters of {sorted(sizes)} people do not belong together"
        )
    n = sizes.pop()
    if n < 1:
        raise PeopleError("there must be at least one person")
    return People(n, _covariates(model, n, covariates), {}, dict(parameters))


def typical_people(model: Model, **covariates: float | Array) -> People:
    """People without random effects, one for each covariate value given (one if none is an array).

    Raises ``PeopleError`` for covariates the model does not know or no person can have.
    """
    n = max((np.size(v) for v in covariates.values()), default=1)
    if n < 1:
        raise PeopleError("there must be at least one person")
    return People(n, _covariates(model, n, covariates), {})


def draw_people(model: Model, n: int, seed: int = 0, **covariates: float | Array) -> People:
    """``n`` people of a model: given covariates (one value or (n,)), random effects drawn.

    Covariates not given have the model's default. Raises ``PeopleError`` as above, and for an
    ``n`` below 1 or above ``LARGEST``.
    """
    if not isinstance(n, int | np.integer) or not 1 <= n <= LARGEST:
        raise PeopleError(f"between 1 and {LARGEST} people can be drawn, not {n!r}")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise PeopleError(f"the seed must be a whole number from 0 on, not {seed!r}")
    effects: dict[str, Array] = {name: np.empty(n) for name in model.random_effects}
    roots = [_root(block.omega2) for block in model.variability]
    for group, start in enumerate(range(0, n, GROUP)):
        stop = min(n, start + GROUP)
        stream = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, group])))
        for block, root in zip(model.variability, roots, strict=True):
            drawn = stream.standard_normal((GROUP, len(block.parameters)))[: stop - start]
            values = drawn @ root.T
            for column, name in enumerate(block.parameters):
                effects[name][start:stop] = values[:, column]
    return People(n, _covariates(model, n, covariates), effects)


def people_from_normals(model: Model, normals: Array, **covariates: float | Array) -> People:
    """People whose random effects come from standard normals (n, len(model.random_effects)).

    In this space the prior is a unit sphere, whatever the covariances: what learning moves in.
    """
    n = len(normals)
    values = normals @ effects_root(model)
    effects = {name: values[:, i] for i, name in enumerate(model.random_effects)}
    return People(n, _covariates(model, n, covariates), effects)


def effects_root(model: Model) -> Array:
    """(k, k) matrix that turns rows of standard normals into random effects of the model."""
    return _effects_root(*(block.omega2.tobytes() for block in model.variability))


@cache
def _effects_root(*blocks: bytes) -> Array:
    roots = []
    for block in blocks:
        omega2 = np.frombuffer(block)
        size = int(np.sqrt(len(omega2)))
        roots.append(_root(omega2.reshape(size, size)))
    total = np.zeros((sum(map(len, roots)),) * 2)
    first = 0
    for root in roots:
        total[first : first + len(root), first : first + len(root)] = root.T
        first += len(root)
    return total


def draw_covariates(n: int, seed: int = 0) -> dict[str, Array]:
    """Weight, age and sex of ``n`` adults as in the trials, from ``population.json``.

    Returns ``weight_kg``, ``age_years`` and ``female`` (0 or 1), each (n,).
    """
    about = population()
    stream = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, n, 7])))
    found: dict[str, Array] = {}
    for name in ("weight_kg", "age_years"):
        spec = about[name]
        z = stream.standard_normal(n)
        if spec["distribution"] == "lognormal":
            drawn = spec["median"] * np.exp(spec["log_sd"] * z)
        else:
            drawn = spec["median"] + spec["sd"] * z
        found[name] = np.clip(drawn, spec["low"], spec["high"])
    found["female"] = (stream.random(n) < about["female"]["share"]).astype(np.float64)
    return found


@cache
def population() -> dict[str, Any]:
    """The population file, with its sources."""
    found: dict[str, Any] = json.loads(_POPULATION.read_text(encoding="utf-8"))
    return found


def parameters(model: Model, people: People) -> dict[str, Array | float]:
    """Every name of the model's formulas, worked out: floats, or (n,) where people differ."""
    return worked(model, told(people), people.effects, people.known)


def told(people: People) -> dict[str, Array | float]:
    """The covariates: a number where they are the same for everybody, else (n,)."""
    return {
        name: float(found[0]) if found.strides == (0,) or (found == found[0]).all() else found
        for name, found in people.covariates.items()
    }


def worked(
    model: Model,
    covariates: Mapping[str, Any],
    effects: Mapping[str, Any],
    known: Mapping[str, Any],
) -> dict[str, Any]:
    """Every name of the formulas from covariates, random effects and known parameters by name:
    numbers, arrays, or what stands for them (``tape.Traced``).
    """
    values = dict(covariates)
    scales = {name: block.scale for block in model.variability for name in block.parameters}
    for name, parameter in model.parameters.items():
        eta = effects.get(name)
        if name in known:
            values[name] = known[name]
        elif eta is None:
            values[name] = parameter.value
        else:
            values[name] = _apply(scales[name], parameter.value, eta)
    for name, formula in model.individual.items():
        values[name] = formula(values)
    return values


def _apply(scale: str, value: float, eta: Array) -> Array:
    if scale == "log":
        found: Array = value * np.exp(eta)
    elif scale == "logit":
        found = 1.0 / (1.0 + np.exp(-(np.log(value / (1.0 - value)) + eta)))
    else:
        found = value + eta
    return found


def _root(omega2: Array) -> Array:
    """A square root of a covariance matrix that may have zero variances."""
    values, vectors = np.linalg.eigh(omega2)
    root: Array = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    return root


def _covariates(model: Model, n: int, given: Mapping[str, float | Array]) -> dict[str, Array]:
    asked = {"weight_kg": WEIGHT, **model.covariates}
    for name in given:
        if name not in asked:
            known = ", ".join(asked)
            raise PeopleError(f"{model.id} knows no covariate {name!r}; it knows: {known}")
    found = {}
    for covariate in asked.values():
        try:
            value = np.asarray(given.get(covariate.name, covariate.default), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise PeopleError(f"{covariate.name} must be a number for everybody") from error
        if value.ndim > 1 or value.size not in (1, n):
            raise PeopleError(f"{covariate.name} has {value.size} values for {n} people")
        if not np.isfinite(value).all():
            raise PeopleError(f"{covariate.name} must be a number for everybody")
        if (value < covariate.low).any() or (value > covariate.high).any():
            odd = value.min() if (value < covariate.low).any() else value.max()
            raise PeopleError(
                f"{covariate.name} is {odd:g}; the model takes {covariate.low:g} to "
                f"{covariate.high:g} ({covariate.source})"
            )
        found[covariate.name] = np.broadcast_to(value, (n,)) if value.size == 1 else value
    return found
