"""Protocol files: what is shipped is whole, and a file that contradicts itself is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evenkeel.protocol import (
    PRODUCTS,
    ProtocolError,
    default_protocol,
    load_protocol,
    load_protocol_file,
    parse_protocol,
    protocol_names,
)
from evenkeel.protocol.sources import known_sources

POLICY = {"mark": "clinic policy", "source": "clinic"}


def own(**change: Any) -> dict[str, Any]:
    """Return a clinic's own protocol that extends the shipped one."""
    return {
        "format": "evenkeel-protocol/1",
        "extends": "us-racemic-iv",
        "name": "sample-clinic-iv",
        "title": "Sample clinic, ketamine IV",
        "version": "3.2",
        **change,
    }


def test_every_product_has_a_protocol_in_each_place() -> None:
    for product in PRODUCTS:
        for place in ("US", "EU", "UK"):
            protocol = default_protocol(product, place)
            assert (protocol.product, place in protocol.jurisdictions) == (product, True)
    assert len(protocol_names()) == 3 * len(PRODUCTS)


def test_every_number_is_marked_and_a_sourced_one_has_an_address() -> None:
    for name in protocol_names():
        for key, threshold in load_protocol(name).thresholds.items():
            assert threshold.source.mark in ("sourced", "clinic policy"), key
            if threshold.source.mark == "sourced":
                assert threshold.source.url.startswith("http"), key


def test_every_listed_source_is_used_or_cited_in_code() -> None:
    root = Path(__file__).parents[2] / "src" / "evenkeel" / "protocol"
    read = (*root.glob("packs/*.json"), *root.glob("lists/[!s]*.json"), *root.rglob("*.py"))
    text = "".join(file.read_text() for file in read)
    assert [key for key in known_sources() if f'"{key}"' not in text] == []


# Published figures, from the labels and papers the packs cite.
@pytest.mark.parametrize(
    ("name", "key", "value", "mark"),
    [
        ("us-esketamine-nasal", "dose.hard_max_mg", 84, "sourced"),
        ("us-esketamine-nasal", "dose.allowed_mg", (56, 84), "sourced"),
        ("us-esketamine-nasal", "dose.device_mg", 28, "sourced"),
        ("us-esketamine-nasal", "dose.device_gap_min", 5, "sourced"),
        ("us-esketamine-nasal", "discharge.min_since_start_min", 120, "sourced"),
        ("us-esketamine-nasal", "bp_gate.sbp_mmhg", 140, "sourced"),
        ("eu-esketamine-nasal", "screen.recent_event_days", 42, "sourced"),
        ("eu-esketamine-nasal", "bp_gate.older_sbp_mmhg", 150, "clinic policy"),
        ("us-racemic-iv", "bp_gate.sbp_mmhg", 140, "clinic policy"),
        ("us-racemic-iv", "dose.range_mg_per_kg", (0.1, 0.75), "sourced"),
        ("us-racemic-iv", "dose.usual_duration_min", 40, "sourced"),
        ("us-racemic-iv", "vitals.every_min", 10, "sourced"),
        ("us-racemic-iv", "alarm.sbp_hold_mmhg", 180, "clinic policy"),
        ("us-racemic-oral", "dose.range_mg", (25, 300), "sourced"),
        ("us-racemic-sc", "dose.range_mg_per_kg", (0.5, 0.9), "clinic policy"),
    ],
)
def test_published_numbers(name: str, key: str, value: object, mark: str) -> None:
    threshold = load_protocol(name).threshold(key)
    assert (threshold.value, threshold.source.mark) == (value, mark)


def test_a_clinic_may_change_one_number(tmp_path: Path) -> None:
    change = {"weight.max_age_days": {"value": 7, "unit": "days", **POLICY}}
    file = tmp_path / "own.json"
    file.write_text(json.dumps(own(thresholds=change)))
    protocol = load_protocol_file(file)
    assert protocol.number("weight.max_age_days") == 7
    assert protocol.version == "3.2"
    assert protocol.number("dose.usual_mg_per_kg") == 0.5


def threshold(key: str, value: object, unit: str, **more: object) -> dict[str, Any]:
    return own(thresholds={key: {"value": value, "unit": unit, **POLICY, **more}})


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ([], "protocol"),
        ({"format": "x"}, "format"),
        (own(extends="nothing"), "extends"),
        (own(product="tea"), "product"),
        (own(version=""), "version"),
        (own(jurisdictions="US"), "jurisdictions"),
        (own(thresholds={"alarm.hat_size": {}}), "alarm.hat_size"),
        (own(thresholds={"weight.low_kg": None}), "weight.low_kg"),
        (own(thresholds={"weight.low_kg": 30}), "weight.low_kg"),
        (threshold("weight.low_kg", 30, "lb"), "weight.low_kg"),
        (threshold("weight.low_kg", "30", "kg"), "weight.low_kg"),
        (threshold("weight.low_kg", 3000, "kg"), "weight.low_kg"),
        (threshold("weight.low_kg", [30], "kg"), "weight.low_kg"),
        (threshold("weight.low_kg", 30, "kg", mark="guessed"), "weight.low_kg"),
        (threshold("weight.low_kg", 30, "kg", mark="sourced"), "weight.low_kg"),
        (threshold("weight.low_kg", 30, "kg", source="hearsay"), "hearsay"),
        (threshold("dose.range_mg_per_kg", [0.75, 0.1], "mg/kg"), "dose.range_mg_per_kg"),
        (threshold("dose.range_mg_per_kg", [0.1, 5], "mg/kg"), "dose.range_mg_per_kg"),
        (threshold("alarm.sbp_hold_mmhg", 135, "mmHg"), "bp_gate.sbp_mmhg"),
        (threshold("alarm.moaas_emergency", 3, "level"), "alarm.moaas_emergency"),
        (own(rules={"full_moon": {}}), "full_moon"),
        (own(rules={"capacity": {"effect": "shout", **POLICY}}), "capacity"),
        (own(required_before_session={"shoe_size": {}}), "shoe_size"),
        (own(required_before_session={"ecg": {"when": "often"}}), "ecg"),
        (own(discharge_required=["hat"]), "discharge_required"),
    ],
)
def test_an_inconsistent_file_is_refused_by_name(raw: object, named: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(raw)
    assert caught.value.key == named


def test_a_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text("{" * 10)
    with pytest.raises(ProtocolError):
        load_protocol_file(file)
    with pytest.raises(ProtocolError):
        load_protocol("us-tea")
