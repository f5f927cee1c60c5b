"""The table of published pharmacokinetic observations: complete, consistent, fixed beforehand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import evenkeel.pharmacology as pharmacology
from evenkeel.pharmacology import load_model, model_ids

FOLDER = Path(pharmacology.__file__).parent
TABLE = json.loads((FOLDER / "validation" / "rows" / "pk.json").read_text(encoding="utf-8"))
INTERACTIONS = json.loads((FOLDER / "interactions.json").read_text(encoding="utf-8"))
TARGETS: list[dict[str, Any]] = TABLE["targets"]
BY_ID = {target["id"]: target for target in TARGETS}

#: Every row of the collection, so that none is dropped without anybody saying so.
ROWS = """
    A1 A2 A3 A7 A8 B1 B3 B4 C1 D1 E1 E2 E3 F1 F2 F3 F5 F7 G1 H01 H03 H04 H08 H10 H11 H14 H16 H18
    I1 I2 I4 J1 J3 J4 K1 K2 K3 L1 L2 L3 L4 L5 L6 L7 M1 M2 N1 O1 O2 P1 R1 S1 T1 X1
"""
#: Rows that informed a number or a choice of the model that answers them, or its own data.
NOT_INDEPENDENT = """
    A1.auc B3.auc_per_mg C1.f D1.f D1.tmax E2.f E3.f I1.f I1.tmax I1.cl I1.half_life K3.cl L1.auc
    L7.k L7.nk M1.cmax M1.tmax N1.c5 T1.cl
"""
SAID = ("citation", "url", "population", "endpoint", "unit", "band_from", "verification")
ROLES = ("validation", "calibration", "implementation", "informational")


def recipes(target: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The recipe of a target and those it is divided by, each made whole."""
    how = target["how"]
    while how is not None:
        yield how
        inner = how.get("divided_by")
        taken = {k: v for k, v in how.items() if k not in ("divided_by", "unit_factor")}
        how = None if inner is None else {**taken, **inner}


ANSWERED = [target["id"] for target in TARGETS if target["how"] is not None]


def test_every_row_of_the_collection_is_here() -> None:
    assert {target["row"] for target in TARGETS} == set(ROWS.split())
    assert len(BY_ID) == len(TARGETS)


def test_a_target_says_what_it_is() -> None:
    for target in TARGETS:
        assert target["id"].startswith(target["row"] + ".")
        for key in (
            "citation",
            "url",
            "population",
            "endpoint",
            "unit",
            "band_from",
            "verification",
        ):
            assert target[key].strip(), (target["id"], key)
        assert target["role"] in ROLES
        assert target["observed"] > 0
        assert target["url"].startswith("http")
        if target["role"] != "validation":
            assert target["note"].strip(), target["id"]


def test_what_is_counted_can_be_judged() -> None:
    for target in TARGETS:
        if target["role"] == "informational":
            assert target["band"] is None
            continue
        low, high = target["band"]
        assert 0 <= low < target["observed"] < high
        assert target["quantitative"]
        assert target["how"] is not None


def test_what_informed_a_model_does_not_validate_it() -> None:
    for name in NOT_INDEPENDENT.split():
        assert BY_ID[name]["role"] == "calibration", name
    for target in TARGETS:
        if target["row"][0] in "FG":
            assert target["role"] == "calibration"
        if target["row"][0] in "HX":
            assert target["role"] == "implementation"


def test_how_many_of_each() -> None:
    assert Counter(target["role"] for target in TARGETS) == {
        "validation": 33,
        "calibration": 41,
        "implementation": 43,
        "informational": 35,
    }


def test_only_the_contradicted_numbers_are_expected_to_fail() -> None:
    for target in TARGETS:
        expected = target.get("expected")
        if target["role"] != "implementation":
            assert expected is None
        elif target["id"].endswith(".noresk_auc"):
            assert expected == "fail"
        else:
            assert expected == "pass"


@pytest.mark.parametrize("name", ANSWERED)
def test_a_recipe_can_be_followed(name: str) -> None:
    target = BY_ID[name]
    assert target["model"] in model_ids()
    model = load_model(target["model"])
    drugs = {drug["id"] for drug in INTERACTIONS["drugs"]}
    for how in recipes(target):
        assert how["statistic"] in TABLE["about"]["how.statistic"]
        assert set(how["covariates"]) <= set(model.covariates)
        assert how.get("interaction") is None or how["interaction"] in drugs
        if how["statistic"] == "parameter_sum":
            assert set(how["parameters"]) <= set(model.parameters) | set(model.individual)
            continue
        assert how["output"] in model.outputs
        assert how["regimen"]
        for dose in how["regimen"]:
            assert dose["kind"] in ("infusion", "bolus", "device")
            assert dose["route"] in model.routes
            assert dose["unit"] in ("mg", "mg/kg")
            assert (dose["kind"] == "infusion") == ("over_min" in dose)
        if how["statistic"] in ("max", "time_of_max_min", "auc", "half_life_min"):
            start, end = how["window_min"]
            assert 0 <= start < end
        assert (how["statistic"] == "at") == ("at_min" in how)


@pytest.mark.parametrize("name", ANSWERED)
def test_a_result_claims_no_more_than_the_route(name: str) -> None:
    target = BY_ID[name]
    caution = ("validated", "derived", "extrapolated")
    model = load_model(target["model"])
    regimen = target["how"].get("regimen", [])
    least = max((caution.index(model.routes[d["route"]].status) for d in regimen), default=0)
    assert caution.index(target["status_expected"]) >= least


def test_observed_ratios_of_interactions_stand_in_the_table() -> None:
    for drug in INTERACTIONS["drugs"]:
        for entry in drug["observed"]:
            if entry["row"] is not None:
                target = BY_ID[entry["row"]]
                assert target["observed"] == entry["ratio"]
                assert next(recipes(target))["interaction"] == drug["id"]
