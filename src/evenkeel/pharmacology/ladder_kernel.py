"""The compiled way up the ladder: what bends drive, for many people at once."""

from __future__ import annotations

import numpy as np

from .bends import COEFFICIENTS, GAUSS_POINTS, GAUSS_WEIGHTS, quarter_weights
from .lanes import (
    HELD,
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
from .vectors import LANES

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
    """m[r] = integral over s from 0 to 1 of exp(-z (1 - s)) s**r, r = 0..4; decay = exp(-z).

    m[r] = (1 - r m[r-1]) / z is stable upward for large z, and turned round for small z.
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
        m[0, i] = w0 if up else v0
        m[1, i] = w1 if up else v1
        m[2, i] = w2 if up else v2
        m[3, i] = w3 if up else v3
        m[4, i] = w4 if up else v4


@jit
def delay_weights(rate, panel_h, share, decay, weights, work):  # type: ignore[no-untyped-def]
    """y(share of the panel) = decay * y(0) + sum over the five values of weights[i] * u[i]."""
    z, m, bits, powers = work
    for i in range(LANES):
        z[i] = -rate[i] * panel_h * share
    lane_exp(z, decay, bits, powers)
    for i in range(LANES):
        z[i] = -z[i]
    moments(z, decay, m)
    for v in range(5):
        w = weights[v]
        for i in range(LANES):
            w[i] = 0.0
        power = 1.0
        for r in range(5):
            c = _COEFFICIENTS[r, v] * power
            mr = m[r]
            for i in range(LANES):
                w[i] += c * mr[i]
            power *= share
        for i in range(LANES):
            w[i] *= z[i]


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
def grow(y, gain, loss, u, quarter, length_h, panel_h, out, work):  # type: ignore[no-untyped-def]
    """One integrating-factor step of a ``Growth`` over a whole quarter of a panel (5, LANES)."""
    z, m, bits, powers = work
    e = m[0]
    for i in range(LANES):
        mean = 0.0
        for v in range(5):
            mean += _WHOLE[quarter, v] * u[v, i]
        z[i] = -(loss[i] * length_h + gain[i] * mean * panel_h)
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


@jit
def grow_part(y, gain, loss, u, quarter, share, panel_h, out, work):  # type: ignore[no-untyped-def]
    """The same from the start of a quarter to ``share`` of the panel: an output between nodes."""
    z, m, bits, powers = work
    e = m[0]
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
            z[i] = -(loss[i] * (share - s) + gain[i] * z[i]) * panel_h
        lane_exp(z, e, bits, powers)
        if g < 0:
            for i in range(LANES):
                out[i] += y[i] * e[i]
        else:
            weight = _WEIGHTS[g] * length * panel_h
            for i in range(LANES):
                out[i] += weight * gain[i] * here[i] * e[i]


@jit
def _stages(stages, constants, numbers, needs_nodes, sums, values, w, chunk, panel_h, work):  # type: ignore[no-untyped-def]
    """Carry every stage over one panel: values[stage] (5, LANES) from its node 0 on."""
    for s in range(stages.shape[0]):
        kind, source, c, place = stages[s]
        u = sums[source] if source >= 0 else values[-1 - source]
        y = values[s]
        if kind == BEND:
            for node in range(5):
                bend(u[node], constants[c], numbers[s, 0], constants[c + 1], numbers[s, 1], y[node])
        elif kind == DELAY:
            for node in range(1 if needs_nodes[s] else 4, 5):
                weights = w[place, chunk, node - 1]
                target, before = y[node], y[0]
                decay, w0, w1, w2 = weights[5], weights[0], weights[1], weights[2]
                w3, w4, u0, u1 = weights[3], weights[4], u[0], u[1]
                u2, u3, u4 = u[2], u[3], u[4]
                for i in range(LANES):
                    target[i] = (
                        decay[i] * before[i]
                        + w0[i] * u0[i]
                        + w1[i] * u1[i]
                        + w2[i] * u2[i]
                        + w3[i] * u3[i]
                        + w4[i] * u4[i]
                    )
        else:
            for quarter in range(4):
                grow(
                    y[quarter], constants[c], constants[c + 1], u, quarter,
                    0.25 * panel_h, panel_h, y[quarter + 1], work,
                )  # fmt: skip


@jit
def _dense(  # type: ignore[no-untyped-def]
    stages, constants, wanted, sums, values, share, panel_h, held, place, decay, weights, work
):
    """held[:, place] = the wanted stages at a share of the panel that was just taken."""
    for k in range(wanted.shape[0]):
        s = wanted[k]
        kind, source, c, _place = stages[s]
        u = sums[source] if source >= 0 else values[-1 - source]
        y = values[s]
        line = held[k, place]
        if share >= 1.0:
            line[:] = y[4]
        elif kind == DELAY:
            delay_weights(constants[c], panel_h, share, decay, weights, work)
            for i in range(LANES):
                line[i] = decay[i] * y[0, i]
            for v in range(5):
                for i in range(LANES):
                    line[i] += weights[v, i] * u[v, i]
        else:
            quarter = min(3, int(share * 4.0))
            grow_part(
                y[quarter], constants[c], constants[c + 1], u, quarter, share, panel_h, line, work
            )


@jit
def _prepare(  # type: ignore[no-untyped-def]
    lists, unit_h, octaves, e, rates, w, stages, needs_nodes, constants, room, work
):
    """Exponentials and weights for one kind of segment: e (octaves, places, LANES), w."""
    squares = lists[3]
    exponential(rates, lists, unit_h, e[0], room)
    for q in range(1, octaves):
        matrix_product(squares, e[q - 1], e[q - 1], 1.0, e[q])
    for s in range(stages.shape[0]):
        kind, _source, c, place = stages[s]
        if kind == DELAY:
            for q in range(octaves):
                panel_h = 4.0 * unit_h * 2.0**q
                for node in range(0 if needs_nodes[s] else 3, 4):
                    weights = w[place, q, node]
                    delay_weights(
                        constants[c], panel_h, 0.25 * (node + 1), weights[5], weights[:5], work
                    )


@jit
def run_ladder(  # type: ignore[no-untyped-def]
    first_block, last_block, offset,
    rates, start, cols, lists,
    s_start, s_cols, s_values,
    jump_state, jump_amount, jump_factor, factors,
    start_h, first_jump, kind_of, unit_h, octaves_of, panels, cache_of, cached,
    stages, stage_constants, numbers, needs_nodes, delays, wanted, times, large, out,
):  # fmt: skip
    """Fill out (wanted, all people, times) of some blocks; the people begin at ``offset``."""
    people = rates.shape[1]
    n = start.shape[0] - 1
    deepest = octaves_of.max()
    a = np.empty((rates.shape[0], LANES))
    combine = np.empty((s_values.shape[0], LANES))
    f = np.empty((factors.shape[0], LANES))
    constants = np.empty((stage_constants.shape[0], LANES))
    e = np.empty((cached + 1, deepest, cols.shape[0], LANES))
    w = np.empty((cached + 1, delays, deepest, 4, 6, LANES))
    ready = np.empty(cached + 1, dtype=np.int64)
    room = working_room(rates.shape[0], cols.shape[0])
    bits = np.empty(LANES, dtype=np.int64)
    work = (np.empty(LANES), np.empty((5, LANES)), bits, bits.view(np.float64))
    sums = np.empty((s_start.shape[0] - 1, 5, LANES))
    values = np.empty((stages.shape[0], 5, LANES))
    x = np.empty((n, LANES))
    y = np.empty((n, LANES))
    held = np.empty((wanted.shape[0], HELD, LANES))
    decay = np.empty(LANES)
    weights = np.empty((5, LANES))
    for block in range(first_block, last_block):
        first = block * LANES
        count = min(LANES, people - first)
        load(rates, first, count, a)
        load(s_values, first, count, combine)
        load(factors, first, count, f)
        load(stage_constants, first, count, constants)
        ready[:] = -1
        x[:] = 0.0
        values[:] = 0.0
        at, written = 0, 0
        while at < times.shape[0] and times[at] <= 0.0:
            if at - written == HELD:
                flush(held, HELD, out, offset + first, count, written, large)
                written = at
            held[:, at - written] = 0.0
            at += 1
        for segment in range(start_h.shape[0]):
            for j in range(first_jump[segment], first_jump[segment + 1]):
                state, factor = x[jump_state[j]], f[jump_factor[j]]
                for i in range(LANES):
                    state[i] += jump_amount[j] * factor[i]
            kind = kind_of[segment]
            octaves = octaves_of[kind]
            slot = cache_of[kind]
            if ready[slot] != kind:
                _prepare(
                    lists, unit_h[kind], octaves, e[slot], a, w[slot], stages, needs_nodes,
                    constants, room, work,
                )  # fmt: skip
                ready[slot] = kind
            for b in range(sums.shape[0]):
                row_product(s_start, s_cols, combine, b, x, sums[b, 0])
            now = start_h[segment]
            for chunk in range(octaves + 1):
                q = max(0, chunk - 1)
                step = unit_h[kind] * 2.0**q
                for _ in range(panels):
                    for node in range(1, 5):
                        product(start, cols, e[slot, q], x, y)
                        x, y = y, x
                        for b in range(sums.shape[0]):
                            row_product(s_start, s_cols, combine, b, x, sums[b, node])
                    _stages(
                        stages, constants, numbers, needs_nodes, sums, values, w[slot], q,
                        4.0 * step, work,
                    )  # fmt: skip
                    while at < times.shape[0] and times[at] <= now + 4.0 * step * (1.0 + 1e-12):
                        share = min(1.0, max(0.0, (times[at] - now) / (4.0 * step)))
                        if at - written == HELD:
                            flush(held, HELD, out, offset + first, count, written, large)
                            written = at
                        _dense(
                            stages, constants, wanted, sums, values, share, 4.0 * step,
                            held, at - written, decay, weights, work,
                        )  # fmt: skip
                        at += 1
                    now += 4.0 * step
                    for b in range(sums.shape[0]):
                        sums[b, 0] = sums[b, 4]
                    for s in range(stages.shape[0]):
                        values[s, 0] = values[s, 4]
        while at < times.shape[0]:
            if at - written == HELD:
                flush(held, HELD, out, offset + first, count, written, large)
                written = at
            for k in range(wanted.shape[0]):
                held[k, at - written] = values[wanted[k], 0]
            at += 1
        flush(held, at - written, out, offset + first, count, written, large)
