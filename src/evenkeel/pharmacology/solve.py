"""Propagates a system through its regimen. The people are shared out among the cores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import reference_kernel
from .bends import Stage
from .between import landings
from .chart import Chart
from .pattern import Sparsity
from .plan import Ladder, LinearPlan, ladder, linear_plan
from .sharing import blocks_shared_out
from .system import Inputs, System
from .tape import has_compiled

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Kernel = Literal["auto", "compiled", "numpy", "jax"]

#: A result larger than this does not stay in the cache, so it is written past it.
LARGE = 32_000_000
#: So many kinds of segment keep their exponentials at a time.
KEPT = 6


def lists_of(a: Sparsity) -> tuple[Any, ...]:
    """What ``lanes.exponential`` needs to know of a matrix's pattern and its closure's."""
    closed = a.closed
    place = closed.place[a.rows, a.cols]
    return a.diagonal, place, closed.diagonal, closed.squares, a.horner


def room_for(*shape: int) -> Array:
    """A fresh result (..., people, times) as the compiled kernels want it."""
    if not has_compiled():
        return np.empty(shape)
    from .vectors import aligned

    return aligned(*shape)


def _plain(kernel: Kernel) -> bool:
    return kernel == "numpy" or (kernel == "auto" and not has_compiled())


def linear(
    system: System,
    inputs: Inputs,
    times: Array,
    kernel: Kernel = "auto",
    out: Array | None = None,
    offset: int = 0,
    plan: LinearPlan | None = None,
) -> Array:
    """Every output of a system at ``times`` (T,) in hours: (outputs, people, T).

    Given ``out`` (outputs, all people, T) the system's people are written from ``offset`` on, in
    this thread alone. A ``plan`` made before for the same regimen and times saves making it again.
    """
    plan = plan or linear_plan(inputs, times)
    alone = out is not None
    if out is None:
        out = room_for(len(system.outputs), system.n, len(times))
    if _plain(kernel):
        reference_kernel.run_linear(system, inputs, plan, out[:, offset : offset + system.n])
    elif kernel == "jax":
        from . import jax_kernel

        jax_kernel.run_linear(system, inputs, plan, out[:, offset : offset + system.n])
    else:
        _share_out(system.n, alone, _linear_work(system, inputs, plan, out, offset))
    if system.failed.any():
        out[:, offset : offset + system.n][:, system.failed] = np.nan
    return out


def _linear_work(
    system: System, inputs: Inputs, plan: LinearPlan, out: Array, offset: int
) -> Callable[[int, int], object]:
    """What fills ``out`` for some blocks of people."""
    from .linear_kernel import run_linear

    way, large = way_of(system, inputs, plan), out.nbytes > LARGE
    jumps, going = way[12:15], way[15:]

    def work(first: int, last: int) -> None:
        run_linear(
            first, last, offset, system.rates, *way[:8], system.output_values, *way[8:12],
            *jumps, inputs.factors, *going, large, out,
        )  # fmt: skip

    return work


def way_of(system: System, inputs: Inputs, plan: LinearPlan) -> tuple[Any, ...]:
    """What the compiled kernel needs to know beside the people, in the order of
    ``descent_kernel``: it is the same for all who share a regimen and times.
    """
    a, closed, reach = system.a, system.a.closed, _reach(system)
    return (
        closed.start, closed.cols, lists_of(a), a.start, a.cols, a.depth,
        system.output_start, system.output_cols,
        reach.times(closed, reach), reach.start, reach.cols, reach.place,
        inputs.state, inputs.amount, inputs.factor,
        plan.ops, plan.steps_h, plan.slots, plan.longest,
    )  # fmt: skip


def bent(
    system: System,
    inputs: Inputs,
    stages: Sequence[Stage],
    wanted: Sequence[str],
    times: Array,
    fastest: float,
    fine: tuple[int, int],
    kernel: Kernel = "auto",
    out: Array | None = None,
    offset: int = 0,
) -> Array:
    """The ``wanted`` delays and growths at ``times`` (T,): (wanted, people, T). As ``linear``.

    ``fastest`` is ``system.fastest_per_h`` of the model, ``fine`` its ``sharpness.fineness``.
    """
    chart = Chart.of(system, stages, wanted)
    octaves, panels = fine
    steps = ladder(inputs, float(times[-1]), 2.0 * fastest * 2.0**octaves, panels)
    alone = out is not None
    if out is None:
        out = room_for(len(wanted), system.n, len(times))
    if _plain(kernel):
        part = out[:, offset : offset + system.n]
        reference_kernel.run_ladder(system, inputs, stages, wanted, steps, times, part)
    else:
        from .ladder_kernel import run_ladder

        a, closed = system.a, system.a.closed
        cache_of, cached = _kept(steps)
        reach = _reached(closed, tuple(np.diff(chart.start).tolist()), tuple(chart.cols.tolist()))
        at = landings(steps, times)
        _share_out(
            system.n,
            alone,
            lambda first, last: run_ladder(
                first, last, offset, system.rates, closed.start, closed.cols, lists_of(a),
                chart.start, chart.cols, chart.values, reach.start, reach.cols, reach.place,
                reach.times(closed, reach),
                inputs.state, inputs.amount, inputs.factor, inputs.factors,
                steps.first_jump, steps.kind, steps.unit_h, steps.octaves,
                steps.panels, cache_of, cached, chart.stages, chart.constants, chart.numbers,
                chart.needs_nodes, chart.delays, chart.wanted, at.panel, at.share, at.alike,
                at.kept, out.nbytes > LARGE, out,
            ),
        )  # fmt: skip
    if system.failed.any():
        out[:, offset : offset + system.n][:, system.failed] = np.nan
    return out


def _kept(steps: Ladder) -> tuple[Integers, int]:
    """For each kind of segment the place of its exponentials; rare kinds share the last one."""
    uses = np.bincount(steps.kind, minlength=len(steps.unit_h))
    order = np.argsort(-uses, kind="stable")
    kept = min(KEPT, len(order))
    cache_of = np.full(len(order), kept, dtype=np.int64)
    cache_of[order[:kept]] = np.arange(kept)
    return cache_of, kept


def _reach(system: System) -> Sparsity:
    """The states (outputs, n) that can reach each output."""
    terms = np.diff(system.output_start).tolist()
    return _reached(system.a.closed, tuple(terms), tuple(system.output_cols.tolist()))


@lru_cache(maxsize=256)
def _reached(closed: Sparsity, terms: tuple[int, ...], cols: tuple[int, ...]) -> Sparsity:
    own = np.zeros((len(terms), len(closed.mask)), dtype=bool)
    own[np.repeat(np.arange(len(terms)), terms), list(cols)] = True
    return Sparsity.of(own @ closed.mask)


def _share_out(people: int, alone: bool, work: Callable[[int, int], object]) -> None:
    """Call ``work(first_block, last_block)`` so that all blocks of people are done."""
    from .vectors import LANES

    if alone:
        work(0, -(-people // LANES))
    else:
        blocks_shared_out(people, LANES, work)
