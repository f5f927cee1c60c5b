"""Stages behind bends, laid out as the kernels read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .bends import Bend, Delay, Stage
from .system import System

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


class Chart:
    """The stages as the kernel reads them."""

    def __init__(self, system: System) -> None:
        self.n = system.n
        self.start: Integers = np.zeros(1, dtype=np.int64)
        self.cols: Integers = np.empty(0, dtype=np.int64)
        self.values: Array = np.empty((0, system.n))
        self.stages: Integers
        self.constants: Array
        self.numbers: Array
        self.needs_nodes: NDArray[np.bool_]
        self.wanted: Integers
        self.delays = 1

    @classmethod
    def of(cls, system: System, stages: Sequence[Stage], wanted: Sequence[str]) -> Chart:
        """Raises ``ValueError`` where a stage reads what does not stand before it."""
        chart = cls(system)
        names = [stage.name for stage in stages]
        rows: list[tuple[int, int, int, int]] = []
        constants: list[Array | float] = []
        numbers: list[tuple[float, float]] = []
        starts: list[int] = [0]
        cols: list[int] = []
        values: list[Array] = []
        delays = 0
        for stage in stages:
            first = len(constants)
            number = (0.0, 0.0)
            if isinstance(stage, Bend):
                source = _source(stage, names, rows, system, starts, cols, values)
                constants += [stage.half, 1.0 if stage.fall is None else stage.fall]
                number = (stage.power, 0.0 if stage.fall is None else stage.fall_power)
                rows.append((0, source, first, 0))
            else:
                source = -1 - _earlier(stage.input, names, rows)
                if isinstance(stage, Delay):
                    constants += [stage.rate_per_h]
                    rows.append((1, source, first, delays))
                    delays += 1
                else:
                    constants += [stage.gain_per_h, stage.loss_per_h]
                    rows.append((2, source, first, 0))
            numbers.append(number)
        read = {-1 - source for _, source, _, _ in rows if source < 0}
        chart.start, chart.cols = _integers(starts), _integers(cols)
        chart.values = _table(values, system.n)
        chart.stages = np.array(rows, dtype=np.int64).reshape(len(rows), 4)
        chart.constants = _table(constants, system.n)
        chart.numbers = np.array(numbers, dtype=np.float64).reshape(len(rows), 2)
        chart.needs_nodes = np.array([i in read for i in range(len(rows))])
        chart.wanted = _integers([_earlier(name, names, rows) for name in wanted])
        chart.delays = max(1, delays)
        return chart


def _source(
    stage: Bend,
    names: list[str],
    rows: list[tuple[int, int, int, int]],
    system: System,
    starts: list[int],
    cols: list[int],
    values: list[Array],
) -> int:
    """The number of a new weighted sum of outputs, or of the one earlier stage that is read."""
    if len(stage.inputs) == 1 and next(iter(stage.inputs)) in names:
        return -1 - _earlier(next(iter(stage.inputs)), names, rows)
    sums = combined(system, stage.inputs)
    cols.extend(sums)
    values.extend(sums.values())
    starts.append(len(cols))
    return len(starts) - 2


def combined(system: System, inputs: Mapping[str, float]) -> dict[int, Array]:
    """A weighted sum of outputs as factors (n,) of states."""
    found: dict[int, Array] = {}
    for name, weight in inputs.items():
        o = system.outputs.index(name)
        for k in range(system.output_start[o], system.output_start[o + 1]):
            col = int(system.output_cols[k])
            found[col] = found.get(col, 0.0) + weight * system.output_values[k]
    return found


def _earlier(name: str, names: list[str], rows: Sequence[object]) -> int:
    place = names.index(name)
    if place >= len(rows):
        raise ValueError(f"{name!r} must stand before what reads it")
    return place


def _integers(values: Sequence[int]) -> Integers:
    return np.array(values, dtype=np.int64)


def _table(rows: Sequence[Array | float], n: int) -> Array:
    table = np.empty((len(rows), n))
    for k, row in enumerate(rows):
        table[k] = row
    return table
