"""The compiled way through a linear plan, for many people at once."""

from __future__ import annotations

import numpy as np

from .lanes import (
    ARGUMENT,
    HELD,
    ROW,
    exponential,
    flush,
    jit,
    matrix_product,
    product,
    row_product,
    working_room,
)
from .plan import ADVANCE, BUILD, JUMP, KEEP, RETURN, RUN
from .vectors import (
    LANES,
    SERIES,
    TILE,
    combine_rows,
    four_series,
    four_series_past,
    series,
    series_past,
    transpose,
)

#: So many evenly spaced outputs are worked out from one state, by rows of powers of the step.
TABLE = SERIES


@jit
def load(values, first, count, out):  # type: ignore[no-untyped-def]
    """Take columns first..first+count of values (rows, n); the lanes left over repeat the last."""
    for k in range(values.shape[0]):
        for i in range(count):
            out[k, i] = values[k, first + i]
        for i in range(count, LANES):
            out[k, i] = values[k, first + count - 1]


@jit
def _read(o_start, o_cols, o_values, x, held, place):  # type: ignore[no-untyped-def]
    """held[:, place] = the outputs of the present state."""
    for o in range(o_start.shape[0] - 1):
        row_product(o_start, o_cols, o_values, o, x, held[o, place])


@jit
def _table(o_start, o_cols, o_values, t_lists, t_place, start, cols, e, table):  # type: ignore[no-untyped-def]
    """table[j] = the output rows times the (j + 1)th power of e, in the outputs' reach.

    ``t_place`` (outputs, n) says where a state's factor stands in a table row, -1 for none;
    ``t_lists`` are the lists of ``matrix_product`` for a table row by e.
    """
    first = table[0]
    first[:] = 0.0
    for o in range(o_start.shape[0] - 1):
        for k in range(o_start[o], o_start[o + 1]):
            row = o_cols[k]
            c = o_values[k]
            for q in range(start[row], start[row + 1]):
                t, v = first[t_place[o, cols[q]]], e[q]
                for i in range(LANES):
                    t[i] += c[i] * v[i]
    for j in range(1, TABLE):
        matrix_product(t_lists, table[j - 1], e, 1.0, table[j])


@jit
def _power(squares, e, power, spare):  # type: ignore[no-untyped-def]
    """power = e ** TABLE, TABLE being 16."""
    matrix_product(squares, e, e, 1.0, spare)
    matrix_product(squares, spare, spare, 1.0, power)
    matrix_product(squares, power, power, 1.0, spare)
    matrix_product(squares, spare, spare, 1.0, power)


@jit
def _turn(source, target, rows):  # type: ignore[no-untyped-def]
    """target[lane, row] = source[row, lane] for (rows, LANES), rows a multiple of TILE."""
    here, there = source.ctypes.data, target.ctypes.data
    for row in range(0, rows, TILE):
        for lane in range(0, LANES, TILE):
            transpose(
                here + row * source.strides[0] + lane * 8,
                source.strides[0],
                there + lane * target.strides[0] + row * 8,
                target.strides[0],
            )


@jit
def _turn_table(table, people_table):  # type: ignore[no-untyped-def]
    """people_table[lane, term, j] = table[j, term, lane]."""
    for term in range(table.shape[1]):
        _turn(table[:, term], people_table[:, term], TABLE)


@jit
def _person(to, rows, state, cols, terms, size, blocks, large):  # type: ignore[no-untyped-def]
    """One output of one person, ``blocks`` times TABLE values from the address ``to`` on."""
    block = 0
    while block + 4 <= blocks:
        if large:
            four_series_past(to, rows, state, cols, terms, size)
        else:
            four_series(to, rows, state, cols, terms, size)
        to += 4 * TABLE * 8
        state += 4 * size * 8
        block += 4
    while block < blocks:
        if large:
            series_past(to, rows, state, cols, terms, size)
        else:
            series(to, rows, state, cols, terms, size)
        to += TABLE * 8
        state += size * 8
        block += 1


@jit
def _even(t_start, t_cols, table, states, size, blocks, out, first, count, at, large):  # type: ignore[no-untyped-def]
    """Whole blocks of evenly spaced outputs, each person's from end to end: out[:, person, at :].

    ``table`` (LANES, terms, TABLE) holds each person's rows, ``states`` (LANES, blocks * size) the
    states before each TABLE outputs, one behind the other.
    """
    cols = t_cols.ctypes.data
    for lane in range(count):
        rows, state = table[lane].ctypes.data, states[lane].ctypes.data
        for o in range(t_start.shape[0] - 1):
            k = t_start[o]
            to = out[o, first + lane].ctypes.data + at * 8
            terms = t_start[o + 1] - k
            _person(to, rows + k * TABLE * 8, state, cols + k * 8, terms, size, blocks, large)


@jit
def _terms(most, depth):  # type: ignore[no-untyped-def]
    """Terms of the series of exp(most), the last below 1e-18 of it, and ``depth`` more."""
    weight, k = np.exp(-min(most, 700.0)), 0
    while k < most or weight > 1e-18:
        k += 1
        weight *= most / k
    return k + depth


@jit
def _series(a, a_start, a_cols, a_diagonal, step_h, terms, x, y, spare, scaled):  # type: ignore[no-untyped-def]
    """y = exp(step_h * A) x by its own series, for a step that is not taken often enough to pay for
    the exponential of the matrix: uniformization as in ``lanes.exponential``, without squaring.
    """
    n = a_diagonal.shape[0]
    fastest = np.zeros(LANES)
    for k in range(n):
        for i in range(LANES):
            fastest[i] = max(fastest[i], -a[a_diagonal[k], i])
    for k in range(a.shape[0]):
        for i in range(LANES):
            scaled[k, i] = a[k, i] * step_h
    for k in range(n):
        for i in range(LANES):
            scaled[a_diagonal[k], i] += fastest[i] * step_h
    values, right = scaled.ctypes.data, a_cols.ctypes.data
    here, there = (y, spare) if terms % 2 == 0 else (spare, y)
    here[:] = x
    for term in range(terms, 0, -1):
        b, to = here.ctypes.data, there.ctypes.data
        for row in range(n):
            k = a_start[row]
            combine_rows(
                to + row * ROW, values + k * ROW, 0, b, right + k * 8, a_start[row + 1] - k,
                1.0 / term,
            )  # fmt: skip
            for i in range(LANES):
                there[row, i] += x[row, i]
        here, there = there, here
    for i in range(LANES):
        fastest[i] = np.exp(-fastest[i] * step_h)
    for row in range(n):
        # What nothing enters or leaves stays as it is, to the last bit.
        alone = a_start[row + 1] - a_start[row] == 1
        for i in range(LANES):
            still = alone and a[a_diagonal[row], i] == 0.0
            y[row, i] = x[row, i] if still else y[row, i] * fastest[i]


@jit
def _cheaper(a, a_diagonal, lists, places, step_h, uses, depth):  # type: ignore[no-untyped-def]
    """The terms of a step by its own series where that takes fewer products than the exponential
    of the matrix, else 0.
    """
    most = 0.0
    for k in range(a_diagonal.shape[0]):
        most = max(most, -a[a_diagonal[k]].min() * step_h)
    if uses * (most + depth) * a.shape[0] > 20.0 * lists[3][1].shape[0]:
        return 0
    terms = _terms(most, depth)
    squarings = max(0, int(np.ceil(np.log2(max(most, 1e-9) / ARGUMENT))))
    by_matrix = 2 * lists[4][1].shape[0] + (4 + squarings) * lists[3][1].shape[0]
    by_matrix += (10 + uses) * places
    return terms if uses * terms * (a.shape[0] + a_diagonal.shape[0]) < by_matrix else 0


@jit
def _step(kind_of_step, one, a, a_lists, start, cols, e, steps, x, y, spare, scaled):  # type: ignore[no-untyped-def]
    """y = the state x after the step in slot ``one``."""
    if kind_of_step[one] == 0:
        product(start, cols, e[one], x, y)
    else:
        a_start, a_cols, a_diagonal = a_lists
        _series(a, a_start, a_cols, a_diagonal, steps[one], kind_of_step[one], x, y, spare, scaled)


@jit
def run_linear(  # type: ignore[no-untyped-def]
    first_block, last_block, offset,
    rates, start, cols, lists, a_start, a_cols, depth,
    o_start, o_cols, o_values, t_lists, t_start, t_cols, t_place,
    jump_state, jump_amount, jump_factor, factors,
    ops, steps_h, slots, longest, large, out,
):  # fmt: skip
    """Fill out (outputs, all people, times) of some blocks; the people begin at ``offset``."""
    people = rates.shape[1]
    n = start.shape[0] - 1
    squares = lists[3]
    a = np.empty((rates.shape[0], LANES))
    c = np.empty((o_values.shape[0], LANES))
    f = np.empty((factors.shape[0], LANES))
    e = np.empty((slots, cols.shape[0], LANES))
    room = working_room(rates.shape[0], cols.shape[0])
    held = np.empty((o_start.shape[0] - 1, HELD, LANES))
    x = np.empty((n, LANES))
    y = np.empty((n, LANES))
    kept = np.empty((n, LANES))
    spare = np.empty((n, LANES))
    terms_of, step_of = np.zeros(slots, dtype=np.int64), np.zeros(slots)
    a_lists = (a_start, a_cols, lists[0])
    # Products that a table takes to make and to read at each time, and those of one step.
    making = TABLE * t_lists[1].shape[0]
    reading = t_cols.shape[0] + cols.shape[0] // TABLE
    stepping = cols.shape[0] + o_cols.shape[0]
    any_table = making + longest * reading < longest * stepping
    table = np.empty((TABLE, t_cols.shape[0] if any_table else 0, LANES))
    people_table = np.empty((LANES, t_cols.shape[0] if any_table else 0, TABLE))
    most = HELD // TABLE
    room_for_states = (most * n + TILE - 1) // TILE * TILE if any_table else 0
    states = np.zeros((room_for_states, LANES))
    people_states = np.empty((LANES, room_for_states))
    power = np.empty((cols.shape[0], LANES))
    for block in range(first_block, last_block):
        first = block * LANES
        count = min(LANES, people - first)
        load(rates, first, count, a)
        load(o_values, first, count, c)
        load(factors, first, count, f)
        x[:] = 0.0
        tabled = -1
        written, filled = 0, 0
        for op in range(ops.shape[0]):
            kind, one, two, _ = ops[op]
            if kind == JUMP:
                for j in range(one, two):
                    state, factor = x[jump_state[j]], f[jump_factor[j]]
                    for i in range(LANES):
                        state[i] += jump_amount[j] * factor[i]
            elif kind == BUILD:
                uses = ops[op, 3]
                step_of[one] = steps_h[two]
                terms_of[one] = _cheaper(
                    a, lists[0], lists, cols.shape[0], steps_h[two], uses, depth
                )
                if terms_of[one] == 0:
                    exponential(a, lists, steps_h[two], e[one], room)
                if tabled == one:
                    tabled = -1
            elif kind == ADVANCE:
                _step(terms_of, one, a, a_lists, start, cols, e, step_of, x, y, spare, room[0])
                x, y = y, x
            elif kind == KEEP:
                kept[:] = x
            elif kind == RETURN:
                x[:] = kept
            elif (
                kind == RUN
                and terms_of[one] == 0
                and (one != tabled) * making + two * reading < two * stepping
            ):
                if tabled != one:
                    _table(o_start, o_cols, c, t_lists, t_place, start, cols, e[one], table)
                    _turn_table(table, people_table)
                    _power(squares, e[one], power, room[3])
                    tabled = one
                # Whole blocks begin on a cache line, so that they can be written past the cache.
                left = two
                while left > 0 and (written + filled) % TILE:
                    product(start, cols, e[one], x, y)
                    x, y = y, x
                    _read(o_start, o_cols, c, x, held, filled)
                    filled += 1
                    left -= 1
                flush(held, filled, out, offset + first, count, written, large)
                written += filled
                filled = 0
                blocks = left // TABLE
                done = 0
                while done < blocks:
                    m = min(blocks - done, most)
                    for b in range(m):
                        states[b * n : (b + 1) * n] = x
                        product(start, cols, power, x, y)
                        x, y = y, x
                    _turn(states, people_states, (m * n + TILE - 1) // TILE * TILE)
                    _even(
                        t_start, t_cols, people_table, people_states, n, m, out,
                        offset + first, count, written, large,
                    )  # fmt: skip
                    written += m * TABLE
                    done += m
                for _ in range(left - blocks * TABLE):
                    product(start, cols, e[one], x, y)
                    x, y = y, x
                    _read(o_start, o_cols, c, x, held, filled)
                    filled += 1
            else:
                for _ in range(two if kind == RUN else 1):
                    if kind == RUN:
                        _step(
                            terms_of, one, a, a_lists, start, cols, e, step_of, x, y, spare, room[0]
                        )
                        x, y = y, x
                    if filled == HELD:
                        flush(held, filled, out, offset + first, count, written, large)
                        written += filled
                        filled = 0
                    _read(o_start, o_cols, c, x, held, filled)
                    filled += 1
        flush(held, filled, out, offset + first, count, written, large)
