"""Fits the relapse hazard behind a form of the drug effect. A tool for developers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..model_file import load_model
from ..people import typical_people
from ..regimen import Regimen, devices, infusion
from .calibration import Rows
from .course import draw_mood_people, drug_effect
from .expectation import care, goes_into_a_vein, occasions_h, renewal, setting_of
from .form import Form
from .least_squares import Fitted, free_of, minimize
from .parameters import MoodParameters
from .relapse import HOURS_PER_DAY, cumulative, hazard_per_h

Array = NDArray[np.float64]

_PEOPLE, _SEED = 1500, 3
_GRID_H = 12.0
#: Sixteen weeks twice a week, weekly and every two weeks; then every two weeks, or stopped.
_INDUCTION_H = (0.0, 72.0, 168.0, 240.0, 336.0, 408.0, 504.0, 576.0)
_OPTIMIZATION_H = (*(168.0 * k for k in range(4, 8)), *(168.0 * k for k in range(8, 16, 2)))
_RANDOMIZED_H = 2688.0
_YEAR_H = 365.0 * HOURS_PER_DAY
_FOLLOWED_H = 1500.0 * HOURS_PER_DAY
_STABLE_MADRS = 12.0
_SERIES_H = (0.0, 48.0, 96.0, 168.0, 216.0, 264.0)
_SERIES_FOLLOWED_H = 400.0 * HOURS_PER_DAY


def fit_relapse(
    form: Form, expectation: Mapping[str, float], parameters: MoodParameters, known: Rows
) -> tuple[Fitted, dict[str, float]]:
    """The three numbers of the hazard, and what they say to each row on its own scale.

    Typical levels, drawn ways to respond; who is a stable remitter or a responder is judged on the
    expected MADRS.
    """
    arms = _arms(form, expectation)
    free = free_of(parameters, f"relapse_{form.name}")
    rows = known.relapse_rows
    observed = np.array([float(row["value"]) for row in rows])
    observed = np.array(
        [
            np.log(o / (1 - o)) if row["kind"] == "relapse_share" else o
            for o, row in zip(observed, rows, strict=True)
        ]
    )
    se = np.array([float(row["se"]) for row in rows])

    def said(values: Mapping[str, float]) -> Array:
        found = _statistics(arms, values)
        return np.array([found[row["kind"]] for row in rows])

    def residuals(values: dict[str, Array]) -> Array:
        lanes = len(next(iter(values.values())))
        each = [said({k: float(v[i]) for k, v in values.items()}) for i in range(lanes)]
        return np.asarray((np.array(each) - observed) / se)

    fitted = minimize(free, [row["id"] for row in rows], residuals)
    last = said(fitted.values).tolist()
    return fitted, {row["id"]: value for row, value in zip(rows, last, strict=True)}


Arm = tuple[Array, Array, Array]


def _arms(form: Form, expectation: Mapping[str, float]) -> dict[str, Arm]:
    """For each arm: grid (h from the start of following), effect and residual severity (n, G)."""
    early = (*_INDUCTION_H, *_OPTIMIZATION_H)
    later = tuple(np.arange(_RANDOMIZED_H, _RANDOMIZED_H + _FOLLOWED_H, 336.0).tolist())
    nasal = Regimen.of(devices(3))
    place = "open_label_with_new_antidepressant"
    followed = np.arange(0.0, _FOLLOWED_H + 1.0, 2 * _GRID_H)
    short = np.arange(0.0, _SERIES_FOLLOWED_H + 1.0, _GRID_H)
    series = Regimen.of(infusion(0.5, "mg/kg", over_min=40)).repeated(_SERIES_H)
    return {
        "continued": _arm(
            form, expectation, "perez_ruixo_2021", nasal.repeated((*early, *later)),
            _RANDOMIZED_H, followed, place, stable=True,
        ),
        "stopped": _arm(
            form, expectation, "perez_ruixo_2021", nasal.repeated(early),
            _RANDOMIZED_H, followed, place, stable=True,
        ),
        "series": _arm(
            form, expectation, "composite_racemic", series,
            _SERIES_H[-1] + 24.0, short, "open_label", stable=False,
        ),
    }  # fmt: skip


def _arm(
    form: Form,
    expectation: Mapping[str, float],
    model_id: str,
    regimen: Regimen,
    from_h: float,
    grid_h: Array,
    where: str,
    stable: bool,
) -> Arm:
    model = load_model(model_id)
    times = from_h + grid_h
    people = typical_people(model, weight_kg=75.0)
    effect = drug_effect(model, regimen, people, 0.0, times, form)[0][0]
    vein = goes_into_a_vein(regimen)
    place = setting_of(where, expectation, form.values, into_a_vein=vein)
    occasions = occasions_h(regimen)
    drawn = draw_mood_people(_PEOPLE, _SEED, between_trials="none")
    shape = renewal(times[:1], occasions, place.decay_time_constant_h, place.onset_time_constant_h)
    hoped = float(np.ravel(place.drug_points)[0]) * float(shape[0])
    cared = care(times, occasions, place)
    residual = drawn.baseline_madrs[:, None] - drawn.sensitivity[:, None] * cared
    residual = residual + drawn.drift_points[:, None]
    start = residual[:, 0] - drawn.sensitivity * (effect[0] + hoped)
    limit = _STABLE_MADRS if stable else drawn.baseline_madrs / 2.0
    kept = start <= limit
    return grid_h, drawn.sensitivity[kept, None] * effect, residual[kept]


def _statistics(arms: Mapping[str, Arm], values: Mapping[str, float]) -> dict[str, float]:
    survival = {}
    for name, (grid_h, effect, residual) in arms.items():
        hazard = hazard_per_h(effect, residual, values)
        survival[name] = np.exp(-cumulative(grid_h, hazard)).mean(axis=0)
    grid_h = arms["stopped"][0]
    continued, stopped = (
        float(np.interp(_YEAR_H, grid_h, survival[name])) for name in ("continued", "stopped")
    )
    return {
        "log_hazard_ratio": float(np.log(np.log(continued) / np.log(stopped))),
        "relapse_share": float(np.log((1.0 - stopped) / stopped)),
        "log_median_d": _log_median(grid_h, survival["stopped"]),
        "log_median_d_responders": _log_median(arms["series"][0], survival["series"]),
    }


def _log_median(grid_h: Array, survival: Array) -> float:
    """The log of the day on which half are left, beyond the grid at the mean rate so far."""
    left = -np.log(np.maximum(survival, 1e-300))
    half = np.log(2.0)
    if left[-1] < half:
        hours = grid_h[-1] * half / left[-1]
    else:
        hours = float(np.interp(half, left, grid_h))
    return float(np.log(max(hours, 1.0) / HOURS_PER_DAY))
