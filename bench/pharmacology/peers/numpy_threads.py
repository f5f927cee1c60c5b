"""The plain NumPy closed form with its people spread over threads: NumPy lets go of the lock."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from bench.pharmacology.peers import numpy_closed_form
from bench.pharmacology.workloads import W1_TIMES_MIN, Array

THREADS = len(os.sched_getaffinity(0))
NAME = f"NumPy closed form, threads: {THREADS}"
PACKAGES = ("numpy",)
PEOPLE = {"W1": 100_000}


def w1(parameters: Array) -> Array:
    """Concentrations of ketamine and norketamine: (N, 10) -> (N, 181, 2), mg/L."""
    found = np.empty((len(parameters), len(W1_TIMES_MIN), 2))
    edges = np.linspace(0, len(parameters), THREADS + 1).astype(int)

    def part(number: int) -> None:
        mine = slice(edges[number], edges[number + 1])
        numpy_closed_form.w1(parameters[mine], out=found[mine])

    list(_pool().map(part, range(THREADS)))
    return found


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS)
