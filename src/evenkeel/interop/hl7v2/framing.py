"""MLLP: ``<VT> message <FS><CR>``, decoded from a stream that may be cut anywhere.

python-hl7 brings an MLLP reader (``hl7.mllp``), and the simulated monitor uses it. The listener
does not, for reasons seen in its source (0.4.5): noise before a start mark costs the good message
after it; a message cut short and the one that follows come out as one; after an oversized frame
the reader resumes in the middle of it; an end mark without its CR is never an end; the character
set is fixed for a connection while HL7 states it in every message; and a caller cannot tell a
silent client from one that stopped in the middle of a frame, which need different patience.
HL7's MLLP release 1 keeps VT and FS out of the content, so both always mean what they say here.
"""

from dataclasses import dataclass

START = b"\x0b"
END = b"\x1c"
CARRIAGE_RETURN = b"\x0d"
_HEAD = 1024


@dataclass(frozen=True)
class Frame:
    """A whole message, without its marks."""

    content: bytes


@dataclass(frozen=True)
class Oversize:
    """A frame beyond the limit, thrown away; ``head`` is its beginning, for the answer."""

    head: bytes


@dataclass(frozen=True)
class Unfinished:
    """A frame that a new start mark cut short, thrown away."""

    byte_count: int


@dataclass(frozen=True)
class Noise:
    """Bytes outside any frame, thrown away."""

    byte_count: int


Event = Frame | Oversize | Unfinished | Noise


class FrameDecoder:
    """Feed it what arrives; it returns what is complete. Holds at most ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._inside = False
        self._overflowed = False

    @property
    def is_inside(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._inside

    def feed(self, data: bytes) -> list[Event]:
        """The events completed by ``data``, in order."""
        events: list[Event] = []
        rest = memoryview(data)
        while rest:
            rest = self._inside_frame(rest, events) if self._inside else self._outside(rest, events)
        return events

    def _outside(self, rest: memoryview, events: list[Event]) -> memoryview:
        data = bytes(rest)
        at = data.find(START)
        before = data if at < 0 else data[:at]
        # The CR after an end mark, and the line ends some senders add, are no noise.
        noise = len(before.translate(None, b"\r\n"))
        if noise:
            events.append(Noise(noise))
        if at < 0:
            return rest[len(rest) :]
        self._inside = True
        return rest[at + 1 :]

    def _inside_frame(self, rest: memoryview, events: list[Event]) -> memoryview:
        data = bytes(rest)
        end, start = data.find(END), data.find(START)
        marks = [one for one in (end, start) if one >= 0]
        stop = min(marks) if marks else len(data)
        self._keep(data[:stop])
        if not marks:
            return rest[len(rest) :]
        if stop == end:
            self._inside = False
            events.append(
                Oversize(bytes(self._buffer[:_HEAD]))
                if self._overflowed
                else Frame(bytes(self._buffer))
            )
        else:
            events.append(Unfinished(len(self._buffer)))
        self._buffer.clear()
        self._overflowed = False
        return rest[stop + 1 :]

    def _keep(self, data: bytes) -> None:
        room = self._limit - len(self._buffer)
        if len(data) > room:
            self._overflowed = True
        self._buffer += data[:room]


def frame(content: bytes) -> bytes:
    """``content`` between its marks."""
    return START + content + END + CARRIAGE_RETURN
