"""A program that treats addiction: what it lowers, and what it never may."""

from __future__ import annotations

from typing import Any

import pytest

from evenkeel.protocol import (
    Fact,
    Facts,
    Protocol,
    ProtocolError,
    default_protocol,
    parse_protocol,
    screen,
)
from evenkeel.protocol.substances import ANY_SUBSTANCE, NEVER_TREATABLE, TREATABLE
from evenkeel.protocol.values import ConditionRecord

from .cases import good_case

POLICY = {"mark": "clinic policy", "source": "clinic", "note": "the director's own program"}
CODES = [*TREATABLE.values(), *NEVER_TREATABLE.values()]


def own(**program: Any) -> dict[str, Any]:
    return {
        "format": "evenkeel-protocol/1",
        "extends": "us-racemic-iv",
        "name": "sample-addiction-iv",
        "title": "Sample clinic, ketamine IV for people with addiction",
        "version": "1.0",
        "addiction_programme": {"name": "Sample recovery program", **POLICY, **program},
    }


def judged(code: str, protocol: Protocol, status: Any = "active") -> tuple[str, set[str]]:
    facts = Facts.from_document(good_case("racemic_iv"))
    with_it = facts.with_fact(Fact(code, "known", ConditionRecord(status)))
    found = screen(with_it, product="racemic_iv", protocol=protocol)
    return found.disposition, {item.id for item in found.findings}


@pytest.mark.parametrize("code", [ANY_SUBSTANCE, *CODES])
def test_without_a_program_active_misuse_rules_treatment_out(code: str) -> None:
    protocol = default_protocol("racemic_iv", "US")
    assert protocol.addiction_programme is None
    disposition, ids = judged(code, protocol)
    assert disposition == "contraindicated"
    assert "active_substance_use" in ids
    assert judged(code, protocol, "history")[0] == "needs_specialist_review"


@pytest.mark.parametrize("code", [ANY_SUBSTANCE, *CODES])
def test_a_program_lowers_what_it_names_and_nothing_else(code: str) -> None:
    protocol = parse_protocol(own(substances=["alcohol", "Cannabis", "cocaine"]))
    taken_in = code in {TREATABLE[name] for name in ("alcohol", "cannabis", "cocaine")}
    disposition, ids = judged(code, protocol)
    assert disposition == ("needs_specialist_review" if taken_in else "contraindicated")
    assert ("substance_use_in_programme" in ids) is taken_in


def test_the_finding_names_the_program_and_its_source() -> None:
    protocol = parse_protocol(own(substances=["alcohol"]))
    facts = Facts.from_document(good_case("racemic_iv")).with_fact(
        Fact("alcohol_use_disorder", "known", ConditionRecord("active"))
    )
    found = screen(facts, product="racemic_iv", protocol=protocol).findings[0]
    assert "Sample recovery program" in found.explanation
    assert found.source.mark == "clinic policy"
    assert "director's own program" in found.source.note


def test_intoxicated_today_still_waits_in_a_program() -> None:
    protocol = parse_protocol(own(substances=["alcohol"]))
    assert judged("acute_intoxication", protocol)[0] == "defer"
    assert judged("acute_withdrawal", protocol)[0] == "defer"


def test_an_unknown_list_blocks_in_a_program_too() -> None:
    protocol = parse_protocol(own(substances=["alcohol"]))
    facts = Facts.from_document({**good_case("racemic_iv"), "conditions_reviewed": None})
    found = screen(facts, product="racemic_iv", protocol=protocol)
    by_id = {item.id: item for item in found.findings}
    unknown = by_id["active_substance_use.unknown"].facts
    assert unknown == tuple(c for c in (ANY_SUBSTANCE, *CODES) if c != "alcohol_use_disorder")
    assert by_id["ask.alcohol_use_disorder"].effect == "inform"


@pytest.mark.parametrize(
    ("program", "named", "says"),
    [
        ({"substances": ["ketamine"]}, "substances", "in no program"),
        ({"substances": ["alcohol", "opioid"]}, "substances", "in no program"),
        ({"substances": ["Opioids"]}, "substances", "in no program"),
        ({"substances": ["PCP"]}, "substances", "in no program"),
        ({"substances": ["alcohol withdrawal"]}, "substances", "always waits"),
        ({"substances": ["acute_intoxication"]}, "substances", "always waits"),
        ({"substances": ["chocolate"]}, "substances", "chocolate must be one of"),
        ({"substances": [7]}, "substances", "must be one of"),
        ({"substances": []}, "substances", "must be a list"),
        ({"substances": "alcohol"}, "substances", "must be a list"),
        ({"substances": ["alcohol"], "name": " "}, "name", "must be a text"),
        ({"substances": ["alcohol"], "mark": "sourced"}, "", "needs an address"),
        ({"substances": ["alcohol"], "mark": "guessed"}, "", "mark must be"),
        ({"substances": ["alcohol"], "source": "hearsay"}, "hearsay", "not a listed source"),
    ],
    ids=str,
)
def test_a_program_that_may_not_be_is_refused(
    program: dict[str, Any], named: str, says: str
) -> None:
    with pytest.raises(ProtocolError, match=says) as caught:
        parse_protocol(own(**program))
    key = f"addiction_programme.{named}" if named in ("substances", "name") else named
    assert caught.value.key == (key or "addiction_programme")


def test_a_program_must_be_an_object() -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_protocol({**own(), "addiction_programme": ["alcohol"]})
    assert caught.value.key == "addiction_programme"
