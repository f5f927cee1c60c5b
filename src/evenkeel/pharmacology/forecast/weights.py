"""Weights of virtual people: normalized, counted, and drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from ..sharing import shared_out
from ..tape import has_compiled

Array = NDArray[np.float64]


def normalized(log_weights: Array) -> Array:
    """(n,) weights that sum to 1."""
    raised = np.exp(log_weights - log_weights.max())
    found: Array = raised / raised.sum()
    return found


def effective_number(weights: Array) -> float:
    """How many equally weighted people these (n,) are worth: 1 / sum of squares (Kish)."""
    return float(1.0 / np.square(weights).sum())


def systematic(weights: Array, at: float) -> NDArray[np.int64]:
    """Systematic resampling: (n,) indices, each drawn n * weight times up to one."""
    n = len(weights)
    points = (np.arange(n) + at) / n
    total = np.cumsum(weights)
    return np.minimum(np.searchsorted(total / total[-1], points), n - 1)


def moments(normals: Array, weights: Array) -> tuple[Array, Array]:
    """Weighted mean (c,) and covariance (c, c) of people (n, c), the weights summing to 1."""
    if has_compiled():
        from ..particle_kernel import run_moments

        columns = normals.shape[1]
        mean, covariance = np.empty(columns), np.empty((columns, columns))
        run_moments(np.ascontiguousarray(normals), weights, mean, covariance)
        return mean, covariance
    mean = np.einsum("i,ij->j", weights, normals)
    centered = normals - mean
    return mean, np.einsum("ij,ik->jk", weights[:, None] * centered, centered)


def placed_at(normals: Array, mean: Array, root: Array) -> Array:
    """(n, c) mean + root @ each row of normals; root (c, c) is lower triangular.

    Not by BLAS: it shares small work out among threads that may have to wait, and its last bit
    depends on where the arrays lie, which a forecast made twice must not.
    """
    if not has_compiled():
        found: Array = mean + np.einsum("ij,kj->ik", normals, root)
        return found
    from ..particle_kernel import run_turned

    out = np.empty(normals.shape)
    shared_out(len(out), partial(run_turned, np.ascontiguousarray(normals), root, mean, out))
    return out


@dataclass(frozen=True, eq=False)
class Normal:
    """A normal with ``mean`` (c,) and lower ``root`` (c, c), in whose own coordinates people move.

    A person's own place u is such that mean + root @ u are its standard normals under the prior.
    """

    mean: Array
    root: Array

    @cached_property
    def inverse(self) -> Array:
        """Of the root."""
        return np.ascontiguousarray(np.tril(np.linalg.inv(self.root)))

    def own(self, normals: Array) -> tuple[Array, Array]:
        """Own places (n, c) of people, and (n,) the log density of the prior there over this
        normal's, but for a constant.
        """
        if not has_compiled():
            places = np.einsum("ij,kj->ik", normals - self.mean, self.inverse)
            return places, 0.5 * (np.square(places).sum(axis=1) - np.square(normals).sum(axis=1))
        from ..particle_kernel import run_own

        normals = np.ascontiguousarray(normals)
        places, ratio = np.empty(normals.shape), np.empty(len(normals))
        work = partial(run_own, normals, self.mean, self.inverse, places, ratio)
        shared_out(len(ratio), work)
        return places, ratio

    def step(self, own: Array, drawn: Array, stride: float) -> tuple[Array, Array, Array]:
        """Own places, normals and log ratios of a step from ``own`` that leaves this normal as it
        is: ``stride`` of what was ``drawn`` (n, c) from the standard normal, the rest kept.
        """
        keep = float(np.sqrt(1.0 - stride**2))
        if not has_compiled():
            places = keep * own + stride * drawn
            normals = placed_at(places, self.mean, self.root)
            ratio = 0.5 * (np.square(places).sum(axis=1) - np.square(normals).sum(axis=1))
            return places, normals, ratio
        from ..particle_kernel import run_step

        places, normals, ratio = np.empty(own.shape), np.empty(own.shape), np.empty(len(own))
        shared_out(
            len(own),
            partial(
                run_step, own, drawn, keep, stride, self.mean, self.root, places, normals, ratio
            ),
        )
        return places, normals, ratio
