"""A published pharmacokinetic model as plain data: structure, numbers, and where each came from.

Every model is a linear compartment system. ``Model`` is immutable; it is read from one file in
``models/`` by ``load_model`` and worked out for many people at once by ``system``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .expressions import Expression

Array = NDArray[np.float64]
Mark = Literal["measured", "derived", "assumed"]
Scale = Literal["log", "logit", "additive"]
Status = Literal["validated", "extrapolated", "derived"]

HOURS_PER_UNIT = {"h": 1.0, "min": 1.0 / 60.0}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a model with its unit, its source and how far it was checked."""

    name: str
    value: float
    unit: str
    mark: Mark
    source: str
    verification: str


@dataclass(frozen=True, slots=True)
class Covariate:
    """What a model asks of a person. Outside ``low`` to ``high`` it refuses."""

    name: str
    default: float
    low: float
    high: float
    source: str


@dataclass(frozen=True, slots=True)
class Variability:
    """Random effects drawn together: their parameters, scale and covariance matrix (k, k)."""

    parameters: tuple[str, ...]
    scale: Scale
    omega2: Array
    mark: Mark
    source: str
    verification: str


@dataclass(frozen=True, slots=True)
class Flow:
    """Amount leaves ``origin`` at ``rate`` per time unit; ``share`` of it arrives in ``to``."""

    origin: str
    to: str | None
    rate: Expression
    share: Expression


@dataclass(frozen=True, slots=True)
class RouteInput:
    """``fraction`` of a dose reaches ``to``: as it is given, or at constant rate for ``over``."""

    to: str
    fraction: Expression
    over: Expression | None


@dataclass(frozen=True, slots=True)
class Route:
    """One way of giving the drug, and how far the model was made for it.

    A dose given within less than ``shortest_min`` minutes is more than the model was made for.
    """

    name: str
    status: Status
    note: str
    inputs: tuple[RouteInput, ...]
    shortest_min: float = 0.0


@dataclass(frozen=True, slots=True)
class Output:
    """A concentration in ng/mL: a sum over compartments of amount times a factor."""

    name: str
    terms: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Residual:
    """Measurement error of an output: proportional, additive on the log, or combined."""

    output: str
    kind: Literal["proportional", "log_additive", "combined"]
    sd: float
    sd_add_ng_ml: float
    mark: Mark
    source: str


@dataclass(frozen=True, slots=True)
class Model:
    """A model as its file states it. Rates and durations are in ``time_unit``."""

    id: str
    title: str
    version: int
    citation: str
    doi: str
    read_at: tuple[str, ...]
    verification: str
    population: Mapping[str, object]
    sampling: str
    drug: Literal["s_ketamine", "racemic"]
    not_for: tuple[str, ...]
    notes: tuple[str, ...]
    time_unit: Literal["h", "min"]
    covariates: Mapping[str, Covariate]
    parameters: Mapping[str, Parameter]
    variability: tuple[Variability, ...]
    not_drawn: tuple[Mapping[str, str], ...]
    individual: Mapping[str, Expression]
    compartments: tuple[str, ...]
    flows: tuple[Flow, ...]
    routes: Mapping[str, Route]
    outputs: Mapping[str, Output]
    residual: Mapping[str, Residual]
    file: str = field(default="", compare=False)

    @property
    def hours(self) -> float:
        """Hours in one of the file's time units."""
        return HOURS_PER_UNIT[self.time_unit]

    @property
    def assumed(self) -> tuple[str, ...]:
        """The parameters whose value nobody measured."""
        return tuple(p.name for p in self.parameters.values() if p.mark == "assumed")

    @property
    def random_effects(self) -> tuple[str, ...]:
        """Parameters that vary between people, in the order of the random effects."""
        return tuple(name for block in self.variability for name in block.parameters)
