"""The plain closed form in NumPy: residues of the five modes, in blocks that stay in the cache.

The honest floor. One thread; it divides by the gap between a ketamine and a norketamine rate, so
that it loses digits where the two almost coincide.
"""

from __future__ import annotations

import numpy as np

from bench.pharmacology.reference import picked, w3_fit, w3_quantiles
from bench.pharmacology.workloads import (
    DOSE_MG,
    FORMED,
    INFUSION_MIN,
    W1_TIMES_MIN,
    W3_READINGS,
    Array,
    w3_parameters,
)

NAME = "NumPy closed form, 1 thread"
PACKAGES = ("numpy",)
PEOPLE = {"W1": 100_000}
BLOCK = 256


def w1(parameters: Array, times_min: Array = W1_TIMES_MIN, out: Array | None = None) -> Array:
    """Concentrations of ketamine and norketamine: (N, 10) -> (N, T, 2), mg/L; times ascend."""
    found = np.empty((len(parameters), len(times_min), 2)) if out is None else out
    during = int(np.searchsorted(times_min, INFUSION_MIN, side="right"))
    # Since the start while the drug runs, since the stop afterwards.
    since = np.concatenate([times_min[:during], times_min[during:] - INFUSION_MIN])
    for start in range(0, len(parameters), BLOCK):
        rates, ket, nor = modes(parameters[start : start + BLOCK])
        weights = np.zeros((rates.shape[1], 5, 2))
        weights[:, :3, 0], weights[:, :, 1] = ket.T, nor.T
        e = rates.T[:, :, None] * -since
        np.exp(e, out=e)
        np.subtract(1.0, e[:, :, :during], out=e[:, :, :during])
        e[:, :, during:] *= -np.expm1(-rates.T * INFUSION_MIN)[:, :, None]
        np.matmul(e.transpose(0, 2, 1), weights, out=found[start : start + BLOCK])
    return found


def w3_predict(effects: Array) -> Array:
    """What would be read of people with these random effects: (N, 5) -> (N, 8)."""
    return picked(w1(w3_parameters(effects), np.array(_ASKED)), _ASKED)


def w3_update(particles: Array, values: Array) -> Array:
    """Weigh the particles by all readings so far and predict: (3, 91, 2). Nothing is kept ready."""
    return w3_quantiles(particles, values, w1)


def w3_refit_many(values: Array) -> Array:
    """Fit many people at once by Gauss-Newton, finite differences: (N, 8) -> (N, 5)."""
    return w3_fit(values, w3_predict, difference=1e-4, tolerance=1e-6)


_ASKED = sorted({minute for _, minute in W3_READINGS})


def modes(parameters: Array) -> tuple[Array, Array, Array]:
    """The five rates (5, N), and what each adds at plateau to the two concentrations."""
    cl, v1, q2, v2, q3, v3, cln, vn1, qn, vn2 = parameters.T
    k21, k31, kn = q2 / v2, q3 / v3, qn / vn2
    out = (cl + q2 + q3) / v1
    a2 = out + k21 + k31
    a1 = out * (k21 + k31) + k21 * k31 - q2 / v1 * k21 - q3 / v1 * k31
    p = a2 * a2 / 9 - a1 / 3
    angle = np.arccos(np.clip((a2**3 / 27 - a1 * a2 / 6 + cl / v1 * k21 * k31 / 2) / p**1.5, -1, 1))
    turn = 2 * np.pi / 3 * np.arange(3)[:, None]
    lam = a2 / 3 + 2 * np.sqrt(p) * np.cos(angle / 3 - turn)
    half, product = ((cln + qn) / vn1 + kn) / 2, cln / vn1 * kn
    top = half + np.sqrt(half * half - product)
    mu = np.stack([top, product / top])
    others = lam[[1, 2, 0]], lam[[2, 0, 1]]
    weight = (k21 - lam) * (k31 - lam) / ((others[0] - lam) * (others[1] - lam))
    rate = DOSE_MG / INFUSION_MIN
    ket = rate / v1 * weight / lam
    share = (kn - mu) / (mu[::-1] - mu)
    formed = rate * FORMED * cl / v1 / vn1
    pair = weight[:, None] * share / (mu - lam[:, None])
    nor = formed * np.concatenate([pair.sum(1) / lam, -pair.sum(0) / mu])
    return np.concatenate([lam, mu]), ket, nor
