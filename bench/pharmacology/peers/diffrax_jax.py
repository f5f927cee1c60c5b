"""diffrax: Tsit5 in float64, ``vmap`` over blocks of people, compiled by JAX."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from bench.pharmacology import workloads as w
from bench.pharmacology.workloads import Array

NAME = "diffrax Tsit5, vmap, jit, float64"
PACKAGES = ("diffrax", "jax")
PEOPLE = {"W1": 10_000, "W2": 250}
RTOL, ATOL = 1e-6, 1e-8
BLOCK = {"W1": 1000, "W2": 250}


def w1(parameters: Array) -> Array:
    """Concentrations of ketamine and norketamine: (N, 10) -> (N, 181, 2), mg/L."""
    return _blocks(_w1(), parameters, BLOCK["W1"])


def w2(parameters: Array) -> Array:
    """The five outputs of the course: (N, 15) -> (N, 305, 5)."""
    states = _blocks(_w2(), np.hstack([parameters, w.w2_start(parameters)]), BLOCK["W2"])
    return w.w2_outputs(states, parameters)


def _blocks(solve: Callable[[Array], Any], rows: Array, size: int) -> Array:
    return np.concatenate(
        [np.asarray(solve(rows[start : start + size])) for start in range(0, len(rows), size)]
    )


@cache
def _w1() -> Callable[[Array], Any]:
    import jax
    import jax.numpy as jnp
    from diffrax import ODETerm, PIDController, SaveAt, Tsit5, diffeqsolve

    jax.config.update("jax_enable_x64", True)
    step = PIDController(rtol=RTOL, atol=ATOL)

    def rates(_t: Any, x: Any, k: Any) -> Any:
        c, cn = x[0] / k[1], x[3] / k[7]
        to_2, to_3 = k[2] * (c - x[1] / k[3]), k[4] * (c - x[2] / k[5])
        to_n2 = k[8] * (cn - x[4] / k[9])
        made = w.FORMED * k[0] * c
        return jnp.stack(
            [k[10] - k[0] * c - to_2 - to_3, to_2, to_3, made - k[6] * cn - to_n2, to_n2]
        )

    def piece(begin: float, end: float, given: float, start: Any, k: Any) -> Any:
        return diffeqsolve(
            ODETerm(rates),
            Tsit5(),
            begin,
            end,
            None,
            start,
            jnp.append(k, given),
            saveat=SaveAt(ts=jnp.arange(begin, end + 1)),
            stepsize_controller=step,
        ).ys

    def one(k: Any) -> Any:
        first = piece(0.0, w.INFUSION_MIN, w.DOSE_MG / w.INFUSION_MIN, jnp.zeros(5), k)
        last = piece(w.INFUSION_MIN, 180.0, 0.0, first[-1], k)
        whole = jnp.concatenate([first, last[1:]])
        return jnp.stack([whole[:, 0] / k[1], whole[:, 3] / k[7]], axis=-1)

    return jax.jit(jax.vmap(one))  # type: ignore[no-any-return]


@cache
def _w2() -> Callable[[Array], Any]:
    import jax
    import jax.numpy as jnp
    from diffrax import ClipStepSizeController, ODETerm, PIDController, SaveAt, Tsit5, diffeqsolve

    jax.config.update("jax_enable_x64", True)
    starts = jnp.asarray(w.W2_DOSES_MIN)
    jumps = jnp.sort(jnp.concatenate([starts, starts + w.INFUSION_MIN]))
    step = ClipStepSizeController(PIDController(rtol=RTOL, atol=ATOL), jump_ts=jumps)

    def rates(t: Any, x: Any, k: Any) -> Any:
        given = jnp.any((t >= starts) & (t < starts + w.INFUSION_MIN)) * w.DOSE_MG / w.INFUSION_MIN
        c, cn = x[0] / k[1], x[3] / k[7]
        to_2, to_3 = k[2] * (c - x[1] / k[3]), k[4] * (c - x[2] / k[5])
        to_n2 = k[8] * (cn - x[4] / k[9])
        raised = w.MAP_BASE * (1 + w.MAP_EMAX * c / (w.MAP_EC50 + c))
        eased = k[14] * (1 - w.MOOD_EMAX * x[7] / (k[13] + x[7]))
        gained = w.ACCUMULATION_PER_MIN * (x[5] + w.NORKETAMINE_SHARE * cn)
        return jnp.stack(
            [
                given - k[0] * c - to_2 - to_3,
                to_2,
                to_3,
                w.FORMED * k[0] * c - k[6] * cn - to_n2,
                to_n2,
                k[10] * (c - x[5]),
                k[12] * (raised - x[6]),
                gained - w.ACCUMULATION_LOSS_PER_MIN * x[7],
                w.MOOD_PER_MIN * (eased - x[8]),
            ]
        )

    def one(row: Any) -> Any:
        return diffeqsolve(
            ODETerm(rates),
            Tsit5(),
            0.0,
            w.W2_END_MIN,
            None,
            row[15:],
            row[:15],
            saveat=SaveAt(ts=jnp.asarray(w.W2_TIMES_MIN)),
            stepsize_controller=step,
            max_steps=1_000_000,
        ).ys

    return jax.jit(jax.vmap(one))  # type: ignore[no-any-return]
