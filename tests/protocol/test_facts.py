"""Facts: what is let in, what is refused by name, and what silence means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.protocol import (
    EFFECTS,
    GROUPS,
    VOCABULARY,
    BloodPressure,
    ConditionRecord,
    DischargeFacts,
    Fact,
    Facts,
    FactsError,
    default_protocol,
    discharge_check,
    protocol_names,
    screen,
)
from evenkeel.protocol.pack import load_protocol

from .cases import good_case, ready_to_leave

NOW = datetime(2026, 11, 23, tzinfo=UTC)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**400), max_value=10**400)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["stroke", "lorazepam", "positive", "normal", "active"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["code", "name", "status", "sbp_mmhg", "dbp_mmhg", "phq9", "q1"])
            | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_document_is_read_or_refused_by_the_rooms_own_error(document: object) -> None:
    for reader in (Facts.from_document, DischargeFacts.from_document):
        with pytest.raises(FactsError):
            reader(document)


@given(st.dictionaries(st.sampled_from(sorted(good_case())), json_values, max_size=6))
def test_hostile_values_under_known_keys_never_escape(change: dict[str, object]) -> None:
    try:
        facts = Facts.from_document({**good_case(), **change})
    except FactsError:
        return
    result = screen(facts, product="esketamine_nasal")
    assert result.disposition in ("eligible", *EFFECTS[1:])


@given(st.dictionaries(st.sampled_from(sorted(ready_to_leave())), json_values, max_size=6))
def test_hostile_discharge_values_never_escape(change: dict[str, object]) -> None:
    try:
        facts = DischargeFacts.from_document({**ready_to_leave(), **change})
    except FactsError:
        return
    if facts.product in (None, "esketamine_nasal"):
        result = discharge_check(facts, default_protocol("esketamine_nasal"))
        assert result.disposition in ("discharge", "hold", "escalate")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"shoe_size": 44}, "shoe_size"),
        ({"format": "evenkeel-facts/2"}, "format"),
        ({"product": "ketamine_tea"}, "product"),
        ({"age_years": "36"}, "age_years"),
        ({"age_years": True}, "age_years"),
        ({"age_years": float("nan")}, "age_years"),
        ({"age_years": 10**400}, "age_years"),
        ({"pregnancy": "maybe"}, "pregnancy"),
        ({"capacity": "yes"}, "capacity"),
        ({"scores": {"phq9": 28}}, "scores.phq9"),
        ({"scores": {"phq99": 3}}, "scores.phq99"),
        ({"cssrs": {"q7": True}}, "cssrs.q7"),
        ({"conditions": [{"code": "stroke", "when": 3}]}, "conditions.when"),
        ({"conditions": [{"status": "active"}]}, "conditions.code"),
        ({"conditions": [{"code": "stroke", "status": "gone"}]}, "conditions.status"),
        ({"medicines": [{"name": ""}]}, "medicines.name"),
        ({"blood_pressure": [{"sbp_mmhg": "120"}]}, "blood_pressure.sbp_mmhg"),
        ({"blood_pressure": [{"sbp_mmhg": 80, "dbp_mmhg": 120}]}, "blood_pressure"),
        ({"failed_adequate_trials": 1.5}, "failed_adequate_trials"),
        ({"aneurysmal_vascular_disease": True}, "aneurysmal_vascular_disease"),
    ],
)
def test_a_bad_entry_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(FactsError) as caught:
        Facts.from_document({**good_case(), **change})
    assert caught.value.key == named


def test_null_and_absent_mean_unknown_and_never_no() -> None:
    facts = Facts.from_document({"format": "evenkeel-facts/1", "breastfeeding": None})
    assert facts["breastfeeding"].state == "unknown"
    assert facts["capacity"].state == "unknown"
    assert facts["psychosis"].state == "unknown"


def test_a_reviewed_list_makes_the_rest_absent() -> None:
    facts = Facts.from_document(good_case())
    assert facts["psychosis"].state == "absent"
    found = Facts.from_document({**good_case(), "conditions": [{"code": "Psychosis"}]})
    assert found["psychosis"].value == (ConditionRecord("active", None),)


def test_the_clinics_own_facts_are_checked_too() -> None:
    assert Facts([Fact("capacity", "absent")])["capacity"].value is False
    assert Facts([Fact("psychosis", "known", False)])["psychosis"].state == "absent"
    assert Facts([Fact("medicines", "absent")])["medicines"].value == ()
    late, early = BloodPressure(120, 80, 2), BloodPressure(150, 90, 40)
    facts = Facts([Fact("blood_pressure", "known", [early, late])])
    assert facts["blood_pressure"].value == (late, early)
    for bad in (
        [Fact("shoe_size", "known", 44)],
        [Fact("ecg", "absent")],
        [Fact("ecg", "known", "odd")],
        [Fact("capacity", "known", True), Fact("capacity", "unknown")],
        [Fact("ecg", "known", "normal", datetime(2026, 1, 1))],
    ):
        with pytest.raises(FactsError):
            Facts(bad)
    with pytest.raises(KeyError):
        Facts([])["shoe_size"]


def test_facts_grow_old_by_the_vocabulary() -> None:
    facts = Facts(
        [
            Fact("ecg", "known", "normal", NOW - timedelta(days=366)),
            Fact("weight_kg", "known", 70, NOW - timedelta(days=29)),
            Fact("psychosis", "absent", None, NOW - timedelta(days=9999)),
        ]
    )
    assert [fact.key for fact in facts.out_of_date(NOW)] == ["ecg"]


def test_every_fact_has_a_label_and_a_group_and_stands_in_reading_order() -> None:
    groups = [spec.group for spec in VOCABULARY.values()]
    assert list(dict.fromkeys(groups)) == list(GROUPS)
    assert groups == sorted(groups, key=GROUPS.index)
    assert all(spec.label for spec in VOCABULARY.values())


def test_what_the_packs_require_is_said_in_the_vocabulary() -> None:
    for name in protocol_names():
        protocol = load_protocol(name)
        for need in protocol.required:
            if need.fact != "rems_enrolled" or "US" in protocol.jurisdictions:
                assert protocol.product in VOCABULARY[need.fact].needed_for, (name, need.fact)
