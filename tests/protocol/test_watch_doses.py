"""Which administrations of a timeline are refused, and that the harmless ones are not."""

from __future__ import annotations

from typing import Any

import pytest

from evenkeel.protocol.watching.timeline import watch_document
from tests.protocol.sessions import BEFORE, calm, observed, session


def blocked(document: dict[str, Any], at_min: float | None = None) -> list[str]:
    found = watch_document(document)["blocked"]
    for one in found:
        assert one["explanation"]
        assert one["source"]["mark"] in ("sourced", "clinic policy")
    return [one["id"] for one in found if at_min is None or one["at_min"] == at_min]


def event(at_min: float, kind: str, **values: Any) -> dict[str, Any]:
    return {"at_min": at_min, "kind": kind, **values}


def only(*events: dict[str, Any], product: str = "racemic_iv", **more: Any) -> dict[str, Any]:
    """These events after one good reading, and nothing else."""
    case = {**calm(product), "until_min": 0, **more}
    case["events"] = [dict(BEFORE), *events]
    return case


#: 35 mg, 0.5 mg/kg, 70 kg; by the shipped protocol at most 2 mg/kg.
ENTERED: list[tuple[float, list[str]]] = [
    (35, []),
    (35.5, []),
    (36, ["dose.over_plan"]),
    (350, ["dose.over_plan"]),
    (0.5, ["dose.unit"]),
    (3.5, ["dose.far_from_plan"]),
    (20, []),
]


@pytest.mark.parametrize(("dose_mg", "expected"), ENTERED)
def test_a_dose_that_is_entered(dose_mg: float, expected: list[str]) -> None:
    assert blocked(only(event(-2, "dose_entered", dose_mg=dose_mg))) == expected


@pytest.mark.parametrize(
    ("product", "plan", "dose_mg", "expected"),
    [
        ("esketamine_nasal", {}, 84, []),
        ("esketamine_nasal", {"dose_mg": 84}, 70, ["device.dose"]),
        ("esketamine_nasal", {}, 112, ["dose.over_maximum"]),
        ("esketamine_nasal", {"dose_mg": 84}, 112, ["dose.over_plan"]),
        ("racemic_iv", {}, 60, []),
        ("racemic_iv", {}, 80, ["dose.unchecked"]),
        ("racemic_oral", {}, 1100, ["dose.over_maximum"]),
        ("racemic_im", {"dose_mg": 35}, 70, ["dose.over_plan"]),
    ],
)
def test_a_dose_without_a_plan_is_held_against_the_maximum(
    product: str, plan: dict[str, Any], dose_mg: float, expected: list[str]
) -> None:
    case = only(event(-2, "dose_entered", dose_mg=dose_mg), product=product, planned=plan)
    assert blocked(case) == expected


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"dose_mg": 350, "dose_mg_per_kg": 0.5, "duration_min": 40}, ["dose.plan"]),
        ({"dose_mg": 350, "dose_mg_per_kg": 5, "duration_min": 40}, ["dose.over_maximum"]),
        ({"dose_mg": 140, "dose_mg_per_kg": 2, "duration_min": 40}, []),
    ],
)
def test_a_plan_that_cannot_be(plan: dict[str, Any], expected: list[str]) -> None:
    assert blocked(only(event(0, "infusion_start"), planned=plan))[: len(expected)] == expected
    assert bool(blocked(only(event(0, "infusion_start"), planned=plan))) == bool(expected)


DEVICES: list[tuple[str, list[tuple[float, int]], float, list[str]]] = [
    ("two", [(0, 1), (5, 2)], 56, []),
    ("three", [(0, 1), (5, 2), (10, 3)], 84, []),
    ("too soon", [(0, 1), (4.9, 2)], 56, ["device.gap"]),
    ("twice the same", [(0, 1), (5, 1)], 56, ["device.order"]),
    ("left one out", [(0, 1), (5, 3)], 84, ["device.order"]),
    ("begins with the second", [(0, 2)], 56, ["device.order"]),
    ("beyond the plan", [(0, 1), (5, 2), (10, 3)], 56, ["dose.over_plan"]),
    ("a fourth", [(0, 1), (5, 2), (10, 3), (15, 4)], 84, ["device.order", "dose.over_plan"]),
]


@pytest.mark.parametrize(("name", "used", "plan_mg", "expected"), DEVICES)
def test_nasal_devices(
    name: str, used: list[tuple[float, int]], plan_mg: float, expected: list[str]
) -> None:
    devices = [event(at, "device", number=number) for at, number in used]
    case = only(*devices, product="esketamine_nasal", planned={"dose_mg": plan_mg})
    assert blocked(case) == expected


#: 35 mg in 40 min are 52.5 mg/h; twice that is the protocol's limit.
@pytest.mark.parametrize(
    ("rate", "expected"),
    [(52.5, []), (105, []), (108, ["dose.rate"]), (525, ["dose.rate"]), (5.25, [])],
)
def test_the_rate(rate: float, expected: list[str]) -> None:
    assert blocked(only(event(0, "infusion_start", rate_mg_per_h=rate))) == expected
    begun = session(event(10, "rate_change", rate_mg_per_h=rate))
    assert blocked(begun) == expected


@pytest.mark.parametrize(
    ("product", "kind", "expected"),
    [
        ("racemic_iv", "injection", ["dose.route"]),
        ("racemic_iv", "oral_dose", ["dose.route"]),
        ("racemic_im", "infusion_start", ["dose.route"]),
        ("racemic_im", "injection", []),
        ("racemic_oral", "oral_dose", []),
        ("esketamine_nasal", "injection", ["dose.route"]),
    ],
)
def test_the_route(product: str, kind: str, expected: list[str]) -> None:
    assert blocked(only(event(0, kind), product=product)) == expected


GATE: list[tuple[dict[str, Any], list[str]]] = [
    (observed(-5, sbp_mmhg=140, dbp_mmhg=90), []),
    (observed(-5, sbp_mmhg=141, dbp_mmhg=80), ["gate.pressure"]),
    (observed(-5, sbp_mmhg=120, dbp_mmhg=91), ["gate.pressure"]),
    (observed(-60, sbp_mmhg=120, dbp_mmhg=80), []),
    (observed(-61, sbp_mmhg=120, dbp_mmhg=80), ["gate.pressure_missing"]),
    (observed(-5, sbp_mmhg=120), ["gate.pressure_missing"]),
    (observed(-5, sbp_mmhg=1180, dbp_mmhg=80), ["gate.pressure_missing"]),
    (observed(-5, spo2_percent=98), ["gate.pressure_missing"]),
]
FIRST = [
    ("racemic_iv", event(0, "infusion_start")),
    ("racemic_im", event(0, "injection")),
    ("racemic_oral", event(0, "oral_dose")),
    ("esketamine_nasal", event(0, "device", number=1)),
]


@pytest.mark.parametrize(("before", "expected"), GATE)
@pytest.mark.parametrize(("product", "start"), FIRST)
def test_blood_pressure_before_the_first_dose(
    product: str, start: dict[str, Any], before: dict[str, Any], expected: list[str]
) -> None:
    case = {**calm(product), "events": [before, start], "until_min": 0}
    assert blocked(case) == expected
    decided = {**start, "reason": "Seen by the prescriber."}
    assert blocked({**case, "events": [before, decided]}) == []


def test_a_dose_is_not_entered_against_a_pressure_above_the_gate() -> None:
    entered = event(-2, "dose_entered", dose_mg=35)
    for before, expected in (
        (observed(-5, sbp_mmhg=152, dbp_mmhg=92), ["gate.pressure"]),
        (observed(-5, spo2_percent=98), []),
    ):
        case = {**calm(), "events": [before, entered], "until_min": 0}
        assert blocked(case) == expected


def test_a_device_holds_what_it_holds_and_a_small_first_injection_is_taken() -> None:
    half = only(event(0, "device", number=1, dose_mg=14), product="esketamine_nasal")
    assert blocked(half) == ["device.dose"]
    steps = [event(0, "injection", dose_mg=3.5), event(15, "injection", dose_mg=31.5)]
    assert blocked(only(*steps, product="racemic_im")) == []


def test_the_gate_of_older_people_where_the_protocol_has_one() -> None:
    case = {**calm("esketamine_nasal", "EU"), "until_min": 0}
    case["events"] = [observed(-5, sbp_mmhg=148, dbp_mmhg=85), event(0, "device", number=1)]
    assert blocked({**case, "age_years": 65}) == []
    assert blocked({**case, "age_years": 64}) == blocked(case) == ["gate.pressure"]


def test_a_repeated_pressure_below_the_gate_lets_the_dose_go_on() -> None:
    case = only(
        observed(-4, sbp_mmhg=152, dbp_mmhg=92),
        event(0, "infusion_start"),
        observed(10, sbp_mmhg=136, dbp_mmhg=84),
        event(12, "infusion_start"),
    )
    assert [b for b in watch_document(case)["blocked"] if b["at_min"] != 0] == []
    assert blocked(case, 0) == ["gate.pressure"]


HOLDS: list[tuple[dict[str, Any], dict[str, Any] | None, bool]] = [
    # (what was seen, what was seen after it, whether more drug is refused then)
    ({"sbp_mmhg": 190, "dbp_mmhg": 100}, None, True),
    ({"sbp_mmhg": 190, "dbp_mmhg": 100}, {"sbp_mmhg": 150, "dbp_mmhg": 90}, False),
    ({"spo2_percent": 88}, None, True),
    ({"spo2_percent": 88}, {"spo2_percent": 97}, False),
    ({"spo2_percent": 91}, None, False),
    ({"moaas": 3}, None, True),
    ({"moaas": 3}, {"moaas": 4}, False),
    ({"moaas": 3}, {"spo2_percent": 98}, True),
    ({"heart_rate_bpm": 160}, None, True),
    ({"heart_rate_bpm": 160}, {"heart_rate_bpm": 100}, False),
    ({"symptoms": ["chest_pain"]}, {"symptoms": []}, True),
    ({"symptoms": ["nausea"]}, None, False),
    ({"moaas": 1}, {"moaas": 5}, True),
]


@pytest.mark.parametrize(("seen", "after", "refused"), HOLDS, ids=str)
def test_no_more_drug_while_a_hold_stands(
    seen: dict[str, Any], after: dict[str, Any] | None, refused: bool
) -> None:
    steps = [observed(10, **{"sbp_mmhg": 125, "dbp_mmhg": 75, **seen}), event(10.5, "pause")]
    if after is not None:
        steps.append(observed(12, **after))
    for more in (
        event(13, "resume"),
        event(13, "rate_change", rate_mg_per_h=60),
        event(13, "rate_change"),
        event(13, "dose_entered", dose_mg=35),
    ):
        assert bool(blocked(session(*steps, more), 13)) is refused, more
    for less in (
        event(13, "rate_change", rate_mg_per_h=20),
        event(13, "pause"),
        event(13, "infusion_stop"),
    ):
        assert blocked(session(*steps, less)) == [], less
    decided = event(13, "resume", reason="Seen by the prescriber.")
    assert blocked(session(*steps, decided), 13) == []


def test_ketamine_from_elsewhere_and_missed_vitals_hold_the_next_dose() -> None:
    told = event(10, "medicine_disclosed", name="street ketamine")
    assert blocked(session(told, event(11, "resume")), 11)[0] == "dose.held"
    late = session(event(20, "pause"), event(21, "resume"), until_min=21)
    assert blocked(late, 21) == ["dose.held"]
    on_time = session(event(19, "pause"), event(20, "resume"), until_min=20)
    assert blocked(on_time, 20) == []


def test_a_dose_beyond_what_was_given_already() -> None:
    again = only(event(0, "injection"), event(30, "injection"), product="racemic_im")
    assert blocked(again, 30)[-1] == "dose.over_plan"
    slip = only(
        event(0, "injection", dose_mg=350), event(1, "injection", dose_mg=35), product="racemic_im"
    )
    assert (blocked(slip, 0), blocked(slip, 1)) == (["dose.over_plan"], [])
    full = session(event(40, "infusion_stop"), observed(41, sbp_mmhg=125, dbp_mmhg=75))
    full["events"].append(event(42, "infusion_start"))
    assert blocked(full, 42) == ["dose.over_plan"]
    assert blocked(session(event(5, "infusion_start")), 5) == ["dose.already_running"]
    assert blocked(only(event(5, "resume"))) == ["dose.not_running"]
