"""The compiled way up the ladder: what bends drive, for many people at once."""

from __future__ import annotations

import numpy as np

from .lanes import (
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
from .linear_kernel import load
from .stage_kernel import bend, delay_weights, delayed, grow, grow_part
from .vectors import LANES, combine_rows

BEND, DELAY, GROWTH = range(3)


@jit
def _stages(stages, constants, numbers, needs_nodes, fresh, sums, values, w, q, panel_h, work):  # type: ignore[no-untyped-def]
    """Carry every stage over one panel: values[stage] (5, LANES) from its node 0 on.

    Where the panel is not ``fresh`` after a jump a bend is at node 0 where it was at the last end.
    """
    for s in range(stages.shape[0]):
        kind, source, c, place = stages[s, 0], stages[s, 1], stages[s, 2], stages[s, 3]
        u = sums[source] if source >= 0 else values[-1 - source]
        y = values[s]
        if kind == BEND:
            for node in range(0 if fresh else 1, 5):
                bend(u[node], constants[c], numbers[s, 0], constants[c + 1], numbers[s, 1], y[node])
        elif kind == DELAY:
            for node in range(1 if needs_nodes[s] else 4, 5):
                delayed(w[place, q, node - 1], u, y[0], y[node])
        else:
            for quarter in range(4):
                grow(
                    y[quarter], constants[c], constants[c + 1], u, quarter,
                    0.25 * panel_h, panel_h, y[quarter + 1], work,
                )  # fmt: skip


@jit
def _dense(  # type: ignore[no-untyped-def]
    stages, constants, wanted, sums, values, share, panel_h, kept, known, held, place, work
):
    """held[:, place] = the wanted stages at a share of the panel that was just taken.

    ``kept`` (delays, 6, LANES) are the weights of the delays there, made now unless ``known``.
    """
    for k in range(wanted.shape[0]):
        s = wanted[k]
        kind, source, c = stages[s, 0], stages[s, 1], stages[s, 2]
        u = sums[source] if source >= 0 else values[-1 - source]
        y = values[s]
        line = held[k, place]
        if share >= 1.0:
            line[:] = y[4]
        elif kind == DELAY:
            weights = kept[stages[s, 3]]
            if not known:
                delay_weights(constants[c], panel_h, share, weights, work)
            delayed(weights, u, y[0], line)
        else:
            quarter = min(3, int(share * 4.0))
            grow_part(
                y[quarter], constants[c], constants[c + 1], u, quarter, share, panel_h, line, work
            )


@jit
def _prepare(  # type: ignore[no-untyped-def]
    lists, start, cols, sum_lists, sum_rows, unit_h, octaves, e, t, rates,
    w, stages, needs_nodes, constants, room, work,
):  # fmt: skip
    """What one kind of segment needs: the exponentials e (octaves + 2, places, LANES) of its steps,
    each the square of the one before; the weights w of its delays; and t (octaves, 3, terms,
    LANES), the sums after one, two and three steps as factors of the states before.
    """
    squares = lists[3]
    exponential(rates, lists, unit_h, e[0], room)
    for q in range(1, octaves + 2):
        matrix_product(squares, e[q - 1], e[q - 1], 1.0, e[q])
    for q in range(octaves):
        for node in range(2):
            t[q, node] = 0.0
            _after(sum_rows, start, cols, e[q + node], t[q, node])
        matrix_product(sum_lists, t[q, 1], e[q], 1.0, t[q, 2])
    for s in range(stages.shape[0]):
        if stages[s, 0] == DELAY:
            for q in range(octaves):
                for node in range(0 if needs_nodes[s] else 3, 4):
                    delay_weights(
                        constants[stages[s, 2]], 4.0 * unit_h * 2.0**q, 0.25 * (node + 1),
                        w[stages[s, 3], q, node], work,
                    )  # fmt: skip


@jit
def _after(sum_rows, start, cols, e, out):  # type: ignore[no-untyped-def]
    """out += the rows of the sums times e, as factors of the states that can reach them."""
    s_start, s_cols, s_values, place = sum_rows
    for b in range(s_start.shape[0] - 1):
        for k in range(s_start[b], s_start[b + 1]):
            row = s_cols[k]
            for q in range(start[row], start[row + 1]):
                p = place[b, cols[q]]
                for i in range(LANES):
                    out[p, i] += s_values[k, i] * e[q, i]


@jit
def _ahead(t_start, t_cols, t, x, sums):  # type: ignore[no-untyped-def]
    """sums[:, 1 to 3] = the sums after one, two and three steps from the state x, by t."""
    terms = t_cols.shape[0]
    to, table, state, right = sums.ctypes.data, t.ctypes.data, x.ctypes.data, t_cols.ctypes.data
    for b in range(t_start.shape[0] - 1):
        k = t_start[b]
        for node in range(3):
            combine_rows(
                to + (5 * b + node + 1) * ROW, table + (node * terms + k) * ROW, 0,
                state, right + k * 8, t_start[b + 1] - k, 1.0,
            )  # fmt: skip


@jit
def run_ladder(  # type: ignore[no-untyped-def]
    first_block, last_block, offset,
    rates, start, cols, lists,
    s_start, s_cols, s_values, t_start, t_cols, t_place, t_lists,
    jump_state, jump_amount, jump_factor, factors,
    first_jump, kind_of, unit_h, octaves_of, panels, cache_of, cached,
    stages, stage_constants, numbers, needs_nodes, delays, wanted,
    panel_of, share_of, alike, kept_alike, large, out,
):  # fmt: skip
    """Fill out (wanted, all people, times) of some blocks; the people begin at ``offset``.

    Of a panel only what is needed is worked out: the weighted sums at its nodes, from the state at
    its start, and the state at its end, in one step.
    """
    people = rates.shape[1]
    n = start.shape[0] - 1
    total = panel_of.shape[0]
    deepest = octaves_of.max()
    a = np.empty((rates.shape[0], LANES))
    combine = np.empty((s_values.shape[0], LANES))
    f = np.empty((factors.shape[0], LANES))
    constants = np.empty((stage_constants.shape[0], LANES))
    e = np.empty((cached + 1, deepest + 2, cols.shape[0], LANES))
    t = np.empty((cached + 1, deepest, 3, t_cols.shape[0], LANES))
    w = np.empty((cached + 1, delays, deepest, 4, 6, LANES))
    ready = np.empty(cached + 1, dtype=np.int64)
    kept = np.empty((kept_alike + 1, delays, 6, LANES))
    known = np.empty(kept_alike + 1, dtype=np.bool_)
    room = working_room(rates.shape[0], cols.shape[0])
    bits = np.empty(LANES, dtype=np.int64)
    work = (np.empty(LANES), np.empty((5, LANES)), bits, bits.view(np.float64))
    sums = np.empty((s_start.shape[0] - 1, 5, LANES))
    values = np.empty((stages.shape[0], 5, LANES))
    x = np.empty((n, LANES))
    y = np.empty((n, LANES))
    held = np.empty((wanted.shape[0], HELD, LANES))
    for block in range(first_block, last_block):
        first = block * LANES
        count = min(LANES, people - first)
        load(rates, first, count, a)
        load(s_values, first, count, combine)
        load(factors, first, count, f)
        load(stage_constants, first, count, constants)
        ready[:] = -1
        known[:] = False
        x[:] = 0.0
        values[:] = 0.0
        at, written, panel = 0, 0, 0
        while at < total and panel_of[at] < 0:
            if at - written == HELD:
                flush(held, HELD, out, offset + first, count, written, large)
                written = at
            held[:, at - written] = 0.0
            at += 1
        for segment in range(kind_of.shape[0]):
            for j in range(first_jump[segment], first_jump[segment + 1]):
                for i in range(LANES):
                    x[jump_state[j], i] += jump_amount[j] * f[jump_factor[j], i]
            kind = kind_of[segment]
            octaves = octaves_of[kind]
            slot = cache_of[kind]
            if ready[slot] != kind:
                _prepare(
                    lists, start, cols, t_lists, (s_start, s_cols, combine, t_place),
                    unit_h[kind], octaves, e[slot], t[slot], a, w[slot], stages, needs_nodes,
                    constants, room, work,
                )  # fmt: skip
                ready[slot] = kind
            for b in range(sums.shape[0]):
                row_product(s_start, s_cols, combine, b, x, sums[b, 0])
            for chunk in range(octaves + 1):
                q = max(0, chunk - 1)
                panel_h = 4.0 * unit_h[kind] * 2.0**q
                for turn in range(panels):
                    _ahead(t_start, t_cols, t[slot, q], x, sums)
                    product(start, cols, e[slot, q + 2], x, y)
                    x, y = y, x
                    for b in range(sums.shape[0]):
                        row_product(s_start, s_cols, combine, b, x, sums[b, 4])
                    _stages(
                        stages, constants, numbers, needs_nodes, chunk + turn == 0, sums, values,
                        w[slot], q, panel_h, work,
                    )  # fmt: skip
                    while at < total and panel_of[at] == panel:
                        if at - written == HELD:
                            flush(held, HELD, out, offset + first, count, written, large)
                            written = at
                        # What only one time needs is made in the last place.
                        keep = alike[at] if alike[at] >= 0 else kept_alike
                        _dense(
                            stages, constants, wanted, sums, values, share_of[at], panel_h,
                            kept[keep], known[keep], held, at - written, work,
                        )  # fmt: skip
                        known[keep] = keep < kept_alike
                        at += 1
                    panel += 1
                    for b in range(sums.shape[0]):
                        for i in range(LANES):
                            sums[b, 0, i] = sums[b, 4, i]
                    for s in range(stages.shape[0]):
                        for i in range(LANES):
                            values[s, 0, i] = values[s, 4, i]
        while at < total:
            if at - written == HELD:
                flush(held, HELD, out, offset + first, count, written, large)
                written = at
            for k in range(wanted.shape[0]):
                held[k, at - written] = values[wanted[k], 0]
            at += 1
        flush(held, at - written, out, offset + first, count, written, large)
