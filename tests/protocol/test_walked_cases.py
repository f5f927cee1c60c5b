"""Cases written from the case format and the clinic's rules alone, before the rules were read.

Each says the least a careful clinician would accept and the most that would not be needless.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evenkeel.protocol import discharge_document, screen_document
from evenkeel.protocol.watching.timeline import watch_document

CASES: dict[str, Any] = json.loads(Path(__file__).with_name("walked_cases.json").read_text())
DISPOSITIONS = ["eligible", "defer", "needs_specialist_review", "contraindicated"]
LEVELS = ["inform", "review", "hold", "emergency"]
PLANNED = {
    "esketamine_nasal": {"dose_mg": 84},
    "racemic_iv": {"dose_mg": 35, "dose_mg_per_kg": 0.5, "duration_min": 40},
}


def named(kind: str) -> list[Any]:
    return [pytest.param(case, id=case["name"].replace(" ", "-")) for case in CASES[kind]]


@pytest.mark.parametrize("case", named("screen"))
def test_may_this_person_be_treated(case: dict[str, Any]) -> None:
    found = screen_document({**CASES["screen_base"], **case["change"]})
    blocking = [
        (one["id"], one["effect"]) for one in found["findings"] if one["effect"] != "inform"
    ]
    least, most = (DISPOSITIONS.index(case[key]) for key in ("at_least", "at_most"))
    assert least <= DISPOSITIONS.index(found["disposition"]) <= most, blocking


@pytest.mark.parametrize("case", named("leave"))
def test_may_this_person_go_home(case: dict[str, Any]) -> None:
    found = discharge_document({**CASES["leave_base"], **case["change"]})
    assert found["disposition"] in case["may_be"], found["missing"]


def timeline(case: dict[str, Any]) -> dict[str, Any]:
    """A quiet session with vital signs every 10 minutes, changed as the case says."""
    changed = {event["at_min"] for event in case["events"] if event["kind"] == "observation"}
    quiet = [
        {
            "at_min": minute,
            "kind": "observation",
            **{"sbp_mmhg": 124, "dbp_mmhg": 77, "heart_rate_bpm": 70},
            **{"spo2_percent": 98, "moaas": 5, "respiratory_rate_per_min": 14},
        }
        for minute in range(-5, 76, 10)
        if minute not in changed and minute not in case["left_out"]
    ]
    return {
        "format": "evenkeel-timeline/1",
        "jurisdiction": "US",
        "product": case["product"],
        "planned": PLANNED[case["product"]],
        "vitals_every_min": 10,
        "conditions": ["asthma"],
        "medicines": ["sertraline"],
        "events": case["events"] + quiet,
        "until_min": 75,
    }


@pytest.mark.parametrize("case", named("watch"))
def test_what_should_have_sounded(case: dict[str, Any]) -> None:
    found = watch_document(timeline(case))
    loudest: dict[str, int] = {}
    for alarm in found["alarms"]:
        minute, level = str(alarm["at_min"]), LEVELS.index(alarm["level"])
        if level:
            loudest[minute] = max(level, loudest.get(minute, 0))
    assert loudest.keys() == case["alarms"].keys(), found["alarms"]
    for minute, (least, most) in case["alarms"].items():
        assert LEVELS.index(least) <= loudest[minute] <= LEVELS.index(most), (minute, found)
    assert sorted({block["at_min"] for block in found["blocked"]}) == case["blocked"]
    late = {entry["at_min"] for entry in found["overdue"] if entry["level"] == "review"}
    assert sorted(late) == case["overdue"]
