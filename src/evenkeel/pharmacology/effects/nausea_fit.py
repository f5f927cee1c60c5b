"""How often people report dizziness and nausea, worked out from shares over a week to over years.

``python -m evenkeel.pharmacology.effects.nausea_fit`` prints the hazards, the log SD of frailty and
the course over sessions that fit ``nausea.json`` best, and what they say to each arm. Who reports
it in the first week says how likely a session is; how slowly the share grows over a hundred more
says how far people differ and how much milder later sessions are. Two courses are compared: a step
after the first week, and a power of the session's number. Programs of trials differ in how much is
reported, so all arms of one share a shift. The numbers are rounded into ``acute.json`` by hand. A
tool for developers; SciPy loads here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .parameters import load_acute

Array = NDArray[np.float64]
FILE = Path(__file__).parent / "nausea.json"
Event = Literal["dizziness", "nausea"]
Form = Literal["power", "step"]
EVENTS: tuple[Event, ...] = ("dizziness", "nausea")
_NODES = 61


@dataclass(frozen=True)
class Reporting:
    """What is fitted: per ng h/mL, per watched hour, log SD over people, and the course.

    ``course`` is the exponent of a power, or the factor after a step. The last two are SDs on the
    logit: between programs, and of an arm around its program.
    """

    dizziness_hazard: float
    dizziness_background: float
    nausea_hazard: float
    nausea_background: float
    frailty_log_sd: float
    course: float
    between_programs: float = 0.42
    within_program: float = 0.19


@cache
def published() -> Mapping[str, Any]:
    """The arms, with how many reported each."""
    found: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def sessions_factor(form: Form, course: float, first: int, last: int) -> float:
    """How many first sessions the sessions from ``first`` to ``last`` are worth."""
    number = np.arange(first, last + 1, dtype=np.float64)
    each = number**-course if form == "power" else np.where(number < 3, 1.0, course)
    return float(each.sum())


def share(
    reporting: Reporting, event: Event, arm: Mapping[str, Any], form: Form = "power"
) -> float:
    """The share of an arm that ever reports ``event``: frailty by quadrature, its doses alike."""
    z, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    frailty = np.exp(reporting.frailty_log_sd * z)[:, None]
    exposure = np.array([published()["exposure_ng_h_ml"][str(mg)] for mg in arm["mg"]] or [0.0])
    a_session = getattr(reporting, f"{event}_hazard") * exposure
    a_session = a_session + getattr(reporting, f"{event}_background") * published()["watched_h"]
    found = 0.0
    for part in arm["parts"]:
        worth = sessions_factor(form, reporting.course, *part["sessions"])
        ever = -np.expm1(-frailty * worth * a_session).mean(axis=1)
        found += part["share"] * float(weight @ ever / weight.sum())
    return found


def misfit(reporting: Reporting, form: Form = "power") -> float:
    """Minus twice the log likelihood of all shares on the logit, up to a constant."""
    arms = published()["arms"]
    programs = np.array([arm["program"] for arm in arms])
    n = np.array([arm["n"] for arm in arms], dtype=np.float64)
    between = reporting.between_programs**2 * (programs[:, None] == programs[None, :])
    total = 0.0
    for event in EVENTS:
        # Half a person more on each side: one of 145 is a share near 0.
        seen = (np.array([arm[event] for arm in arms]) + 0.5) / (n + 1.0)
        said = np.array([share(reporting, event, arm, form) for arm in arms])
        own = np.diag(1.0 / (n * seen * (1.0 - seen)) + reporting.within_program**2)
        root = np.linalg.cholesky(own + between)
        off = np.linalg.solve(root, _logit(said) - _logit(seen))
        total += float(off @ off) + 2.0 * float(np.log(np.diag(root)).sum())
    return total


def fit(form: Form = "power") -> Reporting:
    """The smallest misfit. Deterministic."""
    from scipy.optimize import minimize

    at = np.log([6e-4, 3e-3, 2e-4, 3e-3, 2.2, 0.75 if form == "power" else 0.1, 0.4, 0.2])
    for _ in range(2):
        at = minimize(
            lambda x: misfit(Reporting(*np.exp(x).tolist()), form),
            at,
            method="Nelder-Mead",
            options={"xatol": 1e-3, "fatol": 1e-4, "maxiter": 9000, "maxfev": 9000},
        ).x
    return Reporting(*np.exp(at).tolist())


def stored() -> Reporting:
    """What the parameter file has."""
    known = load_acute()
    return Reporting(
        known["dizziness_hazard_per_ng_h_ml"],
        known["dizziness_background_per_h"],
        known["nausea_hazard_per_ng_h_ml"],
        known["nausea_background_per_h"],
        known.spread_sd("dizziness_hazard_per_ng_h_ml"),
        known["nausea_session_exponent"],
    )


def _logit(p: Array) -> Array:
    return np.asarray(np.log(p) - np.log1p(-p))


def _told(reporting: Reporting, form: Form) -> None:
    print(form, f"misfit {misfit(reporting, form):.2f}", reporting)  # noqa: T201
    for arm in published()["arms"]:
        said = ", ".join(
            f"{event} {100 * share(reporting, event, arm, form):.1f} % "
            f"({100 * arm[event] / arm['n']:.1f} seen)"
            for event in EVENTS
        )
        print(f"  {arm['from']} {arm['mg'] or 'placebo'}: {said}")  # noqa: T201


if __name__ == "__main__":
    for which in ("power", "step"):
        _told(fit(which), which)
    print("stored", [f"{v:.3g}" for v in astuple(stored())])  # noqa: T201
