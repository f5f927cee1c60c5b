"""Going home: every item must hold, and what is unknown does not hold."""

from __future__ import annotations

from typing import Any

import pytest

from evenkeel.protocol import PRODUCTS, FactsError, ProtocolError, discharge_document
from evenkeel.protocol.departure import DischargeFacts

from .cases import ready_to_leave, without


def outcome(document: dict[str, Any]) -> tuple[str, dict[str, str]]:
    result = discharge_document(document)
    findings = result["findings"]
    assert isinstance(findings, list)
    assert all(item["statement"] and item["source"]["title"] for item in findings)
    return str(result["disposition"]), {item["id"]: item["state"] for item in findings}


@pytest.mark.parametrize("product", PRODUCTS)
def test_everything_met_goes_home(product: str) -> None:
    assert outcome(ready_to_leave(product)) == ("discharge", {})


def pressure(sbp: float, dbp: float, minutes_ago: float | None = 3) -> dict[str, Any]:
    return {"blood_pressure": [{"sbp_mmhg": sbp, "dbp_mmhg": dbp, "minutes_ago": minutes_ago}]}


@pytest.mark.parametrize(
    ("change", "disposition", "item"),
    [
        ({"minutes_since_start": 119}, "hold", "minimum_time"),
        (pressure(141, 80), "hold", "blood_pressure"),
        (pressure(130, 92), "hold", "blood_pressure"),
        (pressure(85, 50), "hold", "blood_pressure"),
        (pressure(181, 80), "escalate", "blood_pressure"),
        (pressure(126, 79, 45), "hold", "blood_pressure"),
        (pressure(126, 79, None), "hold", "blood_pressure"),
        ({"heart_rate_bpm": 130}, "hold", "heart_rate"),
        ({"spo2_percent": 91}, "hold", "oxygen"),
        ({"spo2_percent": 88}, "escalate", "oxygen"),
        ({"respiratory_rate_per_min": 9}, "hold", "breathing"),
        ({"respiratory_rate_per_min": 6}, "escalate", "breathing"),
        ({"moaas": 4}, "hold", "sedation"),
        ({"moaas": 1}, "escalate", "sedation"),
        ({"aldrete": 7}, "hold", "aldrete"),
        ({"dissociation_resolved": False}, "hold", "dissociation"),
        ({"oriented": False}, "hold", "orientation"),
        ({"gait": "unsteady"}, "hold", "gait"),
        ({"symptoms": ["vomiting"]}, "hold", "symptoms"),
        ({"symptoms": ["tingling toes"]}, "hold", "symptoms"),
        ({"symptoms": ["chest_pain"]}, "escalate", "symptoms"),
        ({"cssrs_intent": True}, "escalate", "suicide_risk"),
        ({"escort_present": False}, "hold", "escort"),
        ({"instructions_given": False}, "hold", "instructions"),
        ({"plans_to_drive": True}, "hold", "driving"),
        ({"held_at_min": 130}, "hold", "after_hold"),
    ],
)
def test_one_thing_unmet(change: dict[str, Any], disposition: str, item: str) -> None:
    found, findings = outcome({**ready_to_leave(), **change})
    assert (found, list(findings)) == (disposition, [item])


@pytest.mark.parametrize(
    ("key", "item"),
    [
        ("minutes_since_start", "minimum_time"),
        ("blood_pressure", "blood_pressure"),
        ("heart_rate_bpm", "heart_rate"),
        ("spo2_percent", "oxygen"),
        ("respiratory_rate_per_min", "breathing"),
        ("moaas", "sedation"),
        ("aldrete", "aldrete"),
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
def test_one_thing_unknown_holds_and_is_named_missing(key: str, item: str) -> None:
    result = discharge_document(without(ready_to_leave(), key))
    assert (result["disposition"], result["missing"]) == ("hold", [item])


def test_time_alone_is_not_enough_and_a_held_back_person_is_looked_at_again() -> None:
    assert outcome({**ready_to_leave(), "held_at_min": 100})[0] == "discharge"
    late = {**ready_to_leave(), "minutes_since_start": 400, "held_at_min": 150, "moaas": 4}
    assert outcome(late)[0] == "escalate"


def test_driving_alone_without_escort_is_escalated() -> None:
    change = {"plans_to_drive": True, "escort_present": False}
    assert outcome({**ready_to_leave(), **change})[0] == "escalate"


def test_a_high_baseline_moves_the_limit_but_not_past_the_alarm() -> None:
    baseline = {"sbp_mmhg": 150, "dbp_mmhg": 92}
    case = {**ready_to_leave(), "baseline": baseline}
    assert outcome({**case, **pressure(158, 95)})[0] == "discharge"
    assert outcome({**case, **pressure(161, 95)})[0] == "hold"
    high = {**case, "baseline": {"sbp_mmhg": 178, "dbp_mmhg": 92}}
    assert outcome({**high, **pressure(182, 92)})[0] == "escalate"


def test_minimum_time_after_an_infusion_runs_from_its_end() -> None:
    case = ready_to_leave("racemic_iv")
    assert outcome({**case, "minutes_since_drug_end": 59})[1] == {"minimum_time": "unmet"}
    assert outcome({**without(case, "minutes_since_start")})[0] == "discharge"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"hat": 1}, "hat"),
        ({"gait": "dancing"}, "gait"),
        ({"moaas": 9}, "moaas"),
        ({"baseline": {"sbp": 1}}, "baseline.sbp"),
        ({"escort_present": "yes"}, "escort_present"),
        ({"product": None}, "product"),
    ],
)
def test_a_bad_entry_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(FactsError) as caught:
        discharge_document({**ready_to_leave(), **change})
    assert caught.value.key == named


def test_facts_of_another_product_are_refused() -> None:
    from evenkeel.protocol import default_protocol, discharge_check

    facts = DischargeFacts.from_document(ready_to_leave())
    with pytest.raises(ProtocolError):
        discharge_check(facts, default_protocol("racemic_iv"))
