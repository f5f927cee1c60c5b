"""Fits both forms of the mood model to the published rows and compares them.

``python -m evenkeel.pharmacology.mood.fit`` prints what was fitted, what each row got, and the
leave-one-study-out error of both forms; with ``--write`` the numbers are stored in
``parameters.json`` and the form with the smaller error becomes the default.

Expectation is fitted to control arms first. Then each form is fitted to differences from placebo
and open-label totals. Both are maximum a posteriori: log-normal priors, rows weighted by their SE,
and a shift between trials that all rows of a study share. A tool for developers; SciPy loads here.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .calibration import POINTS, Row, Rows, load_rows, predict
from .form import Form
from .least_squares import Fitted, free_of, minimize
from .parameters import FILE, FORMS, FormName, MoodParameters, load_mood
from .relapse_fit import fit_relapse
from .states import States
from .two_exponential import TwoExponential

Array = NDArray[np.float64]

_CLASSES: dict[str, Callable[[Mapping[str, Array | float]], Form]] = {
    "states": States,
    "two_exponential": TwoExponential,
}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Leave-one-study-out: root mean squared error of a form, by study and in all.

    ``standardized`` are in units of each row's SE and the SD between trials, the mean over studies
    of their mean squares; ``points`` over all differences in MADRS points.
    """

    standardized: float
    points: float
    by_study: dict[str, float]
    predicted: dict[str, float]


def whitening(rows: Sequence[Row], between_trials_points: float) -> Array:
    """(rows, rows) W with W (predicted - observed) uncorrelated and of variance 1.

    Rows of one study share that study's shift, except those of a pooled estimate, which come from
    different trials at each time.
    """
    shift = np.array([row.trial_sd(between_trials_points) for row in rows])
    same = np.array([[a.study == b.study and a.trials == 1 for b in rows] for a in rows])
    same |= np.eye(len(rows), dtype=bool)
    covariance = np.outer(shift, shift) * same + np.diag([row.se**2 for row in rows])
    inverse: Array = np.linalg.inv(np.linalg.cholesky(covariance))
    return inverse


def fit_expectation(parameters: MoodParameters, known: Rows, without: str | None = None) -> Fitted:
    """Expectation and care from the control arms, without one study."""
    rows = known.of("expectation", without=without)
    free = free_of(parameters, "expectation")
    w = whitening(rows, parameters.value("outcome", "between_trials_points"))
    observed = np.array([row.value for row in rows])
    fixed = parameters.values("expectation")
    form = _CLASSES["states"](parameters.values("states"))

    def residuals(values: dict[str, Array]) -> Array:
        lanes = len(next(iter(values.values())))
        predicted = [
            predict(form, fixed | {k: float(v[i]) for k, v in values.items()}, rows, known, 1)[0]
            for i in range(lanes)
        ]
        return np.asarray((np.array(predicted) - observed) @ w.T)

    return minimize(free, [row.id for row in rows], residuals)


def fit_form(
    name: FormName,
    parameters: MoodParameters,
    known: Rows,
    expectation: Mapping[str, float],
    without: str | None = None,
) -> Fitted:
    """One form from differences and open-label totals, without one study."""
    rows = known.of("drug", without=without)
    w = whitening(rows, parameters.value("outcome", "between_trials_points"))
    observed = np.array([row.value for row in rows])
    fixed = parameters.values(name)

    def residuals(values: dict[str, Array]) -> Array:
        lanes = len(next(iter(values.values())))
        found = predict(_CLASSES[name]({**fixed, **values}), expectation, rows, known, lanes)
        return np.asarray((found - observed) @ w.T)

    return minimize(free_of(parameters, name), [row.id for row in rows], residuals)


def leave_one_out(
    name: FormName, parameters: MoodParameters, known: Rows, studies: Sequence[str] = ()
) -> Comparison:
    """Predict each study (or only ``studies``) from a fit that has not seen it.

    Rows held back were seen by none.
    """
    between = parameters.value("outcome", "between_trials_points")
    squares: dict[str, list[float]] = {}
    points: list[float] = []
    predicted: dict[str, float] = {}
    for study in studies or known.studies:
        rows = [r for r in known.rows if r.study == study and r.drug_arm and r.scored]
        expectation = parameters.values("expectation")
        expectation |= fit_expectation(parameters, known, without=study).values
        own = parameters.values(name)
        own |= fit_form(name, parameters, known, expectation, without=study).values
        found = predict(_CLASSES[name](own), expectation, rows, known, 1)[0]
        for row, value in zip(rows, found.tolist(), strict=True):
            sd = float(np.hypot(row.se, row.trial_sd(between)))
            squares.setdefault(study, []).append(((value - row.value) / sd) ** 2)
            predicted[row.id] = value
            if row.kind in POINTS:
                points.append((value - row.value) ** 2)
    by_study = {study: float(np.mean(each)) for study, each in squares.items()}
    return Comparison(
        float(np.sqrt(np.mean(list(by_study.values())))),
        float(np.sqrt(np.mean(points))),
        {study: float(np.sqrt(each)) for study, each in by_study.items()},
        predicted,
    )


@dataclass(frozen=True, eq=False)
class Outcome:
    """All that a run found."""

    expectation: Fitted
    forms: dict[str, Fitted]
    relapse: dict[str, Fitted]
    comparison: dict[str, Comparison]
    predicted: dict[str, dict[str, float]]

    @property
    def default(self) -> str:
        """The form with the smaller leave-one-study-out error."""
        return min(FORMS, key=lambda name: self.comparison[name].standardized)


def run(parameters: MoodParameters, known: Rows, compare: bool = True) -> Outcome:
    """Fit everything; ``compare`` also leaves out each study in turn. Deterministic."""
    expectation = fit_expectation(parameters, known)
    hoped = parameters.values("expectation") | expectation.values
    forms: dict[str, Fitted] = {}
    relapse: dict[str, Fitted] = {}
    comparison: dict[str, Comparison] = {}
    predicted: dict[str, dict[str, float]] = {}
    for name in FORMS:
        forms[name] = fit_form(name, parameters, known, hoped)
        own = parameters.values(name) | forms[name].values
        form = _CLASSES[name](own)
        found = predict(form, hoped, known.rows, known, 1)[0].tolist()
        predicted[name] = {r.id: v for r, v in zip(known.rows, found, strict=True)}
        relapse[name], said = fit_relapse(form, hoped, parameters, known)
        predicted[name] |= said
        if compare:
            comparison[name] = leave_one_out(name, parameters, known)
    return Outcome(expectation, forms, relapse, comparison, predicted)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    from .fit_report import stored, table, written

    parser = argparse.ArgumentParser(description="Fit the mood models and compare them.")
    parser.add_argument("--write", action="store_true", help="store the result")
    asked = parser.parse_args(arguments)
    parameters, known = load_mood(), load_rows()
    outcome = run(parameters, known)
    print(table(outcome, known))  # noqa: T201
    if asked.write:
        document: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
        FILE.write_text(written(stored(document, outcome, known)), encoding="utf-8")


if __name__ == "__main__":
    main()
