"""Each rule fires, stays quiet and asks. Effects follow the published labels and guidelines."""

from __future__ import annotations

from typing import Any

import pytest

from evenkeel.protocol import PRODUCTS, default_protocol, screen_document
from evenkeel.protocol.registry import RULES

from .cases import good_case, with_condition, with_medicine, without

Change = dict[str, Any]
NASAL, IV, S_IV = "esketamine_nasal", "racemic_iv", "esketamine_iv"
C, N, D, I = "contraindicated", "needs_specialist_review", "defer", "inform"  # noqa: E741

REV, MED = ("conditions_reviewed",), ("medicines", "medicines_reviewed")

# rule, product, jurisdiction, change that fires it, effect, keys whose absence makes it unknown
# (None: silence is an answer for this rule), and the effect of what then asks about its facts.
ROWS: list[tuple[str, str, str, Change, str, tuple[str, ...] | None, str]] = [
    ("deceased", NASAL, "US", {"deceased": True}, C, None, ""),
    (
        "aneurysmal_vascular_disease",
        NASAL,
        "US",
        with_condition("abdominal aortic aneurysm"),
        C,
        REV,
        D,
    ),
    (
        "aneurysmal_vascular_disease",
        IV,
        "EU",
        with_condition("I71.4", status="history"),
        C,
        REV,
        D,
    ),
    (
        "arteriovenous_malformation",
        S_IV,
        "US",
        with_condition("AVM"),
        C,
        REV,
        D,
    ),
    (
        "intracerebral_hemorrhage",
        NASAL,
        "EU",
        with_condition("intracerebral_haemorrhage", status="resolved", days_ago=9000),
        C,
        REV,
        D,
    ),
    ("hypersensitivity", NASAL, "US", {"allergies": ["Ketamine"]}, C, ("allergies_reviewed",), D),
    (
        "hypersensitivity",
        IV,
        "US",
        {"allergies": ["benzethonium chloride"]},
        C,
        ("allergies_reviewed",),
        D,
    ),
    (
        "raised_intracranial_pressure",
        IV,
        "US",
        with_condition("raised_icp"),
        C,
        REV,
        D,
    ),
    (
        "raised_intracranial_pressure",
        NASAL,
        "EU",
        with_condition("brain tumour"),
        C,
        REV,
        D,
    ),
    ("child_pugh_c", NASAL, "US", {"child_pugh": "C"}, C, ("child_pugh", "liver_tests"), D),
    ("capacity", IV, "US", {"capacity": False}, C, ("capacity",), D),
    (
        "recent_cardiovascular_event",
        NASAL,
        "EU",
        with_condition("myocardial infarction", days_ago=42),
        C,
        REV,
        D,
    ),
    (
        "recent_cardiovascular_event",
        NASAL,
        "US",
        with_condition("heart attack", days_ago=10),
        N,
        REV,
        I,
    ),
    (
        "cardiovascular_history",
        IV,
        "US",
        with_condition("heart failure"),
        N,
        REV,
        I,
    ),
    (
        "poorly_controlled_cardiovascular_disease",
        IV,
        "US",
        with_condition("poorly_controlled_cvd"),
        C,
        REV,
        D,
    ),
    (
        "stroke_history",
        NASAL,
        "US",
        with_condition("ischaemic stroke", status="history", days_ago=400),
        N,
        REV,
        I,
    ),
    ("hypertension", NASAL, "US", with_condition("hypertension"), I, REV, I),
    (
        "hypertensive_encephalopathy",
        NASAL,
        "US",
        with_condition("history_hypertensive_encephalopathy"),
        I,
        REV,
        I,
    ),
    (
        "raised_intraocular_pressure",
        IV,
        "US",
        with_condition("glaucoma"),
        N,
        REV,
        I,
    ),
    ("seizure_disorder", IV, "US", with_condition("epilepsy"), N, REV, I),
    ("ecg_abnormal", IV, "US", {"ecg": "abnormal"}, N, ("ecg",), D),
    (
        "current_psychosis",
        IV,
        "US",
        with_condition("active_psychosis"),
        C,
        REV,
        D,
    ),
    (
        "current_psychosis",
        NASAL,
        "US",
        {"diagnoses": ["schizophrenia"]},
        C,
        REV,
        D,
    ),
    (
        "history_of_psychosis",
        NASAL,
        "US",
        with_condition("psychosis", status="history"),
        N,
        REV,
        D,
    ),
    ("current_mania", IV, "US", with_condition("current_mania"), C, REV, D),
    ("bipolar", NASAL, "US", with_condition("bipolar II disorder"), N, REV, I),
    (
        "active_substance_use",
        IV,
        "US",
        with_condition("alcohol use disorder"),
        C,
        REV,
        D,
    ),
    (
        "past_substance_use",
        NASAL,
        "US",
        with_condition("history_substance_use_disorder"),
        N,
        REV,
        D,
    ),
    (
        "ketamine_misuse",
        IV,
        "US",
        with_condition("prior_ketamine_misuse"),
        N,
        REV,
        I,
    ),
    (
        "concurrent_ketamine",
        IV,
        "US",
        with_medicine("ketamine troche"),
        D,
        REV,
        I,
    ),
    (
        "dissociative_disorder",
        IV,
        "US",
        with_condition("dissociative_disorder"),
        N,
        REV,
        I,
    ),
    (
        "neurocognitive_disorder",
        IV,
        "US",
        with_condition("dementia"),
        N,
        REV,
        I,
    ),
    (
        "suicide_risk",
        NASAL,
        "US",
        {"cssrs": {"q1": True, "q2": True, "q4": True}},
        N,
        ("cssrs",),
        I,
    ),
    ("under_age", NASAL, "US", {"age_years": 17}, N, ("age_years",), D),
    ("older_adult", NASAL, "US", {"age_years": 65}, I, ("age_years",), D),
    ("pregnancy", NASAL, "US", {"pregnancy": "positive"}, D, ("pregnancy", "hcg_test"), D),
    ("breastfeeding", NASAL, "US", {"breastfeeding": True}, D, ("breastfeeding",), I),
    ("child_pugh_b", NASAL, "US", {"child_pugh": "B"}, I, None, ""),
    ("hyperthyroidism", IV, "US", with_condition("thyrotoxicosis"), N, REV, I),
    ("lung_disease", IV, "US", with_condition("sleep apnoea"), N, REV, I),
    ("porphyria", IV, "US", with_condition("porphyria"), N, REV, I),
    ("bladder_disease", IV, "US", with_condition("cystitis"), N, REV, I),
    ("tests_abnormal", IV, "US", {"renal_tests": "abnormal"}, I, None, ""),
    ("indication", NASAL, "US", {"diagnoses": ["migraine"]}, N, ("diagnoses",), I),
    (
        "failed_trials",
        NASAL,
        "US",
        {"failed_adequate_trials": 1},
        N,
        ("failed_adequate_trials",),
        I,
    ),
    (
        "benzodiazepine",
        IV,
        "US",
        with_medicine("Ativan"),
        I,
        MED,
        I,
    ),
    (
        "benzodiazepine_load",
        IV,
        "US",
        with_medicine("diazepam", dose_mg_per_day=30),
        N,
        None,
        "",
    ),
    (
        "lamotrigine",
        IV,
        "US",
        with_medicine("Lamictal 100 mg"),
        I,
        MED,
        I,
    ),
    ("maoi", IV, "US", with_medicine("tranylcypromine"), I, MED, I),
    (
        "psychostimulant",
        IV,
        "US",
        with_medicine("Vyvanse"),
        I,
        MED,
        I,
    ),
    (
        "cns_depressant",
        IV,
        "US",
        with_medicine("oxycodone"),
        I,
        MED,
        I,
    ),
    (
        "enzyme_inhibitor",
        IV,
        "US",
        with_medicine("clarithromycin"),
        I,
        MED,
        I,
    ),
    (
        "enzyme_inducer",
        IV,
        "US",
        with_medicine("Tegretol"),
        I,
        MED,
        I,
    ),
    (
        "known_interaction",
        IV,
        "US",
        with_medicine("theophylline"),
        I,
        MED,
        I,
    ),
    (
        "weak_evidence_antipsychotic",
        IV,
        "US",
        with_medicine("clozapine"),
        I,
        MED,
        I,
    ),
    (
        "nasal_medicine",
        NASAL,
        "US",
        with_medicine("oxymetazoline"),
        I,
        MED,
        I,
    ),
    (
        "blood_pressure_gate",
        NASAL,
        "US",
        {"blood_pressure": [{"sbp_mmhg": 141, "dbp_mmhg": 80, "minutes_ago": 3}]},
        D,
        ("blood_pressure",),
        D,
    ),
    ("low_oxygen", NASAL, "US", {"spo2_percent": 91}, D, ("spo2_percent",), I),
    (
        "intoxication_or_withdrawal",
        IV,
        "US",
        with_condition("acute_intoxication"),
        D,
        REV,
        I,
    ),
    ("consent", IV, "US", {"consent_signed": False}, D, ("consent_signed",), D),
    ("escort", IV, "US", {"escort_arranged": False}, D, ("escort_arranged",), D),
    ("rems", NASAL, "US", {"rems_enrolled": False}, D, ("rems_enrolled",), D),
    ("unread_conditions", IV, "US", with_condition("blue moon fever"), I, None, ""),
    ("unread_medicines", IV, "US", with_medicine("moonflower extract"), I, None, ""),
]
# Always said of an off-label product, never of the labeled one.
ALWAYS = {"off_label"}


def effects(document: Change) -> dict[str, str]:
    """Return finding id -> effect."""
    found = screen_document(document)["findings"]
    assert isinstance(found, list)
    return {item["id"]: item["effect"] for item in found}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}-{row[2]}")
def test_a_rule_fires_stays_quiet_and_asks(
    row: tuple[str, str, str, Change, str, tuple[str, ...] | None, str],
) -> None:
    rule, product, place, change, effect, hidden, unknown = row
    good = good_case(product, place)
    assert rule not in effects(good)
    fired = {**good, **change}
    assert effects(fired)[rule] == effect
    if hidden is None:
        return
    asked = effects(without(good, *hidden))
    assert rule not in asked
    assert set(asked.values()) - {I} == ({D} if unknown == D else asked_elsewhere(hidden))
    reads = set(RULES[rule].reads)
    about = [item for item in findings(without(good, *hidden)) if reads & set(item["facts"])]
    assert unknown in {item["effect"] for item in about}


def asked_elsewhere(hidden: tuple[str, ...]) -> set[str]:
    """An unreviewed list always blocks by itself."""
    return {D} if hidden in (REV, MED) else set()


def findings(document: Change) -> list[dict[str, Any]]:
    found = screen_document(document)["findings"]
    assert isinstance(found, list)
    return found


def test_every_rule_has_a_row() -> None:
    assert {row[0] for row in ROWS} | ALWAYS == set(RULES)


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("place", ["US", "EU"])
def test_nothing_wrong_is_eligible_for_every_product(product: str, place: str) -> None:
    result = screen_document(good_case(product, place))
    assert result["disposition"] == "eligible"
    ids = {item["id"] for item in findings(good_case(product, place))}
    assert ids == ({"off_label"} if PRODUCTS[product].off_label else set())


@pytest.mark.parametrize(
    ("age", "sbp", "place", "fires"),
    [
        (36, 140, "US", False),
        (36, 141, "US", True),
        (70, 145, "US", True),
        (70, 150, "EU", False),
        (70, 151, "EU", True),
        (64, 141, "EU", True),
    ],
)
def test_the_pressure_gate_follows_age_and_place(
    age: int, sbp: int, place: str, fires: bool
) -> None:
    reading = [{"sbp_mmhg": sbp, "dbp_mmhg": 85, "minutes_ago": 4}]
    case = {**good_case(NASAL, place), "age_years": age, "blood_pressure": reading}
    assert ("blood_pressure_gate" in effects(case)) is fires


def test_a_repeat_measurement_settles_the_gate_and_an_old_one_does_not() -> None:
    high = {"sbp_mmhg": 160, "dbp_mmhg": 95, "minutes_ago": 20}
    calm = {"sbp_mmhg": 132, "dbp_mmhg": 84, "minutes_ago": 5}
    assert "blood_pressure_gate" not in effects({**good_case(), "blood_pressure": [high, calm]})
    old = effects({**good_case(), "blood_pressure": [{**calm, "minutes_ago": 300}]})
    assert old["required.blood_pressure"] == D
    undated = effects({**good_case(), "blood_pressure": [{"sbp_mmhg": 120, "dbp_mmhg": 80}]})
    assert undated["required.blood_pressure"] == D


@pytest.mark.parametrize(
    ("hidden", "change", "settled"),
    [
        (("child_pugh",), {"liver_tests": "normal"}, True),
        (("child_pugh",), {"liver_tests": "abnormal"}, False),
        (("hcg_test", "pregnancy", "breastfeeding"), {"sex": "male"}, True),
        (("hcg_test", "breastfeeding"), {"pregnancy": "not_applicable"}, True),
        (("hcg_test",), {}, False),
        ((), {"scores": {"madrs": 31}}, True),
        ((), {"scores": {"gad7": 12}}, False),
        (("scores",), {"session_number": 2}, True),
        (("scores",), {}, False),
        ((), {"medicines_reviewed": False}, False),
    ],
)
def test_one_fact_may_settle_another(
    hidden: tuple[str, ...], change: Change, settled: bool
) -> None:
    result = screen_document({**without(good_case(), *hidden), **change})
    assert result["disposition"] == ("eligible" if settled else "defer")


def test_label_rules_reach_racemic_only_as_clinic_policy() -> None:
    for rule in ("aneurysmal_vascular_disease", "intracerebral_hemorrhage", "child_pugh_c"):
        assert default_protocol(NASAL, "US").rules[rule].source.mark == "sourced"
        for product in PRODUCTS:
            if product != NASAL:
                entry = default_protocol(product, "US").rules[rule]
                assert entry.source.mark == "clinic policy"
                assert "clinic policy" in entry.source.note


def test_a_benzodiazepine_without_a_dose_is_asked_about() -> None:
    found = findings({**good_case(), **with_medicine("clonazepam")})
    assert any("daily dose of clonazepam" in item["resolve"] for item in found)


def test_what_is_not_recognized_is_named() -> None:
    found = findings({**good_case(), **with_medicine("moonflower extract")})
    assert any("moonflower extract" in item["statement"] for item in found)
