"""Every collected rule stands once, and what is said to act on it exists."""

from __future__ import annotations

import json
from importlib import resources, util

import pytest

from evenkeel.protocol import load_protocol, protocol_names
from evenkeel.protocol.pack import DISCHARGE_ITEMS
from evenkeel.protocol.registry import RULES
from evenkeel.protocol.thresholds import NEEDS

COVERAGE = json.loads(
    resources.files("evenkeel.protocol").joinpath("rules", "coverage.json").read_text("utf-8")
)["rules"]
# How many rules each family holds, as they were collected.
COUNTS = {
    "ELG": 39,
    "INT": 14,
    "WRK": 10,
    "DOS": 13,
    "MON": 24,
    "DIS": 10,
    "KAP": 6,
    "REG": 14,
    "MBC": 4,
}
ALL = [load_protocol(name) for name in protocol_names()]


def exists(kind: str, name: str) -> bool:
    """Whether what a row names is there, and some shipped protocol holds it."""
    if kind == "rule":
        return name in RULES and any(name in protocol.rules for protocol in ALL)
    if kind == "threshold":
        return name in NEEDS and any(name in protocol.thresholds for protocol in ALL)
    if kind == "required":
        return any(name == need.fact for protocol in ALL for need in protocol.required)
    if kind == "discharge":
        return name in DISCHARGE_ITEMS
    assert kind == "module"
    return util.find_spec(name) is not None


def test_each_rule_stands_once_in_order() -> None:
    expected = [
        f"{family}-{n:03d}" for family, count in COUNTS.items() for n in range(1, count + 1)
    ]
    assert sorted(row["id"] for row in COVERAGE) == sorted(expected)
    assert sum(COUNTS.values()) == 134


@pytest.mark.parametrize("row", COVERAGE, ids=lambda row: row["id"])
def test_what_acts_exists_or_a_reason_stands(row: dict[str, object]) -> None:
    assert ("acts" in row) != ("reason" in row)
    assert row["statement"]
    assert row["source"]
    assert row["read"] in (True, False)
    if "reason" in row:
        assert len(str(row["reason"]).split()) > 5
        return
    acts = row["acts"]
    assert isinstance(acts, list)
    assert acts
    for act in acts:
        assert exists(*act.split(":", 1)), act


def test_every_rule_of_the_product_stands_behind_a_collected_one_or_says_why_not() -> None:
    acts = [act.split(":", 1) for row in COVERAGE for act in row.get("acts", [])]
    used = {name for kind, name in acts if kind == "rule"}
    # The product's own: they judge what was written down, or are the clinic's own caution.
    own = {
        "deceased",
        "low_oxygen",
        "low_pressure",
        "heart_rate",
        "session_interval",
        "unread_conditions",
        "unread_alarming_conditions",
        "unread_medicines",
        "unread_allergies",
        "street_drug",
    }
    assert set(RULES) - used == own
