"""A model worked out for people: one sparse linear system dx/dt = A x for each of them.

The states are, in this order: one input channel for each compartment that takes drug at constant
rate (its value is the present rate in mg/h), the model's compartments (mg), first-order filters
such as effect sites (in the unit of what drives them), and integrals such as the area under a
curve. Filters and integrals are as linear as the rest, so all of it is propagated exactly together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import RegimenError
from .expressions import Expression
from .model import Model
from .pattern import Sparsity
from .people import People, parameters, typical_people
from .regimen import Dose, Regimen
from .tape import Program, has_compiled

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Jumps = tuple[Array, Integers, Array, Integers]
#: A program, A's pattern, the outputs' (start, cols) and the jumps.
Written = tuple[Program, Sparsity, tuple[Integers, Integers], Jumps]
#: Nothing leaves a compartment faster than this (1/h); a person for whom it would has failed.
FASTEST_PER_H = 1e6


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
    outputs: Sequence[str] | None = None,
    compiled: bool = True,
) -> tuple[System, Inputs]:
    """Work a model out for people under a regimen; ``outputs`` of the model's own (all if None).

    States that no dose of this regimen reaches, or that reach nothing asked for, are left out.
    Raises ``RegimenError`` where the model has no such route or cannot take a dose as given.
    """
    layout = layout_of(model, regimen, filters, integrals, outputs)
    return build_in(layout, people, [one.rate_per_h for one in filters], compiled)


def build_in(
    layout: Layout,
    people: People,
    filter_rates: Sequence[Array | float] = (),
    compiled: bool = True,
) -> tuple[System, Inputs]:
    """Work people out in a layout that was made before, with the rates of its filters."""
    if compiled and layout.fixed and has_compiled():
        from .written import begun

        run, system, inputs = begun(layout, people, filter_rates)
        run()
        return system, inputs
    with np.errstate(all="ignore"):
        values = parameters(layout.model, people)
        a, own = matrix_of(layout, values, filter_rates)
        rates = table_of(own, people.n)
        start, cols, own = outputs_of(layout, values)
        coefficients = table_of(own, people.n)
        jumps, own = inputs_of(layout, values)
        factors = table_of(own, people.n)
        failed = failed_of(a, rates, coefficients, factors)
    system = System(
        people.n, layout.states, a, rates, layout.names, start, cols, coefficients, failed
    )
    return system, Inputs(*jumps, factors)


#: Layouts made before, with the model they are of: a model has no hash of its own.
_LAYOUTS: dict[tuple[object, ...], Layout] = {}
_MOST_LAYOUTS = 256


def layout_of(
    model: Model,
    regimen: Regimen,
    filters: Sequence[Filter],
    integrals: Sequence[Integral],
    outputs: Sequence[str] | None,
) -> Layout:
    """The layout of a simulation, made once for all that share it."""
    asked = None if outputs is None else tuple(outputs)
    every: tuple[Filter | Integral, ...] = (*filters, *integrals)
    extra = tuple((one.name, tuple(one.inputs.items())) for one in every)
    key = (id(model), regimen, extra, len(filters), asked)
    found = _LAYOUTS.get(key)
    if found is None or found.model is not model:
        if len(_LAYOUTS) >= _MOST_LAYOUTS:
            _LAYOUTS.clear()
        # What people's filters are is told when they are worked out.
        plain = [replace(one, rate_per_h=0.0, typical_per_h=0.0) for one in filters]
        found = _LAYOUTS[key] = Layout(model, regimen, plain, integrals, outputs)
    return found


class Layout:
    """Which states there are, in which order: the same for all people of a simulation.

    ``also`` are doses of other regimens that are to have their states too.
    """

    def __init__(
        self,
        model: Model,
        regimen: Regimen,
        filters: Sequence[Filter],
        integrals: Sequence[Integral],
        outputs: Sequence[str] | None,
        also: Sequence[Dose] = (),
    ) -> None:
        self.model, self.regimen = model, regimen
        self.extra: tuple[Filter | Integral, ...] = (*filters, *integrals)
        self.outputs = tuple(model.outputs if outputs is None else outputs)
        self.names = (*self.outputs, *(one.name for one in self.extra))
        channels, targets = _given(model, (*regimen, *also))
        self.edges = [(rate_into(c), c) for c in channels]
        self.edges += [(f.origin, f.to) for f in model.flows if f.to is not None]
        for one in self.extra:
            for name in one.inputs:
                origins = model.outputs[name].terms if name in model.outputs else (name,)
                self.edges += [(origin, one.name) for origin in origins]
        asked = {c for name in self.outputs for c in model.outputs[name].terms}
        extra = {one.name for one in self.extra}
        ahead = _reached({*map(rate_into, channels), *targets}, self.edges)
        behind = _reached(asked | extra, [(to, origin) for origin, to in self.edges])
        kept = (ahead & behind) | extra
        every = (*map(rate_into, channels), *model.compartments, *(e.name for e in self.extra))
        self.states = tuple(name for name in every if name in kept) or every[:1]
        self.index = {name: i for i, name in enumerate(self.states)}
        self.places: tuple[Sparsity, list[tuple[int, int]]] | None = None
        #: Whether it depends on no person when drug goes in.
        self.fixed = all(
            entry.over is None for dose in regimen for entry in model.routes[dose.route].inputs
        )
        #: The steps of the formulas, by what is told of people.
        self.written: dict[tuple[tuple[str, ...], ...], Written] = {}


def rate_into(compartment: str) -> str:
    """The name of the state that holds the present rate (mg/h) of drug into a compartment."""
    return f"rate into {compartment}"


def _reached(origins: set[str], edges: Sequence[tuple[str, str]]) -> set[str]:
    found, new = set(origins), set(origins)
    while new:
        new = {to for origin, to in edges if origin in new} - found
        found |= new
    return found


def failed_of(a: Sparsity, rates: Array, *others: Array) -> NDArray[np.bool_]:
    """Whose numbers did not work out: not finite, or a rate or share below zero, or a rate so fast
    that its steps would cost others their digits. They are emptied.

    The usual case, that all is well, is seen from one sum and a few smallest values.
    """
    tables = [rates, *others]
    least = rates.min(axis=1, initial=0.0)
    well = all(np.isfinite(table.sum()) for table in tables)
    well &= bool((least[a.diagonal] >= -FASTEST_PER_H).all())
    least[a.diagonal] = 0.0
    well &= bool((least >= 0.0).all())
    well &= all(table.min(initial=0.0) >= 0 for table in others)
    failed = np.zeros(rates.shape[1], dtype=bool)
    if well:
        return failed
    off_diagonal = np.nonzero(a.rows != a.cols)[0]
    for table in tables:
        failed |= ~np.isfinite(table).all(axis=0)
    failed |= (rates[off_diagonal] < 0).any(axis=0)
    failed |= (rates[a.diagonal] < -FASTEST_PER_H).any(axis=0)
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


def _given(model: Model, regimen: Iterable[Dose]) -> tuple[tuple[str, ...], set[str]]:
    """Compartments that take drug at constant rate, in the model's order, and those at once."""
    at_rate: set[str] = set()
    at_once: set[str] = set()
    for dose in regimen:
        route = model.routes.get(dose.route)
        if route is None:
            known = ", ".join(model.routes)
            raise RegimenError(f"{model.id} knows no route {dose.route!r}; it knows: {known}")
        for entry in route.inputs:
            if dose.over_h > 0 and entry.over is not None:
                raise RegimenError(f"by {dose.route} a dose is given at once in {model.id}")
            (at_rate if dose.over_h > 0 or entry.over is not None else at_once).add(entry.to)
    return tuple(c for c in model.compartments if c in at_rate), at_once


def table_of(rows: Sequence[Any], n: int) -> Array:
    table = np.empty((len(rows), n))
    for k, row in enumerate(rows):
        table[k] = row
    return table


def matrix_of(
    layout: Layout, values: Mapping[str, Any], filter_rates: Sequence[Any]
) -> tuple[Sparsity, list[Any]]:
    """A's pattern and its values, place by place."""
    index, model = layout.index, layout.model
    size = len(layout.states)
    entries: dict[tuple[int, int], Any] = {(i, i): 0.0 for i in range(size)}

    def add(row: int, col: int, value: Any) -> None:
        before = entries.get((row, col))
        entries[row, col] = value if before is None else before + value

    for compartment in model.compartments:
        if rate_into(compartment) in index and compartment in index:
            add(index[compartment], index[rate_into(compartment)], 1.0)
    for flow in model.flows:
        origin = index.get(flow.origin)
        if origin is None:
            continue
        rate = flow.rate(values) / model.hours
        add(origin, origin, -rate)
        if flow.to in index:
            share = flow.share(values)
            add(index[flow.to], origin, rate if flow.share.text == "1" else rate * share)
    rates = iter(filter_rates)
    for one in layout.extra:
        row = index[one.name]
        rate = next(rates) if isinstance(one, Filter) else 1.0
        if isinstance(one, Filter):
            add(row, row, -rate)
        for name, weight in one.inputs.items():
            for origin_name, factor in _terms(layout, one, name):
                if origin_name in index:
                    scale = rate * weight
                    add(
                        row, index[origin_name], scale if factor is None else scale * factor(values)
                    )
    if layout.places is None:
        # Which entries there are is the same for all people; only their values differ.
        mask = np.zeros((size, size), dtype=bool)
        for row, col in entries:
            mask[row, col] = True
        a = Sparsity.of(mask)
        layout.places = a, list(zip(a.rows.tolist(), a.cols.tolist(), strict=True))
    a, places = layout.places
    return a, [entries[place] for place in places]


def _terms(
    layout: Layout, one: Filter | Integral, name: str
) -> Sequence[tuple[str, Expression | None]]:
    """The states, with their factors, that make up what a filter reads under ``name``."""
    output = layout.model.outputs.get(name)
    if output is not None:
        return tuple(output.terms.items())
    if layout.index.get(name, layout.index[one.name]) >= layout.index[one.name]:
        raise ValueError(f"{one.name} reads {name!r}, which {layout.model.id} does not give")
    return ((name, None),)


def outputs_of(layout: Layout, values: Mapping[str, Any]) -> tuple[Integers, Integers, list[Any]]:
    start: list[int] = [0]
    cols: list[int] = []
    factors: list[Any] = []
    for name in layout.outputs:
        for compartment, factor in layout.model.outputs[name].terms.items():
            if compartment in layout.index:
                cols.append(layout.index[compartment])
                factors.append(factor(values))
        start.append(len(cols))
    for one in layout.extra:
        cols.append(layout.index[one.name])
        factors.append(1.0)
        start.append(len(cols))
    return np.array(start, dtype=np.int64), np.array(cols, dtype=np.int64), factors


def inputs_of(
    layout: Layout, values: Mapping[str, Any], regimen: Regimen | None = None
) -> tuple[Jumps, list[Any]]:
    """Times, states, amounts and factors (by number) of all jumps, and the factors themselves.

    Of the layout's own regimen, if no other is given.
    """
    model, index = layout.model, layout.index
    regimen = layout.regimen if regimen is None else regimen
    weight = values["weight_kg"]
    factors: list[Any] = []
    known: dict[tuple[str, int, bool, str], int] = {}
    jumps: list[tuple[float, int, float, int]] = []
    for dose, first in zip(regimen, regimen.first_of_sitting(), strict=True):
        for place, entry in enumerate(model.routes[dose.route].inputs):
            over_h = dose.over_h
            if entry.over is not None:
                over_h = float(np.ravel(entry.over(values))[0]) * model.hours
            state = index.get(rate_into(entry.to) if over_h > 0 else entry.to)
            if state is None:
                continue
            key = (dose.route, place, first, dose.unit)
            if key not in known:
                fraction = entry.fraction({**values, "first_device": float(first)})
                known[key] = len(factors)
                factors.append(fraction * weight if dose.unit == "mg/kg" else fraction)
            if over_h > 0:
                rate = dose.amount / over_h
                jumps.append((dose.at_h, state, rate, known[key]))
                jumps.append((dose.at_h + over_h, state, -rate, known[key]))
            else:
                jumps.append((dose.at_h, state, dose.amount, known[key]))
    jumps.sort(key=lambda jump: jump[0])
    return (
        np.array([j[0] for j in jumps], dtype=np.float64),
        np.array([j[1] for j in jumps], dtype=np.int64),
        np.array([j[2] for j in jumps], dtype=np.float64),
        np.array([j[3] for j in jumps], dtype=np.int64),
    ), factors
