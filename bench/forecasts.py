"""From an entry to the forecast that has it in: on a screen of each live session."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.http_wire import Connection

#: How long to wait for what is still under way when the last entry was sent.
_LAST_S = 5.0


class _Screen:
    """One open screen of a session: when which forecast came, by the newest event in it."""

    def __init__(self) -> None:
        self.came: list[tuple[int, float]] = []
        self.ready = asyncio.Event()

    async def watch(self, port: int, path: str, headers: dict[str, str]) -> None:
        """Hold the stream open until cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        try:
            kind = b""
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    kind = line[7:].strip()
                    self.ready.set()
                elif line.startswith(b"data: ") and kind == b"forecast":
                    told = json.loads(line[6:])
                    if told["state"] != "none":  # the reason why there is none is no forecast
                        self.came.append((int(told["position"]), time.perf_counter()))
        finally:
            writer.close()

    def first_with(self, position: int) -> float | None:
        """When the first forecast came that has this event in it."""
        return next((at for newest, at in self.came if newest >= position), None)


def measure_forecasts(
    *,
    port: int,
    headers: Sequence[dict[str, str]],
    sessions: Sequence[str],
    entries: int,
    every_s: float,
    make_event: Callable[[int], dict[str, Any]],
) -> tuple[list[float], list[float], int]:
    """Delays in ms to the forecast, from the answer to the entry and from sending it; how many
    never came. Entries are sent ``every_s`` apart, to one session after the other."""
    return asyncio.run(_measure(port, headers, sessions, entries, every_s, make_event))


async def _measure(
    port: int,
    headers: Sequence[dict[str, str]],
    sessions: Sequence[str],
    entries: int,
    every_s: float,
    make_event: Callable[[int], dict[str, Any]],
) -> tuple[list[float], list[float], int]:
    screens = {session: _Screen() for session in sessions}
    tasks = [
        asyncio.create_task(
            screen.watch(port, f"/live/sessions/{session}", headers[place % len(headers)])
        )
        for place, (session, screen) in enumerate(screens.items())
    ]
    async with asyncio.timeout(60):
        for screen in screens.values():
            await screen.ready.wait()
    line, loop = Connection(port, headers[0]), asyncio.get_running_loop()
    sent: list[tuple[str, int, float, float]] = []

    def post(number: int) -> None:
        session, begin = sessions[number % len(sessions)], time.perf_counter()
        answer = line.post_json(f"/api/sessions/{session}/events", make_event(number))
        if answer.status != 201:
            raise RuntimeError(f"status {answer.status}: {answer.body[:200]!r}")
        sent.append((session, json.loads(answer.body)["position"], begin, time.perf_counter()))

    with ThreadPoolExecutor(max_workers=1) as pool:
        begin = time.perf_counter()
        for number in range(entries):
            await asyncio.sleep(max(0.0, begin + number * every_s - time.perf_counter()))
            await loop.run_in_executor(pool, post, number)
    deadline = time.perf_counter() + _LAST_S
    while time.perf_counter() < deadline and any(
        screens[session].first_with(position) is None for session, position, _, _ in sent
    ):
        await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    stored, begun, missing = [], [], 0
    for session, position, at, answered in sent:
        came = screens[session].first_with(position)
        if came is None:
            missing += 1
            continue
        stored.append(1000 * (came - answered))
        begun.append(1000 * (came - at))
    return stored, begun, missing
