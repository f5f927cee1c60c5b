"""Vector instructions that the compiler does not find by itself, written out for it.

``combine`` and ``combine_rows`` are sums of products of rows of 64 people with the sums kept in
registers (measured: 1.2 to 1.6 times the compiler's own). ``series`` is one person's evenly spaced
outputs, eight times at once. ``transpose`` turns what is kept by time into what is kept by person;
one form of it writes past the cache, for results too large to stay there anyway (the memory then is
not read before it is written, which is half of the traffic).

All take addresses; who calls them answers for the shapes. They are vectors of eight for LLVM, which
splits them for a processor that has shorter ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from .recycled import block

#: People worked on side by side. Longer ran no faster, shorter ran slower.
LANES = 64
TILE = 8
_BYTES = 8
_VECTOR = ir.VectorType(ir.DoubleType(), TILE)
_LONG, _SHORT = ir.IntType(64), ir.IntType(32)
_FUSED = ("contract",)
_alloca: Any = cgutils.alloca_once
#: Evenly spaced outputs worked out at once.
SERIES = 16
#: Where a tile written past the cache must begin.
ALIGNED = 64


def aligned(*shape: int) -> NDArray[np.float64]:
    """A fresh (..., times) float64 array whose rows begin on cache lines; a view of a longer one.

    Rows are padded to whole tiles behind what is returned.
    """
    *rows, times = shape
    padded = -(-times // TILE) * TILE
    count = int(np.prod(rows)) * padded
    room = block(count + ALIGNED // _BYTES)
    skip = (-room.ctypes.data % ALIGNED) // _BYTES
    found: NDArray[np.float64] = room[skip : skip + count].reshape(*rows, padded)[..., :times]
    return found


def _at(builder: Any, address: Any, offset: int = 0) -> Any:
    """The vector at an address plus some bytes."""
    place = builder.add(address, ir.Constant(_LONG, offset)) if offset else address
    return builder.inttoptr(place, _VECTOR.as_pointer())


def _load(builder: Any, address: Any, offset: int = 0) -> Any:
    found = builder.load(_at(builder, address, offset))
    found.align = _BYTES
    return found


def _store(
    builder: Any, value: Any, address: Any, offset: int = 0, past_the_cache: bool = False
) -> None:
    store = builder.store(value, _at(builder, address, offset))
    store.align = ALIGNED if past_the_cache else _BYTES
    if past_the_cache:
        mark = builder.module.add_metadata([ir.Constant(_SHORT, 1)])
        store.set_metadata("nontemporal", mark)


def _spread(builder: Any, value: Any) -> Any:
    """One number in all places of a vector."""
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(_SHORT, 0))
    return builder.shuffle_vector(
        first, nothing, ir.Constant(ir.VectorType(_SHORT, TILE), [0] * TILE)
    )


def _sums(builder: Any, count: int) -> list[Any]:
    """Vectors that begin at zero; LLVM keeps them in registers."""
    zero = ir.Constant(_VECTOR, [0.0] * TILE)
    found = [_alloca(builder, _VECTOR) for _ in range(count)]
    for one in found:
        builder.store(zero, one)
    return found


def _add_product(builder: Any, total: Any, one: Any, other: Any) -> None:
    product = builder.fmul(one, other, flags=_FUSED)
    builder.store(builder.fadd(builder.load(total), product, flags=_FUSED), total)


def _combine(consecutive: bool) -> Any:
    def declare(
        _c: Any, out: Any, a: Any, left: Any, b: Any, right: Any, n: Any, scale: Any
    ) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            _emit_combine(builder, arguments, consecutive)
            return context.get_dummy_value()

        return types.void(*(types.intp,) * 6, types.float64), generate

    return declare


def _emit_combine(builder: Any, arguments: Any, consecutive: bool) -> None:
    out, a, left, b, right, count, scale = arguments
    totals = _sums(builder, LANES // TILE)
    row = ir.Constant(_LONG, LANES * _BYTES)
    lists = [builder.inttoptr(x, _LONG.as_pointer()) for x in (left, right)]
    with cgutils.for_range(builder, count) as loop:
        k = loop.index
        which = k if consecutive else builder.load(builder.gep(lists[0], [k]))
        one = builder.add(a, builder.mul(which, row))
        other = builder.add(b, builder.mul(builder.load(builder.gep(lists[1], [k])), row))
        for part, total in enumerate(totals):
            offset = part * TILE * _BYTES
            _add_product(builder, total, _load(builder, one, offset), _load(builder, other, offset))
    times = _spread(builder, scale)
    for part, total in enumerate(totals):
        scaled = builder.fmul(builder.load(total), times, flags=_FUSED)
        _store(builder, scaled, out, part * TILE * _BYTES)


def _series(blocks: int, past_the_cache: bool) -> Any:
    def declare(_c: Any, out: Any, rows: Any, state: Any, cols: Any, count: Any, size: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            _emit_series(builder, arguments, blocks, past_the_cache)
            return context.get_dummy_value()

        return types.void(*(types.intp,) * 6), generate

    return declare


def _emit_series(builder: Any, arguments: Any, blocks: int, past_the_cache: bool) -> None:
    out, rows, state, cols, count, size = arguments
    parts = SERIES // TILE
    totals = [_sums(builder, parts) for _ in range(blocks)]
    numbers = builder.inttoptr(state, ir.DoubleType().as_pointer())
    which = builder.inttoptr(cols, _LONG.as_pointer())
    with cgutils.for_range(builder, count) as loop:
        here = builder.add(rows, builder.mul(loop.index, ir.Constant(_LONG, SERIES * _BYTES)))
        row = [_load(builder, here, part * TILE * _BYTES) for part in range(parts)]
        at = builder.load(builder.gep(which, [loop.index]))
        for block in range(blocks):
            factor = _spread(builder, builder.load(builder.gep(numbers, [at])))
            for part in range(parts):
                _add_product(builder, totals[block][part], factor, row[part])
            at = builder.add(at, size)
    for block in range(blocks):
        for part in range(parts):
            offset = (block * parts + part) * TILE * _BYTES
            _store(builder, builder.load(totals[block][part]), out, offset, past_the_cache)


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
        address = builder.add(target, builder.mul(target_step, ir.Constant(_LONG, k)))
        _store(builder, rows[k], address, 0, past_the_cache)
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
transpose: Any = intrinsic(_transpose(past_the_cache=False))
transpose_past_the_cache: Any = intrinsic(_transpose(past_the_cache=True))

#: (out, a, left, b, right, count, scale): addresses of rows of LANES; out = scale times the sum
#: over k of a[left[k]] * b[right[k]]. ``combine_rows`` takes the rows of a one after the other.
combine: Any = intrinsic(_combine(consecutive=False))
combine_rows: Any = intrinsic(_combine(consecutive=True))
#: (out, rows, state, cols, count, size): out (SERIES,) = the sum over k of state[cols[k]] *
#: rows[k] (SERIES,); the second does so for four states, ``size`` numbers apart, one behind the
#: other, so that sums need not wait for each other. The last two write past the cache.
series: Any = intrinsic(_series(1, past_the_cache=False))
four_series: Any = intrinsic(_series(4, past_the_cache=False))
series_past: Any = intrinsic(_series(1, past_the_cache=True))
four_series_past: Any = intrinsic(_series(4, past_the_cache=True))
