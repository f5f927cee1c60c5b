"""MLLP frames out of a stream cut anywhere."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.interop.hl7v2.framing import (
    Event,
    Frame,
    FrameDecoder,
    Noise,
    Oversize,
    Unfinished,
    frame,
)


def decode(*chunks: bytes, limit: int = 100) -> list[Event]:
    decoder = FrameDecoder(limit)
    return [event for chunk in chunks for event in decoder.feed(chunk)]


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"\x0bA\x1c\r", [Frame(b"A")]),
        (b"\x0bA\x1c\r\x0bB\x1c\r", [Frame(b"A"), Frame(b"B")]),
        (b"\x0bA\x1c\x0bB\x1c", [Frame(b"A"), Frame(b"B")]),
        (b"\x0bA\x1c\r\n\x0bB\x1c\r\n", [Frame(b"A"), Frame(b"B")]),
        (b"xx\x0bA\x1c\ryyy\x0bB\x1c\r", [Noise(2), Frame(b"A"), Noise(3), Frame(b"B")]),
        (b"\x0bcut\x0bB\x1c\r", [Unfinished(3), Frame(b"B")]),
        (b"\x0b\x1c\r", [Frame(b"")]),
        (b"\x1c\r\x1c\r", [Noise(2)]),
        (b"\x0bno end", []),
        (b"\x0b" + b"A" * 100 + b"\x1c\r", [Frame(b"A" * 100)]),
        (b"\x0b" + b"A" * 101 + b"\x1c\r\x0bB\x1c\r", [Oversize(b"A" * 100), Frame(b"B")]),
        (b"\x0b" + b"A" * 101 + b"\x0bB\x1c\r", [Unfinished(100), Frame(b"B")]),
    ],
)
def test_events(data: bytes, events: list[Event]) -> None:
    assert decode(data) == events
    assert _joined(decode(*(data[n : n + 1] for n in range(len(data))))) == _joined(events)


def _joined(events: list[Event]) -> list[Event]:
    """Noise that arrives in pieces is told in pieces."""
    joined: list[Event] = []
    for event in events:
        if isinstance(event, Noise) and joined and isinstance(joined[-1], Noise):
            joined[-1] = Noise(joined[-1].byte_count + event.byte_count)
        else:
            joined.append(event)
    return joined


@given(
    st.lists(st.binary(max_size=40).map(lambda one: one.translate(None, b"\x0b\x1c"))),
    st.lists(st.integers(0, 500), max_size=12),
)
def test_any_cut_gives_the_same_frames(contents: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(frame(one) for one in contents)
    places = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    chunks = [stream[a:b] for a, b in pairwise(places)]
    assert decode(*chunks) == [Frame(one) for one in contents]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_memory_is_bounded_whatever_comes(chunks: list[bytes]) -> None:
    decoder = FrameDecoder(50)
    for chunk in chunks:
        for event in decoder.feed(chunk):
            assert not isinstance(event, Frame) or len(event.content) <= 50
        assert len(decoder._buffer) <= 50
