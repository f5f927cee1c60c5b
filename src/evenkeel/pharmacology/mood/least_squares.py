"""Maximum a posteriori by least squares over logarithms. For developers; SciPy loads inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .parameters import MoodParameters, Parameter

Array = NDArray[np.float64]

_STEP = 1e-3
#: A row that brings at least this share of what all rows say about a parameter informed it.
_INFORMS = 0.1


@dataclass(frozen=True, eq=False)
class Fitted:
    """Fitted values by name, their log SE, which rows informed each, and the sum of squares.

    ``prior_share`` is how much of what is known of a value comes from its prior: 1 means that the
    rows said nothing.
    """

    values: dict[str, float]
    log_se: dict[str, float]
    prior_share: dict[str, float]
    rows: dict[str, tuple[str, ...]]
    cost: float


def free_of(parameters: MoodParameters, block: str) -> list[Parameter]:
    """The parameters of a block that have a prior, and so are fitted."""
    return [p for p in parameters.blocks[block].values() if p.prior is not None]


def minimize(
    free: Sequence[Parameter],
    row_ids: Sequence[str],
    residuals: Callable[[dict[str, Array]], Array],
) -> Fitted:
    """Least squares over the logarithms of ``free``, with their priors. Deterministic.

    ``residuals`` takes (lanes,) values by name and gives whitened (lanes, rows): the point and all
    central differences go in one call.
    """
    from scipy.optimize import least_squares

    k = len(free)
    priors = [_prior(p) for p in free]
    start = np.log([median for median, _ in priors])
    width = np.array([sd for _, sd in priors])
    seen: dict[bytes, tuple[Array, Array]] = {}

    def both(x: Array) -> tuple[Array, Array]:
        key = x.tobytes()
        if key not in seen:
            seen.clear()
            steps = np.vstack([np.zeros(k), _STEP * np.eye(k), -_STEP * np.eye(k)])
            lanes = np.exp(x + steps)
            found = residuals({p.name: lanes[:, i] for i, p in enumerate(free)})
            slopes = (found[1 : k + 1] - found[k + 1 :]).T / (2.0 * _STEP)
            seen[key] = (
                np.concatenate([found[0], (x - start) / width]),
                np.vstack([slopes, np.diag(1.0 / width)]),
            )
        return seen[key]

    end = least_squares(
        lambda x: both(x)[0], start, jac=lambda x: both(x)[1], xtol=1e-7, ftol=1e-9, max_nfev=60
    )
    log_se = np.sqrt(np.diag(np.linalg.inv(end.jac.T @ end.jac)))
    said = end.jac[:-k] ** 2
    share = said / np.maximum(said.sum(axis=0), 1e-300)
    names = [p.name for p in free]
    return Fitted(
        values=dict(zip(names, np.exp(end.x).tolist(), strict=True)),
        log_se=dict(zip(names, log_se.tolist(), strict=True)),
        prior_share=dict(zip(names, ((log_se / width) ** 2).tolist(), strict=True)),
        rows={
            name: tuple(r for r, s in zip(row_ids, share[:, i], strict=True) if s >= _INFORMS)
            for i, name in enumerate(names)
        },
        cost=2.0 * float(end.cost),
    )


def _prior(parameter: Parameter) -> tuple[float, float]:
    if parameter.prior is None:
        raise ValueError(f"{parameter.name} has no prior")
    return parameter.prior.median, parameter.prior.log_sd
