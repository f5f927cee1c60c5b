"""Compiled moves of weighted virtual people in the space of standard normals, 64 side by side.

What each gives for a person depends on that person and the matrices alone, and the moments are
summed in one order, so that a forecast made twice is the same to the last bit, on any number of
threads.
"""

from __future__ import annotations

import numpy as np

from .lanes import jit
from .vectors import LANES, TILE, transpose


@jit
def _load(rows, first, count, out):  # type: ignore[no-untyped-def]
    """out (c, LANES) = rows first..first+count of (n, c), turned; the lanes left over are 0."""
    columns = rows.shape[1]
    tiled = columns // TILE * TILE if count == LANES else 0
    for j in range(0, tiled, TILE):
        for i in range(0, LANES, TILE):
            transpose(
                rows.ctypes.data + ((first + i) * columns + j) * 8, columns * 8,
                out.ctypes.data + (j * LANES + i) * 8, LANES * 8,
            )  # fmt: skip
    for j in range(tiled, columns):
        for i in range(count):
            out[j, i] = rows[first + i, j]
        for i in range(count, LANES):
            out[j, i] = 0.0


@jit
def _store(values, first, count, rows):  # type: ignore[no-untyped-def]
    """Rows first..first+count of (n, c) = values (c, LANES), turned."""
    columns = rows.shape[1]
    tiled = columns // TILE * TILE if count == LANES else 0
    for j in range(0, tiled, TILE):
        for i in range(0, LANES, TILE):
            transpose(
                values.ctypes.data + (j * LANES + i) * 8, LANES * 8,
                rows.ctypes.data + ((first + i) * columns + j) * 8, columns * 8,
            )  # fmt: skip
    for j in range(tiled, columns):
        for i in range(count):
            rows[first + i, j] = values[j, i]


@jit
def _lower(root, z, out):  # type: ignore[no-untyped-def]
    """out = root @ z, root (c, c) being lower triangular; z and out are (c, LANES)."""
    for k in range(root.shape[0]):
        for i in range(LANES):
            out[k, i] = 0.0
        j = 0
        while j + 4 <= k + 1:
            a, b, c, d = root[k, j], root[k, j + 1], root[k, j + 2], root[k, j + 3]
            for i in range(LANES):
                out[k, i] += a * z[j, i] + b * z[j + 1, i] + c * z[j + 2, i] + d * z[j + 3, i]
            j += 4
        while j <= k:
            a = root[k, j]
            for i in range(LANES):
                out[k, i] += a * z[j, i]
            j += 1


@jit
def _squares(z, out):  # type: ignore[no-untyped-def]
    for i in range(LANES):
        out[i] = 0.0
    for j in range(z.shape[0]):
        for i in range(LANES):
            out[i] += z[j, i] * z[j, i]


@jit
def run_turned(normals, root, mean, out, first, last):  # type: ignore[no-untyped-def]
    """out (n, c) = mean + root @ normals, root lower triangular, for people first..last."""
    z, turned = np.empty((2, root.shape[0], LANES))
    for at in range(first, last, LANES):
        count = min(LANES, last - at)
        _load(normals, at, count, z)
        _lower(root, z, turned)
        for j in range(root.shape[0]):
            for i in range(LANES):
                turned[j, i] += mean[j]
        _store(turned, at, count, out)


@jit
def run_own(normals, mean, inverse, own, ratio, first, last):  # type: ignore[no-untyped-def]
    """own = inverse @ (normals - mean), and ratio (n,) = (|own|^2 - |normals|^2) / 2."""
    z, turned = np.empty((2, inverse.shape[0], LANES))
    before, after = np.empty((2, LANES))
    for at in range(first, last, LANES):
        count = min(LANES, last - at)
        _load(normals, at, count, z)
        _squares(z, before)
        for j in range(mean.shape[0]):
            for i in range(LANES):
                z[j, i] -= mean[j]
        _lower(inverse, z, turned)
        _squares(turned, after)
        _store(turned, at, count, own)
        for i in range(count):
            ratio[at + i] = 0.5 * (after[i] - before[i])


@jit
def run_step(own, drawn, keep, stride, mean, root, out, normals, ratio, first, last):  # type: ignore[no-untyped-def]
    """out = keep * own + stride * drawn; normals and ratio (n,) are those of ``run_own`` for it."""
    z, other = np.empty((2, root.shape[0], LANES))
    before, after = np.empty((2, LANES))
    for at in range(first, last, LANES):
        count = min(LANES, last - at)
        _load(own, at, count, z)
        _load(drawn, at, count, other)
        for j in range(root.shape[0]):
            for i in range(LANES):
                z[j, i] = keep * z[j, i] + stride * other[j, i]
        _store(z, at, count, out)
        _squares(z, before)
        _lower(root, z, other)
        for j in range(root.shape[0]):
            for i in range(LANES):
                other[j, i] += mean[j]
        _squares(other, after)
        _store(other, at, count, normals)
        for i in range(count):
            ratio[at + i] = 0.5 * (before[i] - after[i])


@jit
def run_moments(normals, weights, mean, covariance):  # type: ignore[no-untyped-def]
    """Weighted mean (c,) and covariance (c, c) of (n, c), the weights summing to 1."""
    n, columns = normals.shape
    z, weighed = np.empty((2, columns, LANES))
    w = np.zeros(LANES)
    mean[:] = 0.0
    covariance[:] = 0.0
    for i in range(n):
        for j in range(columns):
            mean[j] += weights[i] * normals[i, j]
    for at in range(0, n, LANES):
        count = min(LANES, n - at)
        _load(normals, at, count, z)
        w[:] = 0.0
        for i in range(count):
            w[i] = weights[at + i]
        for j in range(columns):
            for i in range(LANES):
                z[j, i] -= mean[j]
                weighed[j, i] = w[i] * z[j, i]
        for j in range(columns):
            for k in range(j + 1):
                total = 0.0
                for i in range(LANES):
                    total += weighed[j, i] * z[k, i]
                covariance[j, k] += total
    for j in range(columns):
        for k in range(j):
            covariance[k, j] = covariance[j, k]
