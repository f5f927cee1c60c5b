"""The compiled step of a fit: what is minimized, its slope and its curvature, for all people.

The same as ``_Problem.objective`` and ``_Problem.step`` of ``forecast.fit`` in plain NumPy, which
it is tested against: the arrays of one person are so small that calling NumPy costs more than the
arithmetic.
"""

from __future__ import annotations

import numpy as np

from .lanes import jit


@jit
def _bottom(matrix, gradient, floor, lower, step):  # type: ignore[no-untyped-def]
    """step = -inverse(matrix) @ gradient by Cholesky; False unless matrix > floor * identity."""
    k = gradient.shape[0]
    # The same factorization twice at most: first of what must be positive, then of the matrix.
    for attempt in range(2):
        shift = floor if attempt == 0 else 0.0
        if attempt == 1 and floor == 0.0:
            break
        for i in range(k):
            for j in range(i + 1):
                total = matrix[i, j] - (shift if i == j else 0.0)
                for q in range(j):
                    total -= lower[i, q] * lower[j, q]
                if i != j:
                    lower[i, j] = total / lower[j, j]
                elif total > 0.0:
                    lower[i, i] = np.sqrt(total)
                else:
                    return False
    for i in range(k):
        total = -gradient[i]
        for q in range(i):
            total -= lower[i, q] * step[q]
        step[i] = total / lower[i, i]
    for i in range(k - 1, -1, -1):
        total = step[i]
        for q in range(i + 1, k):
            total -= lower[q, i] * step[q]
        step[i] = total / lower[i, i]
    return True


@jit
def _bowls(levels, values, z, sd, nudge, relative, gradient, bowl, full):  # type: ignore[no-untyped-def]
    """The objective of one person; its slope and both curvatures are filled in.

    ``bowl`` leaves out what bends the levels themselves and is never less than the prior's.
    """
    k = z.shape[0]
    total = 0.0
    for i in range(k):
        total += z[i] * z[i]
        gradient[i] = z[i]
        for j in range(k):
            bowl[i, j] = full[i, j] = 1.0 if i == j else 0.0
    for m in range(values.shape[0]):
        value, here = values[m], levels[0, m]
        if np.isnan(value):
            continue
        safe = max(here, 1e-300)
        error = (value - safe) / (sd * safe)
        total += error * error + 2.0 * np.log(sd * safe)
        off = value / here - 1.0
        pull = off * (1.0 + off) / sd**2 - 1.0
        weight = (1.0 + off) * (1.0 + 2.0 * off) / sd**2
        kept = max(weight, 0.25 / sd**2)
        for i in range(k):
            relative[i] = (levels[1 + i, m] - here) / (nudge * here)
            gradient[i] -= pull * relative[i]
        pair = k + 1
        for i in range(k):
            for j in range(i, k):
                product = relative[i] * relative[j]
                rise = levels[1 + i, m] - here + (levels[1 + j, m] - here)
                second = (levels[pair, m] - here - rise) / (nudge * nudge * here)
                pair += 1
                bowl[i, j] += kept * product
                full[i, j] += weight * product - pull * (second - product)
    for i in range(k):
        for j in range(i):
            bowl[i, j], full[i, j] = bowl[j, i], full[j, i]
    return total


@jit
def newton(levels, values, z, sd, nudge, near, least):  # type: ignore[no-untyped-def]
    """(objective (n,), step (n, k), curvature (n, k, k)) of n people.

    ``levels`` (n, 1 + k + k (k + 1) / 2, L) are those of each person and of its neighbors, as
    ``forecast.fit`` lays them out; ``values`` (n, L) what was measured, NaN where nothing was.
    """
    people, k = z.shape
    objective = np.empty(people)
    steps = np.empty((people, k))
    curvature = np.empty((people, k, k))
    relative, gradient, step = np.empty(k), np.empty(k), np.empty(k)
    lower, full = np.zeros((k, k)), np.empty((k, k))
    for p in range(people):
        bowl = curvature[p]
        objective[p] = _bowls(levels[p], values[p], z[p], sd, nudge, relative, gradient, bowl, full)
        if not _bottom(bowl, gradient, 0.0, lower, step):
            step[:] = np.nan
        steps[p] = step
        largest = 0.0
        for i in range(k):
            largest = max(largest, abs(step[i])) if step[i] == step[i] else np.inf
        if largest < near and _bottom(full, gradient, least, lower, step):
            steps[p] = step
            bowl[:] = full
    return objective, steps, curvature
