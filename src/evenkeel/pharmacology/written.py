"""A model worked out by the steps of all its formulas together, written down at the first call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .people import People, told, worked
from .system import (
    FASTEST_PER_H,
    Filter,
    Inputs,
    Layout,
    System,
    Written,
    inputs_of,
    matrix_of,
    outputs_of,
)
from .tape import Program, Run, Tape

Array = NDArray[np.float64]


def begun(
    layout: Layout, people: People, filter_rates: Sequence[Array | float] = ()
) -> tuple[Run, System, Inputs]:
    """What works people out, ready to be called, and what it fills: their system and inputs.

    Called again after its vectors were changed it fills the same arrays for other people.
    """
    key = tuple(people.covariates), tuple(people.effects), tuple(people.known)
    if key not in layout.written:
        layout.written[key] = _written(layout, key)
    program, a, (start, cols), jumps = layout.written[key]
    given = {f"covariate {name}": found for name, found in told(people).items()}
    given |= {f"effect {name}": found for name, found in people.effects.items()}
    given |= {f"known {name}": found for name, found in people.known.items()}
    given |= {f"filter {k}": rate for k, rate in enumerate(filter_rates)}
    run = program.begun(given, people.n)
    for row, name in zip(run.vectors, run.varying, strict=True):
        row[:] = given[name]
    rates, terms = len(a.rows), len(a.rows) + len(cols)
    system = System(
        people.n, layout.states, a, run.out[:rates], layout.names,
        start, cols, run.out[rates:terms], run.failed,
    )  # fmt: skip
    return run, system, Inputs(*jumps, run.out[terms:])


def _written(layout: Layout, key: tuple[tuple[str, ...], ...]) -> Written:
    tape = Tape()
    covariates, effects, known = (
        {name: tape.named(f"{kind} {name}") for name in names}
        for kind, names in zip(("covariate", "effect", "known"), key, strict=True)
    )
    values = worked(layout.model, covariates, effects, known)
    filters = sum(isinstance(one, Filter) for one in layout.extra)
    with np.errstate(all="ignore"):
        a, rates = matrix_of(layout, values, [tape.named(f"filter {k}") for k in range(filters)])
        start, cols, coefficients = outputs_of(layout, values)
        jumps, factors = inputs_of(layout, values)
    least = np.zeros(len(rates) + len(coefficients) + len(factors))
    least[a.diagonal] = -FASTEST_PER_H
    return Program(tape, [*rates, *coefficients, *factors], least), a, (start, cols), jumps
