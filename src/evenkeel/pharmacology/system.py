"""A model worked out for people: one sparse linear system dx/dt = A x for each of them.

The states are, in this order: one input channel for each compartment that takes drug at constant
rate (its value is the present rate in mg/h), the model's compartments (mg), first-order filters
such as effect sites (in the unit of what drives them), and integrals such as the area under a
curve. Filters and integrals are as linear as the rest, so all of it is propagated exactly together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import RegimenError
from .model import Model
from .pattern import Sparsity
from .people import People, parameters, typical_people
from .regimen import Regimen

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    """A first-order delay: y' = rate (sum of weight * input - y). Rate in 1/h, one or (n,).

    Inputs are outputs of the model or filters that stand before this one.

    ``typical_per_h`` is the typical person's rate; it must be given where ``rate_per_h`` varies.
    """

    name: str
    inputs: Mapping[str, float]
    rate_per_h: Array | float
    typical_per_h: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Integral:
    """The time integral (h) of a weighted sum of outputs, or of filters before it."""

    name: str
    inputs: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class System:
    """What the kernels need of n people, in hours and mg.

    ``rates`` (places of A, n); ``output_cols``/``output_values`` (terms, n) with ``output_start``
    (outputs + 1) give each output as a sum over states. ``failed`` (n,) are people whose numbers
    did not work out; their system is empty.
    """

    n: int
    states: tuple[str, ...]
    a: Sparsity
    rates: Array
    outputs: tuple[str, ...]
    output_start: Integers
    output_cols: Integers
    output_values: Array
    failed: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a regimen does to the states: at ``time_h`` a state jumps by ``amount`` * factor.

    ``state`` and ``factor`` (jumps,) index states and the rows of ``factors`` (factors, n).
    """

    time_h: Array
    state: Integers
    amount: Array
    factor: Integers
    factors: Array


def build(
    model: Model,
    regimen: Regimen,
    people: People,
    filters: Sequence[Filter] = (),
    integrals: Sequence[Integral] = (),
) -> tuple[System, Inputs]:
    """Work a model out for people under a regimen.

    Raises ``RegimenError`` where the model has no such route or cannot take a dose as given.
    """
    with np.errstate(all="ignore"):
        return _build(model, regimen, people, filters, integrals)


def _build(
    model: Model,
    regimen: Regimen,
    people: People,
    filters: Sequence[Filter],
    integrals: Sequence[Integral],
) -> tuple[System, Inputs]:
    values = parameters(model, people)
    channels = _channels(model, regimen)
    states = (
        *(f"rate into {c}" for c in channels),
        *model.compartments,
        *(f.name for f in filters),
        *(i.name for i in integrals),
    )
    a, rates = _matrix(model, values, people.n, states, channels, filters, integrals)
    start, cols, coefficients = _outputs(model, values, people.n, states, filters, integrals)
    inputs = _inputs(model, regimen, values, people.n, states)
    failed = _failed(a, rates, coefficients, inputs.factors)
    names = (*model.outputs, *(f.name for f in filters), *(i.name for i in integrals))
    return System(people.n, states, a, rates, names, start, cols, coefficients, failed), inputs


def _failed(a: Sparsity, rates: Array, *others: Array) -> NDArray[np.bool_]:
    """Whose numbers did not work out: not finite, or a rate or share below zero. They are emptied.

    The usual case, that all is well, is seen from one sum and a few smallest values.
    """
    off_diagonal = np.nonzero(a.rows != a.cols)[0]
    tables = [rates, *others]
    well = all(np.isfinite(table.sum()) for table in tables)
    well &= all(rates[k].min(initial=0.0) >= 0 for k in off_diagonal)
    well &= all(table.min(initial=0.0) >= 0 for table in others)
    failed = np.zeros(rates.shape[1], dtype=bool)
    if well:
        return failed
    for table in tables:
        failed |= ~np.isfinite(table).all(axis=0)
    failed |= (rates[off_diagonal] < 0).any(axis=0)
    for table in others:
        failed |= (table < 0).any(axis=0)
    for table in tables:
        table[:, failed] = 0.0
    return failed


def fastest_per_h(model: Model, filters: Sequence[Filter]) -> float:
    """The largest rate (1/h) at which anything leaves any state of the typical person.

    It sets the ladder, so it must not depend on who is simulated.
    """
    values = parameters(model, typical_people(model))
    leaving: dict[str, float] = {}
    for flow in model.flows:
        rate = float(np.max(flow.rate(values))) / model.hours
        leaving[flow.origin] = leaving.get(flow.origin, 0.0) + rate
    delays = [f.typical_per_h or float(np.max(f.rate_per_h)) for f in filters]
    return max(*leaving.values(), *delays, 1e-3)


def _channels(model: Model, regimen: Regimen) -> tuple[str, ...]:
    """Compartments that take drug at constant rate under this regimen, in the model's order."""
    found = set()
    for dose in regimen:
        route = model.routes.get(dose.route)
        if route is None:
            known = ", ".join(model.routes)
            raise RegimenError(f"{model.id} knows no route {dose.route!r}; it knows: {known}")
        for entry in route.inputs:
            if dose.over_h > 0 and entry.over is not None:
                raise RegimenError(f"by {dose.route} a dose is given at once in {model.id}")
            if dose.over_h > 0 or entry.over is not None:
                found.add(entry.to)
    return tuple(c for c in model.compartments if c in found)


def _matrix(
    model: Model,
    values: Mapping[str, Array | float],
    n: int,
    states: tuple[str, ...],
    channels: tuple[str, ...],
    filters: Sequence[Filter],
    integrals: Sequence[Integral],
) -> tuple[Sparsity, Array]:
    index = {name: i for i, name in enumerate(states)}
    entries: dict[tuple[int, int], Array | float] = {(i, i): 0.0 for i in range(len(states))}

    def add(row: int, col: int, value: Array | float) -> None:
        before = entries.get((row, col))
        entries[row, col] = value if before is None else before + value

    for channel in channels:
        add(index[channel], index[f"rate into {channel}"], 1.0)
    for flow in model.flows:
        rate = flow.rate(values) / model.hours
        origin = index[flow.origin]
        add(origin, origin, -rate)
        if flow.to is not None:
            share = flow.share(values)
            add(index[flow.to], origin, rate if flow.share.text == "1" else rate * share)
    extra: tuple[Filter | Integral, ...] = (*filters, *integrals)
    for one in extra:
        row = index[one.name]
        rate = one.rate_per_h if isinstance(one, Filter) else 1.0
        if isinstance(one, Filter):
            add(row, row, -rate)
        for name, weight in one.inputs.items():
            if name in model.outputs:
                for compartment, factor in model.outputs[name].terms.items():
                    add(row, index[compartment], rate * weight * factor(values))
            elif index.get(name, row) < row:
                add(row, index[name], rate * weight)
            else:
                raise ValueError(f"{one.name} reads {name!r}, which {model.id} does not give")
    mask = np.zeros((len(states), len(states)), dtype=bool)
    for row, col in entries:
        mask[row, col] = True
    a = Sparsity.of(mask)
    rates = np.empty((len(a.rows), n))
    for k, (row, col) in enumerate(zip(a.rows.tolist(), a.cols.tolist(), strict=True)):
        rates[k] = entries[row, col]
    return a, rates


def _outputs(
    model: Model,
    values: Mapping[str, Array | float],
    n: int,
    states: tuple[str, ...],
    filters: Sequence[Filter],
    integrals: Sequence[Integral],
) -> tuple[Integers, Integers, Array]:
    index = {name: i for i, name in enumerate(states)}
    start: list[int] = [0]
    cols: list[int] = []
    factors: list[Array | float] = []
    for output in model.outputs.values():
        for compartment, factor in output.terms.items():
            cols.append(index[compartment])
            factors.append(factor(values))
        start.append(len(cols))
    extra: tuple[Filter | Integral, ...] = (*filters, *integrals)
    for one in extra:
        cols.append(index[one.name])
        factors.append(1.0)
        start.append(len(cols))
    coefficients = np.empty((len(cols), n))
    for k, coefficient in enumerate(factors):
        coefficients[k] = coefficient
    return np.array(start, dtype=np.int64), np.array(cols, dtype=np.int64), coefficients


def _inputs(
    model: Model,
    regimen: Regimen,
    values: Mapping[str, Array | float],
    n: int,
    states: tuple[str, ...],
) -> Inputs:
    index = {name: i for i, name in enumerate(states)}
    weight = values["weight_kg"]
    factors: list[Array | float] = []
    known: dict[tuple[str, int, bool, str], int] = {}
    jumps: list[tuple[float, int, float, int]] = []
    for dose, first in zip(regimen, regimen.first_of_sitting(), strict=True):
        for place, entry in enumerate(model.routes[dose.route].inputs):
            key = (dose.route, place, first, dose.unit)
            if key not in known:
                fraction = entry.fraction({**values, "first_device": float(first)})
                known[key] = len(factors)
                factors.append(fraction * weight if dose.unit == "mg/kg" else fraction)
            over_h = dose.over_h
            if entry.over is not None:
                over_h = float(np.ravel(entry.over(values))[0]) * model.hours
            if over_h > 0:
                state, rate = index[f"rate into {entry.to}"], dose.amount / over_h
                jumps.append((dose.at_h, state, rate, known[key]))
                jumps.append((dose.at_h + over_h, state, -rate, known[key]))
            else:
                jumps.append((dose.at_h, index[entry.to], dose.amount, known[key]))
    jumps.sort(key=lambda jump: jump[0])
    table = np.empty((len(factors), n))
    for k, factor in enumerate(factors):
        table[k] = factor
    return Inputs(
        np.array([j[0] for j in jumps]),
        np.array([j[1] for j in jumps], dtype=np.int64),
        np.array([j[2] for j in jumps]),
        np.array([j[3] for j in jumps], dtype=np.int64),
        table,
    )
