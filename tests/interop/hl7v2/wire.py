"""A listener on a free port, a sink that remembers, and a plain socket to speak to it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evenkeel.interop.hl7v2 import AllowedSources, Filed, Limits, MonitorListener, MonitorMessage
from evenkeel.interop.hl7v2.framing import END, START, frame

MESSAGES = Path(__file__).parent / "messages"
NOW = datetime(2026, 7, 26, 15, 13, 33, tzinfo=UTC)


def real(name: str) -> bytes:
    return (MESSAGES / f"{name}.hl7").read_bytes()


def numbered(control_id: str, *, ack: str = "") -> bytes:
    """A small valid message."""
    return (
        f"MSH|^~\\&|SIM^00A0370000000001^EUI-64||||20260726151332+0000||ORU^R01^ORU_R01|{control_id}"
        f"|P|2.6{ack}\rPID|||SYN-1\rOBR|1||||||20260726151332+0000\r"
        "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1|97|262688^MDC_DIM_PERCENT^MDC|||||R\r"
    ).encode()


class RecordingSink:
    """Remembers what was filed; ``failures`` is how many filings fail before one succeeds."""

    def __init__(self, failures: int = 0) -> None:
        self.messages: list[MonitorMessage] = []
        self.raws: list[bytes] = []
        self.calls = 0
        self.failures = failures
        self.gate: asyncio.Event | None = None
        self.entered = asyncio.Event()

    async def file(self, message: MonitorMessage, raw: bytes, peer: str) -> Filed:
        self.calls += 1
        self.entered.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        self.messages.append(message)
        self.raws.append(raw)
        return Filed("demo" if message.demonstration else "filed")

    @property
    def control_ids(self) -> list[str]:
        return [one.control_id for one in self.messages]


@asynccontextmanager
async def listening(
    sink: RecordingSink, sources: AllowedSources | None = None, **options: Any
) -> AsyncIterator[MonitorListener]:
    options.setdefault("clock", lambda: NOW)
    options.setdefault("limits", Limits())
    listed = sources or AllowedSources()
    listener = MonitorListener(sink, lambda: listed, port=0, **options)
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop(grace_s=1.0)


class Wire:
    """A sender with no manners of its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> bytes:
        async with asyncio.timeout(5):
            block = await self.reader.readuntil(END + b"\r")
        assert block.startswith(START)
        return block[1:-2]

    async def ask(self, message: bytes) -> bytes:
        await self.write(frame(message))
        return await self.answer()

    async def until_closed(self) -> bytes:
        async with asyncio.timeout(5):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""


@asynccontextmanager
async def wired(
    listener: MonitorListener, receive_buffer: int | None = None
) -> AsyncIterator[Wire]:
    plain = socket.socket()
    if receive_buffer is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, listener.address)
    reader, writer = await asyncio.open_connection(sock=plain)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


def msa(answer: bytes) -> list[str]:
    """The MSA fields of an answer."""
    rows = [one.split("|") for one in answer.decode("latin-1").split("\r")]
    return next(row for row in rows if row[0] == "MSA")
