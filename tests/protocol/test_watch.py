"""A whole timeline: what should have sounded, and when. Limits as the reference and the shipped
protocol state them; levels inform < review < hold < emergency."""

from __future__ import annotations

import copy
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.protocol import FactsError, ProtocolError, ProtocolRoomError, default_protocol
from evenkeel.protocol.alarms import ALARM_LEVELS
from evenkeel.protocol.watching.timeline import watch_document
from tests.protocol.sessions import PLANS, calm, observed, session

Found = dict[str, str]


def sounded(document: dict[str, Any], at_min: float | None = None) -> Found:
    """The alarms (id -> level) of a document, of one minute where given, without inform."""
    alarms = watch_document(document)["alarms"]
    for alarm in alarms:
        assert alarm["explanation"]
        assert alarm["advice"]
        assert alarm["source"]["title"]
        assert alarm["source"]["mark"] in ("sourced", "clinic policy")
    return {
        a["id"]: a["level"]
        for a in alarms
        if a["level"] != "inform" and (at_min is None or a["at_min"] == at_min)
    }


@pytest.mark.parametrize("jurisdiction", ["US", "EU"])
@pytest.mark.parametrize("product", list(PLANS))
def test_a_calm_session_is_silent(product: str, jurisdiction: str) -> None:
    found = watch_document(calm(product, jurisdiction))
    assert [a for a in found["alarms"] if a["level"] != "inform"] == []
    assert found["blocked"] == []
    assert found["overdue"] == []


ONE_READING: list[tuple[dict[str, Any], Found]] = [
    ({"sbp_mmhg": 160, "dbp_mmhg": 97}, {}),
    ({"sbp_mmhg": 161, "dbp_mmhg": 90}, {"pressure.rise": "review"}),
    ({"sbp_mmhg": 150, "dbp_mmhg": 98}, {"pressure.rise": "review"}),
    ({"sbp_mmhg": 180, "dbp_mmhg": 97}, {"pressure.rise": "review"}),
    ({"sbp_mmhg": 181, "dbp_mmhg": 97}, {"pressure.hold": "hold", "pressure.rise": "review"}),
    ({"sbp_mmhg": 150, "dbp_mmhg": 120}, {"pressure.rise": "review"}),
    ({"sbp_mmhg": 150, "dbp_mmhg": 121}, {"pressure.hold": "hold", "pressure.rise": "review"}),
    ({"sbp_mmhg": 90, "dbp_mmhg": 60}, {}),
    ({"sbp_mmhg": 89, "dbp_mmhg": 60}, {"pressure.low": "review"}),
    ({"sbp_mmhg": 80, "dbp_mmhg": 50}, {"pressure.low": "review"}),
    ({"sbp_mmhg": 79, "dbp_mmhg": 50}, {"pressure.low": "hold"}),
    ({"sbp_mmhg": 69, "dbp_mmhg": 40}, {"pressure.low": "emergency"}),
    ({"sbp_mmhg": 88, "dbp_mmhg": 50, "symptoms": ["dizziness"]}, {"pressure.low": "hold"}),
    ({"sbp_mmhg": 80, "dbp_mmhg": 95}, {"pressure.implausible": "review"}),
    ({"sbp_mmhg": 90, "dbp_mmhg": 90}, {"pressure.implausible": "review"}),
    ({"sbp_mmhg": 1180, "dbp_mmhg": 75}, {"pressure.implausible": "review"}),
    ({"sbp_mmhg": -118, "dbp_mmhg": 75}, {"pressure.implausible": "review"}),
    ({"spo2_percent": 92}, {}),
    ({"spo2_percent": 91}, {"oxygen.review": "review"}),
    ({"spo2_percent": 90}, {"oxygen.review": "review"}),
    ({"spo2_percent": 89}, {"oxygen.hold": "hold"}),
    ({"spo2_percent": 85}, {"oxygen.hold": "hold"}),
    ({"spo2_percent": 84}, {"oxygen.emergency": "emergency"}),
    ({"spo2_percent": 3}, {"oxygen.implausible": "review"}),
    ({"spo2_percent": 970}, {"oxygen.implausible": "review"}),
    ({"moaas": 4}, {}),
    ({"moaas": 3}, {"sedation.review": "review"}),
    ({"moaas": 2}, {"sedation.hold": "hold"}),
    ({"moaas": 1}, {"sedation.emergency": "emergency"}),
    ({"moaas": 0}, {"sedation.emergency": "emergency"}),
    ({"moaas": 15}, {"sedation.implausible": "review"}),
    ({"respiratory_rate_per_min": 10}, {}),
    ({"respiratory_rate_per_min": 9}, {"breathing.review": "review"}),
    ({"respiratory_rate_per_min": 8}, {"breathing.review": "review"}),
    ({"respiratory_rate_per_min": 7}, {"breathing.emergency": "emergency"}),
    ({"respiratory_rate_per_min": 0}, {"breathing.emergency": "emergency"}),
    ({"respiratory_rate_per_min": 0, "moaas": 5}, {"breathing.implausible": "review"}),
    ({"respiratory_rate_per_min": 24}, {}),
    ({"respiratory_rate_per_min": 25}, {"breathing.fast": "review"}),
    ({"respiratory_rate_per_min": 31}, {"breathing.fast": "hold"}),
    ({"respiratory_rate_per_min": 140}, {"breathing.implausible": "review"}),
    ({"heart_rate_bpm": 50}, {}),
    ({"heart_rate_bpm": 49}, {"heart_rate.review": "review"}),
    ({"heart_rate_bpm": 39}, {"heart_rate.hold": "hold"}),
    ({"heart_rate_bpm": 120}, {}),
    ({"heart_rate_bpm": 121}, {"heart_rate.review": "review"}),
    ({"heart_rate_bpm": 150}, {"heart_rate.review": "review"}),
    ({"heart_rate_bpm": 151}, {"heart_rate.hold": "hold"}),
    (
        {"heart_rate_bpm": 130, "symptoms": ["palpitations"]},
        {"heart_rate.hold": "hold", "symptom.palpitations": "review"},
    ),
    (
        {"heart_rate_bpm": 38, "sbp_mmhg": 85, "dbp_mmhg": 50},
        {"heart_rate.emergency": "emergency", "pressure.low": "review"},
    ),
    ({"heart_rate_bpm": 700}, {"heart_rate.implausible": "review"}),
    ({"heart_rate_bpm": 0}, {"heart_rate.emergency": "emergency"}),
    ({"heart_rate_bpm": 0, "spo2_percent": 98}, {"heart_rate.implausible": "review"}),
    ({"dissociation_0_10": 10, "cadss": 80}, {}),
    ({"moaas": 3, "spo2_percent": 91}, {"sedation.hold": "hold", "oxygen.hold": "hold"}),
    (
        {"moaas": 3, "respiratory_rate_per_min": 9},
        {"sedation.hold": "hold", "breathing.hold": "hold"},
    ),
    (
        {"moaas": 3, "symptoms": ["vomiting"]},
        {"sedation.review": "review", "symptom.vomiting": "hold"},
    ),
]


@pytest.mark.parametrize(("reading", "expected"), ONE_READING, ids=lambda v: str(v)[:60])
def test_one_reading_under_the_drug(reading: dict[str, Any], expected: Found) -> None:
    assert sounded(session(observed(20, **reading))) == expected


SYMPTOMS: list[tuple[str, Found]] = [
    *((name, {}) for name in ("headache", "nausea", "dizziness", "anxiety", "dissociation")),
    *(
        (name, {f"symptom.{name}": "review"})
        for name in ("confusion", "vomiting", "agitation", "palpitations", "urinary_symptoms")
    ),
    *(
        (name, {f"symptom.{name}": "emergency"})
        for name in ("chest_pain", "severe_headache", "visual_disturbance", "syncope", "seizure")
    ),
    ("unresponsive", {"symptom.unresponsive": "emergency"}),
    ("focal_deficit", {"symptom.focal_deficit": "emergency"}),
    ("dyspnoea", {"symptom.dyspnea": "emergency"}),
    ("Shortness of breath", {"symptom.dyspnea": "emergency"}),
    ("Blurred vision", {"symptom.visual_disturbance": "emergency"}),
    ("slurred speech", {"symptom.focal_deficit": "emergency"}),
    ("crushing chest pain into the left arm", {"symptom.chest_pain": "emergency"}),
    ("history of chest pain", {"symptom.unlisted": "review"}),
    ("feels fit and well", {"symptom.unlisted": "review"}),
    ("severe nausea", {"symptom.unlisted": "review"}),
    ("throat swelling", {"symptom.facial_swelling": "emergency"}),
    ("haematuria", {"symptom.urinary_symptoms": "review"}),
    ("tingling toes", {"symptom.unlisted": "review"}),
    ("no chest pain", {"symptom.unlisted": "review"}),
    ("!!", {"symptom.unlisted": "review"}),
]


@pytest.mark.parametrize(("name", "expected"), SYMPTOMS)
def test_symptoms(name: str, expected: Found) -> None:
    assert sounded(session(observed(20, symptoms=[name]))) == expected


def test_a_symptom_near_a_very_high_pressure_is_an_emergency_in_either_order() -> None:
    high, confused = {"sbp_mmhg": 190, "dbp_mmhg": 105}, {"symptoms": ["confusion"]}
    for first, second in ((high, confused), (confused, high)):
        for gap, is_one in ((0, True), (30, True), (31, False)):
            case = session(observed(20, **first), observed(20 + gap, **second))
            assert ("pressure.emergency" in sounded(case, 20 + gap)) is is_one, (first, gap)
    assert sounded(session(observed(20, **high, symptoms=["nausea"])))["pressure.hold"] == "hold"


def test_a_very_high_pressure_says_whether_it_was_confirmed_and_persists() -> None:
    high = {"sbp_mmhg": 190, "dbp_mmhg": 105}
    case = session(
        observed(20, **high),
        observed(25, **high),
        observed(35, **high),
        observed(45, sbp_mmhg=140, dbp_mmhg=80),
    )
    alarms = [a for a in watch_document(case)["alarms"] if a["id"] != "pressure.rise"]
    assert [(a["id"], a["at_min"], a.get("standing", False)) for a in alarms] == [
        ("pressure.hold", 20, False),
        ("pressure.hold", 25, True),
        ("pressure.hold", 35, True),
        ("pressure.settled", 45, False),
    ]
    assert "confirmed by a second reading after 5 min" in alarms[1]["explanation"]
    assert "persists for 15 min" in alarms[2]["explanation"]
    once = session(observed(20, **high), observed(25, sbp_mmhg=140, dbp_mmhg=80))
    told = {a["id"]: a["level"] for a in watch_document(once)["alarms"]}
    assert told["pressure.not_confirmed"] == "inform"


@pytest.mark.parametrize(
    "condition",
    [
        "stroke",
        "history of stroke",
        "hypertensive_encephalopathy",
        "aneurysm",
        "cardiovascular disease",
        "history_intracerebral_haemorrhage",
    ],
)
def test_a_rise_weighs_more_in_a_fragile_person(condition: str) -> None:
    risen = observed(20, sbp_mmhg=161, dbp_mmhg=90)
    assert sounded(session(risen, conditions=[condition])) == {"pressure.rise": "hold"}
    assert sounded(session(risen, conditions=["asthma"])) == {"pressure.rise": "review"}


def test_the_rise_is_counted_from_the_last_full_reading_before_the_drug() -> None:
    events = [
        observed(-30, sbp_mmhg=160, dbp_mmhg=95),
        observed(-4, sbp_mmhg=110),
        observed(20, sbp_mmhg=161, dbp_mmhg=90),
    ]
    # 121/73 of minute -5 is the last that is full: 161 is 40 above it.
    assert sounded(session(*events), 20) == {"pressure.rise": "review"}
    late = session(observed(90, sbp_mmhg=161, dbp_mmhg=90), observed(91, sbp_mmhg=161, dbp_mmhg=90))
    assert (sounded(late, 90), sounded(late, 91)) == ({"pressure.rise": "review"}, {})


def test_falls_and_climbs() -> None:
    fallen = session(observed(20, sbp_mmhg=100, dbp_mmhg=60))
    fallen["events"][0].update(sbp_mmhg=140)
    assert sounded(fallen) == {"pressure.fall": "review"}
    fallen["events"][0].update(sbp_mmhg=139)
    assert sounded(fallen) == {}
    for second, expected in ((160, {"pressure.climb": "review"}), (159, {})):
        case = session(
            observed(10, sbp_mmhg=120, dbp_mmhg=80), observed(20, sbp_mmhg=second, dbp_mmhg=85)
        )
        assert sounded(case) == expected
    slow = session(observed(10, sbp_mmhg=120, dbp_mmhg=80), observed(21, sbp_mmhg=160, dbp_mmhg=85))
    assert sounded(slow) == {}


def test_low_oxygen_that_lasts_is_an_emergency_and_a_dip_is_not() -> None:
    low, lower = observed(20, spo2_percent=89), observed(21, spo2_percent=88)
    assert sounded(session(low, lower), 21) == {"oxygen.emergency": "emergency"}
    assert sounded(session(low, observed(20.5, spo2_percent=88)), 20.5) == {"oxygen.hold": "hold"}
    better = observed(20.5, spo2_percent=90)
    assert sounded(session(low, better, lower), 21) == {"oxygen.hold": "hold"}
    slip = observed(20.5, spo2_percent=9)
    assert sounded(session(low, slip, lower), 21) == {"oxygen.emergency": "emergency"}


def test_oxygen_that_falls_step_by_step_is_looked_at() -> None:
    steps = [observed(10, spo2_percent=98), observed(20, spo2_percent=96)]
    assert sounded(session(*steps, observed(30, spo2_percent=94))) == {"oxygen.falling": "review"}
    assert sounded(session(*steps, observed(30, spo2_percent=95))) == {}
    bounced = [observed(10, spo2_percent=98), observed(20, spo2_percent=94)]
    assert sounded(session(*bounced, observed(30, spo2_percent=94))) == {}


def test_sedation_and_oxygen_in_readings_near_each_other_are_louder() -> None:
    drowsy = observed(20, moaas=3)
    near, far = observed(30, spo2_percent=91), observed(31, spo2_percent=91)
    assert sounded(session(drowsy, near), 30) == {"oxygen.hold": "hold"}
    assert sounded(session(drowsy, far), 31) == {"oxygen.review": "review"}
    awake = observed(25, moaas=5)
    assert sounded(session(drowsy, awake, near), 30) == {"oxygen.review": "review"}


def test_what_cannot_be_true_twice_in_a_row_is_no_slip_of_the_finger() -> None:
    case = session(observed(20, spo2_percent=3), observed(21, spo2_percent=4))
    assert sounded(case, 21) == {"oxygen.implausible": "hold"}
    between = session(
        observed(20, spo2_percent=3), observed(21, spo2_percent=97), observed(22, spo2_percent=4)
    )
    assert sounded(between, 22) == {"oxygen.implausible": "review"}


MEDICINES: list[tuple[str, Found]] = [
    ("phenelzine", {"medicine.maoi": "review"}),
    ("Adderall", {"medicine.psychostimulant": "review"}),
    ("oxycodone 5 mg", {"medicine.opioid": "review"}),
    ("Xanax", {"medicine.benzodiazepine": "review"}),
    ("zolpidem", {"medicine.sedative": "review"}),
    ("alcohol", {"medicine.sedative": "review"}),
    ("two glasses of wine", {"medicine.sedative": "review"}),
    ("street ketamine", {"medicine.other_ketamine": "hold"}),
    ("ketamine", {"medicine.other_ketamine": "hold"}),
    ("cocaine", {"medicine.intoxicant": "hold"}),
    ("MDMA", {"medicine.intoxicant": "hold"}),
    ("fluvoxamine", {"medicine.enzyme_inhibitor": "review"}),
    ("fluoxetine", {}),
    ("adrenaline", {}),
    ("something nobody knows", {"medicine.unread": "review"}),
]


@pytest.mark.parametrize(("name", "expected"), MEDICINES)
def test_a_medicine_that_comes_to_light(name: str, expected: Found) -> None:
    case = session({"at_min": 10, "kind": "medicine_disclosed", "name": name})
    assert sounded(case) == expected


def test_medicines_known_before_ask_for_closer_watching_from_the_start() -> None:
    names = ["tranylcypromine", "fluoxetine", "something nobody knows", "cannabis", "fluvoxamine"]
    case = session(medicines=names)
    told = {a["id"]: a["level"] for a in watch_document(case)["alarms"] if a["at_min"] == -5}
    assert told == {
        "medicine.maoi": "review",
        "medicine.intoxicant": "review",
        "medicine.enzyme_inhibitor": "inform",
        "medicine.unread": "inform",
    }
    assert watch_document(case)["blocked"] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("flumazenil", {"rescue.reversal": "review"}),
        ("Narcan", {"rescue.reversal": "review"}),
        ("midazolam", {"rescue.sedative": "review"}),
        ("ondansetron", {}),
        ("labetalol", {}),
        ("adrenaline", {"medicine.resuscitation": "review"}),
        ("something nobody knows", {"medicine.unread": "review"}),
    ],
)
def test_rescue_medicines(name: str, expected: Found) -> None:
    assert sounded(session({"at_min": 10, "kind": "rescue_medicine", "name": name})) == expected


def late(document: dict[str, Any]) -> list[tuple[float, str]]:
    return [(one["at_min"], one["level"]) for one in watch_document(document)["overdue"]]


FULL = {"sbp_mmhg": 125, "dbp_mmhg": 78}
#: product, own interval, minutes of the sets, until, entries. Intervals of the shipped protocols.
OVERDUE: list[tuple[str, float | None, list[float], float, list[tuple[float, str]]]] = [
    ("racemic_iv", None, [], 15, []),
    ("racemic_iv", None, [], 16, [(15, "review")]),
    ("racemic_iv", None, [], 21, [(15, "review"), (20, "hold")]),
    ("racemic_iv", None, [], 200, [(15, "review"), (20, "hold")]),
    ("racemic_iv", None, [15], 30, []),
    ("racemic_iv", None, [16], 30, [(15, "review")]),
    ("racemic_iv", 20, [], 25, []),
    ("racemic_iv", 20, [], 26, [(25, "review")]),
    ("racemic_iv", None, [10, 20, 30, 40], 60, []),
    ("racemic_iv", None, [10, 20, 30, 40], 61, [(60, "review")]),
    ("racemic_iv", None, [10, 20, 30, 40], 71, [(60, "review"), (70, "hold")]),
    ("racemic_iv", 5, [5, 10, 15, 20, 25, 30, 35, 40], 60, []),
    ("racemic_iv", 30, [30, 45], 80, []),
    ("esketamine_nasal", None, [], 45, []),
    ("esketamine_nasal", None, [], 46, [(45, "review")]),
    ("esketamine_nasal", None, [20], 46, [(45, "review")]),
    ("esketamine_nasal", None, [36], 80, []),
    ("esketamine_nasal", 10, [10, 20], 36, [(35, "review")]),
    ("racemic_oral", None, [], 36, [(35, "review")]),
    ("racemic_im", 30, [30], 66, [(65, "review")]),
]


@pytest.mark.parametrize(("product", "every", "sets", "until", "expected"), OVERDUE)
def test_overdue_vital_signs(
    product: str,
    every: float | None,
    sets: list[float],
    until: float,
    expected: list[tuple[float, str]],
) -> None:
    ends = [{"at_min": 40, "kind": "infusion_stop"}] if product == "racemic_iv" else []
    readings = [observed(minute, **FULL) for minute in sets]
    case = session(*readings, *ends, product=product, until_min=until, vitals_every_min=every)
    assert late(case) == expected


def test_a_probe_alone_is_no_set_and_nothing_is_late_before_the_drug() -> None:
    probe = [observed(minute, spo2_percent=98) for minute in range(5, 21, 5)]
    assert late(session(*probe, until_min=20)) == [(15, "review")]
    case = calm()
    case["events"] = [dict(case["events"][0])]
    assert late(case) == []


def worst(document: dict[str, Any]) -> int:
    levels = [a["level"] for a in watch_document(document)["alarms"]]
    return max((ALARM_LEVELS.index(level) for level in levels), default=0)


_WORSE = st.sampled_from(
    [
        {"sbp_mmhg": 190, "dbp_mmhg": 110},
        {"sbp_mmhg": 85, "dbp_mmhg": 50},
        {"spo2_percent": 88},
        {"moaas": 1},
        {"respiratory_rate_per_min": 6},
        {"symptoms": ["chest_pain"]},
        {"symptoms": ["confusion"]},
    ]
)
_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "sbp_mmhg": st.integers(60, 230),
        "dbp_mmhg": st.integers(40, 140),
        "spo2_percent": st.integers(80, 100),
        "moaas": st.integers(0, 5),
        "respiratory_rate_per_min": st.integers(5, 35),
        "heart_rate_bpm": st.integers(35, 160),
        "symptoms": st.lists(st.sampled_from(["nausea", "confusion", "dyspnoea"]), max_size=2),
    },
)
_READINGS = st.lists(st.tuples(st.integers(1, 90), _VALUES), max_size=8, unique_by=lambda r: r[0])


@settings(max_examples=60)
@given(_READINGS, st.integers(91, 120), _WORSE)
def test_a_worse_reading_later_never_lowers_the_worst_level(
    readings: list[tuple[int, dict[str, Any]]], minute: int, worse: dict[str, Any]
) -> None:
    before = session(*(observed(at, **values) for at, values in readings))
    after = session(*(observed(at, **values) for at, values in readings), observed(minute, **worse))
    assert worst(after) >= worst(before)
    assert worst(after) >= worst(session(observed(minute, **worse)))


@settings(max_examples=60)
@given(_READINGS, st.randoms(use_true_random=False))
def test_the_order_of_events_in_the_file_does_not_matter(
    readings: list[tuple[int, dict[str, Any]]], chance: random.Random
) -> None:
    case = session(*(observed(at, **values) for at, values in readings), until_min=100)
    shuffled = copy.deepcopy(case)
    chance.shuffle(shuffled["events"])
    assert watch_document(shuffled) == watch_document(case)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"format": "evenkeel-timeline/2"}, "format"),
        ({"product": "ketamine"}, "product"),
        ({"jurisdiction": None}, "jurisdiction"),
        ({"colour": "blue"}, "colour"),
        ({"planned": {"dose": 35}}, "planned.dose"),
        ({"vitals_every_min": 0}, "vitals_every_min"),
        ({"events": [{"kind": "observation"}]}, "events[0].at_min"),
        ({"events": [{"at_min": 1, "kind": "blood"}]}, "events[0].kind"),
        ({"events": [observed(1, sbp_mmhg="120")]}, "events[0].sbp_mmhg"),
        ({"events": [observed(1, sbp=120)]}, "events[0].sbp"),
        ({"events": [observed(1, moaas=4.5)]}, "events[0].moaas"),
        ({"events": [observed(1, symptoms=["x"] * 51)]}, "events[0].symptoms"),
        ({"events": [{"at_min": 1, "kind": "device"}]}, "events[0].number"),
        ({"events": [{"at_min": 1, "kind": "pause", "sbp_mmhg": 120}]}, "events[0].sbp_mmhg"),
        ({"events": [{"at_min": 1, "kind": "medicine_disclosed"}]}, "events[0].name"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], key: str) -> None:
    with pytest.raises(FactsError) as error:
        watch_document({**calm(), **change})
    assert error.value.key == key


def test_no_protocol_is_no_answer() -> None:
    with pytest.raises(ProtocolError):
        watch_document({**calm(), "jurisdiction": "XX"})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
_OBSERVED = st.fixed_dictionaries(
    {"at_min": st.integers(-60, 200) | st.floats(-60, 200), "kind": st.just("observation")},
    optional={
        "sbp_mmhg": st.none() | st.integers(-10, 2000),
        "dbp_mmhg": st.none() | st.integers(-10, 2000),
        "heart_rate_bpm": st.none() | st.integers(-10, 2000),
        "spo2_percent": st.none() | st.floats(0, 1000),
        "respiratory_rate_per_min": st.none() | st.floats(-5, 300),
        "moaas": st.none() | st.integers(-1, 9),
        "dissociation_0_10": st.none() | st.floats(0, 20),
        "symptoms": st.none() | st.lists(st.text(min_size=1, max_size=20), max_size=3),
    },
)
_GIVEN = st.fixed_dictionaries(
    {
        "at_min": st.integers(-60, 200) | st.floats(-60, 200),
        "kind": st.sampled_from(("infusion_start", "rate_change", "resume")),
    },
    optional={
        "rate_mg_per_h": st.none() | st.floats(0, 1e6),
        "reason": st.none() | st.text(max_size=5),
        "note": st.text(max_size=5),
    },
) | st.fixed_dictionaries(
    {
        "at_min": st.integers(-60, 200),
        "kind": st.sampled_from(("device", "dose_entered", "injection", "oral_dose")),
        "dose_mg": st.floats(0, 1e6),
    },
).map(lambda one: {**one, "number": 2} if one["kind"] == "device" else one)
_TOLD = st.fixed_dictionaries(
    {
        "at_min": st.integers(-60, 200),
        "kind": st.sampled_from(("medicine_disclosed", "rescue_medicine")),
        "name": st.text(min_size=1, max_size=30),
    }
) | st.fixed_dictionaries(
    {
        "at_min": st.integers(-60, 200),
        "kind": st.sampled_from(("pause", "infusion_stop", "note")),
    }
)


@settings(max_examples=150)
@given(
    st.sampled_from(list(PLANS)),
    st.lists(_OBSERVED | _GIVEN | _TOLD, max_size=10),
    st.none() | st.floats(-100, 500),
)
def test_any_events_get_an_answer(
    product: str, events: list[dict[str, Any]], until: float | None
) -> None:
    found = watch_document({**calm(product), "events": events, "until_min": until})
    assert {*found} == {"alarms", "blocked", "overdue", "protocol"}
    assert all(one["level"] in ALARM_LEVELS for one in found["alarms"] + found["overdue"])
    # Less drug is never refused.
    assert not {one["event"] for one in found["blocked"]} & {"pause", "infusion_stop"}


@given(_JSON)
def test_any_json_is_answered_or_refused(document: object) -> None:
    with pytest.raises(ProtocolRoomError):
        watch_document(document)


def test_the_document_states_the_shipped_thresholds() -> None:
    protocol = default_protocol("racemic_iv")
    text = (Path(__file__).parents[2] / "docs" / "watching.md").read_text()
    rows = re.findall(r"^\|[^|]+\| ([^|]+) \|[^|]*\| ([^|]+) \| `([a-z0-9_.]+)` \|$", text, re.M)
    for limit, mark, key in rows:
        threshold = protocol.threshold(key)
        assert (limit, mark) == (
            f"{protocol.number(key):g} {threshold.unit}",
            threshold.source.mark,
        )
    shown = {key for _, _, key in rows}
    assert {key for key in protocol.thresholds if key.startswith("alarm.")} <= shown
