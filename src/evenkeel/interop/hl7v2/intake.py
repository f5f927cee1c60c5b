"""From the bytes of one frame to the answer: read, correct the clock, file once, answer.

Knows no socket. The listener calls it for every frame of every connection.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, Protocol

from evenkeel.interop.hl7v2.ack import Verdict, build_ack
from evenkeel.interop.hl7v2.clock_offset import ClockOffsets
from evenkeel.interop.hl7v2.counters import Counters, DeviceHeard
from evenkeel.interop.hl7v2.header import read_header
from evenkeel.interop.hl7v2.message import Header, MessageError, MonitorMessage
from evenkeel.interop.hl7v2.parse import parse_message

Outcome = Literal["filed", "tray", "demo", "duplicate", "nothing"]
log = logging.getLogger("evenkeel.hl7v2")


@dataclass(frozen=True)
class Filed:
    """What became of a message. ``detail`` is for the status page: no patient data in it."""

    outcome: Outcome
    detail: str = ""


class Sink(Protocol):
    """Where messages go. Returning means that it is stored: the sender is told so next."""

    async def file(self, message: MonitorMessage, raw: bytes, peer: str) -> Filed:
        """Store the message and return after the commit; raise to have the sender try again."""
        ...


class _Seen:
    """Messages filed lately, and those being filed, by device, control id and content."""

    def __init__(self, window: timedelta, limit: int) -> None:
        self._window = window
        self._limit = limit
        self._filed: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()
        self._locks: dict[tuple[str, str, str], tuple[asyncio.Lock, int]] = {}

    def has(self, key: tuple[str, str, str], now: datetime) -> bool:
        at = self._filed.get(key)
        return at is not None and abs(now - at) <= self._window

    def add(self, key: tuple[str, str, str], now: datetime) -> None:
        self._filed.pop(key, None)
        self._filed[key] = now
        while len(self._filed) > self._limit:
            self._filed.popitem(last=False)

    def enter(self, key: tuple[str, str, str]) -> asyncio.Lock:
        lock, users = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, users + 1)
        return lock

    def leave(self, key: tuple[str, str, str]) -> None:
        lock, users = self._locks.pop(key)
        if users > 1:
            self._locks[key] = (lock, users - 1)


class Intake:
    """Takes frames in, one after the other for each connection, many connections at once."""

    def __init__(
        self,
        sink: Sink,
        *,
        clock: Callable[[], datetime],
        default_tz: tzinfo,
        counters: Counters,
        sink_s: float,
        duplicate_window: timedelta = timedelta(minutes=15),
        duplicate_limit: int = 4096,
    ) -> None:
        self._sink = sink
        self._clock = clock
        self.default_tz = default_tz
        self._counters = counters
        self._sink_s = sink_s
        self._seen = _Seen(duplicate_window, duplicate_limit)
        self._answers = 0
        self.offsets = ClockOffsets()

    async def take(self, content: bytes, peer: str) -> bytes | None:
        """The answer to one frame, or None where none can or should be given."""
        now = self._clock()
        if not content.strip(b"\r\n \t\x00"):
            self._counters.empty += 1
            return None
        self._counters.messages += 1
        self._counters.last_message_at = now
        try:
            message = parse_message(content, received_at=now, default_tz=self.default_tz)
        except MessageError as error:
            return self._refuse(error)
        device_key = message.sending_device.id or f"peer:{peer}"
        message = self.offsets.correct(message, device_key)
        self._counters.heard(
            device_key,
            DeviceHeard(
                message.sending_device.name, peer, now, message.clock_offset_s, message.location.bed
            ),
        )
        failure = await self._file_once(message, content, peer, device_key)
        if failure:
            return self._answer(
                message.header, "error", text="not stored, please send again", code=failure
            )
        return self._answer(message.header, "accept")

    def refuse_oversize(self, head: bytes) -> bytes | None:
        """The answer to a frame beyond the limit, of which only the beginning is left."""
        self._counters.oversize += 1
        try:
            header = read_header(head)
        except MessageError:
            return None
        return self._answer(header, "reject", text="the message is too long", code="too_long")

    async def _file_once(
        self, message: MonitorMessage, content: bytes, peer: str, device_key: str
    ) -> str:
        """File unless filed already. Empty where it is stored, else the reason why not."""
        key = (device_key, message.control_id, message.digest)
        lock = self._seen.enter(key)
        try:
            async with lock:
                if self._seen.has(key, self._clock()):
                    self._counters.outcomes["duplicate"] += 1
                    return ""
                async with asyncio.timeout(self._sink_s):
                    filed = await self._sink.file(message, content, peer)
                self._seen.add(key, self._clock())
                self._counters.outcomes[filed.outcome] += 1
                return ""
        except Exception as error:
            # Whatever went wrong in storing, the sender must hear that it is not stored.
            self._counters.sink_failures += 1
            log.error("monitor message not stored: %s", type(error).__name__)
            return "sink_failed"
        finally:
            self._seen.leave(key)

    def _refuse(self, error: MessageError) -> bytes | None:
        self._counters.malformed[error.code] += 1
        if error.header is None:
            return None
        return self._answer(
            error.header, "reject" if error.reject else "error", text=error.text, code=error.code
        )

    def _answer(
        self, header: Header, verdict: Verdict, *, text: str = "", code: str = ""
    ) -> bytes | None:
        self._answers += 1
        now = self._clock()
        answer = build_ack(
            header,
            verdict,
            at=now,
            ack_id=f"EK{now.astimezone(UTC):%Y%m%d%H%M%S}{self._answers:06d}",
            error_code=code,
            text=text,
        )
        self._counters.answers[verdict if answer is not None else "none"] += 1
        return answer
