"""The compiled steps of one stage: a bend, a delay and a growth, for one block of people."""

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
from .lanes import jit, lane_exp
from .vectors import LANES

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
        return min(MOST_STEPS, math.ceil(exponent / STEEP))
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
            out[i] = grow_finely(y[i], gain[i], loss[i], u, i, start, share, panel_h, int(steps[i]))
