"""Monitor readings: charted where they belong, once, or waiting in the tray; never guessed."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evenkeel.clinic.people.models import Chair
from evenkeel.clinic.record.act import Act, Context, action, system_actor
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.errors import Forbidden, Invalid, Refused
from evenkeel.clinic.record.models import ChainEntry, Heartbeat
from evenkeel.clinic.session.actions.file_readings import file_batches, file_readings
from evenkeel.clinic.session.actions.tray import assign_message, discard_message
from evenkeel.clinic.session.models import Monitor, MonitorStatus, SessionEvent, TrayMessage
from evenkeel.clinic.session.monitor_batch import FiledReading, MonitorBatch
from evenkeel.interop.hl7v2 import parse_message
from evenkeel.interop.hl7v2.sink import RecordSink, batch_of
from tests.clinic.session.makers import Stage, another_case, open_stage
from tests.clinic_factory import Clinic

MESSAGES = Path(__file__).parents[2] / "interop" / "hl7v2" / "messages"
DEVICE = "00A0370000000001"
SWEEP = {"spo2_percent": 97.0, "pulse_bpm": 71.0}
CUFF = {"sbp_mmhg": 128.0, "dbp_mmhg": 79.0, "map_mmhg": 95.0}


@action("test.install_monitor", permission="device.manage")
def install_monitor(act: Act, *, chair: Chair | None, site: Any, identifier: str) -> Monitor:
    return act.write(Monitor(site=site, chair=chair, identifier=identifier))


@pytest.fixture
def listener(clinic: Clinic) -> Context:
    return Context(system_actor("monitor"), clinic.clock, via="monitor")


def batch(stage: Stage, values: dict[str, float] = SWEEP, **said: Any) -> MonitorBatch:
    """A message received now; ``ago`` minutes is how long ago it was measured."""
    at = stage.now - timedelta(minutes=said.pop("ago", 0))
    periodic = values is SWEEP
    flags = said.pop("flags", frozenset())
    mark = f"{at.isoformat()}|{sorted(values.items())}|{said}"
    identity = hashlib.sha256(mark.encode()).hexdigest()[:32]
    given: dict[str, Any] = {
        "device_ids": (DEVICE,),
        "device_name": "SIM",
        "places": (),
        "patient_ids": (),
        "received_at": stage.now,
        "readings": (FiledReading(at, "20261123140000", values, identity, periodic, flags),),
        "digest": hashlib.sha256(f"{mark}|{stage.now}".encode()).hexdigest(),
        "raw": "MSH|...",
        "peer": "127.0.0.1",
    }
    return MonitorBatch(**{**given, **said})


def observations() -> list[SessionEvent]:
    return list(SessionEvent.objects.filter(kind="observation").order_by("happened_at"))


def test_a_registered_device_files_into_the_session_in_its_chair(
    stage: Stage, listener: Context
) -> None:
    monitor = install_monitor(
        stage.clinic.as_("session_nurse"),
        chair=stage.session.chair,
        site=stage.clinic.site,
        identifier=DEVICE,
    )
    filing = file_readings(listener, batch(stage))
    assert (filing.outcome, filing.events) == ("filed", 1)
    event = observations()[0]
    assert event.body == {"spo2_percent": 97, "heart_rate_bpm": 71, "flags": ["periodic"]}
    assert (event.via, event.actor_id, event.device_id) == ("monitor", "system:monitor", monitor.pk)
    assert (event.happened_at, event.raw_time) == (stage.now, "20261123140000")
    status = MonitorStatus.objects.get(pk=DEVICE)
    assert (status.messages, status.last_heard_at) == (1, stage.now)
    assert verify_links().whole


def test_the_same_measurement_is_charted_once_however_often_it_is_sent(
    stage: Stage, listener: Context
) -> None:
    message = batch(stage, CUFF, places=("bed1",))
    assert file_readings(listener, message).outcome == "filed"
    stage.wait(1)
    again = replace(message, received_at=stage.now, digest="another message")
    assert file_readings(listener, again).outcome == "duplicate"
    assert len(observations()) == 1


#: (what the message says, where it goes, why)
MATCHES = [
    ({"places": ("BED1",)}, "filed", ""),
    ({"places": (" bed1 ", "Ward")}, "filed", ""),
    ({"patient_ids": ("{mrn}",)}, "filed", ""),
    ({"places": ("BED1",), "patient_ids": ("{mrn}",)}, "filed", ""),
    ({"places": ("BED1",), "patient_ids": ("VISIT-7",)}, "filed", ""),
    ({"places": ("BED2",)}, "tray", "no live session in that chair"),
    ({"places": ("BED9",)}, "tray", "Neither the device nor the bed"),
    ({"places": ("BED1", "BED2")}, "tray", "more than one chair"),
    ({"places": ("BED1",), "patient_ids": ("{other}",)}, "tray", "another person"),
    ({"patient_ids": ("{other}",)}, "tray", "person named has no live session"),
    ({"device_ids": (), "places": ()}, "tray", "names no device, bed or person"),
    ({}, "tray", "Neither the device nor the bed"),
    ({"places": ("BED1",), "demonstration": True, "readings": ()}, "demo", "demonstration"),
    ({"places": ("BED1",), "readings": ()}, "nothing", "no readings"),
    ({"places": ("BED1",), "ago": 30}, "nothing", ""),
]


@pytest.mark.parametrize(("said", "outcome", "why"), MATCHES)
def test_where_a_message_goes(
    stage: Stage, listener: Context, said: dict[str, Any], outcome: str, why: str
) -> None:
    other = another_case(stage.clinic, "Bo").patient
    words = {"{mrn}": stage.case.patient.mrn, "{other}": other.mrn}
    said = dict(said)
    if "patient_ids" in said:
        said["patient_ids"] = tuple(words.get(p, p) for p in said["patient_ids"])
    filing = file_readings(listener, batch(stage, CUFF, **said))
    assert filing.outcome == outcome
    assert why in filing.detail
    assert len(observations()) == (1 if outcome == "filed" else 0)
    assert TrayMessage.objects.count() == (1 if outcome == "tray" else 0)
    if outcome == "filed" and "VISIT-7" in said.get("patient_ids", ()):
        assert "patient_id_unknown" in observations()[0].body["flags"]
    if outcome == "demo":
        assert MonitorStatus.objects.get(pk=DEVICE).counters["demonstration"] == 1


def test_a_device_and_a_bed_that_disagree_are_not_guessed(stage: Stage, listener: Context) -> None:
    install_monitor(
        stage.clinic.as_("session_nurse"),
        chair=stage.session.chair,
        site=stage.clinic.site,
        identifier=DEVICE,
    )
    filing = file_readings(listener, batch(stage, CUFF, places=("BED2",)))
    assert (filing.outcome, filing.detail[:10]) == ("tray", "The device")


def test_two_sessions_at_once_each_get_their_own(stage: Stage, listener: Context) -> None:
    second = open_stage(stage.clinic, chair=stage.clinic.chairs[1], named="Bo")
    filings = file_batches(
        listener,
        [batch(stage, CUFF, places=("BED1",)), batch(second, SWEEP, places=("BED2",))],
    )
    assert [f.outcome for f in filings] == ["filed", "filed"]
    assert {(e.session_id, "sbp_mmhg" in e.body) for e in observations()} == {
        (stage.session.pk, True),
        (second.session.pk, False),
    }


def test_an_old_cuff_stands_at_its_own_time_and_is_marked(stage: Stage, listener: Context) -> None:
    stage.wait(40)
    file_readings(listener, batch(stage, CUFF, places=("BED1",), ago=23))
    event = observations()[0]
    assert event.happened_at == stage.now - timedelta(minutes=23)
    assert event.body["flags"] == ["aperiodic", "old"]
    assert stage.timeline().last["sbp_mmhg"].age_s == 23 * 60


def test_nothing_is_charted_in_the_future(stage: Stage, listener: Context) -> None:
    file_readings(listener, batch(stage, CUFF, places=("BED1",), ago=-3, flags={"clock_corrected"}))
    event = observations()[0]
    assert event.happened_at == stage.now
    assert event.body["flags"] == ["aperiodic", "clock_corrected"]


def test_an_impossible_value_is_left_out_and_the_rest_is_kept(
    stage: Stage, listener: Context
) -> None:
    values = {"sbp_mmhg": 128.0, "dbp_mmhg": 900.0, "heart_rate_bpm": 70.0}
    file_readings(listener, batch(stage, values, places=("BED1",)))
    assert observations()[0].body == {
        "sbp_mmhg": 128,
        "heart_rate_bpm": 70,
        "flags": ["aperiodic"],
    }


def test_a_monitor_that_cannot_be_matched_does_not_flood_the_tray(
    stage: Stage, listener: Context
) -> None:
    for _ in range(10):
        assert file_readings(listener, batch(stage)).outcome == "tray"
        stage.wait(0.1)
    assert TrayMessage.objects.count() == 1
    assert file_readings(listener, batch(stage, CUFF)).outcome == "tray"
    assert TrayMessage.objects.count() == 2
    stage.wait(1.1)
    file_readings(listener, batch(stage))
    assert TrayMessage.objects.count() == 3


def test_a_person_assigns_what_waits_and_stands_for_it(stage: Stage, listener: Context) -> None:
    file_readings(listener, batch(stage, CUFF, patient_ids=("VISIT-7",)))
    waiting = TrayMessage.objects.get()
    nurse = stage.clinic.as_("session_nurse")
    assert assign_message(nurse, message_id=waiting.pk, session_id=stage.session.pk) == 1
    event = observations()[0]
    assert event.body["flags"] == ["aperiodic", "assigned"]
    assert event.actor_name == "Test session_nurse"
    waiting.refresh_from_db()
    assert (waiting.state, waiting.session_id) == ("assigned", stage.session.pk)
    with pytest.raises(Refused) as raised:
        discard_message(nurse, message_id=waiting.pk, reason="x")
    assert raised.value.code == "dealt_with"


def test_a_message_that_names_another_person_cannot_be_assigned(
    stage: Stage, listener: Context
) -> None:
    other = another_case(stage.clinic, "Bo").patient
    file_readings(listener, batch(stage, CUFF, patient_ids=(other.mrn,)))
    waiting = TrayMessage.objects.get()
    nurse = stage.clinic.as_("session_nurse")
    with pytest.raises(Refused) as raised:
        assign_message(nurse, message_id=waiting.pk, session_id=stage.session.pk)
    assert raised.value.code == "other_person"
    with pytest.raises(Invalid):
        discard_message(nurse, message_id=waiting.pk, reason=" ")
    discard_message(nurse, message_id=waiting.pk, reason="Left over from the last person")
    assert TrayMessage.objects.get().state == "discarded"
    assert ChainEntry.objects.latest("position").reason == "Left over from the last person"
    assert observations() == []


def test_only_the_system_files_readings(stage: Stage) -> None:
    with pytest.raises(Forbidden):
        file_readings(stage.clinic.as_("medical_director"), batch(stage))


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("mindray_vs900_demo_mode", "demo"),
        ("xh80x_no_sensor", "nothing"),
        ("mindray_vs900_stale_cuff", "filed"),
        ("comen_nc5_spot_check", "tray"),
    ],
)
def test_messages_of_real_monitors(
    stage: Stage, listener: Context, name: str, outcome: str
) -> None:
    for device in ("00A0370098006640", "00A037009B000000", "00A0370098007A80"):
        install_monitor(
            stage.clinic.as_("session_nurse"),
            chair=stage.session.chair,
            site=stage.clinic.site,
            identifier=device,
        )
    raw = (MESSAGES / f"{name}.hl7").read_bytes()
    message = parse_message(raw, received_at=stage.now, default_tz=stage.now.tzinfo)
    shift = stage.now - (message.sent_at or stage.now)
    moved = replace(
        message,
        readings=tuple(replace(r, measured_at=r.measured_at + shift) for r in message.readings),
    )
    stage.session.opened_at = stage.now
    filing = file_readings(listener, batch_of(moved, raw, "127.0.0.1"))
    assert filing.outcome == outcome
    if name == "mindray_vs900_stale_cuff":
        # the cuff is 24 minutes old and from before the session was opened
        assert [sorted(e.body) for e in observations()] == [
            ["flags", "heart_rate_bpm", "perfusion_index_percent", "spo2_percent"]
        ]


@pytest.mark.django_db(transaction=True)
def test_the_sink_answers_only_after_the_commit_and_gathers(stage: Stage) -> None:
    raw = (
        "MSH|^~\\&|SIM^00A0370000000001^EUI-64||||{at}||ORU^R01^ORU_R01|{n}|P|2.6\r"
        "PID|||\rPV1||I|^^BED1\rOBR|1||||||{at}\r"
        "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1|9{n}|262688^MDC_DIM_PERCENT^MDC|||||R\r"
    )
    before = ChainEntry.objects.count()

    async def send_all() -> list[str]:
        sink = RecordSink(stage.clinic.clock)
        try:
            texts = [
                raw.format(at=stage.now.strftime("%Y%m%d%H%M%S+0000"), n=n).encode()
                for n in range(4, 9)
            ]
            messages = [
                parse_message(t, received_at=stage.now, default_tz=stage.now.tzinfo) for t in texts
            ]
            filed = await asyncio.gather(
                *(sink.file(m, t, "127.0.0.1") for m, t in zip(messages, texts, strict=True))
            )
            return [one.outcome for one in filed]
        finally:
            sink.close()

    assert asyncio.run(send_all()) == ["filed"] * 5
    assert sorted(e.body["spo2_percent"] for e in observations()) == [94, 95, 96, 97, 98]
    assert ChainEntry.objects.count() == before + 5
    assert Heartbeat.objects.get(pk="listener").beat_at == stage.now
