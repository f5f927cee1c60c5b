"""The compiled way through a linear plan, for many people at once."""

from __future__ import annotations

import numpy as np

from .lanes import LANES, exponential, jit, matrix_product, product, row_product

#: So many evenly spaced outputs are worked out from one state, by rows of powers of the step.
TABLE = 16


@jit
def load(values, first, count, out):  # type: ignore[no-untyped-def]
    """Take columns first..first+count of values (rows, n); the lanes left over repeat the last."""
    for k in range(values.shape[0]):
        for i in range(count):
            out[k, i] = values[k, first + i]
        for i in range(count, LANES):
            out[k, i] = values[k, first + count - 1]


@jit
def _write(o_start, o_cols, o_values, x, line, out, first, count, at):  # type: ignore[no-untyped-def]
    for o in range(o_start.shape[0] - 1):
        row_product(o_start, o_cols, o_values, o, x, line)
        for i in range(count):
            out[o, first + i, at] = line[i]


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
def run_linear(  # type: ignore[no-untyped-def]
    first_block, last_block, offset,
    rates, a_diagonal, start, cols, diagonal, squares, horner,
    o_start, o_cols, o_values, t_lists, t_start, t_cols, t_place,
    jump_state, jump_amount, jump_factor, factors,
    ops, steps_h, slots, out,
):  # fmt: skip
    """Fill out (outputs, all people, times) of some blocks; the people begin at ``offset``."""
    people = rates.shape[1]
    n = diagonal.shape[0]
    outputs = o_start.shape[0] - 1
    a = np.empty((rates.shape[0], LANES))
    c = np.empty((o_values.shape[0], LANES))
    f = np.empty((factors.shape[0], LANES))
    e = np.empty((slots, cols.shape[0], LANES))
    shifted = np.empty((rates.shape[0], LANES))
    spare = np.empty((cols.shape[0], LANES))
    table = np.empty((TABLE, t_cols.shape[0], LANES))
    power = np.empty((cols.shape[0], LANES))
    lines = np.empty((TABLE, LANES))
    x = np.empty((n, LANES))
    y = np.empty((n, LANES))
    # Products that a table takes to make and to read at each time, and those of one step.
    making = TABLE * t_lists[1].shape[0]
    reading = t_cols.shape[0] + cols.shape[0] // TABLE
    stepping = cols.shape[0] + o_cols.shape[0]
    for block in range(first_block, last_block):
        first = block * LANES
        count = min(LANES, people - first)
        load(rates, first, count, a)
        load(o_values, first, count, c)
        load(factors, first, count, f)
        x[:] = 0.0
        tabled = -1
        for op in range(ops.shape[0]):
            kind, one, two, three = ops[op]
            if kind == 0:
                for j in range(one, two):
                    state = x[jump_state[j]]
                    factor = f[jump_factor[j]]
                    amount = jump_amount[j]
                    for i in range(LANES):
                        state[i] += amount * factor[i]
            elif kind == 1:
                exponential(
                    a, a_diagonal, diagonal, squares, horner, steps_h[two], e[one], shifted, spare
                )
                if tabled == one:
                    tabled = -1
            elif kind == 2:
                product(start, cols, e[one], x, y)
                x, y = y, x
            elif kind == 4:
                _write(o_start, o_cols, c, x, lines[0], out, offset + first, count, one)
            elif (one != tabled) * making + two * reading > two * stepping:
                for s in range(two):
                    product(start, cols, e[one], x, y)
                    x, y = y, x
                    _write(o_start, o_cols, c, x, lines[0], out, offset + first, count, three + s)
            else:
                if tabled != one:
                    _table(o_start, o_cols, c, t_lists, t_place, start, cols, e[one], table)
                    _power(squares, e[one], power, spare)
                    tabled = one
                done = 0
                while done < two:
                    m = min(TABLE, two - done)
                    for o in range(outputs):
                        for j in range(m):
                            row_product(t_start, t_cols, table[j], o, x, lines[j])
                        for i in range(count):
                            target = out[o, offset + first + i]
                            for j in range(m):
                                target[three + done + j] = lines[j, i]
                    if m == TABLE:
                        product(start, cols, power, x, y)
                    else:
                        for _ in range(m):
                            product(start, cols, e[one], x, y)
                            x, y = y, x
                        x, y = y, x
                    x, y = y, x
                    done += m
