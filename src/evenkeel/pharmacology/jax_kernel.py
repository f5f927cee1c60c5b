"""The way through a linear plan on an accelerator, or wherever else JAX runs, in float64.

The same steps as ``reference_kernel``, written for a compiler of array programs: exponentials of
all people at once, evenly spaced outputs by a scan. The plan is part of the compiled program, the
people are not. Needs the extra ``gpu``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .plan import ADVANCE, BUILD, JUMP, KEEP, RETURN, RUN, LinearPlan
from .reference_kernel import dense
from .system import Inputs, System

Array = NDArray[np.float64]
_TERMS = 18
_ARGUMENT = 0.5


def run_linear(system: System, inputs: Inputs, plan: LinearPlan, out: Array) -> None:
    """Fill ``out`` (outputs, people, times), on the host."""
    out[:] = np.asarray(on_device(system, inputs, plan))


def on_device(system: System, inputs: Inputs, plan: LinearPlan) -> Any:
    """The outputs (outputs, people, times) as a JAX array, left where they were worked out.

    Bringing them to the host takes far longer than working them out; reduce them there first.
    """
    import jax

    with jax.enable_x64(True):
        a, rows = dense(system, slice(0, system.n))
        fastest = float(-np.diagonal(a, axis1=1, axis2=2).min()) if a.size else 0.0
        squarings = tuple(
            max(0, int(np.ceil(np.log2(max(fastest * float(step) / _ARGUMENT, 1.0)))))
            for step in plan.steps_h
        )
        jumps = tuple(
            zip(inputs.state.tolist(), inputs.amount.tolist(), inputs.factor.tolist(), strict=True)
        )
        steps = tuple(
            (float(step), count) for step, count in zip(plan.steps_h, squarings, strict=True)
        )
        ops = tuple(map(tuple, plan.ops.tolist()))
        return jax.jit(partial(_program, jumps, steps, ops))(a, rows, inputs.factors)


def _program(jumps: Any, steps: Any, ops: Any, a: Any, rows: Any, factors: Any) -> Any:
    import jax
    import jax.numpy as jnp

    eye = jnp.eye(a.shape[-1])

    def exponential(step_h: float, squarings: int) -> Any:
        fastest = jnp.maximum(-jnp.diagonal(a, axis1=1, axis2=2).min(axis=1), 0.0)
        scale = step_h / 2.0**squarings
        shifted = (a + fastest[:, None, None] * eye) * scale
        found = jnp.broadcast_to(eye, a.shape)
        for term in range(_TERMS, 0, -1):
            found = eye + shifted @ found / term
        found = found * jnp.exp(-fastest * scale)[:, None, None]
        for _ in range(squarings):
            found = found @ found
        return found

    def advance(e: Any, x: Any) -> Any:
        return jnp.einsum("pij,pj->pi", e, x)

    def read(x: Any) -> Any:
        return jnp.einsum("poj,pj->op", rows, x)

    x = kept = jnp.zeros(a.shape[:2])
    slots: dict[int, Any] = {}
    found = []
    for kind, one, two, _ in ops:
        if kind == JUMP:
            for state, amount, factor in jumps[one:two]:
                x = x.at[:, state].add(amount * factors[factor])
        elif kind == BUILD:
            slots[one] = exponential(*steps[two])
        elif kind == ADVANCE:
            x = advance(slots[one], x)
        elif kind == KEEP:
            kept = x
        elif kind == RETURN:
            x = kept
        elif kind == RUN:
            e = slots[one]

            def body(state: Any, _: None, e: Any = e) -> Any:
                state = advance(e, state)
                return state, read(state)

            x, many = jax.lax.scan(body, x, None, length=two)
            found.append(jnp.moveaxis(many, 0, -1))
        else:
            found.append(read(x)[:, :, None])
    return jnp.concatenate(found, axis=-1)
