"""numbalsoda: LSODA in C++ called from Numba, people spread over all threads.

Built from source by its installer, which needs a Fortran compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from bench.pharmacology import workloads as w
from bench.pharmacology.workloads import Array

NAME = "numbalsoda LSODA, prange"
PACKAGES = ("numbalsoda", "numba")
PEOPLE = {"W1": 100_000, "W2": 2000}
RTOL, ATOL = 1e-6, 1e-8


def w1(parameters: Array) -> Array:
    """Concentrations of ketamine and norketamine: (N, 10) -> (N, 181, 2), mg/L."""
    return np.asarray(_w1()(parameters))


def w2(parameters: Array) -> Array:
    """The five outputs of the course: (N, 15) -> (N, 305, 5)."""
    pieces = w.w2_pieces()
    asked = [_asked(begin, end) for begin, end, _ in pieces]
    lengths = np.array([len(times) for times in asked])
    rates = np.array([rate for _, _, rate in pieces])
    kept = np.concatenate([np.isin(times, w.W2_TIMES_MIN) for times in asked])
    rows = np.searchsorted(w.W2_TIMES_MIN, np.concatenate(asked))
    found = _w2()(
        parameters, w.w2_start(parameters), np.concatenate(asked), lengths, rates, kept, rows
    )
    return np.asarray(found)


def _asked(begin: float, end: float) -> Array:
    inside = (begin <= w.W2_TIMES_MIN) & (end >= w.W2_TIMES_MIN)
    return np.union1d(w.W2_TIMES_MIN[inside], [begin, end])


@cache
def _w1() -> Callable[[Array], Array]:
    from numba import carray, cfunc, njit, prange
    from numbalsoda import lsoda, lsoda_sig

    formed, given, stop = w.FORMED, w.DOSE_MG / w.INFUSION_MIN, int(w.INFUSION_MIN)

    @cfunc(lsoda_sig)
    def rates(t: Any, x: Any, dx: Any, p: Any) -> None:
        k = carray(p, 11)
        c, cn = x[0] / k[1], x[3] / k[7]
        to_2, to_3 = k[2] * (c - x[1] / k[3]), k[4] * (c - x[2] / k[5])
        to_n2 = k[8] * (cn - x[4] / k[9])
        dx[0] = k[10] - k[0] * c - to_2 - to_3
        dx[1] = to_2
        dx[2] = to_3
        dx[3] = formed * k[0] * c - k[6] * cn - to_n2
        dx[4] = to_n2

    address = rates.address
    _KEPT.append(rates)

    @njit(parallel=True)
    def solve(parameters: Any) -> Any:
        people = parameters.shape[0]
        found = np.empty((people, 181, 2))
        before, after = np.arange(0.0, stop + 1), np.arange(float(stop), 181.0)
        for i in prange(people):
            data = np.empty(11)
            data[:10] = parameters[i]
            data[10] = given
            first, ok = lsoda(address, np.zeros(5), before, data=data, rtol=RTOL, atol=ATOL)
            data[10] = 0.0
            last, ok2 = lsoda(address, first[-1], after, data=data, rtol=RTOL, atol=ATOL)
            if not (ok and ok2):
                first[:] = np.nan
            for t in range(stop + 1):
                found[i, t, 0], found[i, t, 1] = first[t, 0] / data[1], first[t, 3] / data[7]
            for t in range(1, 181 - stop):
                found[i, stop + t, 0] = last[t, 0] / data[1]
                found[i, stop + t, 1] = last[t, 3] / data[7]
        return found

    return solve  # type: ignore[no-any-return]


@cache
def _w2() -> Callable[..., Array]:
    from numba import carray, cfunc, njit, prange
    from numbalsoda import lsoda, lsoda_sig

    formed, base, emax, half = w.FORMED, w.MAP_BASE, w.MAP_EMAX, w.MAP_EC50
    gain, share, loss = w.ACCUMULATION_PER_MIN, w.NORKETAMINE_SHARE, w.ACCUMULATION_LOSS_PER_MIN
    mood_rate, mood_emax, top = w.MOOD_PER_MIN, w.MOOD_EMAX, w.DISSOCIATION_MAX
    times = len(w.W2_TIMES_MIN)

    @cfunc(lsoda_sig)
    def rates(t: Any, x: Any, dx: Any, p: Any) -> None:
        k = carray(p, 16)
        c, cn = x[0] / k[1], x[3] / k[7]
        to_2, to_3 = k[2] * (c - x[1] / k[3]), k[4] * (c - x[2] / k[5])
        to_n2 = k[8] * (cn - x[4] / k[9])
        dx[0] = k[15] - k[0] * c - to_2 - to_3
        dx[1] = to_2
        dx[2] = to_3
        dx[3] = formed * k[0] * c - k[6] * cn - to_n2
        dx[4] = to_n2
        dx[5] = k[10] * (c - x[5])
        dx[6] = k[12] * (base * (1 + emax * c / (half + c)) - x[6])
        dx[7] = gain * (x[5] + share * cn) - loss * x[7]
        dx[8] = mood_rate * (k[14] * (1 - mood_emax * x[7] / (k[13] + x[7])) - x[8])

    address = rates.address
    _KEPT.append(rates)

    @njit(parallel=True)
    def solve(
        parameters: Any, start: Any, asked: Any, lengths: Any, given: Any, kept: Any, rows: Any
    ) -> Any:
        people = parameters.shape[0]
        found = np.empty((people, times, 5))
        for i in prange(people):
            data = np.empty(16)
            data[:15] = parameters[i]
            state = start[i].copy()
            at = 0
            for piece in range(len(lengths)):
                data[15] = given[piece]
                end = at + lengths[piece]
                x, ok = lsoda(address, state, asked[at:end], data=data, rtol=RTOL, atol=ATOL)
                if not ok:
                    x[:] = np.nan
                for t in range(end - at):
                    if kept[at + t]:
                        row, ce2 = rows[at + t], x[t, 5] ** 2
                        found[i, row, 0] = x[t, 0] / data[1]
                        found[i, row, 1] = x[t, 3] / data[7]
                        found[i, row, 2] = x[t, 6]
                        found[i, row, 3] = x[t, 8]
                        found[i, row, 4] = top * ce2 / (data[11] ** 2 + ce2)
                state = x[-1].copy()
                at = end
        return found

    return solve  # type: ignore[no-any-return]


#: The compiled right-hand sides; their addresses are used as long as the process lives.
_KEPT: list[object] = []
