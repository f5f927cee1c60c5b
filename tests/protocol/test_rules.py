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

CSSRS_NO = dict.fromkeys(("q1", "q2", "q3", "q4", "q5", "q6"), False)
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
    ("liver_disease", IV, "US", with_condition("cirrhosis"), I, None, ""),
    ("liver_tests_abnormal", IV, "US", {"liver_tests": "abnormal"}, I, None, ""),
    ("renal_tests_abnormal", IV, "US", {"renal_tests": "abnormal"}, N, ("renal_tests",), D),
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
    ("recent_cardiovascular_event", IV, "US", with_condition("stroke", days_ago=30), C, REV, D),
    ("recent_cardiovascular_event", IV, "EU", with_condition("recent_cv_event"), C, REV, D),
    ("recent_cardiovascular_event", S_IV, "US", with_condition("MI", days_ago=3), N, REV, I),
    (
        "serious_pressure_risk",
        NASAL,
        "US",
        with_condition("bp_or_icp_rise_serious_risk"),
        C,
        REV,
        D,
    ),
    ("serious_pressure_risk", IV, "UK", with_condition("bp_or_icp_rise_serious_risk"), C, REV, D),
    ("intracranial_history", IV, "US", with_condition("brain tumor", status="resolved"), N, REV, D),
    (
        "cardiovascular_history",
        IV,
        "US",
        with_condition("poorly_controlled_cvd", status="resolved"),
        N,
        REV,
        D,
    ),
    ("child_pugh_c", NASAL, "US", with_condition("severe hepatic impairment"), C, None, ""),
    ("child_pugh_b", NASAL, "US", with_condition("moderate hepatic impairment"), I, None, ""),
    ("suicide_risk", NASAL, "US", with_condition("imminent_suicide_risk"), N, ("cssrs",), I),
    ("suicidal_thoughts", IV, "US", {"cssrs": {**CSSRS_NO, "q2": True}}, I, ("cssrs",), I),
    ("suicide_screener_due", IV, "US", {"phq9_item9": 1, "cssrs": None}, D, None, ""),
    (
        "suicide_screener_due",
        NASAL,
        "EU",
        {"diagnoses": ["MDD with acute suicidality"], "cssrs": None},
        D,
        None,
        "",
    ),
    ("suicidal_thoughts", NASAL, "US", with_condition("suicidal ideation"), I, ("cssrs",), I),
    ("drug_screen", IV, "US", {"drug_screen": "positive"}, N, None, ""),
    ("contradictory_facts", IV, "US", {"hcg_test": "positive"}, D, None, ""),
    ("contradictory_facts", IV, "US", {**with_condition("pregnancy")}, D, None, ""),
    ("contradictory_facts", NASAL, "US", {"sex": "male", "breastfeeding": True}, D, None, ""),
    ("unread_alarming_conditions", IV, "US", with_condition("berry anurysm, clipped"), D, None, ""),
    ("liver_values", IV, "US", {"alt_u_per_l": 136}, N, None, ""),
    ("sleep_apnea_screen", IV, "US", {"stop_bang": 5}, I, ("stop_bang",), I),
    ("examination", IV, "EU", {"examination_done": False}, D, ("examination_done",), I),
    (
        "bladder_baseline",
        NASAL,
        "US",
        {"bladder_baseline_recorded": False},
        I,
        ("bladder_baseline_recorded",),
        I,
    ),
    (
        "compounded_warning",
        IV,
        "US",
        {"compounded_warning_acknowledged": False},
        D,
        ("compounded_warning_acknowledged",),
        I,
    ),
    ("prescription_monitoring", IV, "US", {"pdmp_checked": False}, D, ("pdmp_checked",), I),
    (
        "benefit_after_induction",
        NASAL,
        "US",
        {"session_number": 9, "benefit_after_induction": False},
        N,
        None,
        "",
    ),
    (
        "nasal_medicine_too_late",
        NASAL,
        "US",
        with_medicine("fluticasone nasal", last_taken_hours_ago=0.5),
        D,
        None,
        "",
    ),
    ("naltrexone", IV, "US", with_medicine("naltrexone"), I, MED, I),
    ("benzodiazepine_taper", IV, "US", with_medicine("lorazepam"), I, None, ""),
    (
        "blood_pressure_at_screening",
        IV,
        "US",
        {"blood_pressure": [{"sbp_mmhg": 151, "dbp_mmhg": 80, "minutes_ago": 3}]},
        D,
        ("blood_pressure",),
        D,
    ),
    (
        "low_pressure",
        NASAL,
        "US",
        {"blood_pressure": [{"sbp_mmhg": 89, "dbp_mmhg": 50, "minutes_ago": 3}]},
        D,
        ("blood_pressure",),
        D,
    ),
    ("heart_rate", IV, "US", {"heart_rate_bpm": 121}, D, ("heart_rate_bpm",), I),
    ("fasting", NASAL, "US", {"hours_since_food": 1.5}, D, ("hours_since_food",), I),
    ("fasting", NASAL, "US", {"minutes_since_fluids": 29}, D, ("minutes_since_fluids",), I),
    ("session_interval", IV, "US", {"hours_since_last_session": 23}, D, None, ""),
    ("unread_conditions", IV, "US", with_condition("blue moon fever"), I, None, ""),
    ("unread_medicines", IV, "US", with_medicine("moonflower extract"), I, None, ""),
    ("unread_allergies", IV, "US", {"allergies": ["latex", "moonflower"]}, I, None, ""),
    ("street_drug", IV, "US", with_medicine("heroin, street"), N, None, ""),
]
# Always said of an off-label product, never of the labeled one.
ALWAYS = {"off_label"}
# Rules that ask nothing by themselves, and why; their facts may be asked by another rule.
SILENT = {
    "off_label": "the product says it",
    "deceased": "nobody is asked whether they live",
    "child_pugh_b": "asked by child_pugh_c",
    "liver_disease": "the liver tests are asked for, and child_pugh_c asks for the class",
    "liver_tests_abnormal": "asked by child_pugh_c and the list of what is required",
    "benzodiazepine_load": "that the list may be incomplete is asked by benzodiazepine",
    "benzodiazepine_taper": "that the list may be incomplete is asked by benzodiazepine",
    "unread_conditions": "about names that stand there",
    "unread_alarming_conditions": "about names that stand there",
    "unread_medicines": "about names that stand there",
    "unread_allergies": "about names that stand there",
    "street_drug": "about names that stand there",
    "contradictory_facts": "about statements that stand there",
    "suicide_screener_due": "without it the suicide screener asks",
    "drug_screen": "only to be considered",
    "liver_values": "the liver tests are asked for, not their numbers",
    "benefit_after_induction": "asked only after induction",
    "nasal_medicine_too_late": "asked only of somebody who takes one",
    "session_interval": "asked only after a first session",
    # Each has a row in DORMANT where it speaks or asks.
    "substance_use_in_programme": "asked only where the protocol holds a program",
}
# Rules that ask only under some circumstance: the circumstance, and the fact then asked for.
DORMANT: list[tuple[str, str, Change, str]] = [
    ("benefit_after_induction", NASAL, {"session_number": 9}, "benefit_after_induction"),
    ("nasal_medicine_too_late", NASAL, with_medicine("fluticasone nasal"), "medicines"),
    ("session_interval", IV, {"session_number": 2}, "hours_since_last_session"),
    ("benzodiazepine_load", IV, with_medicine("lorazepam"), "medicines"),
]


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


def test_every_rule_fires_stays_quiet_and_asks_in_some_row() -> None:
    fires = {row[0] for row in ROWS} | ALWAYS | {"substance_use_in_programme"}
    assert fires == set(RULES)
    asks = {row[0] for row in ROWS if row[5] is not None}
    assert set(RULES) - asks == set(SILENT) - asks
    assert set(SILENT) & {row[0] for row in ROWS if row[5] is not None} == set()


@pytest.mark.parametrize(("rule", "product", "change", "asked"), DORMANT)
def test_a_rule_that_sleeps_asks_when_its_time_comes(
    rule: str, product: str, change: Change, asked: str
) -> None:
    before = {key for item in findings(good_case(product)) for key in item["facts"]}
    found = findings({**good_case(product), **change})
    assert rule not in {item["id"] for item in found}
    asks = [item for item in found if item["id"] == f"ask.{asked}"]
    assert [item["effect"] for item in asks] == [I]
    assert asked not in before


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("place", ["US", "EU", "UK"])
@pytest.mark.parametrize("session", [1, 2, 12])
def test_nothing_wrong_is_eligible_for_every_product(
    product: str, place: str, session: int
) -> None:
    case = {**good_case(product, place), "session_number": session}
    if session > 1:
        # What is asked once: a baseline score, and the tests before the first session.
        case = without(case, "scores", "ecg", "renal_tests")
    result = screen_document(case)
    assert result["disposition"] == "eligible"
    said = [item for item in findings(case) if not item["id"].startswith("ask.")]
    assert [item["id"] for item in said] == (["off_label"] if PRODUCTS[product].off_label else [])
    assert {item["effect"] for item in findings(case)} <= {I}


# What a reasonable person leaves out of a healthy case, for it does not apply or was never due.
@pytest.mark.parametrize(
    ("product", "place", "left_out", "change"),
    [
        (NASAL, "US", ("ecg", "renal_tests", "child_pugh"), {}),
        (NASAL, "EU", ("rems_enrolled", "ecg"), {}),
        (NASAL, "UK", ("rems_enrolled",), {"medicines": []}),
        (IV, "US", ("rems_enrolled", "child_pugh"), {}),
        (IV, "EU", ("breastfeeding",), {"cssrs": CSSRS_NO}),
        ("racemic_im", "US", ("hcg_test", "pregnancy", "breastfeeding"), {"sex": "male"}),
        ("racemic_sc", "UK", ("hcg_test", "breastfeeding"), {"pregnancy": "not_applicable"}),
        ("racemic_oral", "US", ("ecg", "renal_tests"), {"conditions": []}),
        ("racemic_sublingual", "EU", ("ecg", "renal_tests"), {"allergies": []}),
        (S_IV, "EU", ("heart_rate_bpm", "spo2_percent"), {"scores": {"madrs": 30}}),
        (S_IV, "US", ("cssrs",), {"liver_tests": "abnormal", "child_pugh": "A"}),
        (NASAL, "US", ("failed_adequate_trials",), {"diagnoses": ["depression"]}),
        (NASAL, "US", (), {"age_years": 64, "sex": "other"}),
        (NASAL, "US", ("rems_enrolled",), {"setting": "inpatient"}),
        (IV, "US", (), {"scores": {"hamd": 21}}),
    ],
)
def test_a_healthy_case_need_not_state_everything(
    product: str, place: str, left_out: tuple[str, ...], change: Change
) -> None:
    case = {**without(good_case(product, place), *left_out), **change}
    assert screen_document(case)["disposition"] == "eligible"


@pytest.mark.parametrize(
    ("age", "sbp", "place", "fires"),
    [
        (36, 140, "US", False),
        (36, 141, "US", True),
        (70, 145, "US", True),
        (65, 145, "EU", False),
        (70, 150, "EU", False),
        (70, 150, "UK", False),
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
