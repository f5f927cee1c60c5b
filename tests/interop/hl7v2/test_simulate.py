"""The simulated monitor, heard by the real listener."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from evenkeel.interop.hl7v2 import group_readings, parse_message
from evenkeel.interop.hl7v2.simulate import (
    DeliveryError,
    MonitorClient,
    MonitorIdentity,
    SimulatedMonitor,
    VitalSigns,
    build_oru,
    read_answer,
)
from tests.interop.hl7v2.test_listener import run, settled
from tests.interop.hl7v2.wire import NOW, RecordingSink, listening, numbered

ADA = MonitorIdentity(eui64="00A0370000000001", patient_id="SYN-1", bed="Chair 3")


def body(at: datetime) -> VitalSigns:
    """A pressure that rises by 1 mmHg a minute, for a test to recognize."""
    minute = (at - NOW).total_seconds() / 60
    return VitalSigns(120 + minute, 80, 97.4, 71.6, 14, 36.7)


def test_message_is_read_back_as_it_was_meant() -> None:
    monitor = SimulatedMonitor(ADA, body, cuff_every=timedelta(minutes=5))
    monitor.message(NOW)
    later = NOW + timedelta(minutes=3)
    message = parse_message(monitor.message(later), received_at=later, default_tz=NOW.tzinfo)
    assert message.unknown == ()
    assert message.patient_ids[0].value == "SYN-1"
    assert message.location.bed == "Chair 3"
    cuff, sweep = group_readings(message)
    assert (cuff.measured_at, cuff.is_periodic) == (NOW, False)
    assert cuff.values == {"sbp_mmhg": 120, "dbp_mmhg": 80, "map_mmhg": 93}
    assert (sweep.measured_at, sweep.is_periodic) == (later, True)
    assert sweep.values == {
        "spo2_percent": 97,
        "pulse_bpm": 72,
        "respiratory_rate_per_min": 14,
        "temperature_c": Decimal("36.7"),
    }


def test_cuff_inflates_again_when_it_is_due() -> None:
    monitor = SimulatedMonitor(ADA, body, cuff_every=timedelta(minutes=5))
    pressures = []
    for minute in range(11):
        at = NOW + timedelta(minutes=minute)
        message = parse_message(monitor.message(at), received_at=at, default_tz=NOW.tzinfo)
        pressures.append(int(group_readings(message)[0].values["sbp_mmhg"]))
    assert pressures == [120] * 5 + [125] * 5 + [130]


def test_sensor_off_and_demonstration() -> None:
    raw = build_oru(ADA, control_id="1", sent_at=NOW, sweep=VitalSigns(spo2_percent=98))
    message = parse_message(raw, received_at=NOW, default_tz=NOW.tzinfo)
    assert [one.sensor_absent for one in message.readings] == [False, True, True, True]
    raw = SimulatedMonitor(ADA, body, demonstration=True).message(NOW)
    assert parse_message(raw, received_at=NOW, default_tz=NOW.tzinfo).demonstration


def test_cuff_without_its_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time"):
        build_oru(ADA, control_id="1", sent_at=NOW, sweep=VitalSigns(), cuff=VitalSigns(120, 80))


def test_run_against_the_listener_with_a_wrong_clock() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        now = NOW
        stop = asyncio.Event()
        monitor = SimulatedMonitor(
            ADA, body, cuff_every=timedelta(minutes=5), clock_error=timedelta(minutes=7)
        )

        async def wait() -> None:
            nonlocal now
            now += timedelta(minutes=1)
            if now >= NOW + timedelta(minutes=20):
                stop.set()

        async with listening(sink, clock=lambda: now) as listener:
            async with MonitorClient(*listener.address) as client:
                await monitor.run(client, clock=lambda: now, wait=wait, stop=stop)
            assert listener.intake.offsets.snapshot()[ADA.eui64].offset_s == 420
        assert len(sink.messages) == 20
        cuffs = {
            one.identity: one.measured_at
            for message in sink.messages
            for one in group_readings(message)
            if "sbp_mmhg" in one.values
        }
        assert sorted(cuffs.values()) == [NOW + timedelta(minutes=5 * n) for n in range(4)]

    run(scenario)


def test_client_sends_again_after_an_error_answer() -> None:
    async def scenario() -> None:
        sink = RecordingSink(failures=2)
        async with (
            listening(sink) as listener,
            MonitorClient(*listener.address, retry_s=0.001) as client,
        ):
            answer = await client.send(numbered("1"))
            assert (answer.code, answer.control_id) == ("AA", "1")
            assert (sink.calls, sink.control_ids) == (3, ["1"])

    run(scenario)


def test_client_gives_up_on_a_rejection_at_once() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener, MonitorClient(*listener.address) as client:
            with pytest.raises(DeliveryError) as caught:
                await client.send(numbered("1").replace(b"ORU^R01^ORU_R01", b"ADT^A01"))
            assert caught.value.code == "AR"
            assert listener.counters.messages == 1

    run(scenario)


def test_client_comes_back_after_the_listener_was_away() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as first:
            host, port = first.address
            client = MonitorClient(host, port, attempts=2, retry_s=0.001)
            await client.send(numbered("1"))
        with pytest.raises(DeliveryError):
            await client.send(numbered("2"))
        async with listening(sink) as second:
            client._port = second.address[1]
            await client.send(numbered("3"))
            await client.close()
            await settled(lambda: second.counters.open_connections == 0)
        assert sink.control_ids == ["1", "3"]

    run(scenario)


def test_answer_without_msa_is_an_error() -> None:
    with pytest.raises(ValueError, match="MSA"):
        read_answer(b"MSH|^~\\&\r")
