"""Several ways on from one past, worked out together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .model import Model
from .people import People, parameters
from .plan import check_times, ways_plan
from .regimen import Regimen, check_agree
from .simulate import Result, filter_part, in_parts, trust
from .solve import Kernel, linear, room_for
from .system import (
    Filter,
    Inputs,
    Integral,
    Layout,
    System,
    failed_of,
    inputs_of,
    matrix_of,
    outputs_of,
    table_of,
)

Array = NDArray[np.float64]


def simulate_ways(
    model: Model,
    regimens: Sequence[Regimen],
    people: People,
    times_h: object,
    *,
    filters: Sequence[Filter] = (),
    integrals: Sequence[Integral] = (),
    outputs: Sequence[str] | None = None,
    kernel: Kernel = "auto",
) -> list[Result]:
    """``simulate`` of several regimens that are the same before the first of ``times_h`` (T,).

    What they have in common is worked out once, and every step that they share; so are the people.
    The results are what ``simulate`` gives for each, but for rounding. Raises as it does, and
    ``RegimenError`` where two of them differ in what was given before.
    """
    times = check_times(times_h)
    for other in regimens[1:]:
        check_agree(regimens[0], other, float(times[0]))
    own = tuple(model.outputs) if outputs is None else tuple(outputs)
    names = (*own, *(f.name for f in filters), *(i.name for i in integrals))
    out = room_for(len(names), people.n, len(regimens) * len(times))
    failed = np.zeros(people.n, dtype=bool)
    doses = [dose for regimen in regimens for dose in regimen]

    def part(first: int, last: int) -> None:
        some = slice(first, last)
        own_filters = [filter_part(f, some) for f in filters]
        layout = Layout(model, regimens[0], own_filters, integrals, own, doses)
        rates = [one.rate_per_h for one in own_filters]
        system, ways = _built(layout, regimens, people.part(some), rates)
        failed[some] = system.failed
        inputs, plan = ways_plan(ways, times)
        linear(system, inputs, times, kernel, out, first, plan)

    in_parts(people.n, part, kernel)
    found = []
    for place, regimen in enumerate(regimens):
        array = out[:, :, place * len(times) : (place + 1) * len(times)]
        values = dict(zip(names, array, strict=True))
        status, reasons = trust(model, regimen, people)
        found.append(Result(model, regimen, people, times, values, array, failed, status, reasons))
    return found


def _built(
    layout: Layout,
    regimens: Sequence[Regimen],
    people: People,
    filter_rates: Sequence[Array | float] = (),
) -> tuple[System, list[Inputs]]:
    """One system of people, and what each of several regimens does to it."""
    with np.errstate(all="ignore"):
        values = parameters(layout.model, people)
        a, own = matrix_of(layout, values, filter_rates)
        rates = table_of(own, people.n)
        start, cols, own = outputs_of(layout, values)
        coefficients = table_of(own, people.n)
        inputs = []
        for one in regimens:
            jumps, own = inputs_of(layout, values, one)
            inputs.append(Inputs(*jumps, table_of(own, people.n)))
        failed = failed_of(a, rates, coefficients, *(one.factors for one in inputs))
    system = System(
        people.n, layout.states, a, rates, layout.names, start, cols, coefficients, failed
    )
    return system, inputs
