"""The formulas of a model written down once as a list of steps, to be gone through compiled.

A ``Traced`` stands for a value that is not known yet; NumPy's operations on it write a step and
give another. So the code that works a model out with arrays writes its steps when it is given
these, and there is one such code.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

(
    ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, NEGATIVE,
    EXP, LOG, LOG1P, SQRT, MINIMUM, MAXIMUM,
) = range(12)  # fmt: skip
_CODES: dict[Any, int] = {
    np.add: ADD,
    np.subtract: SUBTRACT,
    np.multiply: MULTIPLY,
    np.true_divide: DIVIDE,
    np.power: POWER,
    np.negative: NEGATIVE,
    np.exp: EXP,
    np.log: LOG,
    np.log1p: LOG1P,
    np.sqrt: SQRT,
    np.minimum: MINIMUM,
    np.maximum: MAXIMUM,
}


@cache
def has_compiled() -> bool:
    """Whether Numba is installed. It is not imported by asking."""
    return importlib.util.find_spec("numba") is not None


class Traced(NDArrayOperatorsMixin):
    """A value to be: the place on its tape."""

    def __init__(self, tape: Tape, place: int) -> None:
        self.tape, self.place = tape, place

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **more: Any) -> Any:
        code = _CODES.get(ufunc)
        if code is None or method != "__call__" or more:
            return NotImplemented
        places = [self.tape.place_of(one) for one in inputs]
        return self.tape.step(code, places[0], places[-1])


@dataclass(eq=False)
class Tape:
    """Places for values, and the steps (code, target, left, right) that fill them in order."""

    names: dict[str, int] = field(default_factory=dict)
    constants: dict[float, int] = field(default_factory=dict)
    steps: list[tuple[int, int, int, int]] = field(default_factory=list)
    length: int = 0
    _made: dict[tuple[int, int, int], Traced] = field(default_factory=dict)

    def named(self, name: str) -> Traced:
        """A value that is given by name when the tape is run."""
        if name not in self.names:
            self.names[name] = self._next()
        return Traced(self, self.names[name])

    def place_of(self, value: Any) -> int:
        """Where a value stands; numbers are kept as constants."""
        if isinstance(value, Traced):
            return value.place
        number = float(value)
        if number not in self.constants:
            self.constants[number] = self._next()
        return self.constants[number]

    def step(self, code: int, left: int, right: int) -> Traced:
        """The value of an operation; asked for again it is the one there is."""
        key = (code, left, right)
        if key not in self._made:
            self._made[key] = Traced(self, self._next())
            self.steps.append((code, self._made[key].place, left, right))
        return self._made[key]

    def _next(self) -> int:
        self.length += 1
        return self.length - 1


class Program:
    """A tape whose ``rows`` are worked out, each at least as large as its ``least``."""

    def __init__(self, tape: Tape, rows: Sequence[Any], least: Array) -> None:
        self.tape, self.least = tape, least
        self.rows = np.array([tape.place_of(row) for row in rows], dtype=np.int64)
        self._ordered: dict[tuple[str, ...], tuple[Integers, int]] = {}
        self._constants = np.zeros(tape.length)
        self._constants[list(tape.constants.values())] = list(tape.constants)

    def run(self, given: Mapping[str, Array | float], n: int) -> tuple[Array, NDArray[np.bool_]]:
        """Rows (rows, n), and (n,) whose values are not finite or too small: theirs are 0.

        ``given`` are numbers, or arrays (n,) where people differ.
        """
        found = self.begun(given, n)
        for row, name in zip(found.vectors, found.varying, strict=True):
            row[:] = given[name]
        found()
        return found.out, found.failed

    def begun(self, given: Mapping[str, Array | float], n: int) -> Run:
        """A run with room for n people, whose own values are still to be filled in."""
        names = self.tape.names
        varying = tuple(name for name in names if not isinstance(given[name], float | int))
        steps, alike = self._order(varying)
        known = self._constants.copy()
        for name, place in names.items():
            if name not in varying:
                known[place] = given[name]
        places = np.array([names[name] for name in varying], dtype=np.int64)
        vectors = np.empty((len(varying), n))
        out, failed = np.empty((len(self.rows), n)), np.empty(n, dtype=bool)
        return Run(self, varying, steps, alike, known, places, vectors, out, failed)

    def _order(self, varying: tuple[str, ...]) -> tuple[Integers, int]:
        """The steps with those first that are the same for all, and how many these are."""
        if varying not in self._ordered:
            differs = {self.tape.names[name] for name in varying}
            first, then = [], []
            for step in self.tape.steps:
                if differs.isdisjoint(step[2:]):
                    first.append(step)
                else:
                    differs.add(step[1])
                    then.append(step)
            steps = np.array(first + then, dtype=np.int64).reshape(-1, 4)
            self._ordered[varying] = steps, len(first)
        return self._ordered[varying]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A program at work: ``vectors`` (v, n) are the values of ``varying``; calling it fills ``out``
    (rows, n) and ``failed`` (n,), as often as the vectors change.
    """

    program: Program
    varying: tuple[str, ...]
    steps: Integers
    alike: int
    known: Array
    places: Integers
    vectors: Array
    out: Array
    failed: NDArray[np.bool_]

    def __call__(self) -> None:
        from .formula_kernel import run_tape
        from .sharing import shared_out

        work = partial(
            run_tape, self.steps, self.alike, self.known, self.places, self.vectors,
            self.program.rows, self.program.least, self.out, self.failed,
        )  # fmt: skip
        shared_out(len(self.failed), work)
