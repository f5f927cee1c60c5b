"""Agreement with metafor, to the last digit it prints: within 1e-4.

The cases carry their data, and name the file of metafor's own repository in which each number
stands. Where metafor prints the empirical Bayes estimator it is our PM: the two are the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenkeel.evidence.pooling import Pooled, Study, effects, leave_one_out, meta_regression
from evenkeel.evidence.pooling.effects import Effects
from evenkeel.evidence.pooling.pool import pool, pool_effects

CASES = json.loads((Path(__file__).parent / "metafor_cases.json").read_text())["cases"]
CLOSE = 1e-4


def studies(case: dict[str, Any]) -> list[Study]:
    if "counts" in case:
        return [Study(n, n1, n2, events1=a, events2=c) for n, a, n1, c, n2 in case["counts"]]
    found = []
    for name, n1, m1, s1, n2, m2, s2 in case["means"]:
        study = Study(name, n1, n2, mean1=m1, sd1=s1, mean2=m2, sd2=s2)
        if case.get("pooled_sd"):
            sd = (((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / (n1 + n2 - 2)) ** 0.5
            study = replace(study, sd1=sd, sd2=sd)
        found.append(study)
    return found


def worked_out(case: dict[str, Any], measure: str | None) -> Effects:
    if "effects" in case:
        y, v = np.array(case["effects"], dtype=float).T
        return Effects("MD", tuple(Study(str(i), 1, 1) for i in range(len(y))), y, v)
    return effects(studies(case), str(measure))


def seen(result: Pooled) -> dict[str, float | None]:
    spread = result.spread
    return {
        "estimate": result.estimate,
        "se": result.estimate_se,
        "low": result.low,
        "high": result.high,
        "p": result.p,
        "q": spread.q,
        "q_p": spread.q_p,
        "tau2": spread.tau2,
        "tau2_low": spread.tau2_low,
        "tau2_high": spread.tau2_high,
        "i2": spread.i2,
        "h2": spread.h2,
    }


def each(kind: str) -> Iterator[Any]:
    for case in CASES:
        for check in case.get(kind, ()):
            words = [case["name"], check.get("measure", ""), check["method"], *check.get("on", ())]
            yield pytest.param(case, check, id=" ".join(filter(None, words)))


@pytest.mark.parametrize(("case", "check"), [*each("pools")])
def test_pooled_as_metafor(case, check) -> None:
    found = seen(pool_effects(worked_out(case, check.get("measure")), check["method"], "wald"))
    promised = {key: value for key, value in check.items() if key not in ("measure", "method")}
    assert promised
    for key, value in promised.items():
        # I2 is a percentage, so 1e-4 of it is a hundredth of a point.
        assert found[key] == pytest.approx(value, abs=100 * CLOSE if key == "i2" else CLOSE), key


@pytest.mark.parametrize(("case", "check"), [*each("regressions")])
def test_regression_as_metafor(case, check) -> None:
    found = worked_out(case, check.get("measure"))
    moderators = np.array([case["moderators"][name] for name in check["on"]], dtype=float).T
    fit = meta_regression(found.y, found.v, moderators, check["method"])
    told = {"beta": fit.beta, "se": fit.se, "tau2": fit.tau2, "qe": fit.qe, "p": fit.qm_p}
    # metafor stops its scoring at a change of tau2 below 1e-5, which the chi-square shows.
    told["qm"] = fit.qm
    for key in check.keys() - {"measure", "method", "on"}:
        assert told[key] == pytest.approx(check[key], abs=CLOSE, rel=CLOSE), key


@pytest.mark.parametrize(("case", "check"), [*each("leave_one_out")])
def test_left_out_as_metafor(case, check) -> None:
    found = leave_one_out(studies(case), check["measure"], check["method"])
    assert len(found) == len(check["rows"]) == len(case["counts"])
    for result, row in zip(found, check["rows"], strict=True):
        for key, value in zip(check["columns"], row, strict=True):
            assert seen(result)[key] == pytest.approx(value, abs=CLOSE, rel=3e-5), key


def test_a_wrong_number_would_be_noticed() -> None:
    case = CASES[0]
    result = pool(studies(case)[1:], "RR", "REML")
    assert result.estimate != pytest.approx(case["pools"][2]["estimate"], abs=CLOSE)
