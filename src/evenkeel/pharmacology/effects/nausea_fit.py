"""How often people report dizziness and nausea, worked out from shares over a week and over years.

``python -m evenkeel.pharmacology.effects.nausea_fit`` prints the hazards, the log SD of frailty and
the factor of later sessions that fit ``nausea.json`` best, and what they say to each arm. Who
reports it in the first week says how likely a session is; how slowly the share grows over a hundred
more says how far people differ and how much milder later sessions are. The numbers are rounded into
``acute.json`` by hand. A tool for developers; SciPy loads here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .parameters import load_acute

FILE = Path(__file__).parent / "nausea.json"
Event = Literal["dizziness", "nausea"]
EVENTS: tuple[Event, ...] = ("dizziness", "nausea")
_NODES = 61


@dataclass(frozen=True)
class Reporting:
    """What is fitted: per ng h/mL, per watched hour, log SD over people, factor from session 3."""

    dizziness_hazard: float
    dizziness_background: float
    nausea_hazard: float
    nausea_background: float
    frailty_log_sd: float
    later: float


@cache
def published() -> Mapping[str, Any]:
    """The arms, with how many reported each."""
    found: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def share(reporting: Reporting, event: Event, arm: Mapping[str, Any]) -> float:
    """The share of an arm that ever reports ``event``: frailty by quadrature, both doses alike."""
    z, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    frailty = np.exp(reporting.frailty_log_sd * z)[:, None]
    exposure = np.array(published()["exposure_ng_h_ml"]) if arm["drug"] else np.zeros(1)
    a_session = getattr(reporting, f"{event}_hazard") * exposure
    a_session = a_session + getattr(reporting, f"{event}_background") * published()["watched_h"]
    found = 0.0
    for part in arm["parts"]:
        sessions = part["first"] + reporting.later * part["later"]
        ever = -np.expm1(-frailty * sessions * a_session).mean(axis=1)
        found += part["share"] * float(weight @ ever / weight.sum())
    return found


def misfit(reporting: Reporting) -> float:
    """Sum of squares on the logit over all arms, by binomial error and the spread of trials."""
    between = float(published()["between_trials_logit_sd"])
    total = 0.0
    for arm in published()["arms"]:
        for event in EVENTS:
            # Half a person more on each side: one of 145 is a share near 0.
            seen = (arm[event] + 0.5) / (arm["n"] + 1.0)
            variance = 1.0 / (arm["n"] * seen * (1.0 - seen)) + between**2
            total += (_logit(share(reporting, event, arm)) - _logit(seen)) ** 2 / variance
    return total


def fit() -> Reporting:
    """The smallest misfit. Deterministic."""
    from scipy.optimize import minimize

    found = minimize(
        lambda x: misfit(Reporting(*np.exp(x).tolist())),
        np.log([6e-4, 5e-3, 6e-4, 5e-3, 1.5, 0.4]),
        method="Nelder-Mead",
        options={"xatol": 1e-4, "fatol": 1e-6, "maxiter": 8000, "maxfev": 8000},
    )
    return Reporting(*np.exp(found.x).tolist())


def stored() -> Reporting:
    """What the parameter file has."""
    known = load_acute()
    return Reporting(
        known["dizziness_hazard_per_ng_h_ml"],
        known["dizziness_background_per_h"],
        known["nausea_hazard_per_ng_h_ml"],
        known["nausea_background_per_h"],
        known.spread_sd("dizziness_hazard_per_ng_h_ml"),
        known["nausea_session_factor_later"],
    )


def _logit(p: float) -> float:
    return float(np.log(p) - np.log1p(-p))


if __name__ == "__main__":
    best = fit()
    print(best)  # noqa: T201
    print(f"misfit {misfit(best):.2f}; of what is stored {misfit(stored()):.2f}")  # noqa: T201
    for each in published()["arms"]:
        said = ", ".join(
            f"{event} {100 * share(best, event, each):.1f} % ({100 * each[event] / each['n']:.1f})"
            for event in EVENTS
        )
        print(f"{each['from']}, {'drug' if each['drug'] else 'placebo'}: {said}")  # noqa: T201
