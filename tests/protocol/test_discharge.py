"""Going home: every item must hold, and what is unknown does not hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.protocol import (
    FactsError,
    ProtocolError,
    default_protocol,
    discharge_check,
    discharge_document,
    load_protocol,
    protocol_names,
)
from evenkeel.protocol.departure import DischargeFacts
from evenkeel.protocol.sources import read_json

from .cases import ready_to_leave, without

Change = dict[str, Any]


def outcome(document: Change) -> tuple[str, dict[str, str]]:
    result = discharge_document(document)
    findings = result["findings"]
    assert isinstance(findings, list)
    for item in findings:
        assert item["statement"]
        assert item["source"]["title"]
        assert item["source"]["mark"] in ("sourced", "clinic policy")
    return str(result["disposition"]), {item["id"]: item["state"] for item in findings}


def pressure(sbp: float, dbp: float, minutes_ago: float | None = 3) -> Change:
    return {"blood_pressure": [{"sbp_mmhg": sbp, "dbp_mmhg": dbp, "minutes_ago": minutes_ago}]}


def based(sbp: float, dbp: float, pulse: float = 66) -> Change:
    return {
        "baseline": {
            "sbp_mmhg": sbp,
            "dbp_mmhg": dbp,
            "heart_rate_bpm": pulse,
            "spo2_percent": 98,
        }
    }


HARMLESS: list[Change] = [
    {},
    {**based(128, 80), **pressure(134, 84)},
    {**based(128, 80), **pressure(140, 90)},
    {**based(135, 85), **pressure(104, 64)},
    {**based(145, 88), **pressure(146, 90)},
    {**based(110, 70), **pressure(124, 82)},
    {**based(110, 70), **pressure(90, 60, 30)},
    {"heart_rate_bpm": 50},
    {"heart_rate_bpm": 100},
    {**based(123, 77, pulse=95), "heart_rate_bpm": 115},
    {**based(123, 77, pulse=110), "heart_rate_bpm": 120},
    {**based(118, 72, pulse=44), "heart_rate_bpm": 46},
    {"spo2_percent": 95},
    {"spo2_percent": 92},
    {"respiratory_rate_per_min": 10},
    {"respiratory_rate_per_min": 24},
    {"aldrete": 9},
    {"aldrete": 8},
    {"aldrete": None},
    {"symptoms": ["nausea"]},
    {"symptoms": ["Mild nausea"]},
    {"symptoms": ["slight headache", "tired"]},
    {"symptoms": ["none"]},
    {"held_at_min": 100},
    {"minutes_since_reversal": 120},
    {"insists_on_leaving": True},
    {"blood_pressure": [{"sbp_mmhg": 150, "dbp_mmhg": 95, "minutes_ago": 40}]
     + pressure(126, 79)["blood_pressure"]},
    {"blood_pressure": [{"sbp_mmhg": 190, "dbp_mmhg": 95, "minutes_ago": 30.1}]
     + pressure(126, 79)["blood_pressure"]},
    {"insists_on_leaving": False},
]  # fmt: skip


@pytest.mark.parametrize("name", protocol_names())
def test_a_healthy_complete_person_goes_home_whatever_was_given(name: str) -> None:
    protocol = load_protocol(name)
    document = ready_to_leave(protocol.product, protocol.jurisdictions[0])
    assert outcome(document) == ("discharge", {})
    for change in HARMLESS:
        assert outcome({**document, **change}) == ("discharge", {}), change


@pytest.mark.parametrize(
    ("change", "disposition", "item"),
    [
        ({"minutes_since_start": 119.9}, "hold", "minimum_time"),
        (pressure(141, 80), "hold", "blood_pressure"),
        (pressure(130, 91), "hold", "blood_pressure"),
        ({**based(104, 62), **pressure(134, 80)}, "hold", "blood_pressure"),
        ({**based(118, 62), **pressure(128, 82)}, "hold", "blood_pressure"),
        (pressure(89, 50), "hold", "blood_pressure"),
        (pressure(80, 45), "hold", "blood_pressure"),
        (pressure(79, 45), "escalate", "blood_pressure"),
        (pressure(180, 120), "hold", "blood_pressure"),
        (pressure(181, 80), "escalate", "blood_pressure"),
        (pressure(150, 121), "escalate", "blood_pressure"),
        (pressure(126, 79, 31), "hold", "blood_pressure"),
        (pressure(126, 79, None), "hold", "blood_pressure"),
        ({"blood_pressure": []}, "hold", "blood_pressure"),
        ({"baseline": None}, "hold", "blood_pressure"),
        ({"heart_rate_bpm": 101}, "hold", "heart_rate"),
        ({"heart_rate_bpm": 49}, "hold", "heart_rate"),
        ({**based(123, 77, pulse=95), "heart_rate_bpm": 116}, "hold", "heart_rate"),
        ({**based(123, 77, pulse=110), "heart_rate_bpm": 121}, "hold", "heart_rate"),
        ({**based(123, 77, pulse=44), "heart_rate_bpm": 39}, "escalate", "heart_rate"),
        ({"heart_rate_bpm": 150}, "hold", "heart_rate"),
        ({"heart_rate_bpm": 40}, "hold", "heart_rate"),
        ({"heart_rate_bpm": 151}, "escalate", "heart_rate"),
        ({"heart_rate_bpm": 39}, "escalate", "heart_rate"),
        ({"spo2_percent": 91.9}, "hold", "oxygen"),
        ({"spo2_percent": 90}, "hold", "oxygen"),
        ({"spo2_percent": 89}, "escalate", "oxygen"),
        ({"respiratory_rate_per_min": 9}, "hold", "breathing"),
        ({"respiratory_rate_per_min": 8}, "hold", "breathing"),
        ({"respiratory_rate_per_min": 7}, "escalate", "breathing"),
        ({"respiratory_rate_per_min": 25}, "hold", "breathing"),
        ({"respiratory_rate_per_min": 30}, "escalate", "breathing"),
        ({"moaas": 4}, "hold", "sedation"),
        ({"moaas": 3}, "hold", "sedation"),
        ({"moaas": 2}, "escalate", "sedation"),
        ({"aldrete": 7}, "hold", "aldrete"),
        ({"dissociation_resolved": False}, "hold", "dissociation"),
        ({"oriented": False}, "hold", "orientation"),
        ({"gait": "unsteady"}, "hold", "gait"),
        ({"gait": "assisted"}, "hold", "gait"),
        ({"symptoms": ["vomiting"]}, "hold", "symptoms"),
        ({"symptoms": ["dizziness"]}, "hold", "symptoms"),
        ({"symptoms": ["severe nausea"]}, "hold", "symptoms"),
        ({"symptoms": ["tingling toes"]}, "hold", "symptoms"),
        ({"symptoms": ["confusion"]}, "hold", "symptoms"),
        ({"symptoms": ["chest_pain"]}, "escalate", "symptoms"),
        ({"symptoms": ["dyspnoea"]}, "escalate", "symptoms"),
        ({"symptoms": ["Short of breath", "shortness of breath"]}, "escalate", "symptoms"),
        ({"symptoms": ["a severe headache"]}, "escalate", "symptoms"),
        ({"symptoms": ["some chest pain since noon"]}, "escalate", "symptoms"),
        ({"symptoms": ["suicidal ideation"]}, "escalate", "symptoms"),
        ({"cssrs_intent": True}, "escalate", "suicide_risk"),
        ({"escort_present": False}, "hold", "escort"),
        ({"instructions_given": False}, "hold", "instructions"),
        ({"plans_to_drive": True}, "hold", "driving"),
        ({"plans_to_drive": True, "insists_on_leaving": False}, "hold", "driving"),
        ({"held_at_min": 126}, "hold", "after_hold"),
        ({"minutes_since_reversal": 119}, "hold", "after_reversal"),
    ],
)
def test_one_thing_unmet(change: Change, disposition: str, item: str) -> None:
    document = {**ready_to_leave(), "aldrete": 10, **change}
    found, findings = outcome(document)
    assert (found, list(findings)) == (disposition, [item])


@pytest.mark.parametrize("name", protocol_names())
@pytest.mark.parametrize(
    ("key", "item"),
    [
        ("blood_pressure", "blood_pressure"),
        ("baseline", "blood_pressure"),
        ("heart_rate_bpm", "heart_rate"),
        ("spo2_percent", "oxygen"),
        ("respiratory_rate_per_min", "breathing"),
        ("moaas", "sedation"),
        ("dissociation_resolved", "dissociation"),
        ("oriented", "orientation"),
        ("gait", "gait"),
        ("symptoms", "symptoms"),
        ("cssrs_intent", "suicide_risk"),
        ("escort_present", "escort"),
        ("instructions_given", "instructions"),
        ("plans_to_drive", "driving"),
    ],
)
def test_one_thing_unknown_holds_and_is_asked_for_by_its_key(
    name: str, key: str, item: str
) -> None:
    protocol = load_protocol(name)
    document = ready_to_leave(protocol.product, protocol.jurisdictions[0])
    for left_out in (without(document, key), {**document, key: None}):
        result = discharge_document(left_out)
        assert result["disposition"] == "hold"
        missing = result["missing"]
        assert isinstance(missing, list)
        assert len(missing) == 1
        assert key in missing[0]
        assert outcome(left_out)[1] == {item: "unknown"}


@pytest.mark.parametrize(
    ("product", "key", "short", "enough"),
    [
        ("esketamine_nasal", "minutes_since_start", 119, 120),
        ("racemic_iv", "minutes_since_drug_end", 59, 60),
        ("esketamine_iv", "minutes_since_drug_end", 59, 60),
        ("racemic_im", "minutes_since_drug_end", 89, 90),
        ("racemic_sc", "minutes_since_drug_end", 89, 90),
        ("racemic_oral", "minutes_since_drug_end", 119, 120),
        ("racemic_sublingual", "minutes_since_drug_end", 119, 120),
    ],
)
def test_the_minimum_time_of_each_product(
    product: str, key: str, short: float, enough: float
) -> None:
    case = {**ready_to_leave(product), "held_at_min": None}
    assert outcome({**case, key: enough})[0] == "discharge"
    assert outcome({**case, key: short}) == ("hold", {"minimum_time": "unmet"})
    assert outcome(without(case, key)) == ("hold", {"minimum_time": "unknown"})


def test_times_that_contradict_each_other_count_as_the_shorter() -> None:
    case = {**ready_to_leave("racemic_iv"), "minutes_since_start": 50}
    assert outcome(case) == ("hold", {"minimum_time": "unmet"})


@pytest.mark.parametrize(
    "change",
    [{"moaas": 4}, {"oriented": False}, {"dissociation_resolved": False}, {"gait": "unsteady"}],
)
def test_what_waiting_has_not_mended_goes_to_a_clinician(change: Change) -> None:
    case = {**ready_to_leave(), **change}
    assert outcome({**case, "minutes_since_start": 239})[0] == "hold"
    assert outcome({**case, "minutes_since_start": 240})[0] == "escalate"


def test_without_a_minimum_since_the_start_being_late_runs_from_the_end() -> None:
    case = {**without(ready_to_leave("racemic_iv"), "minutes_since_start"), "oriented": False}
    assert outcome({**case, "minutes_since_drug_end": 179})[0] == "hold"
    assert outcome({**case, "minutes_since_drug_end": 180})[0] == "escalate"


@pytest.mark.parametrize(
    ("change", "item", "says"),
    [
        ({"minutes_since_start": 97}, "minimum_time", "23 more minutes of the minimum time."),
        ({"minutes_since_reversal": 70}, "after_reversal", "50 more minutes after"),
        ({"held_at_min": 135}, "after_hold", "Held back less than 15 minutes ago"),
        ({"held_at_min": 20, "gait": "unsteady"}, "after_hold", "a clinician must look"),
        (pressure(126, 79, 45), "blood_pressure", "not known to be of the last 30 minutes"),
        ({"baseline": {}}, "blood_pressure", "no baseline to be held against"),
        (pressure(150, 79), "blood_pressure", "at most 140/90, and near the baseline"),
        ({"symptoms": ["nausea", "vomiting"]}, "symptoms", "Still present: vomiting."),
    ],
)
def test_a_finding_says_what_is_the_matter(change: Change, item: str, says: str) -> None:
    findings = discharge_document({**ready_to_leave(), **change})["findings"]
    assert isinstance(findings, list)
    assert says in next(one["statement"] for one in findings if one["id"] == item)


def test_what_the_label_asks_is_clinic_policy_for_other_products() -> None:
    for product, mark in (("esketamine_nasal", "sourced"), ("racemic_iv", "clinic policy")):
        case = {**ready_to_leave(product), "escort_present": False, "dissociation_resolved": False}
        findings = discharge_document(case)["findings"]
        assert isinstance(findings, list)
        assert [one["source"]["mark"] for one in findings] == [mark, mark]


def test_a_symptom_that_may_go_home_says_by_whose_list() -> None:
    case = DischargeFacts.from_document({**ready_to_leave(), "symptoms": ["nausea"]})
    found = discharge_check(case, default_protocol("esketamine_nasal")).items
    item = next(one for one in found if one.id == "symptoms")
    assert item.source.mark == "clinic policy"
    assert "nausea" in item.statement


def test_the_protocol_is_that_of_the_place() -> None:
    for place, name in (("EU", "eu-racemic-iv"), (None, "us-racemic-iv")):
        printed = discharge_document({**ready_to_leave("racemic_iv"), "jurisdiction": place})
        assert printed["protocol"] == {"name": name, "version": "1.0.0"}


def test_a_person_held_back_for_hours_and_still_not_ready_goes_to_a_clinician() -> None:
    case = {**ready_to_leave(), "minutes_since_start": 235, "escort_present": False}
    assert outcome({**case, "held_at_min": 116})[0] == "hold"
    assert outcome({**case, "held_at_min": 115})[0] == "escalate"
    assert outcome({**case, "held_at_min": 115, "escort_present": True})[0] == "discharge"
    unknown = {**without(case, "escort_present"), "held_at_min": 115}
    assert outcome(unknown)[0] == "escalate"


def test_one_who_insists_on_going_or_drives_alone_goes_to_a_clinician() -> None:
    assert outcome({**ready_to_leave(), "escort_present": False, "insists_on_leaving": True}) == (
        "escalate",
        {"escort": "unmet", "leaving_early": "unmet"},
    )
    drives = {**ready_to_leave(), "plans_to_drive": True}
    assert outcome({**drives, "escort_present": False})[0] == "escalate"
    assert outcome({**drives, "insists_on_leaving": True})[0] == "escalate"


def test_a_high_baseline_moves_the_limit_but_not_past_the_alarm() -> None:
    case = {**ready_to_leave(), **based(150, 92)}
    assert outcome({**case, **pressure(160, 95)})[0] == "discharge"
    assert outcome({**case, **pressure(161, 95)})[0] == "hold"
    high = {**case, **based(178, 92)}
    assert outcome({**high, **pressure(182, 92)})[0] == "escalate"


def test_one_good_pressure_after_a_very_high_one_is_no_trend() -> None:
    readings = pressure(128, 80, 2)["blood_pressure"] + pressure(190, 118, 20)["blood_pressure"]
    assert outcome({**ready_to_leave(), "blood_pressure": readings}) == (
        "hold",
        {"blood_pressure": "unmet"},
    )


def test_a_bad_pressure_of_unknown_time_may_be_the_latest() -> None:
    readings = pressure(128, 80, 2)["blood_pressure"] + pressure(158, 96, None)["blood_pressure"]
    assert outcome({**ready_to_leave(), "blood_pressure": readings}) == (
        "hold",
        {"blood_pressure": "unknown"},
    )


def test_a_score_nobody_added_up_stands_by_its_parts() -> None:
    case = {**ready_to_leave(), "aldrete": None}
    assert outcome(case)[0] == "discharge"
    assert outcome({**case, "gait": None}) == ("hold", {"aldrete": "unknown", "gait": "unknown"})
    assert outcome({**case, "moaas": 4})[1] == {"aldrete": "unmet", "sedation": "unmet"}


# Every value a fact may take, best first; what follows is worse or unknown.
WORSE: dict[str, list[Any]] = {
    "minutes_since_start": [140, 120, 119, 30, 0, None],
    "minutes_since_drug_end": [130, 120, 60, 59, 0, None],
    "blood_pressure": [
        pressure(126, 79)["blood_pressure"],
        pressure(140, 90)["blood_pressure"],
        pressure(141, 90)["blood_pressure"],
        pressure(186, 112)["blood_pressure"],
        pressure(126, 79, None)["blood_pressure"],
        [],
        None,
    ],
    "heart_rate_bpm": [72, 99, 110, 160, None],
    "spo2_percent": [98, 92, 91, 85, None],
    "respiratory_rate_per_min": [14, 10, 9, 6, None],
    "moaas": [5, 4, 2, 0, None],
    "aldrete": [10, 8, 7, 0],
    "dissociation_resolved": [True, False, None],
    "oriented": [True, False, None],
    "gait": ["independent", "unsteady", "assisted", None],
    "symptoms": [[], ["nausea"], ["vomiting"], ["chest pain"], None],
    "cssrs_intent": [False, True, None],
    "escort_present": [True, False, None],
    "instructions_given": [True, False, None],
    "plans_to_drive": [False, True, None],
    "held_at_min": [None, 60, 124, 130, 139],
    "minutes_since_reversal": [None, 130, 119, 0],
    "insists_on_leaving": [None, True],
    "baseline": [
        based(123, 77)["baseline"],
        {"sbp_mmhg": 95, "dbp_mmhg": 50, "heart_rate_bpm": 66, "spo2_percent": 98},
        {"sbp_mmhg": None, "dbp_mmhg": 77, "heart_rate_bpm": None, "spo2_percent": None},
        {},
        None,
    ],
}
_CASES = st.fixed_dictionaries({key: st.integers(0, len(v) - 1) for key, v in WORSE.items()})


@given(_CASES, st.sampled_from(sorted(WORSE)), st.sampled_from(protocol_names()), st.data())
def test_nothing_worse_or_unknown_turns_a_hold_into_a_discharge(
    ranks: dict[str, int], key: str, name: str, data: st.DataObject
) -> None:
    protocol = load_protocol(name)
    ranks = dict(ranks)
    if ranks[key] == len(WORSE[key]) - 1:
        ranks[key] = 0
    worse = data.draw(st.integers(ranks[key] + 1, len(WORSE[key]) - 1))
    base = ready_to_leave(protocol.product)

    def judged(at: dict[str, int]) -> str:
        case = {**base, **{name: WORSE[name][rank] for name, rank in at.items()}}
        return discharge_check(DischargeFacts.from_document(case), protocol).disposition

    if judged({**ranks, key: worse}) == "discharge":
        assert judged(ranks) == "discharge"


@given(st.sampled_from(sorted(WORSE)), st.data())
def test_one_fact_alone_decides_when_all_else_is_well(key: str, data: st.DataObject) -> None:
    # The walk above seldom meets a person all but ready; here everything else is in order.
    first = data.draw(st.integers(0, len(WORSE[key]) - 2))
    then = data.draw(st.integers(first + 1, len(WORSE[key]) - 1))

    def judged(rank: int) -> str:
        return str(discharge_document({**ready_to_leave(), key: WORSE[key][rank]})["disposition"])

    assert not (judged(then) == "discharge" and judged(first) != "discharge")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"hat": 1}, "hat"),
        ({"format": "evenkeel-discharge/2"}, "format"),
        ({"gait": "dancing"}, "gait"),
        ({"moaas": 9}, "moaas"),
        ({"baseline": {"sbp": 1}}, "baseline.sbp"),
        ({"blood_pressure": [{"sbp_mmhg": 80, "dbp_mmhg": 120}]}, "blood_pressure[0]"),
        ({"blood_pressure": [{"dbp_mmhg": "80"}]}, "blood_pressure[0].dbp_mmhg"),
        ({"symptoms": [" "]}, "symptoms[0]"),
        ({"symptoms": ["x" * 301]}, "symptoms[0]"),
        ({"symptoms": ["nausea"] * 1001}, "symptoms"),
        ({"spo2_percent": float("nan")}, "spo2_percent"),
        ({"escort_present": "yes"}, "escort_present"),
        ({"held_at_min": -1}, "held_at_min"),
        ({"product": None}, "product"),
    ],
)
def test_a_bad_entry_is_named(change: Change, named: str) -> None:
    with pytest.raises(FactsError) as caught:
        discharge_document({**ready_to_leave(), **change})
    assert caught.value.key == named


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*WORSE, "sbp_mmhg", "x"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_any_document_is_judged_or_refused(value: Any) -> None:
    for document in (value, {**ready_to_leave(), **value} if isinstance(value, dict) else value):
        try:
            printed = discharge_document(document)
        except FactsError:
            continue
        json.dumps(printed, allow_nan=False)


def test_a_protocol_given_by_hand_says_what_the_product_is() -> None:
    protocol = default_protocol("racemic_iv")
    case = without(ready_to_leave("racemic_iv"), "product", "jurisdiction")
    assert discharge_document(case, protocol)["disposition"] == "discharge"
    with pytest.raises(ProtocolError):
        discharge_document(ready_to_leave("racemic_im"), protocol)


def test_the_schema_knows_every_key_that_is_read_and_no_other() -> None:
    described = read_json("schemas", "evenkeel-discharge-1.json")["properties"]
    document = dict.fromkeys(described) | {"format": "evenkeel-discharge/1"}
    assert DischargeFacts.from_document(document) == DischargeFacts()
    fields = set(DischargeFacts.__slots__)
    assert {key for key in described if key not in ("format", "baseline")} == {
        name for name in fields if not name.startswith("baseline_")
    }
    assert {f"baseline_{key}" for key in described["baseline"]["properties"]} == {
        name for name in fields if name.startswith("baseline_")
    }
