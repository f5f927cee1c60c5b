"""Many open streams in one process: when each event arrived on each of them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from bench.http_wire import Connection

_EVENT_ID = re.compile(rb'data: \{"id":"([0-9a-f-]{36})"')
#: How long to wait for what is still under way when the last event was sent.
_LAST_S = 3.0
_POSTERS = 4


class _Screens:
    """The streams of one run and what came on them."""

    def __init__(self) -> None:
        #: event id -> arrival times, one for each stream it came on
        self.arrived: dict[bytes, list[float]] = {}
        self.open = 0
        self.tasks: list[asyncio.Task[None]] = []
        self.all_open = asyncio.Event()

    async def watch(self, port: int, path: str, headers: dict[str, str], wanted: int) -> None:
        """Hold one stream open and note when each event comes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        try:
            status = await reader.readline()
            if b" 200 " not in status:
                raise RuntimeError(f"{path}: {status!r}")
            while b"event: heartbeat" not in await reader.readline():
                pass
            self.open += 1
            if self.open == wanted:
                self.all_open.set()
            while line := await reader.readline():
                found = _EVENT_ID.search(line)
                if found:
                    self.arrived.setdefault(found[1], []).append(time.perf_counter())
        finally:
            writer.close()


def measure_streams(
    *,
    port: int,
    headers: Sequence[dict[str, str]],
    sessions: Sequence[str],
    streams_a_session: int,
    per_s: float,
    seconds: float,
    make_event: Callable[[int], dict[str, Any]],
) -> tuple[list[float], int, int]:
    """Delays in ms from sending an event to its arrival on a stream, one for each stream.

    Also how many events were sent and how many arrivals are missing.
    """
    return asyncio.run(
        _measure(port, headers, sessions, streams_a_session, per_s, seconds, make_event)
    )


async def _measure(
    port: int,
    headers: Sequence[dict[str, str]],
    sessions: Sequence[str],
    streams_a_session: int,
    per_s: float,
    seconds: float,
    make_event: Callable[[int], dict[str, Any]],
) -> tuple[list[float], int, int]:
    screens, wanted = _Screens(), len(sessions) * streams_a_session
    for number in range(wanted):
        path = f"/live/sessions/{sessions[number % len(sessions)]}"
        task = screens.watch(port, path, headers[number % len(headers)], wanted)
        screens.tasks.append(asyncio.create_task(task))
    opened = asyncio.create_task(screens.all_open.wait())
    await asyncio.wait([opened, *screens.tasks], return_when=asyncio.FIRST_COMPLETED, timeout=60)
    if not screens.all_open.is_set():
        broken = [t.exception() for t in screens.tasks if t.done() and not t.cancelled()]
        raise RuntimeError(f"only {screens.open} of {wanted} streams opened: {broken[:1]}")
    sent = await _post(port, headers, sessions, per_s, seconds, make_event)
    deadline = time.perf_counter() + _LAST_S
    complete = [key.encode() for key in sent]
    while time.perf_counter() < deadline and any(
        len(screens.arrived.get(key, [])) < streams_a_session for key in complete
    ):
        await asyncio.sleep(0.02)
    for task in screens.tasks:
        task.cancel()
    with contextlib.suppress(Exception):
        await asyncio.wait(screens.tasks, timeout=5)
    delays_ms = [
        1000 * (at - sent[key.decode()])
        for key, times in screens.arrived.items()
        if key.decode() in sent
        for at in times
    ]
    return delays_ms, len(sent), len(sent) * streams_a_session - len(delays_ms)


async def _post(
    port: int,
    headers: Sequence[dict[str, str]],
    sessions: Sequence[str],
    per_s: float,
    seconds: float,
    make_event: Callable[[int], dict[str, Any]],
) -> dict[str, float]:
    """Post events at an even pace; returns when each was sent, by its id."""
    sent: dict[str, float] = {}
    lines: SimpleQueue[Connection] = SimpleQueue()
    for number in range(_POSTERS):
        lines.put(Connection(port, headers[number % len(headers)]))
    loop, begin = asyncio.get_running_loop(), time.perf_counter()

    def post(number: int) -> None:
        line, event = lines.get(), make_event(number)
        sent[event["id"]] = time.perf_counter()
        answer = line.post_json(f"/api/sessions/{sessions[number % len(sessions)]}/events", event)
        lines.put(line)
        if answer.status != 201:
            raise RuntimeError(f"status {answer.status}: {answer.body[:200]!r}")

    with ThreadPoolExecutor(max_workers=_POSTERS) as pool:
        waiting = []
        for number in range(max(1, int(per_s * seconds))):
            await asyncio.sleep(max(0.0, begin + number / per_s - time.perf_counter()))
            waiting.append(loop.run_in_executor(pool, post, number))
        await asyncio.gather(*waiting)
    return sent
