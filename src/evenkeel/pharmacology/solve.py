"""Propagates a system through its regimen. The people are shared out among threads."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from . import reference_kernel
from .bends import Stage
from .chart import Chart
from .plan import Ladder, ladder, linear_plan
from .system import Inputs, System

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Kernel = Literal["auto", "compiled", "numpy"]

#: So many kinds of segment keep their exponentials at a time.
KEPT = 6
#: Fewer people than this are not worth a second thread.
WORTH_A_THREAD = 512


@cache
def has_compiled() -> bool:
    """Whether Numba is installed. It is not imported by asking."""
    return importlib.util.find_spec("numba") is not None


def _plain(kernel: Kernel) -> bool:
    return kernel == "numpy" or (kernel == "auto" and not has_compiled())


def linear(system: System, inputs: Inputs, times: Array, kernel: Kernel = "auto") -> Array:
    """Every output of a system at ``times`` (T,) in hours: (outputs, people, T)."""
    plan = linear_plan(inputs, times)
    out = np.empty((len(system.outputs), system.n, len(times)))
    if _plain(kernel):
        reference_kernel.run_linear(system, inputs, plan, out)
    else:
        from .linear_kernel import run_linear

        a, closed = system.a, system.a.closed
        t_start, t_cols, t_place = _reach(system)
        _share_out(
            system.n,
            lambda first, last: run_linear(
                first, last, system.rates, a.diagonal, closed.start, closed.cols, closed.diagonal,
                closed.squares, a.horner, system.output_start, system.output_cols,
                system.output_values, t_start, t_cols, t_place,
                inputs.state, inputs.amount, inputs.factor, inputs.factors,
                plan.ops, plan.steps_h, plan.slots, out,
            ),
        )  # fmt: skip
    if system.failed.any():
        out[:, system.failed, :] = np.nan
    return out


def bent(
    system: System,
    inputs: Inputs,
    stages: Sequence[Stage],
    wanted: Sequence[str],
    times: Array,
    kernel: Kernel = "auto",
) -> Array:
    """The ``wanted`` delays and growths at ``times`` (T,): (wanted, people, T)."""
    chart = Chart.of(system, stages, wanted)
    steps = ladder(inputs, float(times[-1]), 2.0 * system.fastest_per_h)
    out = np.empty((len(wanted), system.n, len(times)))
    if _plain(kernel):
        reference_kernel.run_ladder(system, inputs, stages, wanted, steps, times, out)
    else:
        from .ladder_kernel import run_ladder

        a, closed = system.a, system.a.closed
        cache_of, cached = _kept(steps)
        _share_out(
            system.n,
            lambda first, last: run_ladder(
                first, last, system.rates, a.diagonal, closed.start, closed.cols, closed.diagonal,
                closed.squares, a.horner, chart.start, chart.cols, chart.values,
                inputs.state, inputs.amount, inputs.factor, inputs.factors,
                steps.start_h, steps.first_jump, steps.kind, steps.unit_h, steps.octaves,
                cache_of, cached, chart.stages, chart.constants, chart.numbers,
                chart.needs_nodes, chart.delays, chart.wanted, times, out,
            ),
        )  # fmt: skip
    if system.failed.any():
        out[:, system.failed, :] = np.nan
    return out


def _kept(steps: Ladder) -> tuple[Integers, int]:
    """For each kind of segment the place of its exponentials; rare kinds share the last one."""
    uses = np.bincount(steps.kind, minlength=len(steps.unit_h))
    order = np.argsort(-uses, kind="stable")
    kept = min(KEPT, len(order))
    cache_of = np.full(len(order), kept, dtype=np.int64)
    cache_of[order[:kept]] = np.arange(kept)
    return cache_of, kept


def _reach(system: System) -> tuple[Integers, Integers, Integers]:
    """For each output the states that can reach it: start (outputs + 1,), cols, place."""
    closed = system.a.closed.mask
    start: list[int] = [0]
    cols: list[int] = []
    place = np.full((len(system.outputs), len(system.states)), -1, dtype=np.int64)
    for o in range(len(system.outputs)):
        own = system.output_cols[system.output_start[o] : system.output_start[o + 1]]
        reach = np.nonzero(closed[own].any(axis=0))[0]
        place[o, reach] = np.arange(len(cols), len(cols) + len(reach))
        cols.extend(reach.tolist())
        start.append(len(cols))
    return np.array(start, dtype=np.int64), np.array(cols, dtype=np.int64), place


def threads() -> int:
    """How many threads share the work: as many as this process may use cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads(), thread_name_prefix="pharmacology")


if hasattr(os, "register_at_fork"):
    # Threads do not live on in a child process; it makes its own.
    os.register_at_fork(after_in_child=_pool.cache_clear)


def _share_out(people: int, work: Callable[[int, int], object]) -> None:
    """Call ``work(first_block, last_block)`` so that all blocks of people are done."""
    from .lanes import LANES

    blocks = -(-people // LANES)
    if people < WORTH_A_THREAD or threads() == 1:
        work(0, blocks)
        return
    parts = min(blocks, threads() * 4)
    edges = np.linspace(0, blocks, parts + 1).astype(int).tolist()
    waiting = [_pool().submit(work, first, last) for first, last in pairwise(edges)]
    for one in waiting:
        one.result()
