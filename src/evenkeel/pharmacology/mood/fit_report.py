"""What a fit of the mood models says, as a table and as parameters to store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .calibration import Rows
from .least_squares import Fitted
from .parameters import FORMS

if TYPE_CHECKING:
    from .fit import Outcome


def table(outcome: Outcome, known: Rows) -> str:
    """The fit in lines of text."""
    lines = ["Expectation, from control arms"]
    lines += _values(outcome.expectation)
    for name in FORMS:
        lines += ["", f"{name}: sum of squares {outcome.forms[name].cost:.1f}"]
        lines += _values(outcome.forms[name])
        lines += _values(outcome.relapse[name])
    lines += ["", "Rows on their own scale (points, logit, log)"]
    head = f"{'row':36s}{'observed':>9s}{'SE':>7s}"
    lines.append(head + "".join(f"{n:>17s}{'left out':>10s}" for n in FORMS))
    for row in known.rows:
        line = f"{row.id:36s}{row.value:9.2f}{row.se:7.2f}"
        for name in FORMS:
            line += f"{outcome.predicted[name][row.id]:17.2f}"
            compared = outcome.comparison.get(name)
            left_out = None if compared is None else compared.predicted.get(row.id)
            line += f"{'':10s}" if left_out is None else f"{left_out:10.2f}"
        lines.append(f"{line}  {row.part}")
    for entry in known.relapse_rows:
        line = f"{entry['id']:36s}{_shown(entry):9.2f}{entry['se']:7.2f}"
        each = (f"{outcome.predicted[n][entry['id']]:17.2f}{'':10s}" for n in FORMS)
        lines.append(line + "".join(each))
    if outcome.comparison:
        lines += ["", "Leave-one-study-out error (in units of SE and between-trial SD)"]
        for study in known.studies:
            each = (f"{outcome.comparison[n].by_study[study]:17.2f}" for n in FORMS)
            lines.append(f"{study:36s}" + "".join(each))
        for what in ("standardized", "points"):
            each = (f"{getattr(outcome.comparison[n], what):17.3f}" for n in FORMS)
            lines.append(f"{'all, ' + what:36s}" + "".join(each))
        lines.append(f"default: {outcome.default}")
    return "\n".join(lines)


def stored(document: dict[str, Any], outcome: Outcome, known: Rows) -> dict[str, Any]:
    """The parameter file with the fitted numbers in it."""
    _store(document["blocks"]["expectation"], outcome.expectation)
    for name in FORMS:
        _store(document["blocks"][name], outcome.forms[name])
        _store(document["blocks"][f"relapse_{name}"], outcome.relapse[name])
    document["default"] = outcome.default
    document["comparison"] = {
        "method": "each study predicted from a fit that has not seen it; root of the mean over "
        "studies of their mean squared error, in units of each row's SE and the SD between trials",
        "forms": {
            name: {
                "standardized": round(found.standardized, 4),
                "points": round(found.points, 3),
                "by_study": {k: round(v, 3) for k, v in found.by_study.items()},
            }
            for name, found in outcome.comparison.items()
        },
        "between_trials_seen_points": {name: _seen(outcome, known, name) for name in FORMS},
    }
    return document


def _seen(outcome: Outcome, known: Rows, name: str) -> float:
    """Root mean square of the residuals of four-week differences, less their own SE, in points."""
    rows = [r for r in known.rows if r.kind == "difference" and r.at_h == (672.0,)]
    said = outcome.predicted[name]
    square = float(np.mean([(said[r.id] - r.value) ** 2 - r.se**2 for r in rows]))
    return round(float(np.sqrt(max(square, 0.0))), 2)


def written(document: dict[str, Any]) -> str:
    """The parameter file as text, one parameter a line."""
    lines = ["{"]
    for key, found in document.items():
        if key != "blocks":
            lines.append(f" {json.dumps(key)}: {_said(found)},")
    lines.append(' "blocks": {')
    blocks = []
    for block, entries in document["blocks"].items():
        each = ",\n".join(f"   {json.dumps(k)}: {_said(v)}" for k, v in entries.items())
        blocks.append(f"  {json.dumps(block)}: {{\n{each}\n  }}")
    return "\n".join([*lines, ",\n".join(blocks), " }", "}"]) + "\n"


def _said(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False)


def _store(block: dict[str, Any], fitted: Fitted) -> None:
    for name, value in fitted.values.items():
        block[name]["value"] = float(f"{value:.5g}")
        block[name]["log_se"] = float(f"{fitted.log_se[name]:.3g}")
        block[name]["prior_share"] = float(f"{fitted.prior_share[name]:.2g}")
        block[name]["rows"] = list(fitted.rows[name])


def _values(fitted: Fitted) -> list[str]:
    return [
        f"  {name:44s}{value:10.4g}  x/ {np.exp(fitted.log_se[name]):.2f}"
        f"  prior {fitted.prior_share[name]:4.0%}  {' '.join(fitted.rows[name])}"
        for name, value in fitted.values.items()
    ]


def _shown(entry: Mapping[str, Any]) -> float:
    value = float(entry["value"])
    return float(np.log(value / (1.0 - value))) if entry["kind"] == "relapse_share" else value
