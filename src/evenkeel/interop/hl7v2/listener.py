"""The TCP port for bedside monitors.

One task a connection. A connection's messages are filed and answered one at a time, and nothing
more is read from it meanwhile: the sender's own window is the queue, so a flood costs us one
chunk and one frame a connection, whatever is sent. Nothing that one connection does ends another.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from evenkeel.interop.hl7v2.counters import Counters
from evenkeel.interop.hl7v2.framing import Frame, FrameDecoder, Noise, Oversize, Unfinished, frame
from evenkeel.interop.hl7v2.intake import Filed, Intake, Sink
from evenkeel.interop.hl7v2.sources import AllowedSources, is_loopback

__all__ = ["Filed", "Limits", "MonitorListener", "Sink"]

log = logging.getLogger("evenkeel.hl7v2")
_LOOPBACK = "127.0.0.1"
_CHUNK = 16 * 1024
_SEND_BUFFER = 32 * 1024


@dataclass(frozen=True)
class Limits:
    """What one sender may cost. All [assumed]; a vital-signs message is 1 to 4 KiB.

    ``first_s``: silence allowed before the first byte. ``frame_s``: from a start mark to its end
    mark, however slowly bytes trickle. ``idle_s``: silence between messages; a spot-check monitor
    keeps quiet for long. ``sink_s``: patience with storage. ``answer_s``: patience with a sender
    that does not read its answers.
    """

    frame_bytes: int = 64 * 1024
    connections: int = 64
    connections_per_peer: int = 16
    first_s: float = 30.0
    frame_s: float = 15.0
    idle_s: float = 900.0
    sink_s: float = 30.0
    answer_s: float = 10.0


class _Dropped(Exception):
    """The connection is to be closed for a reason already counted."""


@dataclass(eq=False)
class _Connection:
    peer: str
    task: asyncio.Task[Any]
    busy: bool = False
    closing: bool = False


def _peer_address(writer: asyncio.StreamWriter) -> str:
    name = writer.get_extra_info("peername")
    return str(name[0]) if name else ""


async def _close(writer: asyncio.StreamWriter) -> None:
    """Let the last answer go out, then make sure that nothing lingers."""
    writer.close()
    try:
        async with asyncio.timeout(1.0):
            await writer.wait_closed()
    except (OSError, TimeoutError, asyncio.CancelledError):
        writer.transport.abort()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MonitorListener:
    """Listens for monitors and hands their messages to ``sink``.

    ``sources`` is asked at every new connection, so a change holds at once for new senders;
    :meth:`refresh` makes it hold for the port and for those already connected. ``host`` beyond
    this machine is used only once sources are configured; until then the port is on loopback.
    ``port`` 0 takes a free one. ``clock`` returns aware times. ``default_tz`` is the zone of
    monitors that name none. ``peer_of`` is how a connection's address is found.
    """

    def __init__(
        self,
        sink: Sink,
        sources: Callable[[], AllowedSources] = AllowedSources,
        *,
        host: str = _LOOPBACK,
        port: int = 2575,
        clock: Callable[[], datetime] = _utc_now,
        default_tz: tzinfo = UTC,
        limits: Limits = Limits(),
        peer_of: Callable[[asyncio.StreamWriter], str] = _peer_address,
    ) -> None:
        self._sources = sources
        self._host = host
        self._port = port
        self._limits = limits
        self._peer_of = peer_of
        self.counters = Counters()
        self.intake = Intake(
            sink,
            clock=clock,
            default_tz=default_tz,
            counters=self.counters,
            sink_s=limits.sink_s,
        )
        self._server: asyncio.Server | None = None
        self._bound_host = ""
        self._connections: set[_Connection] = set()
        self._stopping = False

    @property
    def address(self) -> tuple[str, int]:
        """Host and port listened on. Raises RuntimeError where it is not listening."""
        if self._server is None or not self._server.sockets:
            raise RuntimeError("the monitor listener is not running")
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    @property
    def is_listening(self) -> bool:
        return self._server is not None and self._server.is_serving()

    async def start(self) -> None:
        """Open the port. Raises OSError where it cannot be had."""
        self._stopping = False
        await self._bind(self._host_wanted())

    async def refresh(self) -> None:
        """Apply changed sources: move the port if need be, close what is no longer listed.

        Raises OSError where the port cannot be had on the new host; it then stays where it was.
        """
        wanted = self._host_wanted()
        if self._server is not None and wanted != self._bound_host:
            self._port = self.address[1]
            before = self._bound_host
            self._server.close()
            try:
                await self._bind(wanted)
            except OSError:
                await self._bind(before)
                raise
        sources = self._sources()
        for connection in list(self._connections):
            if not sources.allows(connection.peer):
                self.counters.refuse(connection.peer)
                self._end(connection)

    async def stop(self, grace_s: float = 5.0) -> None:
        """Stop listening; messages being stored are finished and answered, up to ``grace_s``."""
        self._stopping = True
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = []
        for connection in list(self._connections):
            tasks.append(connection.task)
            self._end(connection)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1.0)

    def status(self) -> dict[str, Any]:
        """Counters, where it listens, and the clock offset of each device."""
        host, port = self.address if self.is_listening else ("", 0)
        return {
            "listening": self.is_listening,
            "host": host,
            "port": port,
            "loopback_only": is_loopback(host) if host else True,
            "sources_configured": self._sources().is_configured,
            **self.counters.snapshot(),
            "clock_offsets": {
                key: {"offset_s": track.offset_s, "shown": track.is_shown}
                for key, track in self.intake.offsets.snapshot().items()
            },
        }

    def _host_wanted(self) -> str:
        if is_loopback(self._host) or self._sources().is_configured:
            return self._host
        return _LOOPBACK

    async def _bind(self, host: str) -> None:
        self._server = await asyncio.start_server(self._serve, host, self._port)
        self._bound_host = host

    def _end(self, connection: _Connection) -> None:
        connection.closing = True
        if not connection.busy:
            connection.task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        peer = self._peer_of(writer)
        if task is None or self._stopping or not self._admit(peer):
            writer.transport.abort()
            return
        connection = _Connection(peer, task)
        self._connections.add(connection)
        self.counters.connections += 1
        self.counters.open_connections += 1
        with contextlib.suppress(OSError):
            raw_socket = writer.get_extra_info("socket")
            raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            # Answers are a few hundred bytes; a sender that reads none must not fill megabytes.
            raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        try:
            await self._converse(connection, reader, writer)
        except (_Dropped, ConnectionError, asyncio.CancelledError):
            # Cancelled only by stop and refresh, and there is nothing after this to cancel.
            pass
        except Exception as error:
            self.counters.connection_errors += 1
            log.error("monitor connection ended by %s", type(error).__name__)
        finally:
            self._connections.discard(connection)
            self.counters.open_connections -= 1
            await _close(writer)

    def _admit(self, peer: str) -> bool:
        if not self._sources().allows(peer):
            self.counters.refuse(peer)
            return False
        from_peer = sum(1 for one in self._connections if one.peer == peer)
        limits = self._limits
        if len(self._connections) >= limits.connections or from_peer >= limits.connections_per_peer:
            self.counters.over_capacity += 1
            return False
        return True

    async def _converse(
        self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        decoder = FrameDecoder(self._limits.frame_bytes)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._limits.first_s
        while not connection.closing:
            was_inside = decoder.is_inside
            data = await self._read(reader, deadline, was_inside)
            if not data:
                self.counters.unfinished += was_inside
                return
            events = decoder.feed(data)
            for event in events:
                connection.busy = True
                try:
                    await self._handle(event, connection.peer, writer)
                finally:
                    connection.busy = False
                if connection.closing:
                    return
            # Only whole frames buy time: noise and repeated start marks could trickle for ever.
            whole = any(isinstance(event, Frame | Oversize) for event in events)
            if decoder.is_inside and (whole or not was_inside):
                deadline = loop.time() + self._limits.frame_s
            elif whole:
                deadline = loop.time() + self._limits.idle_s

    async def _read(self, reader: asyncio.StreamReader, deadline: float, is_inside: bool) -> bytes:
        try:
            async with asyncio.timeout_at(deadline):
                return await reader.read(_CHUNK)
        except TimeoutError:
            if is_inside:
                self.counters.partial_dropped += 1
            else:
                self.counters.silent_dropped += 1
            raise _Dropped from None

    async def _handle(
        self,
        event: Frame | Oversize | Unfinished | Noise,
        peer: str,
        writer: asyncio.StreamWriter,
    ) -> None:
        answer: bytes | None = None
        match event:
            case Frame(content):
                answer = await self.intake.take(content, peer)
            case Oversize(head):
                answer = self.intake.refuse_oversize(head)
            case Unfinished():
                self.counters.unfinished += 1
            case Noise(count):
                self.counters.noise_bytes += count
        if answer is None:
            return
        writer.write(frame(answer))
        try:
            async with asyncio.timeout(self._limits.answer_s):
                await writer.drain()
        except TimeoutError:
            self.counters.deaf_dropped += 1
            writer.transport.abort()
            raise _Dropped from None
