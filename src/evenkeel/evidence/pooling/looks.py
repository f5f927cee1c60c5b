"""Further looks at the trials of a pooling: subgroups, a moderator, small trials, each left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from evenkeel.evidence.pooling.bayes import posterior
from evenkeel.evidence.pooling.pool import Pooled
from evenkeel.evidence.pooling.reading import Table
from evenkeel.evidence.pooling.regression import explained, meta_regression, subgroups
from evenkeel.evidence.pooling.sensitivity import egger, leave_one_out
from evenkeel.evidence.pooling.studies import Array, EvidenceError

_Z = 1.959964


def look(
    table: Table,
    result: Pooled,
    *,
    subgroup: str | None = None,
    moderator: str | None = None,
    small_studies: bool = False,
    without_each: bool = False,
    bayes: bool = False,
) -> dict[str, Any]:
    """What was asked for, as plain data under keys of its own.

    Effects are on the natural scale; ``se``, ``tau2`` and the coefficients of a moderator belong
    to the log scale for ratios. Raises ``EvidenceError`` where the trials do not allow a look.
    """
    v = result.se**2
    found: dict[str, Any] = {}
    if subgroup is not None:
        found["subgroups"] = _subgroups(_of_used(table, result, subgroup), subgroup, result, v)
    if moderator is not None:
        cells = _of_used(table, result, moderator)
        found["moderator"] = _moderator(cells, moderator, result, v)
    if small_studies:
        test = egger(result.y, result.se)
        found["egger"] = {
            "intercept": test.intercept,
            "se": test.se,
            "t": test.t if math.isfinite(test.t) else None,
            "p": test.p,
            "warnings": [c.message for c in test.cautions],
        }
    if without_each:
        found["leave_one_out"] = _left_out(result)
    if bayes:
        found["bayes"] = _bayes(result, v)
    return found


def _of_used(table: Table, result: Pooled, column: str) -> list[str]:
    """The cells of a column for the studies that were pooled, in their order."""
    by_study = {id(s): cell for s, cell in zip(table.studies, table.column(column), strict=True)}
    return [by_study[id(s)] for s in result.studies]


def _model(result: Pooled) -> str:
    if result.method in ("MH", "PETO"):
        raise EvidenceError(
            f"subgroups and moderators go with FE, DL, PM, REML, not {result.method}"
        )
    return result.method


def _subgroups(cells: Sequence[str], name: str, result: Pooled, v: Array) -> dict[str, Any]:
    if any(not cell for cell in cells):
        raise EvidenceError(f"the column {name!r} is empty for a trial; every trial needs a group")
    found = subgroups(result.y, v, cells, _model(result))
    natural = result.natural
    return {
        "column": name,
        "groups": [
            {
                "group": group,
                "k": k,
                "estimate": natural(estimate),
                "ci_low": natural(estimate - _Z * se),
                "ci_high": natural(estimate + _Z * se),
                "se": se,
                "tau2": tau2,
            }
            for group, k, estimate, se, tau2 in found.groups
        ],
        "q_between": found.q_between,
        "p": found.p,
    }


def _moderator(cells: Sequence[str], name: str, result: Pooled, v: Array) -> dict[str, Any]:
    values = []
    for cell, study in zip(cells, result.studies, strict=True):
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or abs(value) > 1e9:
            raise EvidenceError(f"{study.name}, column {name}: {cell[:40]!r} is not a number")
        values.append(value)
    fitted = meta_regression(result.y, v, np.array(values), _model(result))
    share = explained(result.spread.tau2, fitted.tau2)
    return {
        "column": name,
        "intercept": float(fitted.beta[0]),
        "intercept_se": float(fitted.se[0]),
        "slope": float(fitted.beta[1]),
        "slope_se": float(fitted.se[1]),
        "slope_low": float(fitted.beta[1] - _Z * fitted.se[1]),
        "slope_high": float(fitted.beta[1] + _Z * fitted.se[1]),
        "tau2": fitted.tau2,
        "qm": fitted.qm,
        "p": fitted.qm_p,
        "explained": share if math.isfinite(share) else None,
    }


def _left_out(result: Pooled) -> list[dict[str, Any]]:
    natural = result.natural
    ci = "wald" if result.k == 2 else result.ci
    found = leave_one_out(result.studies, result.measure, result.method, ci)
    return [
        {
            "without": study.name,
            "estimate": natural(rest.estimate),
            "ci_low": natural(rest.low),
            "ci_high": natural(rest.high),
            "tau2": rest.spread.tau2,
            "i2": rest.spread.i2,
        }
        for study, rest in zip(result.studies, found, strict=True)
    ]


def _bayes(result: Pooled, v: Array) -> dict[str, Any]:
    if result.measure in ("MD", "RD"):
        raise EvidenceError(
            "the stated priors suit RR, OR and SMD; those of MD and RD would need their own"
        )
    found = posterior(result.y, v)
    natural = result.natural
    return {
        "estimate": natural(found.mu),
        "low": natural(found.mu_low),
        "high": natural(found.mu_high),
        "sd": found.mu_sd,
        "tau": found.tau,
        "tau_low": found.tau_low,
        "tau_high": found.tau_high,
        "priors": found.priors,
    }


def told(looks: dict[str, Any]) -> list[str]:
    """The same in lines for a terminal."""
    lines: list[str] = []
    if "subgroups" in looks:
        part = looks["subgroups"]
        lines += [
            "",
            f"by {part['column']}: Q between {part['q_between']:.2f}, p = {part['p']:.3g}",
        ]
        lines += [f"  {g['group']} ({g['k']}): {_interval(g)}" for g in part["groups"]]
    if "moderator" in looks:
        part = looks["moderator"]
        slope = f"{part['slope']:.4g} ({part['slope_low']:.4g} to {part['slope_high']:.4g})"
        lines += ["", f"by {part['column']}: slope {slope}, p = {part['p']:.3g}"]
        if part["explained"] is not None:
            lines.append(f"  accounts for {part['explained']:.0f} % of tau2")
    if "egger" in looks:
        part = looks["egger"]
        lines += ["", f"Egger: intercept {part['intercept']:.2f}, p = {part['p']:.3g}"]
        lines += [f"  ! {message}" for message in part["warnings"]]
    if "leave_one_out" in looks:
        lines += ["", "without each trial in turn:"]
        lines += [f"  {one['without']}: {_interval(one)}" for one in looks["leave_one_out"]]
    if "bayes" in looks:
        part = looks["bayes"]
        limits = f"({part['low']:.3g} to {part['high']:.3g})"
        lines += ["", f"Bayes: {part['estimate']:.3g} {limits}; {part['priors']}"]
    return lines


def _interval(one: dict[str, Any]) -> str:
    return f"{one['estimate']:.3g} ({one['ci_low']:.3g} to {one['ci_high']:.3g})"
