"""libroadrunner: CVODE on a compiled SBML model, one person after the other.

One process: two would give up to twice the rate. The input is switched between two calls.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from bench.pharmacology import workloads as w
from bench.pharmacology.workloads import Array

NAME = "libroadrunner CVODE, 1 process"
PACKAGES = ("roadrunner",)
PEOPLE = {"W1": 1000, "W2": 50}
RTOL, ATOL = 1e-6, 1e-8

_C, _CN = "A1/V1", "N1/VN1"
_TO_2, _TO_3, _TO_N2 = f"Q2*({_C} - A2/V2)", f"Q3*({_C} - A3/V3)", f"QN*({_CN} - N2/VN2)"
_PK = {
    "A1": f"given - CL*{_C} - {_TO_2} - {_TO_3}",
    "A2": _TO_2,
    "A3": _TO_3,
    "N1": f"{w.FORMED!r}*CL*{_C} - CLN*{_CN} - {_TO_N2}",
    "N2": _TO_N2,
}
_EFFECTS = {
    "Ce": f"KE0*({_C} - Ce)",
    "MAP": f"KOUTB*({w.MAP_BASE!r}*(1 + {w.MAP_EMAX!r}*({_C})/({w.MAP_EC50!r} + {_C})) - MAP)",
    "A": f"{w.ACCUMULATION_PER_MIN!r}*(Ce + {w.NORKETAMINE_SHARE!r}*{_CN})"
    f" - {float(w.ACCUMULATION_LOSS_PER_MIN)!r}*A",
    "mood": f"{float(w.MOOD_PER_MIN)!r}*(M0*(1 - {w.MOOD_EMAX!r}*A/(IA50 + A)) - mood)",
}


def w1(parameters: Array) -> Array:
    """Concentrations of ketamine and norketamine: (N, 10) -> (N, 181, 2), mg/L."""
    model = _load(tuple(w.W1_PARAMETERS), tuple(_PK.items()))
    model.timeCourseSelections = ["A1", "N1"]
    found = np.empty((len(parameters), 181, 2))
    stop = int(w.INFUSION_MIN)
    for person, values in enumerate(parameters):
        _begin(model, values, np.zeros(5), w.DOSE_MG / w.INFUSION_MIN)
        found[person, : stop + 1] = model.simulate(0, stop, stop + 1)
        model["given"] = 0.0
        found[person, stop:] = model.simulate(stop, 180, 181 - stop)
    found /= parameters[:, None, [1, 7]]
    return found


def w2(parameters: Array) -> Array:
    """The five outputs of the course: (N, 15) -> (N, 305, 5)."""
    model = _load(tuple(w.W2_PARAMETERS), tuple({**_PK, **_EFFECTS}.items()))
    model.timeCourseSelections = list(w.W2_STATES)
    found = np.empty((len(parameters), len(w.W2_TIMES_MIN), 9))
    starts = w.w2_start(parameters)
    pieces = []
    for begin, end, rate in w.w2_pieces():
        inside = (begin <= w.W2_TIMES_MIN) & (end >= w.W2_TIMES_MIN)
        asked = np.union1d(w.W2_TIMES_MIN[inside], [begin, end])
        kept = np.isin(asked, w.W2_TIMES_MIN)
        pieces.append((rate, (asked - begin).tolist(), kept, inside))
    for person, values in enumerate(parameters):
        state = starts[person]
        for rate, asked, kept, inside in pieces:
            _begin(model, values, state, rate)
            solved = np.asarray(model.simulate(times=asked))
            found[person, inside] = solved[kept]
            state = solved[-1]
    return w.w2_outputs(found, parameters)


def _begin(model: Any, values: Array, state: Array, given: float) -> None:
    """Put one person in, at time 0 of a stretch of constant input."""
    model.model.setTime(0.0)
    everything = np.concatenate([values, [given], state])
    model.model.setGlobalParameterValues(everything)
    model.integrator.restart(0.0)


@cache
def _load(names: tuple[str, ...], rates: tuple[tuple[str, str], ...]) -> Any:
    """Compile the model; its parameters stand in the order names, ``given``, states."""
    import roadrunner

    order = [*names, "given", *(state for state, _ in rates)]
    model = roadrunner.RoadRunner(_sbml(order, dict(rates)))
    ids = list(model.model.getGlobalParameterIds())
    if ids != order:
        raise RuntimeError(f"libroadrunner sorted the parameters otherwise: {ids}")
    model.integrator = "cvode"
    model.integrator.relative_tolerance = RTOL
    model.integrator.absolute_tolerance = ATOL
    return model


def _sbml(order: list[str], rates: dict[str, str]) -> str:
    """Write the model as SBML: everything is a parameter, the states have rate rules."""
    parameters = "".join(f'<parameter id="{n}" value="1" constant="false"/>' for n in order)
    rules = "".join(
        f'<rateRule variable="{n}"><math xmlns="http://www.w3.org/1998/Math/MathML">'
        f"{_mathml(formula)}</math></rateRule>"
        for n, formula in rates.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1">'
        f"<model><listOfParameters>{parameters}</listOfParameters>"
        f"<listOfRules>{rules}</listOfRules></model></sbml>"
    )


def _mathml(formula: str) -> str:
    """Turn an arithmetic formula into content MathML."""
    import ast

    operators = {ast.Add: "plus", ast.Sub: "minus", ast.Mult: "times", ast.Div: "divide"}

    def write(node: ast.expr) -> str:
        if isinstance(node, ast.BinOp):
            name = operators[type(node.op)]
            return f"<apply><{name}/>{write(node.left)}{write(node.right)}</apply>"
        if isinstance(node, ast.Name):
            return f"<ci>{node.id}</ci>"
        if isinstance(node, ast.Constant):
            mantissa, _, exponent = f"{node.value!r}".partition("e")
            if exponent:
                return f'<cn type="e-notation">{mantissa}<sep/>{int(exponent)}</cn>'
            return f"<cn>{mantissa}</cn>"
        raise ValueError(f"no MathML for {ast.dump(node)}")

    return write(ast.parse(formula, mode="eval").body)
