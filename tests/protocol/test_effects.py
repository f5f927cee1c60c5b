"""What each product and place comes to, condition by condition, as the labels and papers say."""

from __future__ import annotations

from typing import Any

import pytest

from evenkeel.protocol import PRODUCTS, screen_document

from .cases import good_case, with_condition, with_medicine

E, D, N, C = "eligible", "defer", "needs_specialist_review", "contraindicated"
NASAL, S_IV = "esketamine_nasal", "esketamine_iv"
ESKETAMINE = (NASAL, S_IV)
RACEMIC = tuple(product for product in PRODUCTS if product not in ESKETAMINE)
PLACES = ("US", "EU", "UK")

# Absolute for these products everywhere: the labels' and guidelines' exclusions, and for racemic
# ketamine the pressor contraindications by named policy.
ABSOLUTE = [
    "aneurysmal_vascular_disease",
    "arteriovenous_malformation",
    "history_intracerebral_haemorrhage",
    "bp_or_icp_rise_serious_risk",
    "active_psychosis",
    "current_mania",
    "poorly_controlled_cvd",
    "raised_icp",
    "intracranial_mass",
    "active_substance_use_disorder",
]
# Relative with a specialist's review, everywhere.
SPECIALIST = [
    "history_psychosis",
    "bipolar_history",
    "raised_iop",
    "history_substance_use_disorder",
    "untreated_hyperthyroidism",
    "pulmonary_insufficiency",
    "copd",
    "sleep_apnoea_with_obesity",
    "history_ischaemic_stroke",
    "imminent_suicide_risk",
    "cystitis_or_bladder_disease",
    "major_neurocognitive_disorder",
    "porphyria",
    "thyrotoxicosis",
    "seizure_disorder",
    "dissociative_disorder",
    "significant_arrhythmia",
    "serious_cardiac_disease",
    "prior_ketamine_misuse",
    "cardiovascular_condition",
]
WAITS = [
    "acute_intoxication",
    "acute_withdrawal",
    "concurrent_ketamine",
    "pregnancy",
    "breastfeeding",
]
WATCHED = ["hypertension", "history_hypertensive_encephalopathy"]
HARMLESS = ["asthma", "diabetes", "migraine", "hypothyroidism", "obesity", "ptsd"]


def disposition(product: str, place: str, change: dict[str, Any]) -> str:
    return str(screen_document({**good_case(product, place), **change})["disposition"])


@pytest.mark.parametrize(
    ("codes", "expected"),
    [(ABSOLUTE, C), (SPECIALIST, N), (WAITS, D), (WATCHED, E), (HARMLESS, E)],
    ids=["absolute", "specialist", "waits", "watched", "harmless"],
)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("product", PRODUCTS)
def test_each_condition_of_the_collected_rules(
    product: str, place: str, codes: list[str], expected: str
) -> None:
    found = {code: disposition(product, place, with_condition(code)) for code in codes}
    assert found == dict.fromkeys(codes, expected)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("product", PRODUCTS)
def test_a_recent_event_by_product_and_place(product: str, place: str) -> None:
    # EU label: six weeks, absolute. US: a wait and a cardiologist's view. Racemic: by policy.
    expected = N if product in ESKETAMINE and place == "US" else C
    for days in (0, 41, 42):
        assert (
            disposition(product, place, with_condition("heart attack", days_ago=days)) == expected
        )
    assert disposition(product, place, with_condition("recent_cv_event")) == expected
    for change in (
        with_condition("heart attack", days_ago=43),
        with_condition("heart attack", status="history", days_ago=4000),
        with_condition("recent_cv_event", days_ago=60),
        with_condition("heart attack", status="history"),
    ):
        assert disposition(product, place, change) == N


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"capacity": False}, C),
        ({"consent_signed": False}, D),
        ({"consent_signed": None}, D),
        ({"escort_arranged": False}, D),
        ({"capacity": None}, D),
        ({"age_years": 17}, N),
        ({"age_years": 17.9}, N),
        ({"age_years": 18}, E),
        ({"age_years": 65}, E),
        ({"pregnancy": "positive"}, D),
        ({"hcg_test": "positive"}, D),
        ({"pregnancy": "not_applicable", "hcg_test": "positive"}, D),
        ({"pregnancy": "positive", "hcg_test": "negative"}, D),
        ({"sex": "male", "pregnancy": "positive"}, D),
        ({"breastfeeding": True}, D),
        ({"child_pugh": "C"}, C),
        ({"child_pugh": "B"}, E),
        ({"child_pugh": "A", "liver_tests": "abnormal"}, E),
        ({"liver_tests": "abnormal"}, D),
        ({"allergies": ["ketamine"]}, C),
        ({"allergies": ["S-Ketamin"]}, C),
        ({"allergies": ["Spravato"]}, C),
        ({"allergies": ["penicillin"]}, E),
        ({"allergies": ["no known ketamine allergy"]}, E),
        (with_condition("allergy to ketamine"), C),
        ({"allergies_reviewed": None}, D),
        ({"conditions_reviewed": None}, D),
        ({"conditions_reviewed": False}, D),
        ({"medicines_reviewed": False}, D),
        ({"cssrs": {"q1": True, "q2": True, "q3": True, "q4": False, "q5": False, "q6": False}}, E),
        ({"cssrs": {"q4": True}}, N),
        ({"cssrs": {"q5": True}}, N),
        ({"cssrs": {"q6": True}}, N),
        ({"failed_adequate_trials": 1}, N),
        ({"failed_adequate_trials": 2}, E),
        ({"failed_adequate_trials": 1, "diagnoses": ["MDD with acute suicidality"]}, E),
        ({"diagnoses": ["melancholia gravis"]}, E),
        ({"diagnoses": ["melancholia gravis", "migraine"]}, E),
        ({"diagnoses": ["MDD with acute suicidality"]}, E),
        ({"diagnoses": ["MDD with acute suicidality"], "cssrs": None}, D),
        ({"renal_tests": "abnormal"}, N),
        ({"diagnoses": ["migraine"]}, N),
        ({"diagnoses": []}, N),
        (with_medicine("lorazepam", dose_mg_per_day=2), E),
        (with_medicine("lorazepam", dose_mg_per_day=2.1), N),
        (with_medicine("lorazepam"), E),
        (with_medicine("phenelzine"), E),
        (with_medicine("methylphenidate"), E),
        (with_medicine("oxycodone"), E),
        (with_medicine("ketamine lozenge"), D),
        ({"spo2_percent": 91}, D),
        ({"spo2_percent": 92}, E),
        ({"heart_rate_bpm": 39}, D),
        ({"heart_rate_bpm": 40}, E),
        ({"heart_rate_bpm": 120}, E),
        ({"heart_rate_bpm": 121}, D),
        ({"hours_since_food": 1.9}, D),
        ({"hours_since_food": 2, "minutes_since_fluids": 30}, E),
        ({"minutes_since_fluids": 29}, D),
        ({"session_number": 1, "scores": None}, D),
        ({"session_number": 2, "scores": None}, E),
        ({"scores": {"gad7": 12}}, D),
        ({"phq9_item9": 2}, E),
        ({"phq9_item9": 0, "cssrs": None}, E),
        ({"phq9_item9": 2, "cssrs": None}, D),
        ({"deceased": True}, C),
        (with_condition("psychosis", status="resolved", days_ago=900), N),
        (with_condition("mania", status="history"), N),
        (with_condition("glioma of the brain"), D),
        (with_condition("family history of schizophrenia"), E),
        (with_condition("no history of stroke"), E),
        (with_condition("blue moon fever"), E),
        (with_condition("hypertension and cerebral aneurysm"), C),
        (with_condition("cirrhosis"), E),
    ],
    ids=str,
)
@pytest.mark.parametrize("product", [NASAL, "racemic_iv"])
def test_facts_that_mean_the_same_for_both_drugs(
    product: str, change: dict[str, Any], expected: str
) -> None:
    assert disposition(product, "US", change) == expected


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([(140, 90, 5)], E),
        ([(141, 80, 5)], D),
        ([(120, 91, 5)], D),
        ([(120, 80, 60)], E),
        ([(120, 80, 61)], D),
        ([(120, 80, None)], D),
        ([(160, 95, 30), (132, 84, 5)], E),
        ([(132, 84, 30), (160, 95, 5)], D),
        # Taken in the same minute, or of unknown time: the worse one may be the latest.
        ([(132, 84, 5), (160, 95, 5)], D),
        ([(132, 84, 5), (160, 95, None)], D),
        ([(132, 84, 5), (130, 80, None)], E),
        ([(90, 60, 5)], E),
        ([(89, 60, 5)], D),
        ([(200, 125, 5)], D),
    ],
    ids=str,
)
def test_the_latest_reading_counts(
    readings: list[tuple[float, float, float | None]], expected: str
) -> None:
    stated = [{"sbp_mmhg": s, "dbp_mmhg": d, "minutes_ago": m} for s, d, m in readings]
    for product in (NASAL, "racemic_iv"):
        for ordered in (stated, stated[::-1]):
            assert disposition(product, "EU", {"blood_pressure": ordered}) == expected


@pytest.mark.parametrize(
    ("key", "fine", "beyond"),
    [
        ("alt_u_per_l", 135, 136),
        ("ast_u_per_l", 123, 124),
        ("ggt_u_per_l", 135, 136),
        ("alkaline_phosphatase_u_per_l", 345, 346),
        ("bilirubin_umol_per_l", 60, 61),
        ("albumin_g_per_l", 25, 24),
    ],
)
def test_liver_values_of_a_trial_of_racemic_ketamine(key: str, fine: float, beyond: float) -> None:
    assert disposition("racemic_iv", "US", {key: fine}) == E
    assert disposition("racemic_iv", "US", {key: beyond}) == N
    assert disposition(NASAL, "US", {key: beyond}) == E
    if key == "ggt_u_per_l":
        male = {"sex": "male"}
        assert disposition("racemic_iv", "US", {**male, key: 210}) == E
        assert disposition("racemic_iv", "US", {**male, key: 211}) == N


@pytest.mark.parametrize(("hours", "expected"), [(0.9, D), (1, E), (5, E), (None, E)])
def test_a_nasal_medicine_within_the_hour(hours: float | None, expected: str) -> None:
    change = with_medicine("oxymetazoline", last_taken_hours_ago=hours)
    assert disposition(NASAL, "US", change) == expected
    assert disposition("racemic_iv", "US", change) == E


@pytest.mark.parametrize(
    ("product", "hours", "expected"),
    [(NASAL, 47, D), (NASAL, 48, E), (NASAL, 49, E), ("racemic_iv", 23, D), ("racemic_iv", 24, E)],
)
def test_the_interval_to_the_session_before(product: str, hours: float, expected: str) -> None:
    change = {"session_number": 2, "hours_since_last_session": hours}
    assert disposition(product, "US", change) == expected


@pytest.mark.parametrize(
    ("session", "seen", "expected"), [(8, False, E), (9, False, N), (9, True, E), (9, None, E)]
)
def test_benefit_is_judged_after_induction(session: int, seen: bool | None, expected: str) -> None:
    change = {"session_number": session, "benefit_after_induction": seen}
    assert disposition(NASAL, "US", change) == expected


@pytest.mark.parametrize(
    ("missing", "by_needle", "otherwise"),
    [("ecg", D, E), ("renal_tests", D, E), ("liver_tests", D, D)],
)
def test_the_work_up_before_a_first_session_by_needle(
    missing: str, by_needle: str, otherwise: str
) -> None:
    # Without liver tests nobody knows the Child-Pugh class, whatever the product.
    for product, item in PRODUCTS.items():
        needle = item.route in ("intravenous", "intramuscular", "subcutaneous")
        for place in PLACES:
            expected = by_needle if needle else otherwise
            assert disposition(product, place, {missing: None}) == expected
            settled = {missing: None, "child_pugh": "A", "session_number": 2}
            assert disposition(product, place, settled) == E


def test_enrollment_is_asked_of_outpatients_in_the_us_only() -> None:
    for product in PRODUCTS:
        for place in PLACES:
            asked = product == NASAL and place == "US"
            for value in (False, None):
                assert disposition(product, place, {"rems_enrolled": value}) == (D if asked else E)
    assert disposition(NASAL, "US", {"rems_enrolled": None, "setting": "inpatient"}) == E
    assert disposition(NASAL, "US", {"rems_enrolled": False, "setting": "outpatient"}) == D
