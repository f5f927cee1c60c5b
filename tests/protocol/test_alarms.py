"""What sounds, at which level, and what is only charted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.protocol import ALARM_LEVELS, Reading, alarms_for, default_protocol

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
PROTOCOL = default_protocol("racemic_iv")
BASELINE = Reading(START - timedelta(minutes=5), sbp_mmhg=121, dbp_mmhg=73, spo2_percent=97)


def at(minute: float, **values: Any) -> Reading:
    return Reading(START + timedelta(minutes=minute), **values)


def sounded(
    reading: Reading,
    history: tuple[Reading, ...] = (),
    conditions: tuple[str, ...] = (),
) -> dict[str, str]:
    found = alarms_for(reading, BASELINE, history, PROTOCOL, conditions, started_at=START)
    assert all(alarm.statement and alarm.look_at and alarm.source.title for alarm in found)
    return {alarm.id: alarm.level for alarm in found}


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        ({"sbp_mmhg": 160, "dbp_mmhg": 97}, {}),
        ({"sbp_mmhg": 161, "dbp_mmhg": 90}, {"pressure.rise": "review"}),
        ({"sbp_mmhg": 150, "dbp_mmhg": 98}, {"pressure.rise": "review"}),
        ({"sbp_mmhg": 180, "dbp_mmhg": 97}, {"pressure.rise": "review"}),
        ({"sbp_mmhg": 181, "dbp_mmhg": 97}, {"pressure.hold": "hold", "pressure.rise": "review"}),
        ({"sbp_mmhg": 150, "dbp_mmhg": 121}, {"pressure.hold": "hold", "pressure.rise": "review"}),
        (
            {"sbp_mmhg": 185, "dbp_mmhg": 97, "symptoms": ("chest_pain",)},
            {
                "pressure.emergency": "emergency",
                "symptom.chest_pain": "emergency",
                "pressure.rise": "review",
            },
        ),
        (
            {"sbp_mmhg": 185, "dbp_mmhg": 97, "symptoms": ("nausea",)},
            {"pressure.hold": "hold", "pressure.rise": "review", "symptom.nausea": "inform"},
        ),
        ({"sbp_mmhg": 89, "dbp_mmhg": 50}, {"pressure.low": "review"}),
        ({"sbp_mmhg": 80, "dbp_mmhg": 95}, {"pressure.implausible": "review"}),
        ({"spo2_percent": 92}, {}),
        ({"spo2_percent": 91}, {"oxygen.review": "review"}),
        ({"spo2_percent": 89}, {"oxygen.hold": "hold"}),
        ({"moaas": 4}, {}),
        ({"moaas": 3}, {"sedation.review": "review"}),
        ({"moaas": 2}, {"sedation.hold": "hold"}),
        ({"moaas": 1}, {"sedation.emergency": "emergency"}),
        ({"moaas": 0}, {"sedation.emergency": "emergency"}),
        ({"respiratory_rate_per_min": 10}, {}),
        ({"respiratory_rate_per_min": 9}, {"breathing.review": "review"}),
        ({"respiratory_rate_per_min": 7}, {"breathing.emergency": "emergency"}),
        ({"heart_rate_bpm": 120}, {}),
        ({"heart_rate_bpm": 121}, {"heart_rate.review": "review"}),
        ({"heart_rate_bpm": 151}, {"heart_rate.hold": "hold"}),
        ({"heart_rate_bpm": 39}, {"heart_rate.hold": "hold"}),
        ({"symptoms": ("dyspnoea",)}, {"symptom.dyspnea": "emergency"}),
        ({"symptoms": ("Severe headache",)}, {"symptom.severe_headache": "emergency"}),
        ({"symptoms": ("confusion",)}, {"symptom.confusion": "review"}),
        ({"symptoms": ("tingling toes",)}, {"symptom.unlisted": "review"}),
        ({"dissociation_0_10": 10}, {"dissociation.strong": "inform"}),
        ({"dissociation_0_10": 4}, {}),
        ({}, {}),
    ],
)
def test_one_reading(reading: dict[str, Any], expected: dict[str, str]) -> None:
    assert sounded(at(20, **reading)) == expected


def test_low_oxygen_that_lasts_is_an_emergency_and_a_dip_between_good_readings_is_not() -> None:
    low, again = at(20, spo2_percent=88), at(22, spo2_percent=87)
    assert sounded(again, (low,)) == {"oxygen.emergency": "emergency"}
    recovered = at(21, spo2_percent=96)
    assert sounded(again, (low, recovered)) == {"oxygen.hold": "hold"}
    soon = at(20.5, spo2_percent=87)
    assert sounded(soon, (low,)) == {"oxygen.hold": "hold"}


def test_a_rise_counts_in_its_window_only() -> None:
    assert sounded(at(90, sbp_mmhg=165, dbp_mmhg=80)) == {"pressure.rise": "review"}
    assert sounded(at(91, sbp_mmhg=165, dbp_mmhg=80)) == {"pressure.rise_late": "inform"}


def test_a_rise_weighs_more_in_a_fragile_person() -> None:
    risen = at(20, sbp_mmhg=165, dbp_mmhg=80)
    assert sounded(risen, conditions=("asthma",)) == {"pressure.rise": "review"}
    assert sounded(risen, conditions=("stroke",)) == {"pressure.rise": "hold"}


def test_actions_are_marked_clinic_policy() -> None:
    for alarm in alarms_for(at(9, sbp_mmhg=190, moaas=1, spo2_percent=80), BASELINE, (), PROTOCOL):
        assert alarm.source.mark == "clinic policy"


@given(
    st.lists(
        st.builds(
            at,
            st.integers(0, 60),
            spo2_percent=st.none() | st.integers(70, 100),
            sbp_mmhg=st.none() | st.integers(60, 240),
        ),
        max_size=6,
        unique_by=lambda reading: reading.at,
    ).flatmap(lambda history: st.tuples(st.just(history), st.permutations(history)))
)
def test_order_and_later_readings_do_not_change_the_answer(
    histories: tuple[list[Reading], list[Reading]],
) -> None:
    history, shuffled = histories
    reading = at(30, spo2_percent=85, sbp_mmhg=190)
    found = alarms_for(reading, BASELINE, history, PROTOCOL)
    assert found == alarms_for(reading, BASELINE, shuffled, PROTOCOL)
    earlier = [old for old in history if old.at <= reading.at]
    assert found == alarms_for(reading, BASELINE, earlier, PROTOCOL)
    levels = [ALARM_LEVELS.index(alarm.level) for alarm in found]
    assert levels == sorted(levels, reverse=True)
