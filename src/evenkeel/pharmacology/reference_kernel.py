"""The plain NumPy way through a linear plan: what the compiled kernel is tested against.

It reads as the mathematics does: an exponential for each different step, and a product with it for
each step. It is also the way where Numba is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .bends import (
    COEFFICIENTS,
    GAINS,
    GAUSS_POINTS,
    GAUSS_WEIGHTS,
    MOST_STEPS,
    STEEP,
    Bend,
    Delay,
    Stage,
)
from .chart import combined
from .plan import ADVANCE, BUILD, DEGREE, JUMP, KEEP, RETURN, RUN, Ladder, LinearPlan
from .system import Inputs, System

Array = NDArray[np.float64]

#: People worked on together: what fits the cache best.
BLOCK = 256
_TERMS = 18
_ARGUMENT = 0.5


def exponential(a: Array, step_h: float) -> Array:
    """exp(step_h * A) for (people, n, n) matrices A whose off-diagonal entries are not negative.

    Uniformization with scaling and squaring: A + sI has no negative entry, so nothing cancels.
    """
    n = a.shape[-1]
    fastest = (-np.diagonal(a, axis1=1, axis2=2)).max(axis=1).clip(min=0.0)
    squarings = max(0, int(np.ceil(np.log2(max(float(fastest.max()) * step_h / _ARGUMENT, 1.0)))))
    scale = step_h / 2.0**squarings
    eye = np.eye(n)
    shifted = (a + fastest[:, None, None] * eye) * scale
    found = np.broadcast_to(eye, a.shape).copy()
    for term in range(_TERMS, 0, -1):
        found = eye + shifted @ found / term
    found *= np.exp(-fastest * scale)[:, None, None]
    # What nothing leaves stays as it is, to the last bit: an infusion that has ended is nothing.
    diagonal = np.einsum("pii->pi", found)
    diagonal[np.einsum("pii->pi", a) == 0.0] = 1.0
    for _ in range(squarings):
        found = found @ found
    return found


def dense(system: System, part: slice) -> tuple[Array, Array]:
    """A as (people, n, n) and the outputs' rows as (people, outputs, n), for some people."""
    n, count = len(system.states), len(range(*part.indices(system.n)))
    a = np.zeros((count, n, n))
    a[:, system.a.rows, system.a.cols] = system.rates[:, part].T
    rows = np.zeros((count, len(system.outputs), n))
    of = np.repeat(np.arange(len(system.outputs)), np.diff(system.output_start))
    for o, col, value in zip(of, system.output_cols, system.output_values[:, part], strict=True):
        rows[:, o, col] += value
    return a, rows


def run_linear(system: System, inputs: Inputs, plan: LinearPlan, out: Array) -> None:
    """Fill ``out`` (outputs, people, times)."""
    for first in range(0, system.n, BLOCK):
        part = slice(first, min(system.n, first + BLOCK))
        a, rows = dense(system, part)
        exponentials = [exponential(a, float(step)) for step in plan.steps_h]
        x = kept = np.zeros((len(a), len(system.states)))
        holds: dict[int, Array] = {}
        for kind, one, two, three in plan.ops.tolist():
            if kind == JUMP:
                for j in range(one, two):
                    factor = inputs.factors[inputs.factor[j], part]
                    x[:, inputs.state[j]] += inputs.amount[j] * factor
            elif kind == BUILD:
                holds[one] = exponentials[two]
            elif kind == ADVANCE:
                x = np.einsum("pij,pj->pi", holds[one], x)
            elif kind == KEEP:
                kept = x.copy()
            elif kind == RETURN:
                x = kept.copy()
            elif kind == RUN:
                for s in range(two):
                    x = np.einsum("pij,pj->pi", holds[one], x)
                    out[:, part, three + s] = np.einsum("poj,pj->op", rows, x)
            else:
                out[:, part, one] = np.einsum("poj,pj->op", rows, x)


def moments(z: Array) -> Array:
    """(5, ...) integrals over s from 0 to 1 of exp(-z (1 - s)) s**r for r = 0..4."""
    found = np.empty((DEGREE + 1, *np.shape(z)))
    small, large = np.minimum(z, 1.0), np.maximum(z, 1.0)
    down = 1.0 / (31.0 + small)
    for r in range(30, 0, -1):
        if r <= DEGREE:
            found[r] = down
        down = (1.0 - small * down) / r
    found[0] = down
    up = -np.expm1(-large) / large
    for r in range(DEGREE + 1):
        if r > 0:
            up = (1.0 - r * up) / large
        found[r] = np.where(z > 1.0, up, found[r])
    return found


def run_ladder(
    system: System,
    inputs: Inputs,
    stages: Sequence[Stage],
    wanted: Sequence[str],
    steps: Ladder,
    times: Array,
    out: Array,
) -> None:
    """Fill ``out`` (wanted, people, times) with what the bends drive."""
    for first in range(0, system.n, BLOCK):
        part = slice(first, min(system.n, first + BLOCK))
        _climb(system, inputs, stages, wanted, steps, times, out[:, part], part)


def _climb(
    system: System,
    inputs: Inputs,
    stages: Sequence[Stage],
    wanted: Sequence[str],
    steps: Ladder,
    times: Array,
    out: Array,
    part: slice,
) -> None:
    a, _ = dense(system, part)
    x = np.zeros((len(a), len(system.states)))
    now_of = {stage.name: np.zeros(len(a)) for stage in stages}
    at = int(np.searchsorted(times, 0.0, side="right"))
    out[:, :, :at] = 0.0
    for segment, start_h in enumerate(steps.start_h.tolist()):
        for j in range(steps.first_jump[segment], steps.first_jump[segment + 1]):
            x[:, inputs.state[j]] += inputs.amount[j] * inputs.factors[inputs.factor[j], part]
        kind, now = int(steps.kind[segment]), start_h
        for chunk in range(int(steps.octaves[kind]) + 1):
            step = float(steps.unit_h[kind]) * 2.0 ** max(0, chunk - 1)
            e, panel_h = exponential(a, step), DEGREE * step
            for _ in range(steps.panels):
                path = [x]
                for _ in range(DEGREE):
                    path.append(np.einsum("pij,pj->pi", e, path[-1]))
                x = path[-1]
                values = _panel(system, stages, np.array(path), now_of, panel_h, part)
                while at < len(times) and times[at] <= now + panel_h * (1.0 + 1e-12):
                    share = min(1.0, max(0.0, (float(times[at]) - now) / panel_h))
                    for k, name in enumerate(wanted):
                        out[k, :, at] = _between(stages, name, values, share, panel_h, part)
                    at += 1
                now += panel_h
                now_of = {name: found[DEGREE] for name, found in values.items()}
    for k, name in enumerate(wanted):
        out[k, :, at:] = now_of[name][:, None]


def _of(value: Array | float, part: slice) -> Array | float:
    return value[part] if isinstance(value, np.ndarray) and value.ndim else value


def curve(stage: Bend, u: Array, part: slice) -> Array:
    """The bend itself on values (5, people)."""
    u = np.maximum(u, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        raised = (u / _of(stage.half, part)) ** stage.power
        found: Array = raised / (1.0 + raised)
        if stage.fall is not None:
            found = found / (1.0 + (u / _of(stage.fall, part)) ** stage.fall_power)
    return found


def _panel(
    system: System,
    stages: Sequence[Stage],
    path: Array,
    now_of: Mapping[str, Array],
    panel_h: float,
    part: slice,
) -> dict[str, Array]:
    """Every stage at the five nodes of a panel: (5, people) each."""
    values: dict[str, Array] = {}
    for stage in stages:
        if isinstance(stage, Bend):
            only = next(iter(stage.inputs))
            if len(stage.inputs) == 1 and only in values:
                u = values[only]
            else:
                sums = combined(system, stage.inputs)
                u = sum(
                    (path[:, :, col] * factor[part] for col, factor in sums.items()),
                    0.0 * path[:, :, 0],
                )
            values[stage.name] = curve(stage, u, part)
            continue
        values[stage.name] = np.empty((DEGREE + 1, path.shape[1]))
        values[stage.name][0] = now_of[stage.name]
        for node in range(1, DEGREE + 1):
            values[stage.name][node] = _between(
                stages, stage.name, values, node / DEGREE, panel_h, part, from_node=node - 1
            )
    return values


def _between(
    stages: Sequence[Stage],
    name: str,
    values: Mapping[str, Array],
    share: float,
    panel_h: float,
    part: slice,
    from_node: int | None = None,
) -> Array:
    """A delay or growth at a share of the panel, from the polynomial of what drives it."""
    stage = next(s for s in stages if s.name == name)
    if isinstance(stage, Bend):
        raise TypeError("a bend has no memory")
    y, coefficients = values[name], COEFFICIENTS @ values[stage.input]
    if isinstance(stage, Delay):
        z = np.broadcast_to(_of(stage.rate_per_h, part) * panel_h * share, y[0].shape)
        orders = np.arange(DEGREE + 1)
        drive = ((share**orders)[:, None] * coefficients * moments(z)).sum(axis=0)
        decayed: Array = np.exp(-z) * y[0] + z * drive
        return decayed
    node = min(DEGREE - 1, int(share * DEGREE)) if from_node is None else from_node
    gain, loss = (
        np.broadcast_to(_of(one, part), y[0].shape) for one in (stage.gain_per_h, stage.loss_per_h)
    )
    return _grown(y[node], gain, loss, coefficients, node / DEGREE, share, panel_h)


def _grown(
    y: Array,
    gain: Array,
    loss: Array,
    coefficients: Array,
    start: float,
    end: float,
    panel_h: float,
) -> Array:
    """A growth from one share of a panel to another, each person in steps that are not steep."""
    gains = gain * _spanned(coefficients, start, end) * panel_h
    exponent = loss * (end - start) * panel_h + gains
    steep = (exponent > STEEP) & (gains > GAINS)
    steps = np.where(steep, np.minimum(np.ceil(exponent / STEEP), MOST_STEPS), 1.0)
    found = np.array(y)
    for number in np.unique(steps).tolist():
        own = steps == number
        edges = start + (end - start) * np.arange(number + 1.0) / number
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            found[own] = _step(
                found[own], gain[own], loss[own], coefficients[:, own], low, high, panel_h
            )
    return found


def _spanned(coefficients: Array, low: float, high: float) -> Array:
    """The integral of what drives a growth between two shares of the panel, in panels."""
    orders = np.arange(1, DEGREE + 2)
    found: Array = ((high**orders - low**orders) / orders) @ coefficients
    return found


def _step(
    y: Array,
    gain: Array,
    loss: Array,
    coefficients: Array,
    start: float,
    end: float,
    panel_h: float,
) -> Array:
    """One integrating-factor step with three points."""

    def left(s: float) -> Array:
        """What is left at ``end`` of one unit at s."""
        faded: Array = np.exp(-(loss * (end - s) + gain * _spanned(coefficients, s, end)) * panel_h)
        return faded

    total: Array = y * left(start)
    for point, weight in zip(GAUSS_POINTS, GAUSS_WEIGHTS, strict=True):
        s = start + (end - start) * float(point)
        here = (s ** np.arange(DEGREE + 1)) @ coefficients
        total = total + weight * (end - start) * panel_h * gain * here * left(s)
    return total
