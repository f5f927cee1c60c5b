"""What a finding says: the fact, the number, what would settle it, and which facts it rests on."""

from __future__ import annotations

from typing import Any

import pytest

from evenkeel.protocol import PRODUCTS, Fact, Facts, default_protocol, screen_document
from evenkeel.protocol.registry import RULES, Case, Unknown
from evenkeel.protocol.vocabulary import CONDITION_KEYS

from .cases import good_case, with_condition, with_medicine, without

NASAL, IV = "esketamine_nasal", "racemic_iv"


def finding(product: str, change: dict[str, Any], name: str) -> dict[str, Any]:
    found = screen_document({**good_case(product), **change})["findings"]
    assert isinstance(found, list)
    return next(item for item in found if item["id"] == name)


def ids(product: str, change: dict[str, Any], *gone: str) -> set[str]:
    found = screen_document({**without(good_case(product), *gone), **change})["findings"]
    assert isinstance(found, list)
    return {item["id"] for item in found}


def reading(*pairs: tuple[float, float]) -> dict[str, Any]:
    return {"blood_pressure": [{"sbp_mmhg": s, "dbp_mmhg": d, "minutes_ago": 5} for s, d in pairs]}


@pytest.mark.parametrize(
    ("product", "change", "name", "says", "facts"),
    [
        (NASAL, {"age_years": 17}, "under_age", "Under 18 years", ["age_years"]),
        (NASAL, {"age_years": 70}, "older_adult", "65 years or older", ["age_years"]),
        (NASAL, reading((150, 80)), "blood_pressure_gate", "150/80", ["blood_pressure"]),
        # Both are too high: the one with the higher systolic value is told.
        (NASAL, reading((139, 95), (145, 80)), "blood_pressure_gate", "145/80", ["blood_pressure"]),
        # Only one is: it is told, though the other has the higher systolic value.
        (NASAL, reading((139, 95), (140, 80)), "blood_pressure_gate", "139/95", ["blood_pressure"]),
        # At the gate is not above it: the other reading is told.
        (NASAL, reading((139, 90), (138, 95)), "blood_pressure_gate", "138/95", ["blood_pressure"]),
        (IV, reading((149, 101)), "blood_pressure_at_screening", "149/101", ["blood_pressure"]),
        (IV, reading((160, 90)), "blood_pressure_at_screening", "150 systolic", ["blood_pressure"]),
        (IV, reading((85, 50)), "low_pressure", "85/50", ["blood_pressure"]),
        (IV, {"heart_rate_bpm": 130}, "heart_rate", "130 a minute", ["heart_rate_bpm"]),
        (IV, {"spo2_percent": 90}, "low_oxygen", "under 92 %", ["spo2_percent"]),
        (
            NASAL,
            {"hours_since_food": 1, "minutes_since_fluids": 45},
            "fasting",
            "food 1 hours ago",
            ["hours_since_food"],
        ),
        (
            NASAL,
            {"hours_since_food": 3, "minutes_since_fluids": 10},
            "fasting",
            "drink 10 minutes ago",
            ["minutes_since_fluids"],
        ),
        (
            NASAL,
            with_medicine("oxymetazoline", last_taken_hours_ago=0.5),
            "nasal_medicine_too_late",
            "less than 60 minutes ago",
            ["medicines"],
        ),
        (
            NASAL,
            with_medicine("oxymetazoline", last_taken_hours_ago=0.5),
            "nasal_medicine_too_late",
            "at least 60 minutes before",
            ["medicines"],
        ),
        (
            NASAL,
            with_medicine("oxymetazoline", last_taken_hours_ago=0.5),
            "nasal_medicine_too_late",
            "Wait until 60 minutes",
            ["medicines"],
        ),
        (
            IV,
            with_medicine("diazepam", dose_mg_per_day=30),
            "benzodiazepine_load",
            "worth 3 mg",
            ["medicines"],
        ),
        (
            IV,
            with_medicine("diazepam", dose_mg_per_day=30),
            "benzodiazepine",
            "diazepam 30 mg a day",
            ["medicines"],
        ),
        (IV, with_medicine("Ativan"), "benzodiazepine", "Ativan", ["medicines"]),
        (IV, {"stop_bang": 6}, "sleep_apnea_screen", "STOP-BANG 6", ["stop_bang"]),
        (IV, {"alt_u_per_l": 200}, "liver_values", "ALT 200 U/L, over 135", ["alt_u_per_l"]),
        (
            IV,
            {"albumin_g_per_l": 20, "ast_u_per_l": 30},
            "liver_values",
            "Albumin 20 g/L, under 25",
            ["albumin_g_per_l"],
        ),
        (
            IV,
            {"liver_tests": "abnormal", "child_pugh": "A"},
            "liver_tests_abnormal",
            "abnormal",
            ["liver_tests"],
        ),
        (
            IV,
            with_condition("heart attack", days_ago=10),
            "recent_cardiovascular_event",
            ", 10 days ago",
            ["cardiovascular_event"],
        ),
        (
            IV,
            with_condition("stroke", days_ago=10),
            "recent_cardiovascular_event",
            "Wait until 42 days",
            ["stroke"],
        ),
        (IV, with_condition("arrhythmia"), "cardiovascular_history", "Heart", ["arrhythmia"]),
        (
            IV,
            with_condition("substance abuse"),
            "active_substance_use",
            "Say which substance",
            ["substance_use_disorder"],
        ),
        (
            IV,
            with_condition("substance abuse", status="history"),
            "past_substance_use",
            "In the past: ",
            ["substance_use_disorder"],
        ),
        (IV, {"cssrs": {"q4": True, "q6": True}}, "suicide_risk", "yes to q4, q6", ["cssrs"]),
        (
            IV,
            with_condition("imminent suicide risk"),
            "suicide_risk",
            "Danger of suicide is noted",
            ["imminent_suicide_risk"],
        ),
        (IV, {"cssrs": {"q2": True}}, "suicidal_thoughts", "yes to q2", ["cssrs"]),
        (
            IV,
            {"cssrs": {"q1": True}, "phq9_item9": 3},
            "suicide_screener_due",
            "q2, q6",
            None,
        ),
        (NASAL, {"failed_adequate_trials": 0}, "failed_trials", "Fewer than 2", None),
        (
            NASAL,
            {"session_number": 9, "benefit_after_induction": False},
            "benefit_after_induction",
            "after 8 sessions",
            None,
        ),
        (
            IV,
            {"hours_since_last_session": 5},
            "session_interval",
            "5 hours since the last session",
            None,
        ),
        (IV, {"allergies": ["Ketalar", "latex"]}, "hypersensitivity", "Ketalar.", None),
        (IV, with_medicine("moonflower"), "unread_medicines", "moonflower", ["medicines"]),
        (IV, with_condition("moon fever"), "unread_conditions", ": moon fever", None),
        (
            IV,
            with_condition("cerebral aneurism"),
            "unread_alarming_conditions",
            "cerebral aneurism (cerebral aneurysm?)",
            None,
        ),
        (
            IV,
            with_condition("alcohol use disorder"),
            "active_substance_use",
            "Treat it first; then assess again.",
            ["alcohol_use_disorder"],
        ),
        (
            IV,
            {"conditions": [{"code": "alcohol use disorder"}, {"code": "substance abuse"}]},
            "active_substance_use",
            "Treat it first; then assess again.",
            ["substance_use_disorder", "alcohol_use_disorder"],
        ),
        (
            IV,
            with_condition("cocaine use disorder", status="history"),
            "past_substance_use",
            "In the past: ",
            ["cocaine_use_disorder"],
        ),
        (IV, with_condition("cirrhosis"), "liver_disease", "Child-Pugh class", None),
        (
            IV,
            {"sex": "male", "hcg_test": "positive", "pregnancy": None},
            "contradictory_facts",
            "the sex is male, but the pregnancy test is positive",
            ["sex", "hcg_test"],
        ),
        (
            IV,
            {"pregnancy": "not_applicable", "hcg_test": "positive"},
            "contradictory_facts",
            "pregnancy is not applicable, but the test is positive",
            ["pregnancy", "hcg_test"],
        ),
        (
            IV,
            {"pregnancy": "positive", "hcg_test": "negative"},
            "contradictory_facts",
            "pregnancy is positive, but the test is negative",
            ["pregnancy", "hcg_test"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_finding_names_the_fact_and_the_number(
    product: str, change: dict[str, Any], name: str, says: str, facts: list[str] | None
) -> None:
    found = finding(product, change, name)
    assert says in " ".join((found["statement"], found["explanation"], found["resolve"]))
    assert found["facts"] == (facts if facts is not None else list(RULES[name].reads))


@pytest.mark.parametrize(
    ("product", "change", "quiet"),
    [
        (IV, with_medicine("lorazepam", dose_mg_per_day=1), "benzodiazepine_load"),
        (IV, {"alt_u_per_l": 20, "albumin_g_per_l": 42, "ggt_u_per_l": 30}, "liver_values"),
        (IV, {**reading((155, 80)), "session_number": 2}, "blood_pressure_at_screening"),
        *(
            (product, with_medicine("oxymetazoline", last_taken_hours_ago=0.5), name)
            for product in PRODUCTS
            if product != NASAL
            for name in ("nasal_medicine", "nasal_medicine_too_late")
        ),
        (IV, {"session_number": None}, "ask.hours_since_last_session"),
        (IV, with_condition("recent_cv_event", status="history"), "recent_cardiovascular_event"),
        (IV, {"stop_bang": 4}, "sleep_apnea_screen"),
        (IV, {"session_number": 2, "hours_since_last_session": 30}, "ask.hours_since_last_session"),
        (NASAL, {"hours_since_food": 5, "minutes_since_fluids": 90}, "ask.hours_since_food"),
        (NASAL, {"sex": "male", "breastfeeding": None}, "ask.breastfeeding"),
        (NASAL, {"pregnancy": "not_applicable", "breastfeeding": None}, "ask.breastfeeding"),
        (IV, {"cssrs": {"q1": True, "q2": False, "q6": False}}, "ask.cssrs"),
        (IV, {"cssrs": {"q2": True, "q4": True}}, "suicidal_thoughts"),
        (IV, with_condition("nicotine dependence"), "unread_alarming_conditions"),
        (IV, with_condition("no history of aneurysms"), "unread_alarming_conditions"),
        (IV, with_condition("psychosis"), "history_of_psychosis"),
        (IV, with_condition("substance abuse"), "past_substance_use"),
        (IV, with_condition("brain tumor"), "intracranial_history"),
        (IV, with_medicine("lorazepam", dose_mg_per_day=2), "cns_depressant"),
        (NASAL, {"failed_adequate_trials": 2}, "failed_trials"),
        (NASAL, {"session_number": 8}, "ask.benefit_after_induction"),
        (IV, {"drug_screen": "negative"}, "drug_screen"),
        (IV, {"pregnancy": "positive", "hcg_test": "positive"}, "contradictory_facts"),
        (IV, {"pregnancy": None}, "required.pregnancy"),
        (IV, reading((150, 100)), "blood_pressure_at_screening"),
        (NASAL, with_medicine("oxymetazoline", last_taken_hours_ago=5), "ask.medicines"),
        (IV, {**with_condition("cirrhosis"), "child_pugh": "A"}, "liver_disease"),
        (IV, with_condition("cirrhosis", status="history"), "liver_disease"),
        (IV, {"phq9_item9": 0, "cssrs": None}, "suicide_screener_due"),
        (IV, with_condition("suicidal ideation"), "suicide_screener_due"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_fine_is_not_said(product: str, change: dict[str, Any], quiet: str) -> None:
    assert quiet not in ids(product, change)


@pytest.mark.parametrize(
    "name",
    [
        "Cerebral aneurysm (coiled 2015)",
        "heart of unclear state",
        "status after brain operation",
        "AVM, unclear",
        "pheochromocytoma (query)",
        "Marfan-like habit",
        "gambling and other use disorder of unclear kind",
        "acute-on-chronic liver failure, unclear",
        "aneurysmata",
        "psychosislike state",
    ],
)
def test_an_unread_name_that_looks_dangerous_waits_to_be_read(name: str) -> None:
    assert screen_document({**good_case(IV), **with_condition(name)})["disposition"] != "eligible"


@pytest.mark.parametrize(
    "name",
    [
        "heartburn at night",
        "strokes of luck",
        "moon fever",
        "no aneurysm seen",
        "denies psychosis of any kind",
        "family history of aneurysm",
        "caffeine dependence",
    ],
)
def test_an_unread_name_that_looks_harmless_is_only_to_be_read(name: str) -> None:
    assert screen_document({**good_case(IV), **with_condition(name)})["disposition"] == "eligible"


@pytest.mark.parametrize(
    ("product", "change", "said"),
    [
        (NASAL, {"sex": "other", "breastfeeding": None}, "ask.breastfeeding"),
        (IV, {"pregnancy": None, "hcg_test": None}, "required.pregnancy"),
        (IV, {"pregnancy": None, "hcg_test": None}, "required.hcg_test"),
        (NASAL, {"pregnancy": "positive", "breastfeeding": None}, "ask.breastfeeding"),
        (IV, {**reading((155, 80)), "session_number": None}, "blood_pressure_at_screening"),
        (IV, {**reading((155, 80)), "session_number": 1}, "blood_pressure_at_screening"),
        (IV, {"ggt_u_per_l": 150}, "liver_values"),
        (IV, {"ggt_u_per_l": 150, "sex": "other"}, "liver_values"),
        (IV, {"ggt_u_per_l": 150, "sex": None}, "liver_values"),
        (IV, with_condition("drug misusage"), "unread_alarming_conditions"),
        (IV, with_condition("schizofrenia, paranoid type"), "unread_alarming_conditions"),
        (IV, with_medicine("Zopiclone"), "cns_depressant"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_fine_is_said(product: str, change: dict[str, Any], said: str) -> None:
    assert said in ids(product, change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"diagnoses": ["melancholia gravis"]}, "Say whether this is a depression: melancholia"),
        ({"cssrs": {"q1": True, "q2": True, "q6": False}}, "q3, q4, q5"),
        ({"cssrs": {"q1": True, "q2": False}}, "Ask the screener: q6."),
        ({"cssrs": {"q2": False, "q6": False}}, "Ask the screener: q1."),
        (with_medicine("clonazepam"), "State the daily dose of clonazepam."),
        # One dose for two ingredients says the dose of neither.
        (with_medicine("lorazepam / diazepam", dose_mg_per_day=1), "State the daily dose of"),
    ],
    ids=str,
)
def test_a_question_names_what_is_missing(change: dict[str, Any], said: str) -> None:
    found = screen_document({**good_case(IV), **change})["findings"]
    assert isinstance(found, list)
    asked = [
        item for item in found if item["id"] in ("ask.cssrs", "ask.medicines", "ask.diagnoses")
    ]
    assert [said in item["resolve"] for item in asked] == [True]


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_asks_for_exactly_the_conditions_that_are_unknown(name: str) -> None:
    rule = RULES[name]
    conditions = [key for key in rule.reads if key in CONDITION_KEYS]
    unread = Facts.from_document({**good_case(IV), "conditions_reviewed": None})
    shipped = [default_protocol(product, "US") for product in (IV, NASAL)]
    protocol = next((held for held in shipped if name in held.rules), shipped[0])

    def asked(facts: Facts) -> set[str]:
        verdict = rule.judge(Case(facts, protocol))
        return set(verdict.facts) & set(CONDITION_KEYS) if isinstance(verdict, Unknown) else set()

    everything = asked(unread)
    assert everything <= set(conditions)
    if set(rule.reads) == set(conditions) and isinstance(
        rule.judge(Case(unread, protocol)), Unknown
    ):
        assert everything == set(conditions)
    for key in everything:
        assert asked(unread.with_fact(Fact(key, "absent"))) == everything - {key}
    all_absent = unread
    for key in conditions:
        all_absent = all_absent.with_fact(Fact(key, "absent"))
    assert asked(all_absent) == set()
