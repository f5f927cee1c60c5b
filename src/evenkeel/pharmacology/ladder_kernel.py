"""The compiled way up the ladder: what bends drive, for many people at once."""

from __future__ import annotations

import math

import numpy as np

from .bends import (
    COEFFICIENTS,
    GAINS,
    GAUSS_POINTS,
    GAUSS_WEIGHTS,
    MOST_STEPS,
    STEEP,
    quarter_weights,
)
from .lanes import (
    HELD,
    ROW,
    exponential,
    flush,
    jit,
    lane_exp,
    matrix_product,
    product,
    row_product,
    working_room,
)
from .linear_kernel import load
from .vectors import LANES, combine_rows

BEND, DELAY, GROWTH = range(3)
_VALUES, _TO_END, _WHOLE = quarter_weights()
_COEFFICIENTS = np.ascontiguousarray(COEFFICIENTS)
_POINTS = np.ascontiguousarray(GAUSS_POINTS)
_WEIGHTS = np.ascontiguousarray(GAUSS_WEIGHTS)
#: The recursion for the moments runs upward from this argument on, downward below it.
_TURN = 1.0
_INVERSE = 1.0 / np.arange(1.0, 33.0)


@jit
def moments(z, decay, m):  # type: ignore[no-untyped-def]
    """m[r] = z times the integral over s from 0 to 1 of exp(-z (1 - s)) s**r, r = 0..4, given
    ``decay`` = exp(-z).

    The integrals I[r] = (1 - r I[r-1]) / z are stable upward for large z, and turned round for
    small z.
    """
    for i in range(LANES):
        small = min(z[i], _TURN)
        v = 1.0 / (18.0 + small)
        for r in range(17, 4, -1):
            v = (1.0 - small * v) * _INVERSE[r - 1]
        v4 = v
        v3 = (1.0 - small * v4) * 0.25
        v2 = (1.0 - small * v3) * (1.0 / 3.0)
        v1 = (1.0 - small * v2) * 0.5
        v0 = 1.0 - small * v1
        large = 1.0 / max(z[i], _TURN)
        w0 = (1.0 - decay[i]) * large
        w1 = (1.0 - w0) * large
        w2 = (1.0 - 2.0 * w1) * large
        w3 = (1.0 - 3.0 * w2) * large
        w4 = (1.0 - 4.0 * w3) * large
        up = z[i] > _TURN
        m[0, i] = z[i] * (w0 if up else v0)
        m[1, i] = z[i] * (w1 if up else v1)
        m[2, i] = z[i] * (w2 if up else v2)
        m[3, i] = z[i] * (w3 if up else v3)
        m[4, i] = z[i] * (w4 if up else v4)


@jit
def delay_weights(rate, panel_h, share, weights, work):  # type: ignore[no-untyped-def]
    """y(share of the panel) = weights[5] * y(0) + sum over the five values of weights[i] * u[i]."""
    z, m, bits, powers = work
    for i in range(LANES):
        z[i] = -rate[i] * panel_h * share
    lane_exp(z, weights[5], bits, powers)
    for i in range(LANES):
        z[i] = -z[i]
    moments(z, weights[5], m)
    square = share * share
    for v in range(5):
        c0, c1, c2 = _COEFFICIENTS[0, v], _COEFFICIENTS[1, v] * share, _COEFFICIENTS[2, v] * square
        c3, c4 = _COEFFICIENTS[3, v] * share * square, _COEFFICIENTS[4, v] * square * square
        for i in range(LANES):
            weights[v, i] = c0 * m[0, i] + c1 * m[1, i] + c2 * m[2, i] + c3 * m[3, i] + c4 * m[4, i]


@jit
def delayed(weights, u, before, out):  # type: ignore[no-untyped-def]
    """out = the delay that was ``before`` and is driven by the five values ``u`` since."""
    for i in range(LANES):
        out[i] = (
            weights[5, i] * before[i]
            + weights[0, i] * u[0, i]
            + weights[1, i] * u[1, i]
            + weights[2, i] * u[2, i]
            + weights[3, i] * u[3, i]
            + weights[4, i] * u[4, i]
        )


@jit
def bend(u, half, power, fall, fall_power, out):  # type: ignore[no-untyped-def]
    """The curve of ``bends.Bend`` on (LANES,) values; ``fall_power`` 0 means that it stays up."""
    if power == 1.0:
        for i in range(LANES):
            v = max(u[i], 0.0)
            out[i] = v / (half[i] + v)
    elif power == 2.0:
        for i in range(LANES):
            v = max(u[i], 0.0)
            out[i] = v * v / (half[i] * half[i] + v * v)
    else:
        for i in range(LANES):
            v = (max(u[i], 0.0) / half[i]) ** power
            out[i] = v / (1.0 + v)
    if fall_power == 8.0:
        for i in range(LANES):
            v = max(u[i], 0.0) / fall[i]
            v *= v
            v *= v
            out[i] /= 1.0 + v * v
    elif fall_power > 0.0:
        for i in range(LANES):
            out[i] /= 1.0 + (max(u[i], 0.0) / fall[i]) ** fall_power


@jit
def grow_finely(y, gain, loss, u, i, start, end, panel_h, steps):  # type: ignore[no-untyped-def]
    """The growth of one lane from a share of a panel to another in so many equal steps."""
    a0, a1, a2, a3, a4 = 0.0, 0.0, 0.0, 0.0, 0.0
    for v in range(5):
        a0 += _COEFFICIENTS[0, v] * u[v, i]
        a1 += _COEFFICIENTS[1, v] * u[v, i]
        a2 += _COEFFICIENTS[2, v] * u[v, i]
        a3 += _COEFFICIENTS[3, v] * u[v, i]
        a4 += _COEFFICIENTS[4, v] * u[v, i]
    for k in range(steps):
        low = start + (end - start) * k / steps
        high = start + (end - start) * (k + 1) / steps
        all_of = high * (a0 + high * (a1 / 2 + high * (a2 / 3 + high * (a3 / 4 + high * a4 / 5))))
        grown = 0.0
        for g in range(-1, 3):
            s = low if g < 0 else low + (high - low) * _POINTS[g]
            before = s * (a0 + s * (a1 / 2 + s * (a2 / 3 + s * (a3 / 4 + s * a4 / 5))))
            left = math.exp(-(loss * (high - s) + gain * (all_of - before)) * panel_h)
            if g < 0:
                grown += y * left
            else:
                here = a0 + s * (a1 + s * (a2 + s * (a3 + s * a4)))
                grown += _WEIGHTS[g] * (high - low) * panel_h * gain * here * left
        y = grown
    return y


@jit
def steps_of(exponent, gains):  # type: ignore[no-untyped-def]
    """In how many steps a growth with this exponent is followed, as ``bends.STEEP`` has it."""
    if exponent > STEEP and gains > GAINS:
        return min(MOST_STEPS, int(math.ceil(exponent / STEEP)))
    return 1


@jit
def grow(y, gain, loss, u, quarter, length_h, panel_h, out, work):  # type: ignore[no-untyped-def]
    """One integrating-factor step of a ``Growth`` over a whole quarter of a panel (5, LANES)."""
    z, m, bits, powers = work
    e, steps = m[0], m[1]
    for i in range(LANES):
        mean = 0.0
        for v in range(5):
            mean += _WHOLE[quarter, v] * u[v, i]
        z[i] = -(loss[i] * length_h + gain[i] * mean * panel_h)
        steps[i] = steps_of(-z[i], gain[i] * mean * panel_h)
    lane_exp(z, e, bits, powers)
    for i in range(LANES):
        out[i] = y[i] * e[i]
    for g in range(3):
        for i in range(LANES):
            ahead = 0.0
            for v in range(5):
                ahead += _TO_END[quarter, g, v] * u[v, i]
            z[i] = -(loss[i] * length_h * (1.0 - _POINTS[g]) + gain[i] * ahead * panel_h)
        lane_exp(z, e, bits, powers)
        weight = _WEIGHTS[g] * length_h
        for i in range(LANES):
            here = 0.0
            for v in range(5):
                here += _VALUES[quarter, g, v] * u[v, i]
            out[i] += weight * gain[i] * here * e[i]
    for i in range(LANES):
        if steps[i] > 1.0:
            start = quarter * 0.25
            out[i] = grow_finely(
                y[i], gain[i], loss[i], u, i, start, start + 0.25, panel_h, int(steps[i])
            )


@jit
def grow_part(y, gain, loss, u, quarter, share, panel_h, out, work):  # type: ignore[no-untyped-def]
    """The same from the start of a quarter to ``share`` of the panel: an output between nodes."""
    z, m, bits, powers = work
    e, steps = m[0], m[1]
    start = quarter * 0.25
    length = share - start
    here = np.empty(LANES)
    out[:] = 0.0
    for g in range(-1, 3):
        s = start if g < 0 else start + length * _POINTS[g]
        here[:] = 0.0
        z[:] = 0.0
        low, high = 1.0, 1.0
        for r in range(5):
            at_s = low
            low *= s
            high *= share
            span = (high - low) / (r + 1.0)
            for v in range(5):
                c_here = _COEFFICIENTS[r, v] * at_s
                c_ahead = _COEFFICIENTS[r, v] * span
                for i in range(LANES):
                    here[i] += c_here * u[v, i]
                    z[i] += c_ahead * u[v, i]
        for i in range(LANES):
            gains = gain[i] * z[i] * panel_h
            z[i] = -(loss[i] * (share - s) * panel_h + gains)
            if g < 0:
                steps[i] = steps_of(-z[i], gains)
        lane_exp(z, e, bits, powers)
        if g < 0:
            for i in range(LANES):
                out[i] += y[i] * e[i]
        else:
            weight = _WEIGHTS[g] * length * panel_h
            for i in range(LANES):
                out[i] += weight * gain[i] * here[i] * e[i]
    for i in range(LANES):
        if steps[i] > 1.0:
            out[i] = grow_finely(
                y[i], gain[i], loss[i], u, i, start, share, panel_h, int(steps[i])
            )


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
