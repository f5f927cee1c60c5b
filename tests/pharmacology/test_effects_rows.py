"""The targets of the pharmacodynamic validation: whole, consistent, machine-checkable."""

import json
from importlib import resources
from typing import Any

import pytest

from evenkeel.pharmacology.effects import load_acute

PATH = resources.files("evenkeel.pharmacology") / "validation" / "rows" / "pd.json"
DOCUMENT: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
TARGETS: list[dict[str, Any]] = DOCUMENT["targets"]
MODELS = {"perez_ruixo_2021", "composite_racemic", "otto_2021_fanta_2015", "simons_2022", None}
KEYS = {
    "id",
    "row",
    "citation",
    "url",
    "population",
    "endpoint",
    "observed",
    "unit",
    "band",
    "band_from",
    "role",
    "quantitative",
    "verification",
    "model",
    "how",
    "note",
}


def test_every_row_is_there_once_a_number() -> None:
    ids = [target["id"] for target in TARGETS]
    assert len(ids) == len(set(ids))
    rows = {target["row"] for target in TARGETS}
    numbers = [number for number in range(1, 59) if number != 36]
    assert rows == {f"pd-v{number:02d}" for number in numbers} | {"pd-v36-28", "pd-v36-84"}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target["id"]))
def test_a_target_is_whole(target: dict[str, Any]) -> None:
    assert set(target) >= KEYS
    assert target["id"].startswith(target["row"] + ".")
    assert target["role"] in DOCUMENT["roles"]
    assert target["model"] in MODELS
    assert target["url"].startswith("http")
    assert {"people", "covariates", "statistic"} <= set(target["how"])
    if target["role"] == "informational":
        assert target["band"] is None
        assert target["note"]
        return
    low, high = target["band"]
    assert low <= target["observed"] <= high
    shares = [arm["share"] for arm in target["how"].get("arms", [])]
    assert all(share > 0 for share in shares)
    assert sum(shares) <= 1.0 + 1e-9


def test_what_is_judged_was_not_used_to_set_a_parameter() -> None:
    """Rows the parameters' notes and the mood calibration rest on are never judged."""
    judged = {target["id"] for target in TARGETS if target["role"] == "validation"}
    for used in ("pd-v02", "pd-v03", "pd-v10", "pd-v17.SBP_drug", "pd-v25", "pd-v12", "pd-v31"):
        assert not any(name.startswith(used) for name in judged), used


def test_parameters_that_targets_name_exist() -> None:
    model = load_acute()
    for target in TARGETS:
        if target["how"]["statistic"] == "parameter":
            value = model[target["how"]["name"]] / target["how"]["divide_by"]
            assert target["band"][0] <= value <= target["band"][1]
