"""Models and regimens that several tests of the engine share."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evenkeel.pharmacology import Model, read_model


def one_compartment(**changes: Any) -> dict[str, Any]:
    """The document of the simplest model there is: C = amount / V, elimination CL, two effects."""
    number = {"unit": "1", "mark": "assumed", "source": "a test", "verification": "computed"}
    document: dict[str, Any] = {
        "format": "evenkeel-model/1",
        "id": "one",
        "title": "One compartment",
        "version": 1,
        "citation": {"text": "a test"},
        "verification": "none",
        "population": {"text": "nobody"},
        "sampling": "venous",
        "drug": "s_ketamine",
        "not_for": ["people"],
        "time_unit": "h",
        "covariates": {},
        "parameters": {"CL": {"value": 60.0, **number}, "V": {"value": 120.0, **number}},
        "variability": [
            {"parameters": ["CL"], "scale": "log", "omega2": [[0.09]], "mark": "assumed",
             "source": "a test"},
            {"parameters": ["V"], "scale": "log", "omega2": [[0.04]], "mark": "assumed",
             "source": "a test"},
        ],
        "individual": {},
        "compartments": ["central"],
        "flows": [{"from": "central", "to": None, "rate": "CL/V"}],
        "routes": {"iv": {"status": "validated", "note": "",
                          "inputs": [{"to": "central", "fraction": "1"}]}},
        "outputs": {"s_ketamine_ng_ml": {"terms": {"central": "1000/V"}}},
        "residual": {"s_ketamine_ng_ml": {"kind": "log_additive", "sd": 0.2, "mark": "assumed",
                                          "source": "a test"}},
    }  # fmt: skip
    return document | changes


@pytest.fixture(scope="session")
def one() -> Model:
    """The simplest model."""
    return read_model(json.dumps(one_compartment()), "one.json")
