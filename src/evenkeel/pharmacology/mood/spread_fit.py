"""How far people differ in their change of the MADRS, worked out from published spreads.

``python -m evenkeel.pharmacology.mood.spread_fit`` prints the log SD of sensitivity, the error of a
reading and the drift that fit ``spread.json`` best: SDs of changes, and how many of an arm remit or
respond, each at the mean fall that the arm had. They are rounded into ``parameters.json`` by hand,
and ``fit`` is run after. A tool for developers; SciPy loads here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .outcome import MADRS_TOP
from .parameters import load_mood

Array = NDArray[np.float64]
FILE = Path(__file__).parent / "spread.json"
_TINY = 1e-4


@dataclass(frozen=True)
class Spread:
    """Log SD of sensitivity; error of a reading and drift once reached, in MADRS points (SDs)."""

    sensitivity_log_sd: float
    error_points: float
    drift_points: float


@cache
def published() -> Mapping[str, Any]:
    """The published spreads: ``sds`` and ``shares``, one entry an arm and time."""
    found: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def misfit(spread: Spread, people: int = 2**13) -> float:
    """Minus twice the log likelihood of all published spreads, up to a constant. Deterministic."""
    from scipy.special import ndtr

    normals = _normals(people)
    found = 0.0
    for arm in published()["sds"]:
        baseline, score, _ = _arm(arm, spread, normals)
        found += 2.0 * arm["n"] * float(np.log(arm["sd"] / (baseline - score).std())) ** 2
    for arm in (*published()["shares"], *published()["remissions"]):
        baseline, _, mean = _arm(arm, spread, normals)
        remitted = float(ndtr((arm["remission_madrs"] - mean) / spread.error_points).mean())
        seen, said = [arm["remission"], arm["n"] - arm["remission"]], [remitted, 1.0 - remitted]
        if "response" in arm:
            responded = float(ndtr((0.5 * baseline - mean) / spread.error_points).mean())
            seen[1:] = [arm["response"] - arm["remission"], arm["n"] - arm["response"]]
            said[1:] = [responded - remitted, 1.0 - responded]
        found -= 2.0 * sum(
            count * float(np.log(max(share, _TINY) * arm["n"] / count))
            for count, share in zip(seen, said, strict=True)
            if count > 0
        )
    return found


def fit(people: int = 2**13) -> Spread:
    """The spread of the smallest misfit."""
    from scipy.optimize import minimize

    start = np.log([0.5, 6.0, 9.0])
    found = minimize(
        lambda x: misfit(Spread(*np.exp(x).tolist()), people),
        start,
        method="Nelder-Mead",
        options={"xatol": 2e-3, "fatol": 2e-3},
    )
    return Spread(*np.exp(found.x).tolist())


def stored() -> Spread:
    """What the parameter file has."""
    known = load_mood().values("outcome")
    return Spread(known["sensitivity_log_sd"], known["error_points"], known["drift_points"])


@cache
def _normals(people: int) -> Array:
    """(4, people) normals, evenly spread: sensitivity, baseline, drift, error. The same always."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    spread: Array = ndtri(qmc.Sobol(4, rng=3).random(people).T)
    return spread


def _arm(arm: Mapping[str, Any], spread: Spread, normals: Array) -> tuple[Array, Array, Array]:
    """Baselines, scores and scores without error (people,) of an arm with the mean fall it had."""
    sd = spread.sensitivity_log_sd
    sensitivity = np.exp(sd * normals[0] - sd * sd / 2.0)
    baseline = arm["baseline"] + arm["baseline_sd"] * normals[1]
    time_constant_h = load_mood().value("outcome", "drift_time_constant_h")
    grown = -np.expm1(-arm["at_h"] / time_constant_h)
    moved = baseline + spread.drift_points * grown * normals[2]
    error = spread.error_points * normals[3]
    low, high = 0.0, 4.0 * MADRS_TOP
    while high - low > _TINY:
        points = (low + high) / 2.0
        mean = moved - points * sensitivity
        score = np.clip(mean + error, 0.0, MADRS_TOP)
        if (baseline - score).mean() < arm["fall"]:
            low = points
        else:
            high = points
    return baseline, score, mean


if __name__ == "__main__":
    best = fit()
    print(best)  # noqa: T201
    print(f"misfit {misfit(best):.2f}; of what is stored {misfit(stored()):.2f}")  # noqa: T201
