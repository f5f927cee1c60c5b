"""Compiled building blocks that work on 64 people side by side.

Every array here has people ("lanes") as its last axis, so that one instruction serves several of
them. Sparse matrices are stored by rows: ``start`` (n + 1) and ``cols`` give the places that can be
other than zero, the same for everybody; ``values`` (places, LANES) differ between people. Lengths
of loops over lanes are a constant, which lets the compiler use vector instructions; grouping four
terms of a sum saves most of the traffic to memory (measured: 2.4 times the rate of one at a time).

Nothing here is imported before the first simulation: Numba compiles on first use and keeps what it
compiled on disk.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from .vectors import (
    LANES,
    TILE,
    combine,
    combine_rows,
    transpose,
    transpose_past_the_cache,
)

#: Bytes of a row of lanes.
ROW = LANES * 8
#: Sums may be reordered and fused; infinities and NaN keep their meaning.
FAST = {"contract", "nsz", "reassoc", "arcp"}
#: Values held back before they are written to the result.
HELD = 192
#: The argument of the exponential's series; what lies beyond degree 14 is then below 1e-16.
ARGUMENT = 0.5
_INVERSE_FACTORIAL = 1.0 / np.cumprod(np.maximum(np.arange(15.0), 1.0))

_config: Any = numba.config
_HERE = Path(__file__).parent
_SOURCES = (
    "lanes.py",
    "vectors.py",
    "plan.py",
    "linear_kernel.py",
    "ladder_kernel.py",
    "stage_kernel.py",
    "quantile_kernel.py",
    "fit_kernel.py",
    "descent_kernel.py",
    "particle_kernel.py",
    "formula_kernel.py",
    "tape.py",
    "bends.py",
)


def _cache_folder() -> str:
    """Where what was compiled is kept: a folder named after the text of all kernels together.

    Numba looks only at the file a function stands in; a kernel that was compiled with another
    version of what it calls must never be loaded.
    """
    text = b"".join((_HERE / name).read_bytes() for name in _SOURCES)
    name = f"kernels-{hashlib.sha256(text).hexdigest()[:16]}"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    for parent in (_HERE / "__pycache__", home / "evenkeel"):
        try:
            (parent / name).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=parent / name):
                return str(parent / name)
        except OSError:
            continue
    return tempfile.mkdtemp(prefix="evenkeel-")


_FOLDER = _cache_folder()


def jit(function: Callable[..., Any]) -> Any:
    """Compile on first use, without the interpreter's lock, and keep what was compiled."""
    before = _config.CACHE_DIR
    _config.CACHE_DIR = _FOLDER
    try:
        return numba.njit(fastmath=FAST, error_model="numpy", cache=True, nogil=True)(function)
    finally:
        _config.CACHE_DIR = before


@jit
def row_product(start, cols, values, row, x, out):  # type: ignore[no-untyped-def]
    """out = values[row, :] @ x, for one row of a sparse matrix; x is (n, LANES)."""
    k = start[row]
    combine_rows(
        out.ctypes.data,
        values.ctypes.data + k * ROW,
        0,
        x.ctypes.data,
        cols.ctypes.data + k * 8,
        start[row + 1] - k,
        1.0,
    )


@jit
def product(start, cols, values, x, out):  # type: ignore[no-untyped-def]
    """out = values @ x for a sparse matrix; x and out are (n, LANES) and different arrays."""
    a, b, to = values.ctypes.data, x.ctypes.data, out.ctypes.data
    right = cols.ctypes.data
    for row in range(start.shape[0] - 1):
        k = start[row]
        combine_rows(to + row * ROW, a + k * ROW, 0, b, right + k * 8, start[row + 1] - k, 1.0)


@jit
def matrix_product(lists, a, b, scale, out):  # type: ignore[no-untyped-def]
    """out = scale * (a @ b) for sparse matrices (places, LANES).

    ``lists`` is (first, left, right): place p of ``out`` is the sum over k from first[p] to
    first[p + 1] of a[left[k]] * b[right[k]]. ``out`` is another array than ``a`` and ``b``.
    """
    first, left, right = lists
    one, other, to = a.ctypes.data, b.ctypes.data, out.ctypes.data
    lefts, rights = left.ctypes.data, right.ctypes.data
    for p in range(first.shape[0] - 1):
        k = first[p]
        count = first[p + 1] - k
        combine(to + p * ROW, one, lefts + k * 8, other, rights + k * 8, count, scale)


@jit
def working_room(rates, places):  # type: ignore[no-untyped-def]
    """Arrays for ``exponential`` to work in."""
    return (
        np.empty((rates, LANES)),
        np.empty((places, LANES)),
        np.empty((places, LANES)),
        np.empty((places, LANES)),
    )


@jit
def _group(k, square, m, place, diagonal, out, add):  # type: ignore[no-untyped-def]
    """out = I / k! + M / (k + 1)! + M^2 / (k + 2)!, added to what stands there if ``add``."""
    c0, c1, c2 = _INVERSE_FACTORIAL[k], _INVERSE_FACTORIAL[k + 1], _INVERSE_FACTORIAL[k + 2]
    for p in range(out.shape[0]):
        o, s = out[p], square[p]
        if add:
            for i in range(LANES):
                o[i] += c2 * s[i]
        else:
            for i in range(LANES):
                o[i] = c2 * s[i]
    for q in range(m.shape[0]):
        o, v = out[place[q]], m[q]
        for i in range(LANES):
            o[i] += c1 * v[i]
    for d in range(diagonal.shape[0]):
        o = out[diagonal[d]]
        for i in range(LANES):
            o[i] += c0


@jit
def exponential(rates, lists, step_h, out, room):  # type: ignore[no-untyped-def]
    """out = exp(step_h * A), A being ``rates`` (places of A, LANES) per hour.

    Every off-diagonal entry of A is a rate and so not negative. With s the largest rate at which
    anything leaves, A + sI has no negative entry at all; its series is a sum of terms that are not
    negative, so no digit is lost to cancellation, whatever the eigenvalues and however close to
    each other (uniformization, with scaling and squaring). The series to degree 14 is taken in
    groups of three powers (Paterson and Stockmeyer 1973, doi:10.1137/0202007).

    ``lists`` are those of ``solve.lists_of``; ``room`` (4 of them) is to work in: A's places, and
    three times those of ``out``.
    """
    a_diagonal, place, diagonal, squares, horner = lists
    shifted, square, cube, spare = room
    n = diagonal.shape[0]
    fastest = np.zeros(LANES)
    for k in range(n):
        r = rates[a_diagonal[k]]
        for i in range(LANES):
            fastest[i] = max(fastest[i], -r[i])
    largest = fastest.max()
    squarings = 0
    scale = step_h
    while largest * scale > ARGUMENT:
        scale *= 0.5
        squarings += 1
    for k in range(rates.shape[0]):
        r, m = rates[k], shifted[k]
        for i in range(LANES):
            m[i] = r[i] * scale
    for k in range(n):
        m = shifted[a_diagonal[k]]
        for i in range(LANES):
            m[i] += fastest[i] * scale
    # The result stands in ``out`` after an even number of swaps.
    here, there = (out, spare) if squarings % 2 == 0 else (spare, out)
    there[:] = 0.0
    for q in range(rates.shape[0]):
        there[place[q]] = shifted[q]
    matrix_product(horner, shifted, there, 1.0, square)
    matrix_product(horner, shifted, square, 1.0, cube)
    _group(12, square, shifted, place, diagonal, here, False)
    for k in (9, 6, 3, 0):
        matrix_product(squares, cube, here, 1.0, there)
        here, there = there, here
        _group(k, square, shifted, place, diagonal, here, True)
    for i in range(LANES):
        fastest[i] = np.exp(-fastest[i] * scale)
    for p in range(here.shape[0]):
        o = here[p]
        for i in range(LANES):
            o[i] *= fastest[i]
    # What nothing leaves stays as it is, to the last bit: an infusion that has ended is nothing.
    for k in range(n):
        r, o = rates[a_diagonal[k]], here[diagonal[k]]
        for i in range(LANES):
            o[i] = 1.0 if r[i] == 0.0 else o[i]
    for _ in range(squarings):
        matrix_product(squares, here, here, 1.0, there)
        here, there = there, here


@jit
def flush(held, filled, out, first, count, at, large):  # type: ignore[no-untyped-def]
    """out[:, first + lane, at : at + filled] = held[:, :filled, lane] for ``count`` lanes.

    Whole tiles are turned by vector instructions, and written past the cache where ``out`` is
    ``large`` and they begin on a cache line (rows do: ``vectors.aligned``).
    """
    row = held.strides[1]
    step = out.strides[1]
    past = large and at % TILE == 0
    whole = filled // TILE * TILE
    for o in range(held.shape[0]):
        source = held[o].ctypes.data
        target = out[o].ctypes.data + first * step + at * 8
        for lane in range(0, count, TILE):
            tiles = whole if lane + TILE <= count else 0
            for t in range(0, tiles, TILE):
                here = source + t * row + lane * 8
                there = target + lane * step + t * 8
                if past:
                    transpose_past_the_cache(here, row, there, step)
                else:
                    transpose(here, row, there, step)
            for t in range(tiles, filled):
                line = held[o, t]
                for q in range(lane, min(lane + TILE, count)):
                    out[o, first + q, at + t] = line[q]


#: Coefficients 1/k! of the exponential series, highest first.
_SERIES = np.array([1.0 / float(np.prod(np.arange(1.0, k + 1))) for k in range(13, -1, -1)])
_LOG2E = 1.4426950408889634
_LN2_HIGH = 0.693147180369123816490
_LN2_LOW = 1.90821492927058770002e-10


@jit
def lane_exp(x, out, bits, powers):  # type: ignore[no-untyped-def]
    """out = exp(x) for x (LANES,) of at most 0, to 2e-16 relative; below -700 it is exp(-700).

    The compiler has no vector exponential without a closed runtime, so this is one: x is taken
    apart into k ln 2 + r, exp(r) by its series, and 2**k written straight into the exponent
    (``bits`` (LANES,) int64 and ``powers``, the same memory seen as float64). Measured: 6 times the
    rate of one call a person.
    """
    for i in range(LANES):
        v = max(x[i], -700.0)
        k = np.floor(v * _LOG2E + 0.5)
        r = (v - k * _LN2_HIGH) - k * _LN2_LOW
        p = _SERIES[0]
        for c in range(1, 14):
            p = p * r + _SERIES[c]
        out[i] = p
        bits[i] = (np.int64(k) + 1023) << 52
    for i in range(LANES):
        out[i] *= powers[i]
