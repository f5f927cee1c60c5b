"""Tight references for W1 and W2, each by at least two ways that share nothing.

W1: ``w1_exact`` (closed form), ``w1_expm`` (SciPy matrix exponential), ``w1_lsoda`` and
``w1_mpmath`` (40 digits). W2: ``w2_lsoda``, restarted wherever the input changes, and ``w2_expm``
for its linear states. W3: ``w3_fit`` and, over a hundred thousand particles, ``w3_quantiles``.
SciPy and mpmath are imported where they are used.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from bench.pharmacology.workloads import (
    ACCUMULATION_LOSS_PER_MIN,
    ACCUMULATION_PER_MIN,
    DOSE_MG,
    FORMED,
    INFUSION_MIN,
    NORKETAMINE_SHARE,
    W1_OUTPUTS,
    W1_TIMES_MIN,
    W2_TIMES_MIN,
    W3_AHEAD_MIN,
    W3_EFFECTS,
    W3_ERROR,
    W3_QUANTILES,
    W3_READINGS,
    Array,
    generator,
    w2_outputs,
    w2_person_rates,
    w2_pieces,
    w2_start,
    w3_objective,
    w3_omega,
    w3_parameters,
)

#: Below this ``|difference of the rates| * longest time`` a pair is integrated, not divided.
NEARLY_EQUAL = 0.1
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)
BLOCK = 500


def w1_exact(parameters: Array, times_min: Array = W1_TIMES_MIN) -> Array:
    """Concentrations (N, T, 2) in mg/L by closed form, safe for nearly equal eigenvalues.

    The two chains are made symmetric, so that every mode has a positive weight; norketamine is a
    sum of positive terms over pairs of modes, each a divided difference of ``(1 - exp(-xt)) / x``
    that is worked out as an integral of the derivative where the two rates almost coincide.
    """
    blocks = [
        _exact_block(parameters[start : start + BLOCK], times_min)
        for start in range(0, len(parameters), BLOCK)
    ]
    return np.concatenate(blocks)


def _exact_block(parameters: Array, times_min: Array) -> Array:
    cl, v1, q2, v2, q3, v3, cln, vn1, qn, vn2 = parameters[:, :10].T
    parent = np.zeros((len(parameters), 3, 3))
    parent[:, 0, 0] = (cl + q2 + q3) / v1
    parent[:, 1, 1], parent[:, 2, 2] = q2 / v2, q3 / v3
    parent[:, 1, 0], parent[:, 2, 0] = -q2 / np.sqrt(v1 * v2), -q3 / np.sqrt(v1 * v3)
    metabolite = np.zeros((len(parameters), 2, 2))
    metabolite[:, 0, 0], metabolite[:, 1, 1] = (cln + qn) / vn1, qn / vn2
    metabolite[:, 1, 0] = -qn / np.sqrt(vn1 * vn2)
    lam, weight = _modes(parent)
    mu, share = _modes(metabolite)

    rate = DOSE_MG / INFUSION_MIN
    since_stop = np.maximum(times_min - INFUSION_MIN, 0.0)
    modes = np.hstack([lam, mu])
    now, before = _filled(modes, times_min), _filled(modes, since_stop)
    begun = now - before
    begun[:, :3] = _filled(lam, times_min - since_stop) * np.exp(-lam[..., None] * since_stop)
    found = np.empty((len(parameters), len(times_min), 2))
    found[:, :, 0] = np.einsum("ni,nit->nt", weight * (rate / v1)[:, None], begun[:, :3])
    total = np.zeros((len(parameters), len(times_min)))
    for i in range(3):
        for j in range(2):
            gap = mu[:, j] - lam[:, i]
            near = np.abs(gap) * times_min.max() < NEARLY_EQUAL
            gap[near] = 1.0
            pair = (now[:, i] - before[:, i] - now[:, 3 + j] + before[:, 3 + j]) / gap[:, None]
            one, other = lam[near, i], mu[near, j]
            pair[near] = _pair(one, other, times_min) - _pair(one, other, since_stop)
            total += (weight[:, i] * share[:, j])[:, None] * pair
    found[:, :, 1] = (rate * FORMED * cl / v1 / vn1)[:, None] * total
    return found


def _modes(symmetric: Array) -> tuple[Array, Array]:
    """Eigenvalues, and how much of a unit in the first compartment goes and returns by each."""
    values, vectors = np.linalg.eigh(symmetric, UPLO="L")
    return values, vectors[:, 0, :] ** 2


def _filled(rates: Array, times: Array) -> Array:
    """``(1 - exp(-rate t)) / rate`` for (N, M) rates and (T,) times: (N, M, T)."""
    return np.asarray(-np.expm1(rates[..., None] * -times) / rates[..., None])


def _pair(one: Array, other: Array, times: Array) -> Array:
    """Minus the divided difference of ``_filled`` between two almost equal rates: (N, T)."""
    total = np.zeros((len(one), len(times)))
    for node, share in zip((_NODES + 1) / 2, _WEIGHTS / 2, strict=True):
        total += share * _slope((one + node * (other - one))[:, None], times)
    return total


def _slope(rate: Array, times: Array) -> Array:
    """Minus the derivative of ``_filled`` by the rate: ``t**2 (1 - (1+y) exp(-y)) / y**2``."""
    y = rate * times
    small = y < 0.5
    series = np.zeros_like(y)
    for k in range(17, 1, -1):  # (1 - (1+y) exp(-y)) / y**2 = sum (-1)**k (k-1) / k! y**(k-2)
        series = series * -y + (k - 1) / _FACTORIAL[k]
    large = np.where(small, 1.0, y)
    return np.asarray(
        times**2 * np.where(small, series, (-np.expm1(-large) - large * np.exp(-large)) / large**2)
    )


_FACTORIAL = np.cumprod([1.0, *range(1, 18)])


def _with_input(matrix: Array, into: int) -> Array:
    """Append a state that is constant and flows into one of the others: (N, n+1, n+1)."""
    people, states, _ = matrix.shape
    wide = np.zeros((people, states + 1, states + 1))
    wide[:, :states, :states] = matrix
    wide[:, into, states] = 1.0
    return wide


def w1_expm(parameters: Array) -> Array:
    """W1 by the matrix exponential of one minute, multiplied 180 times: (N, 181, 2)."""
    from scipy.linalg import expm

    step = expm(_with_input(generator(parameters), 0))
    state = np.zeros((len(parameters), 6))
    found = np.zeros((len(parameters), len(W1_TIMES_MIN), 2))
    volumes = parameters[:, [1, 7]]
    for minute in range(1, len(W1_TIMES_MIN)):
        state[:, 5] = DOSE_MG / INFUSION_MIN if minute <= INFUSION_MIN else 0.0
        state = np.einsum("nij,nj->ni", step, state)
        found[:, minute] = state[:, [0, 3]] / volumes
    return found


def w1_mpmath(parameters: Array, digits: int = 40) -> Array:
    """W1 by matrix exponentials with so many digits: (N, 181, 2), rounded at the end."""
    import mpmath

    found = np.zeros((len(parameters), len(W1_TIMES_MIN), 2))
    with mpmath.workdps(digits):
        for person, values in enumerate(parameters):
            step = mpmath.expm(_mpmath_generator([mpmath.mpf(float(v)) for v in values[:10]]))
            rate = mpmath.mpf(DOSE_MG) / mpmath.mpf(INFUSION_MIN)
            state = mpmath.matrix(6, 1)
            for minute in range(1, len(W1_TIMES_MIN)):
                state[5] = rate if minute <= INFUSION_MIN else mpmath.mpf(0)
                state = step * state
                found[person, minute] = (
                    float(state[0] / mpmath.mpf(float(values[1]))),
                    float(state[3] / mpmath.mpf(float(values[7]))),
                )
    return found


def _mpmath_generator(values: list[object]) -> object:
    """Return the rates of the five amounts and the constant input, in full precision."""
    import mpmath

    cl, v1, q2, v2, q3, v3, cln, vn1, qn, vn2 = values
    formed = mpmath.mpf(FORMED)
    return mpmath.matrix(
        [
            [-(cl + q2 + q3) / v1, q2 / v2, q3 / v3, 0, 0, 1],
            [q2 / v1, -q2 / v2, 0, 0, 0, 0],
            [q3 / v1, 0, -q3 / v3, 0, 0, 0],
            [formed * cl / v1, 0, 0, -(cln + qn) / vn1, qn / vn2, 0],
            [0, 0, 0, qn / vn1, -qn / vn2, 0],
            [0, 0, 0, 0, 0, 0],
        ]
    )


def w1_lsoda(parameters: Array, rtol: float = 1e-12, atol: float = 1e-14) -> Array:
    """W1 by SciPy's LSODA, restarted when the infusion stops: (N, 181, 2)."""
    from scipy.integrate import solve_ivp

    found = np.zeros((len(parameters), len(W1_TIMES_MIN), 2))
    stop = int(INFUSION_MIN)
    for person, matrix in enumerate(generator(parameters)):
        state = np.zeros(5)
        for begin, end, rate in ((0, stop, DOSE_MG / INFUSION_MIN), (stop, 180, 0.0)):
            given = np.array([rate, 0.0, 0, 0, 0])
            solved = solve_ivp(
                lambda _t, x, m=matrix, g=given: m @ x + g,
                (begin, end),
                state,
                "LSODA",
                W1_TIMES_MIN[begin : end + 1],
                rtol=rtol,
                atol=atol,
                jac=lambda _t, _x, m=matrix: m,
            )
            state = solved.y[:, -1]
            found[person, begin : end + 1] = solved.y[[0, 3]].T
    return found / parameters[:, None, [1, 7]]


def w2_lsoda(parameters: Array, rtol: float = 1e-12, atol: float = 1e-14) -> Array:
    """W2 by SciPy's LSODA, restarted wherever the input changes: outputs (N, 305, 5)."""
    return w2_outputs(w2_states_lsoda(parameters, rtol, atol), parameters)


def w2_states_lsoda(parameters: Array, rtol: float = 1e-12, atol: float = 1e-14) -> Array:
    """Return the nine states of W2 at its times: (N, 305, 9)."""
    from scipy.integrate import solve_ivp

    starts = w2_start(parameters)
    found = np.zeros((len(parameters), len(W2_TIMES_MIN), 9))
    for person, values in enumerate(parameters):
        state, rates = starts[person], w2_person_rates(values)
        for begin, end, rate in w2_pieces():
            inside = (begin <= W2_TIMES_MIN) & (end >= W2_TIMES_MIN)
            asked = np.union1d(W2_TIMES_MIN[inside], end)
            solved = solve_ivp(
                rates,
                (begin, end),
                state,
                "LSODA",
                asked,
                args=(rate,),
                rtol=rtol,
                atol=atol,
            )
            if not solved.success:
                raise ArithmeticError(f"person {person}: {solved.message}")
            found[person, inside] = solved.y.T[np.isin(asked, W2_TIMES_MIN[inside])]
            state = solved.y[:, -1]
    return found


def w2_expm(parameters: Array) -> Array:
    """The linear states of W2 (five amounts, Ce, A) by matrix exponentials: (N, 305, 7)."""
    from scipy.linalg import expm

    v1, vn1, ke0 = parameters[:, 1], parameters[:, 7], parameters[:, 10]
    wide = np.zeros((len(parameters), 7, 7))
    wide[:, :5, :5] = generator(parameters)
    wide[:, 5, 0], wide[:, 5, 5] = ke0 / v1, -ke0
    wide[:, 6, 5] = ACCUMULATION_PER_MIN
    wide[:, 6, 3] = ACCUMULATION_PER_MIN * NORKETAMINE_SHARE / vn1
    wide[:, 6, 6] = -ACCUMULATION_LOSS_PER_MIN
    wide = _with_input(wide, 0)
    state = np.zeros((len(parameters), 8))
    found = np.zeros((len(parameters), len(W2_TIMES_MIN), 7))
    known: dict[float, Array] = {}
    for begin, end, rate in w2_pieces():
        state[:, 7] = rate
        edges = np.unique(
            [begin, *W2_TIMES_MIN[(begin < W2_TIMES_MIN) & (end > W2_TIMES_MIN)], end]
        )
        for start, stop in pairwise(edges):
            length = float(stop - start)
            if length not in known:
                known[length] = expm(wide * length)
            state = np.einsum("nij,nj->ni", known[length], state)
            found[:, stop == W2_TIMES_MIN] = state[:, None, :7]
    return found


def w3_predict(effects: Array) -> Array:
    """What would be read, without error, of people with these effects: (N, 5) -> (N, 8), mg/L."""
    asked = sorted({minute for _, minute in W3_READINGS})
    exact = w1_exact(w3_parameters(effects), np.array(asked))
    return picked(exact, asked)


def picked(concentrations: Array, times_min: list[float]) -> Array:
    """Pick the readings out of concentrations at these times: (N, T, 2) -> (N, 8)."""
    rows = [times_min.index(minute) for _, minute in W3_READINGS]
    return concentrations[:, rows, [W1_OUTPUTS.index(name) for name, _ in W3_READINGS]]


def w3_fit(
    values: Array,
    predict: Callable[[Array], Array] = w3_predict,
    *,
    difference: float = 1e-5,
    tolerance: float = 1e-8,
) -> Array:
    """Most probable effects of many people at once, by damped Gauss-Newton steps: (N, 8) -> (N, 5).

    Derivatives are central differences; ends when no step is longer than the tolerance.
    """
    people, effects = len(values), np.zeros((len(values), len(W3_EFFECTS)))
    sides = np.concatenate([np.eye(5), -np.eye(5)]) * difference
    reached = w3_objective(effects, predict(effects), values)
    for _ in range(60):
        around = (effects[:, None] + sides).reshape(-1, 5)
        at = predict(np.concatenate([effects, around]))
        f, beside = at[:people], at[people:].reshape(people, 2, 5, -1)
        slope = (beside[:, 0] - beside[:, 1]) / (2 * difference) / f[:, None]
        off = values / f - 1
        pull = 1 - off * (1 + off) / W3_ERROR**2
        gradient = np.einsum("nik,nk->ni", slope, pull) + effects / w3_omega() ** 2
        stiffness = np.maximum((1 + off) * (1 + 2 * off), 0.2) / W3_ERROR**2
        curved = np.einsum("nik,nk,njk->nij", slope, stiffness, slope)
        curved += np.diag(1 / w3_omega() ** 2)
        step = -np.linalg.solve(curved, gradient[:, :, None])[:, :, 0]
        for _ in range(20):
            now = w3_objective(effects + step, predict(effects + step), values)
            worse = now > reached + 1e-12 * np.abs(reached)
            if not worse.any():
                break
            step[worse] /= 2
        effects, reached = effects + step, now
        if np.abs(step).max() < tolerance:
            return effects
    raise ArithmeticError("the reference fit did not settle")


def w3_quantiles(
    particles: Array,
    values: Array,
    concentrations: Callable[[Array, Array], Array] = w1_exact,
) -> Array:
    """Weighted quantiles of what is ahead: particles (P, 10), readings so far (k,) -> (3, 91, 2).

    Each particle weighs as much as it explains the readings; nothing is resampled.
    """
    known = W3_READINGS[: len(values)]
    asked = sorted({minute for _, minute in known})
    times = np.union1d(asked, W3_AHEAD_MIN)
    found = concentrations(particles, times)
    rows = np.searchsorted(times, [minute for _, minute in known])
    sd = W3_ERROR * found[:, rows, [W1_OUTPUTS.index(name) for name, _ in known]]
    log_weight = -np.sum(np.log(sd) + ((values - sd / W3_ERROR) / sd) ** 2 / 2, axis=1)
    weight = np.exp(log_weight - log_weight.max())
    ahead = found[:, np.searchsorted(times, W3_AHEAD_MIN)].reshape(len(particles), -1)
    return weighted_quantiles(ahead, weight).reshape(len(W3_QUANTILES), -1, 2)


def weighted_quantiles(values: Array, weight: Array) -> Array:
    """Quantiles over the first axis, the middle of each weight on its value: (P, K) -> (3, K)."""
    order = np.argsort(values, axis=0)
    shares = weight[order]
    reached = np.cumsum(shares, axis=0)
    reached = (reached - shares / 2) / reached[-1]
    ranked = np.take_along_axis(values, order, axis=0)
    columns = range(values.shape[1])
    return np.array([np.interp(W3_QUANTILES, reached[:, c], ranked[:, c]) for c in columns]).T
