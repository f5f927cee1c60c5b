"""The case document: its schema, other ways of writing the same, and what is refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.protocol import VOCABULARY, Facts, FactsError, ProtocolError, screen_document
from evenkeel.protocol.casefile import schema
from evenkeel.protocol.document import KEYS
from evenkeel.protocol.pack import load_protocol, protocol_names
from evenkeel.protocol.situations import known_situations, recognize_situation
from evenkeel.protocol.vocabulary import CONDITION_KEYS, SCORE_ALIASES

from .cases import good_case, with_condition, without
from .test_facts import json_values

SCHEMA = schema("evenkeel-facts-1")
# The keys which case documents fixed from the first day; what protocols ship asks no other.
PAGE_KEYS = set(good_case()) - {"format", "jurisdiction", "product"}


def test_the_schema_describes_every_key_and_bounds_it_as_the_facts_do() -> None:
    properties = SCHEMA["properties"]
    assert set(properties) == set(KEYS)
    for key, entry in properties.items():
        assert entry["description"], key
        spec = VOCABULARY.get(key)
        if spec is None:
            continue
        if spec.type in ("number", "whole"):
            assert (entry["minimum"], entry["maximum"]) == (spec.low, spec.high), key
        if spec.type == "choice":
            assert entry["enum"] == [*spec.choices, None], key
    scores = properties["scores"]["properties"]
    assert set(scores) == {*VOCABULARY["scores"].choices, *SCORE_ALIASES}


def test_the_shipped_lists_require_only_keys_of_the_page() -> None:
    for name in protocol_names():
        assert {need.fact for need in load_protocol(name).required} <= PAGE_KEYS


@pytest.mark.parametrize("key", sorted(PAGE_KEYS - {"conditions"}))
def test_null_is_the_same_as_absent(key: str) -> None:
    assert screen_document({**good_case(), key: None}) == screen_document(without(good_case(), key))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"shoe_size": 44}, "shoe_size"),
        ({"format": "evenkeel-facts/2"}, "format"),
        ({"product": "ketamine_tea"}, "product"),
        ({"product": None}, "product"),
        ({"jurisdiction": None}, "jurisdiction"),
        ({"jurisdiction": 7}, "jurisdiction"),
        ({"age_years": "36"}, "age_years"),
        ({"age_years": -1}, "age_years"),
        ({"conditions": [{"code": "stroke"}, {"code": "stroke", "when": 3}]}, "conditions[1].when"),
        ({"conditions": [{"status": "active"}]}, "conditions[0].code"),
        ({"medicines": [{"name": " "}]}, "medicines[0].name"),
        ({"blood_pressure": [{"sbp_mmhg": "120"}]}, "blood_pressure[0].sbp_mmhg"),
        ({"blood_pressure": [{"sbp_mmhg": 80, "dbp_mmhg": 120}]}, "blood_pressure"),
        ({"cssrs": {"q7": True}}, "cssrs.q7"),
        ({"scores": {"phq9": 28}}, "scores.phq9"),
        ({"scores": {"hamd": 20, "ham_d": 21}}, "scores.ham_d"),
        ({"stop_bang": 9}, "stop_bang"),
        ({"setting": "home"}, "setting"),
        ({"session_number": 0}, "session_number"),
        ({"pregnancy": "maybe"}, "pregnancy"),
    ],
    ids=str,
)
def test_a_bad_entry_is_named_by_its_path(change: dict[str, Any], named: str) -> None:
    with pytest.raises(FactsError) as caught:
        screen_document({**good_case(), **change})
    assert caught.value.key == named


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("US", "us-racemic-iv"),
        ("usa", "us-racemic-iv"),
        ("United States", "us-racemic-iv"),
        ("EU", "eu-racemic-iv"),
        ("European Union", "eu-racemic-iv"),
        ("uk", "uk-racemic-iv"),
        ("GB", "uk-racemic-iv"),
        ("United Kingdom", "uk-racemic-iv"),
    ],
)
def test_a_jurisdiction_is_read_as_people_write_it(written: str, name: str) -> None:
    found = screen_document(good_case("racemic_iv", written))["protocol"]
    assert isinstance(found, dict)
    assert found["name"] == name


def test_another_jurisdiction_is_told_what_to_do() -> None:
    with pytest.raises(ProtocolError, match=r"only for EU, UK, US; .*--protocol") as caught:
        screen_document(good_case("racemic_iv", "Atlantis"))
    assert caught.value.key == "jurisdiction"


@pytest.mark.parametrize("alias", sorted(SCORE_ALIASES))
def test_a_score_goes_by_several_names(alias: str) -> None:
    facts = Facts.from_document({**good_case(), "scores": {alias: 12}})
    assert facts["scores"].value == {SCORE_ALIASES[alias]: 12.0}


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("bp_or_icp_rise_serious_risk", "serious_pressure_risk", None),
        ("Recent MI", "recent_cardiovascular_event", None),
        ("history of suicidal intent", "imminent_suicide_risk", "history"),
        ("current suicidal intent", "imminent_suicide_risk", None),
        ("Child-Pugh C", "severe_liver_disease", None),
        ("Pregnant", "pregnancy", None),
        ("breast-feeding", "breastfeeding", None),
    ],
)
def test_situations(name: str, code: str, status: str | None) -> None:
    assert recognize_situation(name) == (code, status)


@pytest.mark.parametrize("name", ["", "no suicidal intent", "family history of suicidal intent"])
def test_what_is_no_situation(name: str) -> None:
    assert recognize_situation(name) is None


def test_every_situation_is_a_fact_of_its_own_and_finds_itself() -> None:
    for item in known_situations().values():
        assert item.code in CONDITION_KEYS
        for name in (item.code, item.label, *item.names):
            assert recognize_situation(name) == (item.code, None)


@pytest.mark.parametrize(
    ("change", "pregnancy", "differ"),
    [
        ({"pregnancy": "negative", **with_condition("pregnancy")}, "positive", True),
        ({"pregnancy": "positive", **with_condition("pregnancy")}, "positive", False),
        ({"pregnancy": None, **with_condition("pregnant")}, "positive", False),
        (
            {"pregnancy": "negative", **with_condition("pregnancy", status="history")},
            "negative",
            False,
        ),
        ({"pregnancy": "negative", "diagnoses": ["MDD", "pregnancy"]}, "positive", True),
    ],
    ids=str,
)
def test_of_two_statements_the_worse_one_stands(
    change: dict[str, Any], pregnancy: str, differ: bool
) -> None:
    facts = Facts.from_document({**good_case(), **change})
    assert facts["pregnancy"].value == pregnancy
    assert (facts["contradictions"].state == "known") is differ
    if differ:
        found = screen_document({**good_case(), **change})["findings"]
        assert isinstance(found, list)
        said = next(item for item in found if item["id"] == "contradictory_facts")
        assert "pregnancy is negative" in said["statement"]


def test_an_allergy_among_the_conditions_is_an_allergy() -> None:
    case = {**good_case(), **with_condition("Hypersensitivity to esketamine")}
    assert Facts.from_document(case)["allergies"].value == (
        "Hypersensitivity to esketamine",
        "latex",
    )
    assert Facts.from_document({**case, "allergies": None})["allergies"].state == "known"


@given(st.dictionaries(st.sampled_from(sorted(KEYS)), json_values, max_size=6))
def test_whatever_stands_in_a_case_it_is_judged_or_refused(change: dict[str, object]) -> None:
    try:
        found = screen_document({**good_case(), **change})
    except (FactsError, ProtocolError):
        return
    assert found["disposition"] in (
        "eligible",
        "defer",
        "needs_specialist_review",
        "contraindicated",
    )
