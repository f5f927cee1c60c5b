"""The compiled way down of a fit: a few people at a time, each with its neighbors in one block.

The same steps as ``_descend`` of ``forecast.fit`` in plain NumPy, which it is tested against. A
whole fit is one call: what little there is to work out for one person takes less time than going
back and forth between steps. A person ends when its own steps have come to rest, whoever else is
fitted.
"""

from __future__ import annotations

import numpy as np

from .fit_kernel import newton
from .formula_kernel import run_tape
from .lanes import jit
from .linear_kernel import run_linear
from .vectors import LANES, TILE


@jit
def _levels(tape, way, vectors, rows, failed, found):  # type: ignore[no-untyped-def]
    """found (outputs, n, T) = all outputs of n people whose random effects are vectors (v, n)."""
    steps, alike, known, places, asked, least, rates = tape
    (
        start, cols, lists, a_start, a_cols, depth, o_start, o_cols,
        t_lists, t_start, t_cols, t_place, state, amount, factor, ops, steps_h, slots, longest,
    ) = way  # fmt: skip
    n = vectors.shape[1]
    run_tape(steps, alike, known, places, vectors, asked, least, rows, failed, 0, n)
    terms = rates + o_cols.shape[0]
    run_linear(
        0, (n + LANES - 1) // LANES, 0,
        rows[:rates], start, cols, lists, a_start, a_cols, depth,
        o_start, o_cols, rows[rates:terms], t_lists, t_start, t_cols, t_place,
        state, amount, factor, rows[terms:],
        ops, steps_h, slots, longest, False, found,
    )  # fmt: skip
    for i in range(n):
        if failed[i]:
            found[:, i] = np.nan


@jit
def _down(best, value, z, move, curvature, proposed, proposed_curvature):  # type: ignore[no-untyped-def]
    """One person's step, in place: (what is minimized now, the largest part of the step)."""
    k = z.shape[0]
    if not value <= best + 1e-9:
        # Too far: half of the way back.
        for j in range(k):
            move[j] *= 0.5
            z[j] -= move[j]
        return best, np.inf
    largest = 0.0
    for j in range(k):
        move[j] = proposed[j]
        z[j] += proposed[j]
        largest = max(largest, abs(proposed[j])) if proposed[j] == proposed[j] else np.inf
    curvature[:] = proposed_curvature
    return value, largest


@jit
def descend(  # type: ignore[no-untyped-def]
    values, sd, nudge, near, least, settled, most, neighbors, root, pick, times, tape, way,
    z, objective, converged, curvature, taken, first, last,
):  # fmt: skip
    """Fill z (n, k), objective (n,), converged (n,), curvature (n, k, k) and the steps ``taken``
    (n,) of people first..last, which are all zero, false or the identity before.

    ``values`` (n, L) are levels, NaN where none was taken, each that of output ``pick[0]`` and
    time ``pick[1]`` of ``times``; ``neighbors`` (m, k) as ``forecast.fit`` lays them out; ``root``
    (k, v) turns normals into the effects that the tape reads.
    """
    m, k = neighbors.shape
    together = max(1, LANES // m)
    wide = together * m
    vectors = np.empty((root.shape[1], wide))
    rows, failed = np.empty((tape[4].shape[0], wide)), np.empty(wide, dtype=np.bool_)
    padded = (times + TILE - 1) // TILE * TILE
    found = np.empty((way[6].shape[0] - 1, wide, padded))[:, :, :times]
    levels = np.empty((together, m, values.shape[1]))
    move, best = np.zeros((together, k)), np.empty(together)
    for at in range(first, last, together):
        count = min(together, last - at)
        move[:] = 0.0
        best[:] = np.inf
        left = count
        for step in range(1, most + 1):
            # Those at rest are worked out again beside the others: their lanes cost nothing.
            for p in range(together):
                person = min(at + p, last - 1)
                for q in range(m):
                    for c in range(root.shape[1]):
                        total = 0.0
                        for j in range(k):
                            total += (z[person, j] + neighbors[q, j]) * root[j, c]
                        vectors[c, p * m + q] = total
            _levels(tape, way, vectors, rows, failed, found)
            for p in range(count):
                for q in range(m):
                    for i in range(values.shape[1]):
                        levels[p, q, i] = found[pick[0, i], p * m + q, pick[1, i]]
            some = slice(at, at + count)
            value, proposed, bowl = newton(
                levels[:count], values[some], z[some], sd, nudge, near, least
            )
            for p in range(count):
                person = at + p
                if converged[person]:
                    continue
                taken[person] = step
                best[p], largest = _down(
                    best[p], value[p], z[person], move[p], curvature[person], proposed[p], bowl[p]
                )
                objective[person] = best[p]
                if largest < settled:
                    converged[person] = True
                    left -= 1
                    # The last step is not looked at again; a bowl says by how much it led down.
                    for i in range(k):
                        for j in range(k):
                            objective[person] -= move[p, i] * curvature[person, i, j] * move[p, j]
            if left == 0:
                break
