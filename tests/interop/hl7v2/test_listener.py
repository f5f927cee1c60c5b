"""The port, over real sockets."""

import asyncio
import itertools
import threading
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from hl7.client import MLLPClient

from evenkeel.interop.hl7v2 import AllowedSources, Limits, MonitorListener
from evenkeel.interop.hl7v2.counters import OTHERS, Counters
from evenkeel.interop.hl7v2.framing import frame
from tests.interop.hl7v2.wire import (
    NOW,
    RecordingSink,
    Wire,
    listening,
    msa,
    numbered,
    real,
    wired,
)

SILENT = Limits(first_s=0.15)
STUCK = Limits(frame_s=0.15)


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await scenario()

    asyncio.run(bounded())


async def settled(condition: Callable[[], bool]) -> None:
    """Until ``condition`` holds; the outer time limit fails the test where it never does."""
    while not condition():
        await asyncio.sleep(0.005)


def test_split_at_every_byte() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener, wired(listener) as wire:
            for cut in range(len(frame(numbered("000"))) + 1):
                data = frame(numbered(f"{cut:03d}"))
                await wire.write(data[:cut])
                await asyncio.sleep(0)
                await wire.write(data[cut:])
                assert msa(await wire.answer())[1:3] == ["AA", f"{cut:03d}"]
            assert len(sink.messages) == cut + 1
            assert listener.counters.noise_bytes == 0

    run(scenario)


def test_one_byte_at_a_time() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener, wired(listener) as wire:
            for byte in frame(real("comen_nc5_spot_check")):
                await wire.write(bytes([byte]))
                await asyncio.sleep(0)
            assert msa(await wire.answer())[1:] == ["AA", "20260726231332.11090007"]
            assert sink.raws == [real("comen_nc5_spot_check")]

    run(scenario)


def test_merged_frames_are_answered_in_order() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener, wired(listener) as wire:
            names = [f"m{n}" for n in range(40)]
            await wire.write(b"".join(frame(numbered(one)) for one in names))
            assert [msa(await wire.answer())[2] for _ in names] == names
            assert sink.control_ids == names

    run(scenario)


@pytest.mark.parametrize(
    ("before", "between", "counter"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"", "noise_bytes"),
        (b"\x00\xff\x1c\x1c\r", b"\x1c\r noise", "noise_bytes"),
        (b"\x0bMSH|^~\\&|cut sho", b"\x0b\x0b\x0bMSH", "unfinished"),
        (b"\x0b\x1c\r", b"\x0b\r\r\x1c\r", "empty"),
    ],
)
def test_garbage_around_good_messages_costs_none_of_them(
    before: bytes, between: bytes, counter: str
) -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener, wired(listener) as wire:
            await wire.write(before + frame(numbered("1")) + between + frame(numbered("2")))
            assert [msa(await wire.answer())[1:3] for _ in "12"] == [["AA", "1"], ["AA", "2"]]
            assert listener.status()[counter] > 0

    run(scenario)


def test_end_mark_without_carriage_return() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener, wired(listener) as wire:
            await wire.write(frame(numbered("1"))[:-1])
            assert msa(await wire.answer())[1:3] == ["AA", "1"]

    run(scenario)


def test_frame_without_end_is_dropped_and_others_go_on() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with (
            listening(sink, limits=STUCK) as listener,
            wired(listener) as stuck,
            wired(listener) as good,
        ):
            await stuck.write(frame(numbered("1"))[:-2])
            assert msa(await good.ask(numbered("2")))[1] == "AA"
            assert await stuck.until_closed() == b""
            assert listener.counters.partial_dropped == 1
            assert sink.control_ids == ["2"]

    run(scenario)


def test_trickling_start_marks_buy_no_time() -> None:
    async def scenario() -> None:
        async with listening(RecordingSink(), limits=STUCK) as listener, wired(listener) as wire:

            async def trickle() -> None:
                while True:
                    await wire.write(b"\x0bM")
                    await asyncio.sleep(0.02)

            with pytest.raises(ConnectionError):
                await trickle()
            assert listener.counters.partial_dropped == 1

    run(scenario)


@pytest.mark.parametrize("said", [b"", b"noise", b"\r\n\r\n"])
def test_client_that_says_nothing_is_dropped(said: bytes) -> None:
    async def scenario() -> None:
        async with listening(RecordingSink(), limits=SILENT) as listener, wired(listener) as wire:
            await wire.write(said)
            assert await wire.until_closed() == b""
            assert listener.counters.silent_dropped == 1
            await settled(lambda: listener.counters.open_connections == 0)

    run(scenario)


def test_oversize_frame_is_rejected_and_the_next_one_taken() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener, wired(listener) as wire:
            huge = numbered("big") + b"NTE|1||" + b"x" * (64 * 1024) + b"\r"
            await wire.write(frame(huge) + frame(numbered("small")))
            assert msa(await wire.answer())[1:3] == ["AR", "big"]
            assert msa(await wire.answer())[1:3] == ["AA", "small"]
            assert (listener.counters.oversize, sink.control_ids) == (1, ["small"])

    run(scenario)


@pytest.mark.parametrize(
    ("content", "answer", "code"),
    [
        (b"no header at all", None, "no_header"),
        (numbered("1").replace(b"ORU^R01^ORU_R01", b"ADT^A01"), "AR", "type_unsupported"),
        (numbered("1") + b"PID|||SYN-2\r", "AR", "two_patients"),
        (
            numbered("1", ack="||||||NO SUCH SET") + b"NTE|1||\xff\r",
            "AR",
            "charset_unknown",
        ),
        (
            numbered("1", ack="||||||GB 18030-2000") + b"NTE|1||\xff\r",
            "AR",
            "charset_mismatch",
        ),
    ],
)
def test_malformed_message_is_refused_and_the_next_one_taken(
    content: bytes, answer: str | None, code: str
) -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener, wired(listener) as wire:
            await wire.write(frame(content) + frame(numbered("2")))
            if answer is not None:
                assert msa(await wire.answer())[1:3] == [answer, "1"]
            assert msa(await wire.answer())[1:3] == ["AA", "2"]
            assert listener.counters.malformed == {code: 1}
            assert sink.control_ids == ["2"]

    run(scenario)


def test_damaged_bytes_in_a_name_cost_no_reading() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener, wired(listener) as wire:
            raw = numbered("1", ack="||||||UNICODE UTF-8").replace(b"SYN-1", b"SYN\xe9||Mu\xf1oz")
            assert msa(await wire.ask(raw))[1] == "AA"
            assert sink.messages[0].patient_ids == ()
            assert len(sink.messages[0].readings) == 1

    run(scenario)


def test_unlisted_source_is_refused_and_counted() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        peers = itertools.cycle(["10.9.9.9", "10.0.0.7", "::ffff:10.9.9.9", "not an address"])
        async with listening(
            sink, AllowedSources.parse(["10.0.0.0/24"]), peer_of=lambda _: next(peers)
        ) as listener:
            async with wired(listener) as refused:
                assert await refused.until_closed() == b""
            async with wired(listener) as allowed:
                assert msa(await allowed.ask(numbered("1")))[1] == "AA"
            for _ in range(2):
                async with wired(listener) as refused:
                    assert await refused.until_closed() == b""
            assert listener.counters.refused == {
                "10.9.9.9": 1,
                "::ffff:10.9.9.9": 1,
                "not an address": 1,
            }
            assert sink.control_ids == ["1"]

    run(scenario)


def test_refused_addresses_are_counted_in_bounded_memory() -> None:
    counters = Counters()
    for number in range(1000):
        counters.refuse(f"10.0.{number // 250}.{number % 250}")
    counters.refuse("10.0.0.0")
    assert len(counters.refused) == 257
    assert counters.refused["10.0.0.0"] == 2
    assert counters.refused[OTHERS] == 744


@pytest.mark.parametrize(
    ("peer", "listed", "loopback", "allowed"),
    [
        ("127.0.0.1", [], True, True),
        ("127.8.8.8", [], True, True),
        ("::1", [], True, True),
        ("::ffff:127.0.0.1", [], True, True),
        ("127.0.0.1", [], False, False),
        ("10.0.0.7", [], True, False),
        ("10.0.0.7", ["10.0.0.7"], True, True),
        ("10.0.0.8", ["10.0.0.7"], True, False),
        ("::ffff:10.0.0.7", ["10.0.0.7"], True, True),
        ("fe80::1%eth0", ["fe80::/10"], True, True),
        ("", ["0.0.0.0/0"], True, False),
    ],
)
def test_sources(peer: str, listed: list[str], loopback: bool, allowed: bool) -> None:
    assert AllowedSources.parse(listed, loopback=loopback).allows(peer) is allowed


def test_listed_source_that_is_no_network_is_named() -> None:
    with pytest.raises(ValueError, match="monitor-room"):
        AllowedSources.parse(["monitor-room"])


def test_port_stays_on_loopback_until_sources_are_configured() -> None:
    async def scenario() -> None:
        sources = AllowedSources()
        listener = MonitorListener(
            RecordingSink(), lambda: sources, host="0.0.0.0", port=0, clock=lambda: NOW
        )
        await listener.start()
        try:
            host, port = listener.address
            assert (host, listener.status()["loopback_only"]) == ("127.0.0.1", True)
            sources = AllowedSources.parse(["10.0.0.0/24"])
            await listener.refresh()
            assert listener.address == ("0.0.0.0", port)
            sources = AllowedSources(loopback=False)
            async with wired(listener) as wire:
                assert await wire.until_closed() == b""
            await listener.refresh()
            assert listener.address == ("127.0.0.1", port)
        finally:
            await listener.stop()

    run(scenario)


def test_source_taken_off_the_list_is_disconnected() -> None:
    async def scenario() -> None:
        sources = AllowedSources()
        listener = MonitorListener(RecordingSink(), lambda: sources, port=0, clock=lambda: NOW)
        await listener.start()
        try:
            async with wired(listener) as wire:
                assert msa(await wire.ask(numbered("1")))[1] == "AA"
                sources = AllowedSources(loopback=False)
                await listener.refresh()
                assert await wire.until_closed() == b""
        finally:
            await listener.stop()

    run(scenario)


def test_failed_filing_is_an_error_answer_and_the_retry_is_filed_once() -> None:
    async def scenario() -> None:
        sink = RecordingSink(failures=1)
        async with listening(sink) as listener, wired(listener) as wire:
            assert msa(await wire.ask(numbered("1")))[1:3] == ["AE", "1"]
            assert sink.messages == []
            assert msa(await wire.ask(numbered("1")))[1:3] == ["AA", "1"]
            assert msa(await wire.ask(numbered("1")))[1:3] == ["AA", "1"]
            assert sink.control_ids == ["1"]
            assert listener.counters.sink_failures == 1
            assert listener.counters.outcomes == {"filed": 1, "duplicate": 1}

    run(scenario)


def test_hanging_storage_is_an_error_answer() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        sink.gate = asyncio.Event()
        async with listening(sink, limits=Limits(sink_s=0.05)) as listener, wired(listener) as wire:
            assert msa(await wire.ask(numbered("1")))[1] == "AE"

    run(scenario)


def test_no_answer_before_the_sink_returns() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        sink.gate = asyncio.Event()
        async with listening(sink) as listener, wired(listener) as wire:
            await wire.write(frame(numbered("1")))
            await sink.entered.wait()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await wire.reader.read(1)
            sink.gate.set()
            assert msa(await wire.answer())[1] == "AA"

    run(scenario)


def test_same_message_on_two_connections_at_once_is_filed_once() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        sink.gate = asyncio.Event()
        async with (
            listening(sink) as listener,
            wired(listener) as first,
            wired(listener) as second,
        ):
            await first.write(frame(numbered("1")))
            await second.write(frame(numbered("1")))
            await settled(lambda: listener.counters.messages == 2)
            sink.gate.set()
            assert [msa(await one.answer())[1] for one in (first, second)] == ["AA", "AA"]
            assert sink.calls == 1

    run(scenario)


def test_same_control_id_with_other_content_is_another_message() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener, wired(listener) as wire:
            for raw in (numbered("1"), numbered("1").replace(b"|97|", b"|96|")):
                assert msa(await wire.ask(raw))[1] == "AA"
            assert sink.control_ids == ["1", "1"]

    run(scenario)


def test_duplicate_window_ends() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        now = NOW
        async with listening(sink, clock=lambda: now) as listener, wired(listener) as wire:
            await wire.ask(numbered("1"))
            now = NOW + timedelta(minutes=14)
            await wire.ask(numbered("1"))
            assert sink.calls == 1
            now = NOW + timedelta(minutes=30)
            await wire.ask(numbered("1"))
            assert sink.calls == 2

    run(scenario)


def test_too_many_connections() -> None:
    async def scenario() -> None:
        limits = Limits(connections_per_peer=2)
        async with (
            listening(RecordingSink(), limits=limits) as listener,
            wired(listener) as one,
            wired(listener) as two,
        ):
            assert msa(await one.ask(numbered("1")))[1] == "AA"
            assert msa(await two.ask(numbered("2")))[1] == "AA"
            async with wired(listener) as three:
                assert await three.until_closed() == b""
            assert listener.counters.over_capacity == 1

    run(scenario)


def test_sender_that_reads_no_answers_is_dropped() -> None:
    async def scenario() -> None:
        limits = Limits(answer_s=0.1)
        async with (
            listening(RecordingSink(), limits=limits) as listener,
            wired(listener, 4096) as deaf,
        ):
            deaf.reader._limit = 1  # the reader pauses its socket after a few answers
            flood = b"".join(frame(numbered(f"{n:04d}")) for n in range(500))

            async def pour() -> None:
                while True:
                    await deaf.write(flood)

            with pytest.raises(ConnectionError):
                await pour()
            assert listener.counters.deaf_dropped == 1
            await settled(lambda: listener.counters.open_connections == 0)
            async with wired(listener) as good:
                assert msa(await good.ask(numbered("fine")))[1] == "AA"

    run(scenario)


def test_stop_finishes_what_is_being_stored() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        sink.gate = asyncio.Event()
        async with listening(sink) as listener, wired(listener) as busy, wired(listener) as idle:
            await busy.write(frame(numbered("1")))
            await sink.entered.wait()
            stopping = asyncio.create_task(listener.stop())
            assert await idle.until_closed() == b""
            sink.gate.set()
            assert msa(await busy.answer())[1:3] == ["AA", "1"]
            await stopping
            assert not listener.is_listening
            assert listener.counters.open_connections == 0

    run(scenario)


def test_stop_does_not_wait_for_ever() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        sink.gate = asyncio.Event()
        async with listening(sink) as listener, wired(listener) as busy:
            await busy.write(frame(numbered("1")))
            await sink.entered.wait()
            await listener.stop(grace_s=0.05)
            assert await busy.until_closed() == b""
            assert sink.messages == []

    run(scenario)


def test_clock_of_the_monitor_is_tracked_and_corrected_before_filing() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        now = NOW - timedelta(minutes=10)
        async with listening(sink, clock=lambda: now) as listener, wired(listener) as wire:
            await wire.ask(real("comen_nc5_spot_check"))
            (message,) = sink.messages
            assert message.clock_offset_s == pytest.approx(599.1106)
            assert all(one.measured_at <= now for one in message.readings)
            assert all("clock_corrected" in one.flags for one in message.readings)
            status = listener.status()
            assert status["clock_offsets"]["KC575235977G"]["shown"] is True
            assert status["devices"]["KC575235977G"].bed == "24"

    run(scenario)


def test_real_messages_and_their_outcomes() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener, wired(listener) as wire:
            codes = [
                msa(await wire.ask(real(name)))[1]
                for name in (
                    "comen_nc5_spot_check",
                    "mindray_vs900_demo_mode",
                    "mindray_vs900_stale_cuff",
                    "xh80x_no_sensor",
                )
            ]
            assert codes == ["AA", "CA", "CA", "CA"]
            assert listener.counters.outcomes == {"filed": 3, "demo": 1}

    run(scenario)


def test_independent_sender() -> None:
    """python-hl7's own blocking client, in a thread of its own."""

    async def scenario() -> None:
        sink = RecordingSink()
        answers: list[bytes] = []
        async with listening(sink) as listener:
            host, port = listener.address

            def send() -> None:
                with MLLPClient(host, port) as client:
                    for number in range(20):
                        answers.append(client.send_message(numbered(str(number))))

            thread = threading.Thread(target=send)
            thread.start()
            await settled(lambda: not thread.is_alive())
        assert [msa(one[1:-2])[1:3] for one in answers] == [["AA", str(n)] for n in range(20)]
        assert sink.control_ids == [str(n) for n in range(20)]

    run(scenario)


def test_senders_side_by_side() -> None:
    async def scenario() -> None:
        sink = RecordingSink()
        async with listening(sink) as listener:

            async def sender(name: str) -> None:
                async with wired(listener) as wire:
                    await _send_many(wire, name)

            await asyncio.gather(*(sender(f"s{n}") for n in range(10)))
            assert sorted(sink.control_ids) == sorted(
                f"s{n}-{m}" for n in range(10) for m in range(10)
            )

    run(scenario)


async def _send_many(wire: Wire, name: str) -> None:
    for number in range(10):
        await wire.write(b"junk" * number)
        assert msa(await wire.ask(numbered(f"{name}-{number}")))[1] == "AA"


def test_port_that_cannot_be_moved_stays_where_it_is() -> None:
    async def scenario() -> None:
        sources = AllowedSources()
        # 192.0.2.1 is set aside for documentation (RFC 5737): no machine has it.
        listener = MonitorListener(
            RecordingSink(), lambda: sources, host="192.0.2.1", port=0, clock=lambda: NOW
        )
        await listener.start()
        try:
            before = listener.address
            sources = AllowedSources.parse(["10.0.0.0/24"])
            with pytest.raises(OSError, match="assign"):
                await listener.refresh()
            assert listener.address == before
            async with wired(listener) as wire:
                assert msa(await wire.ask(numbered("1")))[1] == "AA"
        finally:
            await listener.stop()

    run(scenario)
