"""The monitor's clock against ours."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.interop.hl7v2 import parse_message
from evenkeel.interop.hl7v2.clock_offset import (
    ClockOffsets,
    OffsetTrack,
    correct_message,
    corrected,
)
from evenkeel.interop.hl7v2.timestamp import format_time
from tests.interop.hl7v2.wire import real

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def follow(lags: list[tuple[float, float]]) -> OffsetTrack:
    """A track after messages received at (second, offset seen)."""
    track = OffsetTrack()
    for second, offset in lags:
        at = START + timedelta(seconds=second)
        track = track.observe(at + timedelta(seconds=offset), at)
    return track


@pytest.mark.parametrize(
    ("lags", "expected", "shown"),
    [
        ([], None, False),
        ([(0, 0)], 0, False),
        ([(0, 119), (10, 119)], 119, False),
        ([(0, 120.5)], 120.5, True),
        ([(10 * n, -3600) for n in range(5)], -3600, True),
        ([(10 * n, -0.5) for n in range(9)] + [(90, -400)], -0.5, False),
        ([(10 * n, 0) for n in range(15)] + [(150 + 10 * n, 3600) for n in range(3)], 3600, True),
        ([(10 * n, 0) for n in range(15)] + [(150 + 10 * n, -3600) for n in range(2)], 0, False),
        ([(10 * n, 0) for n in range(15)] + [(150 + 10 * n, -3600) for n in range(3)], -3600, True),
        (
            [(10 * n, 0) for n in range(5)] + [(650 + n / 20, n * 10 - 600) for n in range(60)],
            0,
            False,
        ),
    ],
    ids=[
        "nothing heard",
        "right",
        "under two minutes",
        "over two minutes",
        "an hour behind",
        "one late message",
        "set forward",
        "set back, not sure yet",
        "set back",
        "backlog in a burst",
    ],
)
def test_offset(lags: list[tuple[float, float]], expected: float | None, shown: bool) -> None:
    track = follow(lags)
    assert track.offset_s == (None if expected is None else pytest.approx(expected))
    assert track.is_shown is shown


@pytest.mark.parametrize(
    ("measured_s", "offset_s", "expected_s", "flags"),
    [
        (-60, None, -60, set()),
        (-60, 4.0, -60, set()),
        (-60, 3600, -3660, {"clock_corrected"}),
        (-3660, -3600, -60, {"clock_corrected"}),
        (3600, 3600, 0, {"clock_corrected"}),
        (3, None, 0, set()),
        (900, None, 0, {"clamped"}),
        (900, 300, 0, {"clock_corrected", "clamped"}),
        (-1476, 0.2, -1476, set()),
    ],
)
def test_corrected(
    measured_s: float, offset_s: float | None, expected_s: float, flags: set[str]
) -> None:
    at, done = corrected(START + timedelta(seconds=measured_s), offset_s, received_at=START)
    assert at == START + timedelta(seconds=expected_s)
    assert done == flags


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e5)), max_size=40),
    st.floats(-1e6, 1e6),
)
def test_nothing_is_ever_in_the_future(
    history: list[tuple[float, float]], measured_s: float
) -> None:
    track, at = OffsetTrack(), START
    for offset, gap in history:
        at += timedelta(seconds=gap)
        track = track.observe(at + timedelta(seconds=offset), at)
    moved, _ = corrected(
        at + timedelta(seconds=measured_s), track.estimate_s(None, at), received_at=at
    )
    assert moved <= at


def test_clock_set_forward_is_believed_at_once() -> None:
    track = follow([(10 * n, 0) for n in range(15)])
    assert track.estimate_s(START + timedelta(hours=1), START) == 3600
    assert track.estimate_s(START - timedelta(hours=1), START) == 0


def test_stale_cuff_is_not_taken_for_a_wrong_clock() -> None:
    received = datetime(2019, 12, 6, 11, 34, 53, tzinfo=UTC)
    message = parse_message(real("mindray_vs900_stale_cuff"), received_at=received, default_tz=UTC)
    offsets = ClockOffsets()
    moved = offsets.correct(message, "a")
    assert offsets.snapshot()["a"].offset_s == -1
    cuff = next(one for one in moved.readings if one.quantity == "sbp_mmhg")
    assert cuff.measured_at == datetime(2019, 12, 6, 11, 10, 16, tzinfo=UTC)
    assert "clock_corrected" not in cuff.flags


def test_cuff_of_a_fast_monitor_moves_with_its_clock_and_keeps_its_raw_time() -> None:
    """Seven minutes fast: the cuff is still 24:36 older than the message, now at our time."""
    raw_sent = datetime(2019, 12, 6, 11, 34, 52, tzinfo=UTC)
    received = raw_sent - timedelta(minutes=7)
    message = parse_message(real("mindray_vs900_stale_cuff"), received_at=received, default_tz=UTC)
    moved = ClockOffsets().correct(message, "a")
    cuff = next(one for one in moved.readings if one.quantity == "sbp_mmhg")
    assert cuff.measured_at == received - timedelta(minutes=24, seconds=36)
    assert cuff.measured_at_monitor == datetime(2019, 12, 6, 11, 10, 16, tzinfo=UTC)
    assert cuff.raw_time == "20191206111016"
    assert "clock_corrected" in cuff.flags
    assert moved.clock_offset_s == 420


def test_a_time_of_ours_is_not_corrected() -> None:
    raw = b"MSH|^~\\&|SIM||||||ORU^R01|1|P|2.6\rOBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC||97|%\r"
    message = parse_message(raw, received_at=START, default_tz=UTC)
    moved = correct_message(message, 600.0)
    assert moved.readings[0].measured_at == START


def test_devices_are_apart_and_the_table_is_bounded() -> None:
    offsets = ClockOffsets(limit=3)
    for number in range(5):
        sent = format_time(START + timedelta(seconds=60 * number))
        raw = f"MSH|^~\\&|SIM||||{sent}||ORU^R01|1|P|2.6\r".encode()
        offsets.correct(parse_message(raw, received_at=START, default_tz=UTC), f"d{number}")
    assert {key: track.offset_s for key, track in offsets.snapshot().items()} == {
        "d2": 120,
        "d3": 180,
        "d4": 240,
    }
