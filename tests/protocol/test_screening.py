"""Properties that hold for every case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.protocol import (
    PRODUCTS,
    VOCABULARY,
    ConditionRecord,
    Fact,
    Facts,
    ProtocolError,
    default_protocol,
    load_protocol,
    protocol_names,
    screen,
    screen_document,
)
from evenkeel.protocol.vocabulary import CONDITION_KEYS

from .cases import good_case, with_condition, without

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
RANK = ["eligible", "defer", "needs_specialist_review", "contraindicated"]
BLANKABLE = sorted(set(good_case()) - {"format", "product", "jurisdiction", "conditions"})


def rank(case: dict[str, Any]) -> int:
    return RANK.index(str(screen_document(case)["disposition"]))


@given(st.sets(st.sampled_from(BLANKABLE)), st.sampled_from(BLANKABLE))
def test_forgetting_an_answer_that_was_fine_never_improves(blank: set[str], one: str) -> None:
    some = without(good_case("racemic_iv"), *blank)
    assert rank(without(some, one)) >= rank(some)


@pytest.mark.parametrize("product", ["esketamine_nasal", "racemic_iv"])
@pytest.mark.parametrize("key", CONDITION_KEYS)
def test_absent_is_no_worse_than_unknown_and_unknown_than_present(product: str, key: str) -> None:
    facts = Facts.from_document(good_case(product))
    ranks = [
        RANK.index(screen(facts.with_fact(fact), product=product).disposition)
        for fact in (
            Fact(key, "absent"),
            Fact(key, "unknown"),
            Fact(key, "known", ConditionRecord("active", 3)),
        )
    ]
    assert ranks == sorted(ranks)


# One change each that rules treatment out, whatever else is known.
RULED_OUT: list[dict[str, Any]] = [
    with_condition("brain aneurysm"),
    with_condition("history_intracerebral_haemorrhage"),
    with_condition("active_psychosis"),
    with_condition("current_mania"),
    with_condition("alcohol dependence"),
    with_condition("bp_or_icp_rise_serious_risk"),
    {"allergies": ["esketamine"]},
    {"child_pugh": "C"},
    {"capacity": False},
]
REQUIRED = {
    name: sorted({need.fact for need in load_protocol(name).required}) for name in protocol_names()
}


@given(
    st.sets(st.sampled_from(BLANKABLE)),
    st.sampled_from(RULED_OUT),
    st.sampled_from(sorted(PRODUCTS)),
    st.sampled_from(["US", "EU", "UK"]),
)
def test_a_contraindication_is_never_outweighed(
    blank: set[str], change: dict[str, Any], product: str, place: str
) -> None:
    some = {**without(good_case(product, place), *blank), **change}
    assert rank(some) == RANK.index("contraindicated")


@given(st.sampled_from(sorted(REQUIRED)), st.data())
def test_no_required_fact_that_is_unknown_is_eligible(name: str, data: st.DataObject) -> None:
    protocol = load_protocol(name)
    case = good_case(protocol.product, protocol.jurisdictions[0])
    key = data.draw(st.sampled_from(REQUIRED[name]))
    # What settles another fact is taken away with it.
    gone = {"pregnancy": ("pregnancy", "hcg_test")}.get(key, (key,))
    assert rank(without(case, *gone)) >= RANK.index("defer")


@given(
    st.sets(st.sampled_from(CONDITION_KEYS), max_size=4),
    st.sampled_from(CONDITION_KEYS),
    st.sampled_from(["active", "resolved", "history"]),
    st.sampled_from(sorted(PRODUCTS)),
)
def test_one_more_condition_never_improves(
    some: set[str], one: str, status: Any, product: str
) -> None:
    facts = Facts.from_document(good_case(product))
    for key in some - {one}:
        facts = facts.with_fact(Fact(key, "known", ConditionRecord("active")))
    more = facts.with_fact(Fact(one, "known", ConditionRecord(status)))
    before, after = (screen(item, product=product).disposition for item in (facts, more))
    assert RANK.index(after) >= RANK.index(before)


@given(st.sets(st.sampled_from(BLANKABLE)))
def test_the_same_case_gives_the_same_answer_whatever_its_order(blank: set[str]) -> None:
    case = without(good_case(), *blank)
    assert screen_document(case) == screen_document(dict(reversed(case.items())))


def test_an_empty_case_asks_and_is_not_eligible() -> None:
    result = screen(Facts([]), product="racemic_iv")
    assert result.disposition == "defer"
    asked = {key for item in result.findings for key in item.facts}
    assert {"age_years", "capacity", "hcg_test", "ecg", "psychosis"} <= asked
    assert "rems_enrolled" not in asked


def test_a_fact_that_is_out_of_date_counts_as_unknown() -> None:
    facts = Facts.from_document(good_case("racemic_iv"))
    dated = facts.with_fact(Fact("ecg", "known", "normal", NOW - timedelta(days=366), "letter"))
    assert screen(dated, product="racemic_iv").disposition == "eligible"
    result = screen(dated, product="racemic_iv", now=NOW)
    assert result.disposition == "defer"
    assert {item.id for item in result.findings} >= {"required.ecg", "stale.ecg"}


def test_bad_news_does_not_become_better_by_growing_old() -> None:
    facts = Facts.from_document(good_case("racemic_iv"))
    severe = facts.with_fact(Fact("child_pugh", "known", "C", NOW - timedelta(days=900)))
    result = screen(severe, product="racemic_iv", now=NOW)
    assert result.disposition == "contraindicated"


def test_before_the_day_nothing_of_the_day_is_asked() -> None:
    facts = Facts.from_document(
        without(good_case(), "blood_pressure", "escort_arranged", "consent_signed", "hcg_test")
    )
    assert screen(facts, product="esketamine_nasal").disposition == "defer"
    early = screen(facts, product="esketamine_nasal", stage="course")
    assert early.disposition == "eligible"


def test_a_list_known_to_be_empty_needs_no_review() -> None:
    case = {**good_case("racemic_iv"), "allergies": None, "allergies_reviewed": None}
    facts = Facts.from_document({**case, "medicines": None, "medicines_reviewed": None})
    assert screen(facts, product="racemic_iv").disposition == "defer"
    empty = facts.with_fact(Fact("allergies", "absent")).with_fact(Fact("medicines", "absent"))
    assert screen(empty, product="racemic_iv").disposition == "eligible"


def test_a_protocol_of_another_product_is_refused() -> None:
    with pytest.raises(ProtocolError):
        screen(Facts([]), product="racemic_iv", protocol=default_protocol("racemic_im"))
    with pytest.raises(ProtocolError):
        screen(Facts([]), product="racemic_iv", jurisdiction="Atlantis")


def test_findings_stand_worst_first_and_name_known_facts() -> None:
    case = {**good_case(), "age_years": 70, "capacity": False, "spo2_percent": 80}
    findings = screen(Facts.from_document(case), product="esketamine_nasal").findings
    effects = [item.effect for item in findings]
    assert effects[:3] == ["contraindicated", "defer", "inform"]
    assert set(effects[3:]) == {"inform"}
    for item in findings:
        assert item.statement
        assert item.explanation
        assert item.resolve
        assert item.source.title
        assert set(item.facts) <= set(VOCABULARY)
