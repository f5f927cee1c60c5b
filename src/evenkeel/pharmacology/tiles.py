"""Turning values kept by time into values kept by person, eight by eight, with vector instructions.

The kernels work on many people side by side, so what they know of one time lies together; a caller
wants each person's times together. The compiler does not find the shuffles for that by itself. Two
forms: one that leaves what it writes in the cache, and one that writes past it, for results too
large to stay there anyway (measured: the memory then is not read before it is written, which is
half of the traffic).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

TILE = 8
_BYTES = 8
#: Where a tile written past the cache must begin.
ALIGNED = 64


def aligned(*shape: int) -> NDArray[np.float64]:
    """A fresh (..., times) float64 array whose rows begin on cache lines; a view of a longer one.

    Rows are padded to whole tiles behind what is returned.
    """
    *rows, times = shape
    padded = -(-times // TILE) * TILE
    count = int(np.prod(rows)) * padded
    room = np.empty(count + ALIGNED // _BYTES)
    skip = (-room.ctypes.data % ALIGNED) // _BYTES
    found: NDArray[np.float64] = room[skip : skip + count].reshape(*rows, padded)[..., :times]
    return found


def _transpose(past_the_cache: bool) -> Any:
    def declare(_context: Any, source: Any, source_step: Any, target: Any, target_step: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return _emit(context, builder, arguments, past_the_cache)

        return types.void(types.intp, types.intp, types.intp, types.intp), generate

    return declare


def _emit(context: Any, builder: Any, arguments: Any, past_the_cache: bool) -> Any:
    source, source_step, target, target_step = arguments
    vector = ir.VectorType(ir.DoubleType(), TILE)
    short = ir.IntType(32)

    def place(base: Any, step: Any, k: int) -> Any:
        offset = builder.mul(step, ir.Constant(step.type, k))
        return builder.inttoptr(builder.add(base, offset), vector.as_pointer())

    rows = []
    for k in range(TILE):
        row = builder.load(place(source, source_step, k))
        row.align = _BYTES
        rows.append(row)
    for width in (4, 2, 1):
        rows = _exchange(builder, rows, width, short)
    for k in range(TILE):
        store = builder.store(rows[k], place(target, target_step, k))
        store.align = ALIGNED if past_the_cache else _BYTES
        if past_the_cache:
            mark = builder.module.add_metadata([ir.Constant(short, 1)])
            store.set_metadata("nontemporal", mark)
    return context.get_dummy_value()


def _exchange(builder: Any, rows: list[Any], width: int, short: Any) -> list[Any]:
    """Rows k and k + width exchange their blocks of ``width`` across the diagonal."""
    found = list(rows)
    starts = range(0, TILE, 2 * width)
    low = [s + q + o for s in starts for o in (0, TILE) for q in range(width)]
    high = [s + q + o + width for s in starts for o in (0, TILE) for q in range(width)]
    for k in range(TILE):
        if k & width:
            continue
        for at, order in ((k, low), (k + width, high)):
            mask = ir.Constant(ir.VectorType(short, TILE), order)
            found[at] = builder.shuffle_vector(rows[k], rows[k + width], mask)
    return found


#: (source, source_step, target, target_step): addresses and distances in bytes of 8 rows of 8.
transpose = intrinsic(_transpose(past_the_cache=False))
transpose_past_the_cache = intrinsic(_transpose(past_the_cache=True))
