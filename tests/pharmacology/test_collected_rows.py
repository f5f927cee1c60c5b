"""Rows in the words of a collection: read by rules into recipes, or refused with the reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.pharmacology.validation.answers import answer
from evenkeel.pharmacology.validation.collected import read_collected
from evenkeel.pharmacology.validation.rows import Target, bundled, load_rows

ROW: dict[str, Any] = {
    "id": "Q1",
    "drug": "racemic ketamine",
    "analyte": "ketamine",
    "route": "IV infusion over 40 min",
    "dose": "0.5 mg/kg",
    "sampling": "plasma",
    "population": "healthy adults",
    "n": 8,
    "metrics": {"Cmax_ng_mL": 185},
    "kind": "observed",
    "suggested_acceptance": "within +/-30%",
    "note": "",
    "citation": "A trial",
    "url": "https://example.org/",
    "verification": "verified",
}
ESK = {"drug": "S-ketamine (esketamine)", "analyte": "esketamine"}
DEVICE = {**ESK, "route": "intranasal (Spravato device)"}


def collected(**changes: Any) -> tuple[Target, ...]:
    return read_collected([{**ROW, **changes}])


def only(**changes: Any) -> Target:
    (target,) = collected(**changes)
    return target


#: The same observation in words and as it is bundled: both must give the same prediction.
SAME: list[tuple[str, dict[str, Any]]] = [
    ("O1.cmax", {}),
    ("O1.cmax", {"route": "IV, 40-min infusion", "dose": "500 ug/kg"}),
    ("B3.tmax", {"route": "oral", "dose": "25 mg", "metrics": {"Tmax_min": "57.6 +/- 48"}}),
    ("B3.auc_per_mg", {"route": "oral", "dose": "25 mg",
                       "metrics": {"AUC0_8_per_mg_ng_h_mL": "3.1 ± 0.7"}}),
    ("C1.nk_k", {"analyte": "norketamine/ketamine", "route": "oral lozenge", "dose": "25 mg",
                 "metrics": {"NK_K_AUC0_8_ratio": 5}}),
    ("D1.f", {"route": "sublingual wafer", "dose": "25 mg (vs 10 mg IV over 30 min)",
              "metrics": {"F_percent_median_90CI": "29 (27-31)"}}),
    ("E2.s_nk_auc", {"analyte": "norketamine (each enantiomer)", "route": "oral tablets",
                     "dose": "50 mg", "metrics": {"AUC0_8_ng_h_mL": "about 500 per enantiomer"}}),
    ("F2.auc", {**ESK, "analyte": "S-norketamine", "route": "sublingual/buccal oral thin film",
                "dose": "50 mg film", "sampling": "arterial", "population": "healthy, 73 kg",
                "metrics": {"AUC0_6h_ng_min_mL": 38497}}),
    ("J1.cl", {"analyte": "S-ketamine", "route": "IV infusion", "dose": "5 mg racemate",
               "metrics": {"CL_mL_min": "1620 +/- 380"}}),
    ("J1.vss", {"analyte": "S-ketamine", "route": "IV infusion", "dose": "5 mg racemate",
                "metrics": {"Vss_L_kg": "6.6 +/- 2.2"}}),
    ("J3.s", {"analyte": "2,6-HNK/ketamine", "route": "IV infusion", "dose": "5 mg",
              "metrics": {"HNK_K_AUC_ratio_S": "1.7 +/- 0.8"}}),
    ("K3.cl", {"analyte": "R-ketamine", "route": "IV bolus (10 s)", "dose": "1 mg/kg racemate",
               "metrics": {"CL_mL_min_kg": "15.8 +/- 3.1"}}),
    ("L6.auc", {**ESK, "route": "oral + rifampicin 600 mg/d 6 d", "dose": "0.3 mg/kg",
                "metrics": {"AUC_change": "-86%"}}),
    ("M1.cmax", {"route": "IM", "metrics": {"highest_median_ng_mL": 147}}),
    ("N1.c5", {"route": "IV bolus", "dose": "2 mg/kg", "metrics": {"C5min_ng_mL": "1800-2000"}}),
    ("T1.f", {**ESK, "route": "oral vs IV", "dose": "0.25 mg/kg PO; 0.125 mg/kg IV",
              "metrics": {"F_percent": "8 (IIV 11%)"}}),
    ("H16.esk_cmax", {**DEVICE, "dose": "28 mg", "population": ">60 y (70) Japanese",
                      "metrics": {"esk_Cmax_ng_mL": 58.8}}),
    ("H03.noresk_cmax", {**DEVICE, "dose": "84 mg", "population": "18-60 y non-Asian",
                         "metrics": {"noresk_Cmax_ng_mL": 180.0}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "words"), SAME, ids=lambda v: v if isinstance(v, str) else "")
def test_words_give_what_the_recipe_gives(name: str, words: dict[str, Any]) -> None:
    encoded = next(t for t in bundled() if t.id == name)
    target = only(**words)
    assert not target.refused
    assert target.observed == pytest.approx(encoded.observed)
    assert target.model == encoded.model
    found, expected = answer(target), answer(encoded)
    assert found.predicted == pytest.approx(expected.predicted, rel=1e-9)


def test_what_was_taken_for_granted_stands_beside_what_was_given() -> None:
    target = only(route="IV", metrics={"AUC_ng_h_mL": 400})
    assert target.what.endswith("composite_racemic (nobody says how fast: read as an injection)")
    early = only(route="IV bolus", metrics={"C5min_ng_mL": 400})
    assert "the whole racemic dose read as S-ketamine" in early.note
    assert "middle of '0.4-0.6 mg/kg'" in only(dose="0.4-0.6 mg/kg").note


def test_apparent_clearance_is_that_of_the_route_and_systemic_that_by_vein() -> None:
    oral = {"route": "oral", "dose": "50 mg", "suggested_acceptance": None}
    apparent, systemic, share = (
        answer(only(**oral, metrics={name: 50})).predicted
        for name in ("CL_F_L_h", "CL_L_h", "F_fraction")
    )
    assert apparent is not None
    assert systemic is not None
    assert share is not None
    assert apparent == pytest.approx(systemic / share, rel=1e-6)
    species = only(metrics={"S_NK_Cmax_ng_mL": 40})
    assert species.how is not None
    assert species.how["output"] == "s_norketamine_ng_ml"


def test_levels_beside_times_are_one_target_each() -> None:
    targets = collected(metrics={"time_h": [0.5, 1, 2], "median_ng_mL": [130, 100, 60]})
    assert [t.observed for t in targets] == [130, 100, 60]
    assert [t.how and t.how["at_min"] for t in targets] == [30, 60, 120]


BANDS: list[tuple[Any, dict[str, Any], Sequence[tuple[float, float] | None]]] = [
    ("within +/-30%", {"Cmax_ng_mL": 100}, [(70, 130)]),
    ("within 2-fold", {"Cmax_ng_mL": 100}, [(50, 200)]),
    ("factor 2", {"Cmax_ng_mL": 100}, [(50, 200)]),
    ("100-250 ng/mL", {"Cmax_ng_mL": 185}, [(100, 250)]),
    ("inside the range", {"Cmax_ng_mL": "100-250"}, [(100, 250)]),
    ("Cmax within 2-fold; Tmax within 30 min", {"Cmax_ng_mL": 100, "Tmax_h": 1},
     [(50, 200), (0.5, 1.5)]),
    ("Cmax +/-20% and AUC +/-30%", {"Cmax_ng_mL": 100, "AUC_ng_h_mL": 100}, [(80, 120), (70, 130)]),
    ("typical value within +/-25% (Cmax, AUC); Tmax within 35 min",
     {"AUC_ng_h_mL": 100, "Tmax_min": 45}, [(75, 125), (10, 80)]),
    ("F 40-56%; CL 70-115 L/h", {"F_percent": 48, "CL_L_h": 89}, [(40, 56), (70, 115)]),
    ("check: AUC and Cmax within +/-3%; do NOT test AUC", {"AUC_ng_h_mL": 9}, [None]),
    ("direction and size", {"Cmax_ng_mL": 100}, [None]),
    (None, {"Cmax_ng_mL": 100}, [None]),
    # What does not hold the observed value is no band of it.
    ("100-250 ng/mL", {"Cmax_ng_mL": 50}, [None]),
]  # fmt: skip


@pytest.mark.parametrize(("said", "metrics", "bands"), BANDS)
def test_the_band_is_what_the_row_says(said: Any, metrics: dict[str, Any], bands: Any) -> None:
    route = {"route": "IV over 40 min"}
    targets = collected(suggested_acceptance=said, metrics=metrics, **route)
    for target, band in zip(targets, bands, strict=True):
        assert not target.refused
        assert target.band == (None if band is None else pytest.approx(band))
        assert target.role == ("informational" if band is None else "validation")


def test_output_of_a_published_model_is_no_observation() -> None:
    assert only(kind="model-based (published)").role == "implementation"
    assert only(suggested_acceptance="informational").role == "informational"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"drug": "midazolam"}, "not racemic ketamine or esketamine"),
    ({"drug": "R-ketamine"}, "R-ketamine alone"),
    ({"drug": None}, "the drug is ''"),
    ({"analyte": "dehydronorketamine"}, "dehydronorketamine"),
    ({"analyte": "S-ketamine and R-ketamine"}, "two substances"),
    ({"route": "rectal"}, "no model gives ketamine by"),
    ({"route": "oral or IM"}, "one route is needed"),
    ({"route": "intranasal", "dose": "50 mg"}, "no bundled model gives racemic ketamine by nasal"),
    ({**ESK, "route": "sublingual", "dose": "25 mg"}, "no bundled model gives esketamine"),
    ({"sampling": "arterial"}, "arterial blood"),
    ({"route": "IV infusion"}, "nobody says how long"),
    ({"route": "IV bolus then infusion for 2 h"}, "a bolus and an infusion"),
    ({"route": "IV infusion over 0 min"}, "no length"),
    ({"route": "oral, prolonged-release tablet"}, "released slowly"),
    ({"dose": "60/120/240 mg"}, "several doses"),
    ({"dose": "10 mg bid"}, "more than one dose"),
    ({"dose": "-0.5 mg/kg"}, "a dose of -0.5"),
    ({"dose": "30 g"}, "nobody gives that"),
    ({"dose": ""}, "route and dose must be said"),
    ({"dose": "1.1 mg/kg/h", "route": "IV infusion"}, "does not say for how long"),
    ({"population": "children 4-9 y"}, "for adults"),
    ({"metrics": {"AUC_change": "-14%"}}, "with what over without what"),
    ({"metrics": {"AUC_change": "+20%"}, "population": "renal impairment"}, "kidneys or liver"),
    ({"metrics": {"protein_binding_percent": 45}}, "no rule reads 'protein_binding_percent'"),
    ({"metrics": {"Cmax_ng_mL": float("nan")}}, "no finite number"),
    ({"metrics": {"Cmax_ng_mL": "not reported"}}, "is no number"),
    ({"metrics": {"Cmax_ng_mL": "<5"}}, "a limit and no value"),
    ({"metrics": {"Cmax_ng_mL": "273 (259-287); 260 later"}}, "more than one value"),
    ({"metrics": {"Cmax_ng_mL": -5}}, "above zero"),
    ({"metrics": {"Cmax_ng_mL": True}}, "is no number"),
    ({"metrics": []}, "metrics must be an object"),
    ({"metrics": {"noresk_CL_L_h": 38}, **ESK}, "clearance of a metabolite"),
]


@pytest.mark.parametrize(("changes", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_what_no_rule_reads_is_refused(changes: dict[str, Any], why: str) -> None:
    assert why in only(**changes).refused


def test_a_row_that_is_none_and_one_that_stands_twice_are_refused_alone() -> None:
    rows = [ROW, ROW, None, {"id": 7}, {"id": "Q2"}, {**ROW, "id": "Q3"}]
    refused = [target.refused for target in read_collected(rows)]
    assert refused[0] == refused[-1] == ""
    assert refused[1:-1] == [
        "id stands twice", "must be an object", "id must be text",
        "has neither metrics nor values",
    ]  # fmt: skip


ODD = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12)
    | st.sampled_from(["IV", "oral", "10 mg", "0.5 mg/kg/h x 2 h", "1 to 2", "±", "within 2-fold"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=4,
)  # fmt: skip
METRICS = st.dictionaries(
    st.sampled_from(["Cmax_ng_mL", "Tmax_h", "AUC0_24_ng_h_mL", "time_h", "at_min", "F_percent",
                     "NK_K_AUC_ratio", "AUC_change", "t_half_h", "median_ng_mL", "x"]) | st.text(),
    ODD, max_size=4,
)  # fmt: skip


@settings(max_examples=60)
@given(data=st.data())
def test_whatever_a_row_says_it_is_answered_or_refused(data: st.DataObject) -> None:
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(ROW)), ODD, max_size=3))
    if data.draw(st.booleans()):
        changes["metrics"] = data.draw(METRICS)
    for target in read_collected([{**ROW, **changes}]):
        found = answer(target)
        assert bool(target.refused) == (target.how is None)
        assert found.predicted is not None or found.why_not


EFFECT: dict[str, Any] = {
    "id": "W1",
    "domain": "antidepressant",
    "drug": "racemic ketamine",
    "route": "iv",
    "dose": "0.5 mg/kg/40 min vs midazolam 0.045",
    "population": "TRD n=47 vs 25",
    "endpoint": "MADRS change at 24 h",
    "values": [],
    "suggested_tolerance": "+-3 points each",
    "status": "verified",
    "url": "https://example.org/",
    "note": "",
}
SPRAY = {"drug": "esketamine", "route": "intranasal", "population": "TRD 18-64 y"}


def effects(value: Any, unit: str, name: str, **changes: Any) -> Target:
    values = [{"name": name, "value": value, "unit": unit}]
    (target,) = read_collected([{**EFFECT, "values": values, **changes}])
    return target


#: As SAME, of effects: value, unit and name, the row around it, and where it is bundled.
SAME_EFFECTS: list[tuple[str, tuple[Any, str, str], dict[str, Any]]] = [
    ("pd-v31.ketamine", (-16.5, "points", "ketamine"), {}),
    ("pd-v31.midazolam", (-8.8, "points", "midazolam"), {}),
    ("pd-v32.OR", (2.48, "ratio", "OR"), {"endpoint": "response at 24 h"}),
    ("pd-v35.h72", (54, "%", "h72"),
     {"dose": "0.5 mg/kg/40 min open label", "population": "TRD n=26",
      "endpoint": "response at 24 and 72 h"}),
    ("pd-v36-84.day8", (-15.3, "points", "day8"),
     {**SPRAY, "dose": "84 mg days 1 and 4", "population": "TRD n=12 (placebo 33)"}),
    ("pd-v15.SBP", (3.28, "mmHg", "SBP"),
     {"dose": "0.5 mg/kg/40 min", "endpoint": "largest MEAN change, at 30 min",
      "population": "mean age 56.7, 36.1% hypertensive"}),
    ("pd-v10.drug", ("61 to 84", "%", "drug"),
     {**SPRAY, "dose": "56-84 mg, 4 weeks", "endpoint": "ever with CADSS >4 and change >0"}),
    ("pd-v09.t_peak", (40, "min", "t_peak"),
     {**SPRAY, "dose": "56 or 84 mg", "population": "TRD", "endpoint": "CADSS time course"}),
    ("pd-v27.nausea", (28, "%", "nausea"),
     {**SPRAY, "dose": "56-84 mg + oral AD, 4 weeks", "endpoint": "incidence drug / placebo",
      "population": "TRD <65 y"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "number", "words"), SAME_EFFECTS, ids=[same[0] for same in SAME_EFFECTS]
)
def test_words_of_effects_give_what_the_recipe_gives(
    name: str, number: tuple[Any, str, str], words: dict[str, Any]
) -> None:
    encoded = next(t for t in bundled() if t.id == name)
    target = effects(*number, **words)
    assert target.refused == ""
    assert target.observed == pytest.approx(encoded.observed)
    assert target.model == encoded.model
    assert target.how is not None
    assert encoded.how is not None
    # Who is drawn, and when placebo was given, may be told in more detail.
    besides = {"people", "covariates", "sessions_at_min"}
    keys = (target.how.keys() | encoded.how.keys()) - besides
    assert {k: target.how.get(k) for k in keys} == {k: encoded.how.get(k) for k in keys}


def test_both_ends_of_a_range_are_one_number_with_a_band() -> None:
    ends = {"drug_low": 61, "drug_high": 84}
    values = [{"name": name, "value": value, "unit": "%"} for name, value in ends.items()]
    said = "population model 55-85%; placebo 3-18%"
    row = {**EFFECT, **SPRAY, "dose": "56-84 mg, 4 weeks", "endpoint": "ever with CADSS >4"}
    (target,) = read_collected([{**row, "values": values, "suggested_tolerance": said}])
    assert (target.observed, target.band) == (72.5, (55, 85))


@pytest.mark.parametrize(
    ("number", "changes", "why"),
    [
        ((0.65, "d", "d_QIDS"), {"endpoint": "effect at end"}, "no rule reads 'd qids'"),
        (
            (-15, "points", "28mg"),
            {**SPRAY, "dose": "28/56/84 mg", "endpoint": "MADRS change day 28"},
            "how often",
        ),
        (
            (14, "%", "nausea"),
            {**SPRAY, "dose": "56-84 mg", "endpoint": "incidence"},
            "in how many sessions",
        ),
        ((-6, "points", "effect_day1_3"), {"endpoint": "MADRS mean"}, "several days"),
        ((-6, "points", "ketamine"), {"endpoint": "MADRS change"}, "when it was read"),
        (([1, 2], "points", "ketamine"), {}, "is no number"),
        ((-16, "points", "ketamine"), {"dose": "0.1/0.2/0.5 mg/kg"}, "several doses"),
        ((-16, "points", "ketamine"), {"drug": "racemic and esketamine"}, "two products"),
    ],
)
def test_effects_that_no_rule_reads_are_refused(
    number: tuple[Any, str, str], changes: dict[str, Any], why: str
) -> None:
    assert why in effects(*number, **changes).refused


@settings(max_examples=40)
@given(data=st.data())
def test_whatever_a_row_of_effects_says_it_is_read_or_refused(data: st.DataObject) -> None:
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(EFFECT)), ODD, max_size=3))
    one = {"name": "SBP", "value": 13, "unit": "mmHg", "endpoint": "maximum rise"}
    values = [one | data.draw(st.dictionaries(st.sampled_from(sorted(one)), ODD, max_size=2))]
    changes["values"] = data.draw(st.just(values) | ODD)
    for target in read_collected([{**EFFECT, **changes}]):
        assert bool(target.refused) == (target.how is None)


def test_a_table_of_rows_is_told_by_its_rows(tmp_path: Path) -> None:
    own = tmp_path / "kept.json"
    for document in ({"meta": {}, "rows": [ROW]}, [ROW]):
        own.write_text(json.dumps(document))
        assert [t.id for t in load_rows(own)] == ["Q1.Cmax_ng_mL"]
