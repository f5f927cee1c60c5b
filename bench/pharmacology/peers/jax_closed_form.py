"""The closed form in JAX, float64, compiled; for W3 Gauss-Newton steps with its exact slopes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from bench.pharmacology import workloads as w
from bench.pharmacology.workloads import Array

NAME = "JAX closed form, jit, float64"
PACKAGES = ("jax",)
PEOPLE = {"W1": 100_000}
BLOCK = 1000
STEPS = 12
#: No effect moves further in one step; three standard deviations are 0.75.
LONGEST = 0.75


def w1(parameters: Array) -> Array:
    """Concentrations of ketamine and norketamine: (N, 10) -> (N, 181, 2), mg/L."""
    solve = _w1()
    blocks = [parameters[start : start + BLOCK] for start in range(0, len(parameters), BLOCK)]
    return np.concatenate([np.asarray(solve(block)) for block in blocks])


def w3_point_fit(values: Array) -> Array:
    """Most probable effects of one person: readings (8,) -> (5,)."""
    return np.asarray(_fit()(values))


def w3_refit_many(values: Array) -> Array:
    """Most probable effects of many: (N, 8) -> (N, 5)."""
    return np.asarray(_fit_many()(values))


def _concentrations(k: Any, times: Any) -> Any:
    """One person, (10,) and (T,) -> (T, 2)."""
    import jax.numpy as jnp

    cl, v1, q2, v2, q3, v3, cln, vn1, qn, vn2 = k
    k21, k31, kn = q2 / v2, q3 / v3, qn / vn2
    out = (cl + q2 + q3) / v1
    a2 = out + k21 + k31
    a1 = out * (k21 + k31) + k21 * k31 - q2 / v1 * k21 - q3 / v1 * k31
    p = a2 * a2 / 9 - a1 / 3
    angle = jnp.arccos((a2**3 / 27 - a1 * a2 / 6 + cl / v1 * k21 * k31 / 2) / p**1.5)
    lam = a2 / 3 + 2 * jnp.sqrt(p) * jnp.cos(angle / 3 - 2 * jnp.pi / 3 * jnp.arange(3))
    half, product = ((cln + qn) / vn1 + kn) / 2, cln / vn1 * kn
    top = half + jnp.sqrt(half * half - product)
    mu = jnp.stack([top, product / top])
    ahead, behind = jnp.roll(lam, -1), jnp.roll(lam, 1)
    weight = (k21 - lam) * (k31 - lam) / ((ahead - lam) * (behind - lam))
    rate = w.DOSE_MG / w.INFUSION_MIN
    ket = rate / v1 * weight / lam
    pair = weight[:, None] * (kn - mu) / (mu[::-1] - mu) / (mu - lam[:, None])
    formed = rate * w.FORMED * cl / v1 / vn1
    nor = formed * jnp.concatenate([pair.sum(1) / lam, -pair.sum(0) / mu])
    rates = jnp.concatenate([lam, mu])
    since = jnp.maximum(times - w.INFUSION_MIN, 0.0)[:, None]
    grown = -jnp.expm1(-rates * (times[:, None] - since)) * jnp.exp(-rates * since)
    return jnp.stack([grown[:, :3] @ ket, grown @ nor], axis=-1)


@cache
def _w1() -> Callable[[Array], Any]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    times = jnp.asarray(w.W1_TIMES_MIN)
    return jax.jit(jax.vmap(lambda k: _concentrations(k, times)))  # type: ignore[no-any-return]


def _fit_one(values: Any) -> Any:
    """Gauss-Newton steps of limited length, a fixed number of them: readings (8,) -> (5,)."""
    import jax
    import jax.numpy as jnp

    typical = jnp.asarray([value for value, _ in w.W1_PARAMETERS.values()])
    acts_on = jnp.asarray([[a == b for b in w.W1_PARAMETERS] for a in w.W3_EFFECTS], float)
    omega2 = jnp.asarray(w.w3_omega()) ** 2
    asked = sorted({minute for _, minute in w.W3_READINGS})
    rows = jnp.asarray([asked.index(minute) for _, minute in w.W3_READINGS])
    columns = jnp.asarray([w.W1_OUTPUTS.index(name) for name, _ in w.W3_READINGS])
    times = jnp.asarray(asked)

    def logarithm(effects: Any) -> Any:
        return jnp.log(_concentrations(typical * jnp.exp(effects @ acts_on), times)[rows, columns])

    def step(_: int, effects: Any) -> Any:
        log_f, slope = logarithm(effects), jax.jacfwd(logarithm)(effects)
        off = values / jnp.exp(log_f) - 1
        gradient = slope.T @ (1 - off * (1 + off) / w.W3_ERROR**2) + effects / omega2
        stiffness = jnp.maximum((1 + off) * (1 + 2 * off), 0.2) / w.W3_ERROR**2
        move = -jnp.linalg.solve((slope.T * stiffness) @ slope + jnp.diag(1 / omega2), gradient)
        return effects + move * jnp.minimum(1.0, LONGEST / jnp.abs(move).max())

    return jax.lax.fori_loop(0, STEPS, step, jnp.zeros(len(w.W3_EFFECTS)))


@cache
def _fit() -> Callable[[Array], Any]:
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax.jit(_fit_one)  # type: ignore[no-any-return]


@cache
def _fit_many() -> Callable[[Array], Any]:
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax.jit(jax.vmap(_fit_one))  # type: ignore[no-any-return]
