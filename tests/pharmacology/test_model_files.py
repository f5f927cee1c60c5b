"""The bundled model files give back what their publications derive from them.

Everything is worked out here from the file's own flows, by a linear solve, without the engine.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evenkeel.pharmacology as pharmacology
from evenkeel.pharmacology import load_model, model_ids
from evenkeel.pharmacology.model import Model
from evenkeel.pharmacology.people import parameters, typical_people

FOLDER = Path(pharmacology.__file__).parent
INTERACTIONS = json.loads((FOLDER / "interactions.json").read_text(encoding="utf-8"))
IDS = (
    "ashraf_2018",
    "clements_1981",
    "composite_racemic",
    "domino_1982",
    "otto_2021_fanta_2015",
    "perez_ruixo_2021",
    "simons_2022",
)
PEREZ_RUIXO, ASHRAF, OTTO = "perez_ruixo_2021", "ashraf_2018", "otto_2021_fanta_2015"
COMPOSITE, SIMONS = "composite_racemic", "simons_2022"
S_KETAMINE, KETAMINE = "s_ketamine_ng_ml", "ketamine_ng_ml"
S_NORKETAMINE, NORKETAMINE = "s_norketamine_ng_ml", "norketamine_ng_ml"


def values_of(model: Model, **covariates: float) -> dict[str, float]:
    """Every name of the model worked out for the typical person."""
    found = parameters(model, typical_people(model, **covariates))
    return {name: float(np.ravel(value)[0]) for name, value in found.items()}


def matrix(model: Model, values: dict[str, float]) -> np.ndarray[Any, Any]:
    """A of dx/dt = A x, per time unit of the file."""
    place = {name: i for i, name in enumerate(model.compartments)}
    a = np.zeros((len(place), len(place)))
    for flow in model.flows:
        rate = float(flow.rate(values))
        a[place[flow.origin], place[flow.origin]] -= rate
        if flow.to is not None:
            a[place[flow.to], place[flow.origin]] += rate * float(flow.share(values))
    return a


def auc(
    name: str, route: str, output: str, first_device: float = 1.0, **covariates: float
) -> float:
    """AUC to infinity (ng*h/mL) of an output after 1 mg by a route."""
    model = load_model(name)
    values = values_of(model, **covariates)
    dose = np.zeros(len(model.compartments))
    for entry in model.routes[route].inputs:
        fraction = entry.fraction({**values, "first_device": first_device})
        dose[model.compartments.index(entry.to)] += float(fraction)
    spent = np.linalg.solve(matrix(model, values), -dose)
    terms = model.outputs[output].terms.items()
    total = sum(float(term(values)) * spent[model.compartments.index(c)] for c, term in terms)
    return float(total) * model.hours


def clearance_l_h(name: str, output: str, share: float = 1.0, **covariates: float) -> float:
    return 1000 * share / auc(name, "iv", output, **covariates)


def bioavailability(name: str, route: str, output: str, devices: int = 1, **cov: float) -> float:
    given = auc(name, route, output, 1.0, **cov)
    given += (devices - 1) * auc(name, route, output, 0.0, **cov)
    return given / devices / auc(name, "iv", output, **cov)


def test_these_models_are_bundled() -> None:
    assert set(IDS) <= set(model_ids())


@pytest.mark.parametrize("name", IDS)
def test_a_file_says_where_its_numbers_are_from(name: str) -> None:
    model = load_model(name)
    assert model.not_for
    assert model.notes
    assert model.read_at
    assert model.doi or "PMID" in model.citation
    for parameter in model.parameters.values():
        assert parameter.source.strip()
        assert not (parameter.mark == "measured" and parameter.verification == "unverified")
    for route in model.routes.values():
        assert route.note.strip()


@pytest.mark.parametrize("name", IDS)
def test_nothing_is_made_from_nothing(name: str) -> None:
    model = load_model(name)
    a = matrix(model, values_of(model))
    assert (a.sum(axis=0) <= 1e-12).all()
    assert (np.linalg.eigvals(a).real < 0).all()


@pytest.mark.parametrize("name", IDS)
def test_what_a_route_gives_is_no_more_than_the_dose(name: str) -> None:
    model = load_model(name)
    values = values_of(model)
    for route in model.routes.values():
        for first in (0.0, 1.0):
            parts = [float(e.fraction({**values, "first_device": first})) for e in route.inputs]
            if (name, route.name) == (SIMONS, "oral_film"):
                # the swallowed part is relative to the whole film and forms metabolites only
                assert parts == pytest.approx([0.263, 1.16])
            else:
                assert sum(parts) <= 1 + 1e-12


class TestPerezRuixo:
    """Clin Pharmacokinet 2021;60:501-516, abstract and Table 3."""

    @pytest.mark.parametrize(("devices", "f"), [(1, 0.622), (2, 0.538), (3, 0.509)])
    def test_nasal_bioavailability(self, devices: int, f: float) -> None:
        found = bioavailability(PEREZ_RUIXO, "nasal", S_KETAMINE, devices)
        assert found == pytest.approx(f, abs=6e-4)

    def test_oral_bioavailability(self) -> None:
        found = bioavailability(PEREZ_RUIXO, "oral", S_KETAMINE)
        assert found == pytest.approx(0.178, abs=5e-4)

    @pytest.mark.parametrize(("age", "cl"), [(45, 109), (60, 109), (70, 97), (75, 91), (80, 84)])
    def test_clearance_falls_with_age_above_60(self, age: float, cl: float) -> None:
        assert clearance_l_h(PEREZ_RUIXO, S_KETAMINE, age_years=age) == pytest.approx(cl, abs=0.6)

    def test_weight_does_nothing(self) -> None:
        light = auc(PEREZ_RUIXO, "nasal", S_KETAMINE, weight_kg=50)
        assert light == auc(PEREZ_RUIXO, "nasal", S_KETAMINE, weight_kg=120)

    def test_people_of_the_strata(self) -> None:
        values = values_of(load_model(PEREZ_RUIXO), asian=1, japanese=1)
        assert values["kel_i"] == pytest.approx(1.11 * 0.36)
        assert values["CLn_i"] == pytest.approx(38 * 0.81)
        assert values["FRn_i"] == pytest.approx(0.54 * 1.34)

    def test_default_activities_leave_the_published_numbers_alone(self) -> None:
        values = values_of(load_model(PEREZ_RUIXO))
        assert values["kel_i"] == 1.11
        assert values["kmet_i"] == 2.77
        assert values["Fgut_i"] == 0.64
        assert values["CLn_i"] == 38
        assert values["Qh_i"] == 151

    def test_a_japanese_person_of_high_absorption_absorbs_at_most_all(self) -> None:
        model = load_model(PEREZ_RUIXO)
        people = typical_people(model, asian=1, japanese=1)
        high = replace(people, effects={"eta_FRn": np.array([5.0])})
        assert float(np.ravel(parameters(model, high)["FRn_i"])[0]) == 1


class TestOtto:
    """Eur J Clin Pharmacol 2021;77:1181-1192, Table 3."""

    def test_volume_at_steady_state(self) -> None:
        values = values_of(load_model(OTTO))
        total = values["V1_i"] + values["Vp1"] + values["Vp2"]
        assert total == pytest.approx(419, abs=0.3)

    def test_clearance_by_weight(self) -> None:
        assert clearance_l_h(OTTO, S_KETAMINE) == pytest.approx(95.2, rel=1e-9)
        heavy = clearance_l_h(OTTO, S_KETAMINE, weight_kg=100)
        assert heavy == pytest.approx(95.2 * (100 / 70) ** 0.75, rel=1e-9)

    def test_norketamine_over_ketamine(self) -> None:
        found = auc(OTTO, "iv", S_NORKETAMINE) / auc(OTTO, "iv", S_KETAMINE)
        assert found == pytest.approx(1.65, abs=0.005)

    def test_variability_is_that_of_the_control_stream(self) -> None:
        blocks = {block.parameters: block.omega2 for block in load_model(OTTO).variability}
        assert blocks["V1", "CL"].tolist() == [[0.084177, 0.02261], [0.02261, 0.026048]]
        assert blocks["Vnk", "CLnk"].tolist() == [[0.040426, 0.04456], [0.04456, 0.10319]]


class TestSimons:
    """Front Pain Res 2022;3:946486, Table 4 and Methods."""

    def test_clearance(self) -> None:
        assert clearance_l_h(SIMONS, S_KETAMINE) == pytest.approx(1.48 * 60, rel=1e-9)

    def test_mucosal_bioavailability(self) -> None:
        found = bioavailability(SIMONS, "oral_film", S_KETAMINE)
        assert found == pytest.approx(0.263, rel=1e-9)

    def test_metabolites_over_ketamine(self) -> None:
        ketamine = auc(SIMONS, "iv", S_KETAMINE)
        nk = auc(SIMONS, "iv", S_NORKETAMINE) / ketamine
        assert nk == pytest.approx(0.8 * 1.48 / 1.0 * 223.70 / 237.73, rel=1e-9)
        hnk = auc(SIMONS, "iv", "s_hydroxynorketamine_ng_ml") / ketamine
        assert hnk == pytest.approx(0.8 * 0.7 * 1.48 / 0.933 * 239.70 / 237.73, rel=1e-9)


class TestAshraf:
    """CPT Pharmacometrics Syst Pharmacol 2018;7:687-697, Tables 1 and 2."""

    def test_derived_quantities(self) -> None:
        values = values_of(load_model(ASHRAF))
        assert values["QH"] == pytest.approx(90.75, abs=0.005)
        assert values["EH"] == pytest.approx(0.823, abs=5e-4)
        assert values["Fg"] == pytest.approx(0.736, abs=5e-4)
        assert clearance_l_h(ASHRAF, S_KETAMINE) == pytest.approx(74.7, abs=0.05)
        assert bioavailability(ASHRAF, "oral", S_KETAMINE) == pytest.approx(0.130, abs=5e-4)

    def test_without_cyp2b6(self) -> None:
        with_none = {"cyp2b6_activity": 0.0}
        assert values_of(load_model(ASHRAF), **with_none)["z"] == pytest.approx(0.37)
        oral = auc(ASHRAF, "oral", S_KETAMINE, **with_none) / auc(ASHRAF, "oral", S_KETAMINE)
        iv = auc(ASHRAF, "iv", S_KETAMINE, **with_none) / auc(ASHRAF, "iv", S_KETAMINE)
        # 1/0.37 = 2.70 by mouth whatever the flow: oral AUC is Fg over intrinsic clearance
        assert oral == pytest.approx(1 / 0.37, rel=1e-9)
        assert iv == pytest.approx(1.30, abs=0.01)

    def test_all_of_an_iv_dose_becomes_norketamine_but_for_first_pass(self) -> None:
        values = values_of(load_model(ASHRAF))
        cleared = values["QH"] * (1 - values["FhN"])
        found = auc(ASHRAF, "iv", S_NORKETAMINE)
        assert found == pytest.approx(1000 * values["FhN"] / cleared, rel=1e-9)


class TestRacemicComparators:
    def test_domino(self) -> None:
        values = values_of(load_model("domino_1982"))
        v1 = values["V1_i"]
        assert values["k10"] * v1 == pytest.approx(1.93, abs=0.005)
        assert v1 * values["k12"] / values["k21"] == pytest.approx(10.57, abs=0.005)
        assert v1 * values["k13"] / values["k31"] == pytest.approx(178.2, abs=0.05)

    def test_clements(self) -> None:
        assert clearance_l_h("clements_1981", KETAMINE) == pytest.approx(80.2, abs=0.05)
        model = load_model("clements_1981")
        slowest = -np.linalg.eigvals(matrix(model, values_of(model))).real.max()
        assert np.log(2) / slowest == pytest.approx(183, abs=0.5)


class TestComposite:
    def test_it_says_that_it_is_derived(self) -> None:
        model = load_model(COMPOSITE)
        assert model.drug == "racemic"
        assert {route.status for route in model.routes.values()} == {"derived", "extrapolated"}
        assert model.routes["sc"].status == "extrapolated"
        assert {"ka_im", "ka_sc", "F_sc", "ka_sl", "F_po", "f_CYP3A"} == set(model.assumed)

    def test_clearances_of_the_enantiomers(self) -> None:
        # Kamp 2020, three compartments: 84 L/h at 70 kg; Wang 2019: R 15.8, S 18.4 mL/min/kg
        s = clearance_l_h(COMPOSITE, S_KETAMINE, 0.5)
        r = clearance_l_h(COMPOSITE, "r_ketamine_ng_ml", 0.5)
        assert 2 / (1 / s + 1 / r) == pytest.approx(84, abs=0.05)
        assert r / s == pytest.approx(15.8 / 18.4, abs=5e-4)

    @pytest.mark.parametrize(
        ("route", "f"), [("im", 0.93), ("sc", 0.93), ("sublingual", 0.29), ("oral", 0.20)]
    )
    def test_bioavailability_of_the_racemate(self, route: str, f: float) -> None:
        assert bioavailability(COMPOSITE, route, KETAMINE) == pytest.approx(f, rel=1e-9)

    def test_r_is_absorbed_better_than_s_by_mouth(self) -> None:
        s = bioavailability(COMPOSITE, "oral", S_KETAMINE)
        r = bioavailability(COMPOSITE, "oral", "r_ketamine_ng_ml")
        assert s < 0.2 < r

    def test_first_pass_makes_norketamine(self) -> None:
        ratios = [
            auc(COMPOSITE, route, NORKETAMINE) / auc(COMPOSITE, route, KETAMINE)
            for route in ("iv", "sublingual", "oral")
        ]
        assert ratios == sorted(ratios)
        assert ratios[2] > 2 * ratios[0]

    def test_totals_are_sums_of_the_enantiomers(self) -> None:
        model = load_model(COMPOSITE)
        for total, parts in (
            (KETAMINE, (S_KETAMINE, "r_ketamine_ng_ml")),
            (NORKETAMINE, (S_NORKETAMINE, "r_norketamine_ng_ml")),
        ):
            terms = {c for part in parts for c in model.outputs[part].terms}
            assert set(model.outputs[total].terms) == terms

    def test_the_s_half_is_the_s_model(self) -> None:
        half, whole = values_of(load_model(COMPOSITE)), values_of(load_model(OTTO))
        for name in ("V1_i", "Vp1", "Q1", "Vp2", "Q2", "Vnk_i", "CLnk_i", "Vpnk", "Qnk"):
            assert half[name] == whole[name]


ACTIVITIES = {
    "cyp2b6_activity": 0.2,
    "cyp3a_liver_activity": 0.2,
    "hepatic_clint_factor": 0.4,
}


@pytest.mark.parametrize("covariate", sorted(ACTIVITIES))
@pytest.mark.parametrize(
    ("name", "oral", "output"),
    [
        (PEREZ_RUIXO, "oral", S_KETAMINE),
        (ASHRAF, "oral", S_KETAMINE),
        (COMPOSITE, "oral", KETAMINE),
    ],
)
def test_inhibition_moves_oral_more_than_iv(
    name: str, oral: str, output: str, covariate: str
) -> None:
    less = {covariate: ACTIVITIES[covariate]}
    by_mouth = auc(name, oral, output, **less) / auc(name, oral, output)
    by_vein = auc(name, "iv", output, **less) / auc(name, "iv", output)
    assert by_mouth > by_vein > 1


@pytest.mark.parametrize("name", [OTTO, COMPOSITE, SIMONS])
def test_default_activities_change_nothing(name: str) -> None:
    values = values_of(load_model(name))
    published = {OTTO: ("CL", "CL_i"), COMPOSITE: ("CL", "CL_s"), SIMONS: ("CLK1", "CLK1_i")}
    parameter, worked_out = published[name]
    assert values["z"] == 1
    assert values[worked_out] == values[parameter]


@pytest.mark.parametrize("name", [PEREZ_RUIXO, ASHRAF, COMPOSITE])
def test_the_gut_wall_moves_oral_only(name: str) -> None:
    output = KETAMINE if name == COMPOSITE else S_KETAMINE
    none = {"cyp3a_gut_activity": 0.0}
    assert auc(name, "oral", output, **none) > auc(name, "oral", output)
    assert auc(name, "iv", output, **none) == auc(name, "iv", output)


def test_interactions_name_covariates_that_exist() -> None:
    assert INTERACTIONS["format"] == "evenkeel-interactions/1"
    models = [load_model(name) for name in IDS]
    for drug in INTERACTIONS["drugs"]:
        assert drug["note"].strip()
        for name, entry in drug["covariates"].items():
            known = [m.covariates[name] for m in models if name in m.covariates]
            assert known, f"{drug['id']}: no model knows {name}"
            assert all(c.low <= entry["value"] <= c.high for c in known)
            assert entry["mark"] in ("measured", "derived", "assumed")
            low, high = entry["plausible"]
            assert low <= entry["value"] <= high
            assert entry["source"].strip()


def test_no_size_of_hepatic_impairment_is_preset() -> None:
    (entry,) = [d for d in INTERACTIONS["drugs"] if d["id"] == "hepatic_impairment"]
    assert entry["covariates"] == {}
    for name in IDS:
        covariate = load_model(name).covariates.get("hepatic_clint_factor")
        assert covariate is None or covariate.default == 1
