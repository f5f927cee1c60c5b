"""Interactions act on first pass: by mouth strongly, into a vein little."""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any

import numpy as np
import pytest

from evenkeel.pharmacology import (
    Integral,
    Regimen,
    RegimenError,
    bolus,
    devices,
    infusion,
    load_model,
    model_ids,
    simulate,
    typical_people,
)
from evenkeel.pharmacology.choice import DEFAULTS, default_model
from evenkeel.pharmacology.interactions import (
    InteractionError,
    interaction_covariates,
    interactions,
    read_interactions,
)

FILE = resources.files("evenkeel.pharmacology").joinpath("interactions.json").read_text()
AREA = [Integral("area", {"s_ketamine_ng_ml": 1.0})]


def exposure(model_id: str, regimen: Regimen, drugs: list[str]) -> float:
    model = load_model(model_id)
    covariates, _ = interaction_covariates(model, drugs)
    people = typical_people(model, **covariates)
    return float(simulate(model, regimen, people, [72.0], integrals=AREA)["area"][0, 0])


def ratio(model_id: str, regimen: Regimen, drug: str) -> float:
    return exposure(model_id, regimen, [drug]) / exposure(model_id, regimen, [])


@pytest.mark.parametrize("drug", ["ticlopidine", "clarithromycin", "rifampicin"])
def test_by_mouth_strongly_into_a_vein_little(drug: str) -> None:
    by_mouth = ratio("ashraf_2018", Regimen.of(bolus(20, route="oral")), drug)
    into_vein = ratio("ashraf_2018", Regimen.of(infusion(10, over_min=20)), drug)
    nasal = ratio("perez_ruixo_2021", Regimen.of(devices(2)), drug)
    assert abs(np.log(into_vein)) < abs(np.log(nasal)) < abs(np.log(by_mouth))
    assert (by_mouth > 1) == (into_vein > 1) == (nasal > 1)


def test_grapefruit_empties_the_gut_wall_of_cyp3a_and_leaves_most_of_the_liver() -> None:
    """What of the model is CYP3A: 26.4% of a swallowed dose in the wall, 37% of the liver."""
    juice = interactions()["grapefruit_juice"]
    activity = {each.covariate: each.value for each in juice.activities}
    # Triazolam: its half-life 1.54 times as long in a liver that takes out a fifth.
    taken = 0.2 / 1.54
    left = taken / (1 - taken) / (0.2 / 0.8)
    assert activity["cyp3a_liver_activity"] == pytest.approx(left, abs=0.005)
    # What the liver leaves of the 2.43 times is more than a gut wall of 0.6 / 0.8 can give.
    assert 2.43 / 1.54 / ((1 - taken) / 0.8) * 0.6 / 0.8 > 1
    assert activity["cyp3a_gut_activity"] == 0
    z = 1 - 0.37 * (1 - activity["cyp3a_liver_activity"])
    flow = 3.75 * 70**0.75
    taken_out = [x / (flow + x) for x in (301 * 0.7 / 0.5, z * 301 * 0.7 / 0.5)]
    wall = flow * 0.192 * 4.1 / (flow * 0.192 + 4.1)
    expected = (wall + 1.19) / wall * (1 - taken_out[1]) / (1 - taken_out[0])
    expected *= taken_out[0] / taken_out[1]
    by_mouth = ratio("ashraf_2018", Regimen.of(bolus(20, route="oral")), "grapefruit_juice")
    assert by_mouth == pytest.approx(expected, rel=2e-3)
    into_vein = ratio("ashraf_2018", Regimen.of(infusion(10, over_min=20)), "grapefruit_juice")
    assert 1.0 < into_vein < 1.05


def test_what_changes_nothing_says_so_and_what_was_measured_is_shown() -> None:
    covariates, notes = interaction_covariates(
        load_model("perez_ruixo_2021"), ["oxymetazoline_nasal", "rifampicin"]
    )
    assert set(covariates) == {
        "cyp2b6_activity", "cyp3a_liver_activity", "cyp3a_gut_activity",
        "norketamine_clearance_factor",
    }  # fmt: skip
    text = " ".join(notes)
    assert "nasal oxymetazoline changes nothing" in text
    assert "is assumed" in text
    assert "was measured at" in text


def test_a_model_without_the_mechanism_is_left_as_it_is() -> None:
    covariates, notes = interaction_covariates(load_model("clements_1981"), ["ticlopidine"])
    assert covariates == {}
    assert "changes nothing in clements_1981" in notes[0]


def test_two_drugs_on_one_enzyme_multiply_within_bounds() -> None:
    model = load_model("ashraf_2018")
    both, _ = interaction_covariates(model, ["clarithromycin", "itraconazole", "clarithromycin"])
    alone = [interaction_covariates(model, [d])[0] for d in ("clarithromycin", "itraconazole")]
    for name in both:
        assert both[name] == pytest.approx(alone[0][name] * alone[1][name])


def broken(change: Any) -> Any:
    document = copy.deepcopy(json.loads(FILE))
    change(document)
    return document


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(format="x"), "format"),
        (lambda d: d["drugs"].append(d["drugs"][0]), "twice"),
        (lambda d: d["drugs"][0]["covariates"]["cyp2b6_activity"].update(value=-1), "from 0 on"),
        (lambda d: d["drugs"][0]["covariates"]["cyp2b6_activity"].update(mark="?"), "mark"),
        (lambda d: d["drugs"][0]["covariates"]["cyp2b6_activity"].update(value=0.5), "plausible"),
    ],
)
def test_a_broken_file_is_refused(change: Any, says: str) -> None:
    with pytest.raises(InteractionError, match=says):
        read_interactions(broken(change))


def test_an_unknown_drug_is_named() -> None:
    with pytest.raises(InteractionError, match=r"'tea'.*ticlopidine"):
        interaction_covariates(load_model("ashraf_2018"), ["tea"])
    assert set(interactions()) >= {"ticlopidine", "hepatic_impairment"}


def test_every_default_model_knows_its_routes() -> None:
    for (drug, sampling), choices in DEFAULTS.items():
        for routes, model_id in choices:
            model = load_model(model_id)
            assert routes <= set(model.routes)
            assert model.drug == drug
            assert model.sampling == sampling or "oral_film" in routes
    assert {model for c in DEFAULTS.values() for _, model in c} <= set(model_ids())


def test_a_route_without_a_model_is_refused_by_name() -> None:
    nasal = Regimen.of(devices(1))
    assert default_model("s_ketamine", nasal) == "perez_ruixo_2021"
    assert default_model("s_ketamine", Regimen.of(infusion(9, over_min=9))).startswith("otto")
    with pytest.raises(RegimenError, match=r"racemic ketamine by nasal .*sublingual"):
        default_model("racemic", nasal)
    with pytest.raises(RegimenError, match="arterial"):
        default_model("s_ketamine", nasal, "arterial")
