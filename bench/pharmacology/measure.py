"""Timing in interleaved rounds, so that what else the machine does falls on everybody.

A contender with threads of its own is timed alone, in a process that has ended before the others
begin: some keep their threads spinning after their turn, and that fell on whoever came next.
"""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

#: A contender whose one call takes long is called fewer times: so many seconds are spent on it.
BUDGET_S = 12.0
FEWEST = 3
#: Between two calls: long enough for the threads of the one before to come to rest.
REST_S = 0.05


@dataclass(frozen=True, slots=True)
class Timing:
    """The seconds of each round, and of the first call, which compiles and warms."""

    seconds: tuple[float, ...]
    first_s: float

    @property
    def median_s(self) -> float:
        """The middle round."""
        return float(np.median(self.seconds))

    @property
    def p95_s(self) -> float:
        """The 95th percentile of the rounds."""
        return float(np.quantile(self.seconds, 0.95, method="higher"))

    @property
    def noise(self) -> float:
        """Interquartile range over median."""
        low, high = np.quantile(self.seconds, [0.25, 0.75])
        return float((high - low) / self.median_s)


@dataclass(slots=True)
class Contender:
    """Something to be timed: ``work`` returns what the caller gets, ``check`` says how wrong it is.

    The result of a round is dropped before the next, so that none writes into warm pages of its
    own last result unless the allocator hands them out again. ``check`` sees that of the last
    round. One that is ``apart`` runs in a process of its own.
    """

    name: str
    work: Callable[[], Any]
    check: Callable[[Any], dict[str, float]] = field(default=lambda _: {})
    rounds: int = 20
    apart: bool = False
    timing: Timing | None = None
    errors: dict[str, float] = field(default_factory=dict)
    broken: str = ""


def measure(contenders: Sequence[Contender], budget_s: float = BUDGET_S) -> None:
    """Time each that is apart, then the others in turn: ``timing``, ``errors`` and ``broken``."""
    for one in contenders:
        if one.apart:
            _measure_apart(one, budget_s)
    _in_turn([one for one in contenders if not one.apart], budget_s)


def _measure_apart(one: Contender, budget_s: float) -> None:
    """Time one in a child, which shares what is there already and ends before this returns."""
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe(duplex=False)

    def child() -> None:
        _in_turn([one], budget_s)
        there.send((one.timing, one.errors, one.broken))

    process = fork.Process(target=child)
    process.start()
    there.close()
    try:
        one.timing, one.errors, one.broken = here.recv()
    except EOFError:
        one.broken = "its process ended without an answer"
    process.join()


def _in_turn(contenders: Sequence[Contender], budget_s: float) -> None:
    """Warm each once, then call all in turn."""
    first: dict[str, float] = {}
    planned: dict[str, int] = {}
    for one in contenders:
        try:
            first[one.name], _ = _timed(one.work)
            again, _ = _timed(one.work)
        except Exception as error:
            one.broken = f"{type(error).__name__}: {error}".split("\n", 1)[0][:160]
            continue
        planned[one.name] = max(min(one.rounds, FEWEST), min(one.rounds, int(budget_s / again)))
    times: dict[str, list[float]] = {name: [] for name in planned}
    for turn in range(max(planned.values(), default=0)):
        for one in contenders:
            if turn >= planned.get(one.name, 0):
                continue
            seconds, result = _timed(one.work)
            times[one.name].append(seconds)
            if turn == planned[one.name] - 1:
                one.errors = one.check(result)
                one.timing = Timing(tuple(times[one.name]), first[one.name])
            del result


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    time.sleep(REST_S)
    gc.disable()
    try:
        began = time.perf_counter()
        result = work()
        return time.perf_counter() - began, result
    finally:
        gc.enable()
