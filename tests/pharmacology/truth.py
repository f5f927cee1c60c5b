"""What the engine is held against: SciPy on the model file's own formulas, worked out in Python.

Nothing here goes through the engine's system, plan or kernels.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from evenkeel.pharmacology import Bend, Delay, Model, People, Regimen, read_model
from evenkeel.pharmacology.bends import Stage

Array = NDArray[np.float64]
#: A dose this close (h) to an output time is given at it.
SAME = 1e-9
FUNCTIONS: dict[str, Any] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "min": min,
    "max": max,
    "expit": lambda x: 1 / (1 + math.exp(-x)),
    "logit": lambda p: math.log(p / (1 - p)),
}
SOURCE = {"mark": "assumed", "source": "made for a test"}


def number(value: float, unit: str = "1") -> dict[str, Any]:
    return {"value": value, "unit": unit, "verification": "unverified", **SOURCE}


DOCUMENT: dict[str, Any] = {
    "format": "evenkeel-model/1",
    "id": "made",
    "title": "A model made for a test",
    "version": 1,
    "citation": {"text": "none"},
    "verification": "none",
    "population": {"text": "nobody", "weight_kg": [40, 120]},
    "sampling": "venous",
    "drug": "s_ketamine",
    "not_for": ["people"],
    "time_unit": "h",
    "covariates": {"weight_kg": {"default": 70, "low": 20, "high": 300, "source": "a test"}},
    "parameters": {
        "V": number(60),
        "CL": number(90),
        "Q": number(150),
        "V2": number(200),
        "Q3": number(25),
        "V3": number(180),
        "Vm": number(95),
        "CLm": number(55),
        "Qm": number(40),
        "Vm2": number(160),
        "ka": number(2.5),
        "F": number(0.4),
        "D": number(0.5),
    },
    "variability": [
        {"parameters": ["V", "CL"], "scale": "log", "omega2": [[0.09, 0.03], [0.03, 0.06]]}
        | SOURCE,
        {"parameters": ["ka", "CLm"], "scale": "log", "omega2": [[0.3, 0], [0, 0.1]]} | SOURCE,
        {"parameters": ["F"], "scale": "logit", "omega2": [[0.5]]} | SOURCE,
    ],
    "individual": {"CLi": "CL*(weight_kg/70)**0.75", "Vi": "V*weight_kg/70"},
    "compartments": ["gut", "skin", "central", "p2", "p3", "metabolite", "metabolite_p"],
    "flows": [
        {"from": "gut", "to": "central", "rate": "ka"},
        {"from": "skin", "to": "central", "rate": "2*ka"},
        {"from": "central", "to": "p2", "rate": "Q/Vi"},
        {"from": "p2", "to": "central", "rate": "Q/V2"},
        {"from": "central", "to": "p3", "rate": "Q3/Vi"},
        {"from": "p3", "to": "central", "rate": "Q3/V3"},
        {"from": "central", "to": "metabolite", "rate": "CLi/Vi", "yield": "0.8"},
        {"from": "metabolite", "to": "metabolite_p", "rate": "Qm/Vm"},
        {"from": "metabolite_p", "to": "metabolite", "rate": "Qm/Vm2"},
        {"from": "metabolite", "to": None, "rate": "CLm/Vm"},
    ],
    "routes": {
        "iv": {"status": "validated", "note": "", "inputs": [{"to": "central", "fraction": "1"}]},
        "sc": {"status": "derived", "note": "", "inputs": [{"to": "skin", "fraction": "0.9"}]},
        "oral": {
            "status": "extrapolated",
            "note": "guessed",
            "inputs": [
                {"to": "gut", "fraction": "F", "over": "D"},
                {"to": "metabolite", "fraction": "0.3*(1 - F)"},
            ],
        },
        "nasal": {
            "status": "validated",
            "note": "",
            "inputs": [{"to": "gut", "fraction": "0.2 + 0.3*first_device"}],
        },
    },
    "outputs": {
        "s_ketamine_ng_ml": {"terms": {"central": "1000/Vi"}},
        "s_norketamine_ng_ml": {"terms": {"metabolite": "1000/Vm"}},
        "ketamine_ng_ml": {"terms": {"central": "500/Vi", "p2": "500/V2"}},
    },
    "residual": {"s_ketamine_ng_ml": {"kind": "proportional", "sd": 0.2, **SOURCE}},
}


def document(**changes: Any) -> dict[str, Any]:
    """A copy of the test model's document with other values at dotted paths."""
    found = copy.deepcopy(DOCUMENT)
    for path, value in changes.items():
        inner = found
        *steps, last = path.split("__")
        for step in steps:
            inner = inner[int(step) if isinstance(inner, list) else step]
        inner[int(last) if isinstance(inner, list) else last] = value
    return found


def made(**changes: Any) -> Model:
    return read_model(json.dumps(document(**changes), indent=1), "made.json")


class Truth:
    """One person of a model, every formula worked out as Python text."""

    def __init__(self, model: Model, people: People, person: int) -> None:
        self.model = model
        values: dict[str, float] = {k: float(v[person]) for k, v in people.covariates.items()}
        scales = {name: block.scale for block in model.variability for name in block.parameters}
        for name, parameter in model.parameters.items():
            values[name] = parameter.value
            if name in people.effects:
                eta = float(people.effects[name][person])
                values[name] = {
                    "log": lambda v, e: v * math.exp(e),
                    "logit": lambda v, e: 1 / (1 + math.exp(-(math.log(v / (1 - v)) + e))),
                    "additive": lambda v, e: v + e,
                }[scales[name]](parameter.value, eta)
        self.values = values
        for name, formula in model.individual.items():
            values[name] = self.of(formula.text)
        n = len(model.compartments)
        self.place = {name: i for i, name in enumerate(model.compartments)}
        self.a = np.zeros((n, n))
        for flow in model.flows:
            rate = self.of(flow.rate.text) / model.hours
            self.a[self.place[flow.origin], self.place[flow.origin]] -= rate
            if flow.to:
                self.a[self.place[flow.to], self.place[flow.origin]] += rate * self.of(
                    flow.share.text
                )
        self.rows = {name: np.zeros(n) for name in model.outputs}
        for name, output in model.outputs.items():
            for compartment, term in output.terms.items():
                self.rows[name][self.place[compartment]] += self.of(term.text)

    def of(self, text: str, **more: float) -> float:
        return float(eval(text, {"__builtins__": {}}, {**FUNCTIONS, **self.values, **more}))

    def inputs(self, regimen: Regimen) -> tuple[list[tuple[float, Array]], list[Any]]:
        """Jumps (time, amounts) and rates (from, to, amounts per hour)."""
        jumps, rates = [], []
        for dose, first in zip(regimen, regimen.first_of_sitting(), strict=True):
            mg = dose.amount * (self.values["weight_kg"] if dose.unit == "mg/kg" else 1.0)
            for entry in self.model.routes[dose.route].inputs:
                into = np.zeros(len(self.a))
                into[self.place[entry.to]] = mg * self.of(
                    entry.fraction.text, first_device=float(first)
                )
                over = dose.over_h
                if entry.over is not None:
                    over = self.of(entry.over.text) * self.model.hours
                if over > 0:
                    rates.append((dose.at_h, dose.at_h + over, into / over))
                else:
                    jumps.append((dose.at_h, into))
        return jumps, rates

    def pieces(self, regimen: Regimen, times: Array) -> list[tuple[float, float, Array, Array]]:
        """(from, to, jump at its start, rate in it), from 0 to the last of the times."""
        jumps, rates = self.inputs(regimen)
        edges = {0.0, float(times[-1])}
        edges |= {t for t, _ in jumps} | {t for a, b, _ in rates for t in (a, b)}
        ordered = [t for t in sorted(edges) if t <= times[-1] + SAME]
        found = []
        for start, end in zip(ordered, [*ordered[1:], np.inf], strict=True):
            jump = sum((into for t, into in jumps if t == start), np.zeros(len(self.a)))
            rate = sum((r for a, b, r in rates if a <= start < b), np.zeros(len(self.a)))
            found.append((start, end, jump, rate))
        return found

    def states(self, regimen: Regimen, times: Array) -> Array:
        """Amounts (times, compartments) by the exponential of the matrix."""
        n = len(self.a)
        x, found = np.zeros(n), np.zeros((len(times), n))
        augmented = np.zeros((n + 1, n + 1))
        augmented[:n, :n] = self.a
        for start, end, jump, rate in self.pieces(regimen, times):
            x = x + jump
            augmented[:n, n] = rate
            inside = (times >= start - SAME) & (times < end - SAME)
            for k in np.flatnonzero(inside):
                step = expm(augmented * max(0.0, times[k] - start))
                found[k] = step[:n, :n] @ x + step[:n, n]
            if np.isfinite(end):
                step = expm(augmented * (end - start))
                x = step[:n, :n] @ x + step[:n, n]
        return found

    def outputs(self, regimen: Regimen, times: Array) -> dict[str, Array]:
        states = self.states(regimen, times)
        return {name: states @ row for name, row in self.rows.items()}

    def integrated(
        self,
        regimen: Regimen,
        times: Array,
        more: Callable[[Array, Array], Array] | None = None,
        extra: int = 0,
    ) -> Array:
        """(times, compartments + extra) by LSODA; ``more(x, y)`` are the extra derivatives."""
        n = len(self.a)
        state, found = np.zeros(n + extra), np.zeros((len(times), n + extra))
        for start, end, jump, rate in self.pieces(regimen, times):
            state[:n] += jump

            def slope(_t: float, s: Array, rate: Array = rate) -> Array:
                dx = self.a @ s[:n] + rate
                return dx if more is None else np.concatenate([dx, more(s[:n], s[n:])])

            inside = np.flatnonzero((times >= start - SAME) & (times < end - SAME))
            last = min(end, float(times[-1]))
            if last <= start + SAME:
                found[inside] = state
                continue
            at = np.unique([start, *times[inside].clip(min=start), last])
            solved = solve_ivp(slope, (start, last), state, "LSODA", at, rtol=1e-11, atol=1e-12)
            found[inside] = solved.y.T[np.searchsorted(at, times[inside].clip(min=start))]
            state = solved.y[:, -1]
        return found


def stage_slopes(
    truth: Truth, stages: list[Stage], filters: Mapping[str, tuple[Mapping[str, float], float]]
) -> Callable[[Array, Array], Array]:
    """Derivatives of filters, then of the stages that remember, one after the other in ``y``."""
    names = [*filters, *(s.name for s in stages if not isinstance(s, Bend))]

    def slopes(x: Array, y: Array) -> Array:
        known = {name: float(row @ x) for name, row in truth.rows.items()}
        known |= {name: float(y[i]) for i, name in enumerate(names)}
        dy = []
        for name, (inputs, rate) in filters.items():
            dy.append(rate * (sum(w * known[i] for i, w in inputs.items()) - known[name]))
        for stage in stages:
            if isinstance(stage, Bend):
                u = max(0.0, sum(w * known[i] for i, w in stage.inputs.items()))
                raised = (u / float(stage.half)) ** stage.power
                known[stage.name] = raised / (1 + raised)
                if stage.fall is not None:
                    known[stage.name] /= 1 + (u / float(stage.fall)) ** stage.fall_power
            elif isinstance(stage, Delay):
                dy.append(float(stage.rate_per_h) * (known[stage.input] - known[stage.name]))
            else:
                y_now, u = known[stage.name], known[stage.input]
                gain, loss = float(stage.gain_per_h), float(stage.loss_per_h)
                dy.append(gain * u * (1 - y_now) - loss * y_now)
        return np.array(dy)

    return slopes


def scaled(found: Array, truth: Array) -> float:
    """max|x - ref| / max|ref|; where the reference is nothing, the finding must be nothing."""
    largest = float(np.abs(truth).max())
    error = float(np.abs(found - truth).max())
    return error / largest if largest > 0 else (0.0 if error == 0 else math.inf)
