"""Alarms: raised with the reading, not twice, answered by a person; the watcher's own."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError

from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.record.models import Heartbeat
from evenkeel.clinic.session import spool
from evenkeel.clinic.session.actions.file_readings import file_readings
from evenkeel.clinic.session.models import SessionEvent
from evenkeel.clinic.session.raising import alarms_of
from evenkeel.clinic.session.watch import beat, run_watcher, tick
from tests.clinic.session.makers import CALM, Stage
from tests.clinic.session.outage import Outage
from tests.clinic.session.test_readings import DEVICE, batch, install_monitor


def raised() -> list[tuple[str, str]]:
    rows = SessionEvent.objects.filter(kind="alarm_raised").order_by("position")
    return [(e.body["alarm"], e.body["level"]) for e in rows]


#: (readings before, the reading, alarms). Limits are those of the shipped protocol us-racemic-iv.
SOUNDS = [
    ({}, CALM, []),
    (
        {},
        {"sbp_mmhg": 181, "dbp_mmhg": 100},
        [("pressure.hold", "hold"), ("pressure.rise", "review")],
    ),
    ({}, {"sbp_mmhg": 180, "dbp_mmhg": 120}, [("pressure.rise", "review")]),
    ({}, {"sbp_mmhg": 161, "dbp_mmhg": 90}, []),
    ({}, {"sbp_mmhg": 162, "dbp_mmhg": 90}, [("pressure.rise", "review")]),
    ({}, {"sbp_mmhg": 89, "dbp_mmhg": 50}, [("pressure.low", "review")]),
    ({}, {"spo2_percent": 92}, []),
    ({}, {"spo2_percent": 91}, [("oxygen.review", "review")]),
    ({}, {"spo2_percent": 89}, [("oxygen.hold", "hold")]),
    ({"spo2_percent": 88}, {"spo2_percent": 89}, [("oxygen.emergency", "emergency")]),
    ({}, {"moaas": 3}, [("sedation.review", "review")]),
    ({}, {"moaas": 1}, [("sedation.emergency", "emergency")]),
    ({}, {"respiratory_rate_per_min": 7}, [("breathing.emergency", "emergency")]),
    ({}, {"heart_rate_bpm": 151}, [("heart_rate.hold", "hold")]),
    ({}, {"symptoms": ["chest_pain"]}, [("symptom.chest_pain", "emergency")]),
    ({}, {"symptoms": ["dyspnoea"]}, [("symptom.dyspnea", "emergency")]),
    ({}, {"symptoms": ["floating"]}, [("symptom.unlisted", "review")]),
    ({}, {"dissociation_0_10": 10, "symptoms": ["nausea"]}, []),
]


@pytest.mark.parametrize(("before", "body", "expected"), SOUNDS)
def test_what_a_reading_sounds(
    stage: Stage, before: dict[str, Any], body: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    stage.started()
    stage.wait(4)
    if before:
        stage.says("observation", body=before)
    stage.wait(2)
    earlier = len(raised())
    done = stage.says("observation", body=body)
    assert raised()[earlier:] == expected
    assert [(e.body["alarm"], e.body["level"]) for e in done.raised] == expected
    for event in done.raised:
        assert (event.actor_id, event.trigger_id) == ("system:watcher", done.event.pk)
        assert event.position > done.event.position
    assert verify_links().whole


def test_conditions_known_at_opening_make_a_rise_louder(stage: Stage) -> None:
    stage.started()
    stage.wait(5)
    event = stage.says("observation", sbp_mmhg=165, dbp_mmhg=90).event
    levels = {}
    for conditions in ([], ["asthma"], ["stroke"]):
        session = stage.row()
        session.conditions = conditions
        levels[tuple(conditions)] = [alarm.level for alarm in alarms_of(session, event)]
    assert levels == {(): ["review"], ("asthma",): ["review"], ("stroke",): ["hold"]}


def test_a_symptom_and_a_very_high_pressure_meet_in_either_order(stage: Stage) -> None:
    stage.started()
    high, confused = {"sbp_mmhg": 190, "dbp_mmhg": 105}, {"symptoms": ["confusion"]}
    for minutes, body in ((5, confused), (10, high), (31, high), (10, confused)):
        stage.wait(minutes)
        event = stage.says("observation", body=body).event
        levels = {a.id: a.level for a in alarms_of(stage.row(), event)}
        # The third comes when the first symptom is too long ago.
        expected = "hold" if minutes == 31 else "emergency" if minutes == 10 else None
        assert levels.get("pressure.emergency" if minutes == 10 else "pressure.hold") == expected


def test_no_more_drug_until_somebody_has_looked_at_the_alarm(stage: Stage) -> None:
    stage.started()
    stage.wait(5)
    alarm = stage.says("observation", spo2_percent=88).raised[0]
    stage.says("pause")
    stage.wait(1)
    rate = stage.start_body()
    with pytest.raises(Refused) as refused:
        stage.says("resume", **rate)
    assert refused.value.code == "alarm_open"
    assert "Oxygen saturation is below 90 %" in refused.value.message
    stage.says("alarm_acknowledged", alarm_event=str(alarm.pk), note="Oxygen given")
    stage.says("resume", **rate)
    stage.wait(1)
    stage.says("observation", moaas=3)
    slower = {name: value / 2 for name, value in rate.items()}
    stage.says("rate_change", reason="Slower", **slower)
    stage.wait(1)
    with pytest.raises(Refused):
        stage.says("rate_change", reason="Faster", **rate)
    stage.says("infusion_stop")


def test_an_open_alarm_is_not_raised_again_unless_it_gets_worse(stage: Stage) -> None:
    stage.started()
    for minutes, spo2, count in ((1, 91, 1), (1, 91, 1), (1, 90, 1), (0.1, 89, 2), (2, 91, 2)):
        stage.wait(minutes)
        stage.says("observation", spo2_percent=spo2)
        assert len(raised()) == count
    timeline = stage.timeline()
    assert [(a.key, a.level) for a in timeline.open_alarms] == [
        ("oxygen", "hold"),
        ("oxygen", "review"),
    ]
    stage.says("alarm_acknowledged", alarm_event=timeline.open_alarms[0].event_id, note="Probe")
    timeline = stage.timeline()
    assert timeline.open_alarms == []
    assert {a.acknowledged_by for a in timeline.answered_alarms} == {"Test session_nurse"}


def test_an_acknowledged_alarm_keeps_quiet_for_a_while_unless_worse(stage: Stage) -> None:
    stage.started()
    alarm = stage.says("observation", spo2_percent=91).raised[0]
    stage.says("alarm_acknowledged", alarm_event=str(alarm.pk), note="Oxygen given")
    stage.wait(3)
    assert stage.says("observation", spo2_percent=91).raised == []
    stage.wait(2.1)
    assert len(stage.says("observation", spo2_percent=91).raised) == 1
    assert [e.body["level"] for e in stage.says("observation", spo2_percent=85).raised] == ["hold"]


def test_an_alarm_is_answered_once_and_only_here(stage: Stage) -> None:
    stage.started()
    alarm = stage.says("observation", spo2_percent=91).raised[0]
    stage.says("alarm_acknowledged", alarm_event=str(alarm.pk), note="Oxygen given")
    with pytest.raises(Conflict) as twice:
        stage.says("alarm_acknowledged", "prescriber", alarm_event=str(alarm.pk))
    assert "Test session_nurse has acknowledged" in twice.value.message
    with pytest.raises(Invalid):
        stage.says("alarm_acknowledged", alarm_event=str(stage.sent[0]))


def test_a_replayed_reading_raises_nothing_again_and_tells_what_it_raised(stage: Stage) -> None:
    stage.started()
    first = stage.says("observation", spo2_percent=89)
    again = stage.says(
        "observation", id=first.event.pk, at=first.event.happened_at, spo2_percent=89
    )
    assert again.replayed
    assert [e.pk for e in again.raised] == [e.pk for e in first.raised]
    assert len(raised()) == 1


def test_monitor_readings_raise_alarms_in_the_same_transaction(stage: Stage) -> None:
    stage.started()
    listener = Context(system_actor("monitor"), stage.clinic.clock, via="monitor")
    file_readings(listener, batch(stage, {"sbp_mmhg": 190.0, "dbp_mmhg": 110.0}, places=("BED1",)))
    assert ("pressure.hold", "hold") in raised()


def test_what_was_entered_from_paper_or_is_long_past_does_not_sound(stage: Stage) -> None:
    stage.started()
    stage.wait(70)
    nurse = stage.clinic.as_("session_nurse")
    paper = Context(nurse.actor, nurse.clock, via="paper")
    stage.says("observation", ctx=paper, spo2_percent=85)
    stage.says("observation", at=stage.now - timedelta(minutes=61), spo2_percent=85)
    assert raised() == []


def test_overdue_vitals_are_raised_once_a_level_until_a_set_is_taken(stage: Stage) -> None:
    assert tick(stage.now) == 0
    stage.started()
    # every 10 minutes, with 5 of grace (us-racemic-iv)
    assert tick(stage.wait(15)) == 0
    assert tick(stage.wait(0.1)) == 1
    assert tick(stage.now) == 0
    assert tick(stage.wait(2)) == 0
    assert raised() == [("vitals.overdue", "review")]
    assert tick(stage.wait(3)) == 1
    assert tick(stage.wait(1)) == 0
    assert raised()[1] == ("vitals.overdue", "hold")
    assert stage.timeline().vitals_overdue_level == "hold"
    stage.says("observation", body=CALM)
    assert tick(stage.wait(1)) == 0
    assert stage.timeline().vitals_overdue_level == ""
    assert verify_links().whole


def test_a_monitor_that_falls_silent_is_an_alarm(stage: Stage) -> None:
    install_monitor(
        stage.clinic.as_("session_nurse"),
        chair=stage.session.chair,
        site=stage.clinic.site,
        identifier=DEVICE,
    )
    listener = Context(system_actor("monitor"), stage.clinic.clock, via="monitor")
    for _ in range(3):
        file_readings(listener, batch(stage))
        stage.wait(1)
    assert tick(stage.wait(2)) == 0  # silent for three minutes; it speaks every minute
    assert tick(stage.wait(1.1)) == 1
    assert tick(stage.wait(5)) == 0
    assert raised() == [("monitor.silent", "review")]


def test_the_watcher_leaves_a_sign_of_life(stage: Stage) -> None:
    beat("watcher", stage.now, waiting=0)
    beat("watcher", stage.wait(1), waiting=2)
    found = Heartbeat.objects.get(pk="watcher")
    assert (found.beat_at, found.detail) == (stage.now, {"waiting": 2})


@pytest.mark.django_db(transaction=True)
def test_alarms_that_cannot_be_written_wait_and_are_filed_once(
    stage: Stage, outage: Outage
) -> None:
    stage.started()
    stage.wait(16)
    outage.begin()
    for _ in range(2):
        with pytest.raises(DatabaseError):
            tick(stage.now)
    assert spool.waiting() == 1
    outage.end()
    assert spool.replay_spool(stage.clinic.clock) == 1
    assert tick(stage.now) == 0
    assert raised() == [("vitals.overdue", "review")]


@pytest.mark.django_db(transaction=True)
def test_the_watcher_goes_on_until_told_to_stop(stage: Stage) -> None:
    class Rounds(threading.Event):
        """Asks to stop once three rounds were made."""

        rounds = 0

        def wait(self, timeout: float | None = None) -> bool:
            self.rounds += 1
            stage.wait(16)
            if self.rounds == 3:
                self.set()
            return self.is_set()

    stage.started()
    stop = Rounds()
    run_watcher(stop, stage.clinic.clock)
    assert stop.rounds == 3
    assert raised() == [("vitals.overdue", "review"), ("vitals.overdue", "hold")]
    assert Heartbeat.objects.get(pk="watcher").detail == {"waiting": 0}
