"""The streams: ``/live/sessions/<id>``, ``/live/board``, ``/live/alarms`` as server-sent events.

A lean ASGI application of its own instead of Django's: under ASGI every synchronous middleware
costs each request two changes of thread, and pages lose most of their rate. Here an opening takes
one visit to a thread and a heartbeat one more; in between a stream holds no thread, no database
connection, and a few hundred bytes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings

from evenkeel.clinic.record.act import Actor
from evenkeel.clinic.record.clock import system_clock
from evenkeel.clinic.record.errors import DomainError, NotFound
from evenkeel.live.admission import Admitted, admit, still_admitted
from evenkeel.live.frames import Frame, forecast_frames, frames_of, joined, message
from evenkeel.live.hub import Hub, Subscription
from evenkeel.live.pages import Receive, Scope, Send
from evenkeel.live.tail import Tail, newest_forecast_of, newest_position, rows_after

log = logging.getLogger("evenkeel.live")

HEARTBEAT_S: Final = 5.0
#: Path -> permission, in the form the table of routes has; sessions by their id.
ROUTES: Final = {
    "/live/sessions/<uuid>": "session.view",
    "/live/board": "board.view",
    "/live/alarms": "alarm.hear",
}
_SESSIONS: Final = "/live/sessions/"
#: The kinds of event after which the alarms of somebody may be others than before.
_ABOUT_ALARMS: Final = frozenset(
    {
        *("alarm_raised", "alarm_acknowledged", "alarm_escalated", "void", "opened"),
        *("hand_over", "second_person", "discharged"),
    }
)
#: How much a client is sent of what it missed before it must load the page anew.
_MOST_PAGES: Final = 40


def security_headers() -> list[tuple[bytes, bytes]]:
    """What the pages' middleware adds, for answers that never show as a page."""
    headers = [
        (b"cache-control", b"no-store"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]
    if settings.SECURE_HSTS_SECONDS:
        seconds = settings.SECURE_HSTS_SECONDS
        headers.append((b"strict-transport-security", f"max-age={seconds}".encode()))
    return headers


class Streams:
    """The streaming part of one process. Made on its event loop."""

    def __init__(self) -> None:
        self.hub = Hub()
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="live-door")
        loop = asyncio.get_running_loop()
        self.tail = Tail(loop, self.hub.publish, lambda: len(self.hub) > 0)
        self.tail.start()

    def close(self) -> None:
        """End every stream and the tail."""
        self.hub.close()
        self.tail.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, do: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, do, *args)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request under ``/live/``."""
        try:
            if scope.get("method") != "GET":
                raise NotFound("Streams are read with GET.")
            permission, session_id = _asked(scope["path"])
            admitted = await self._in_thread(admit, scope, permission, session_id)
        except DomainError as error:
            await _problem(send, error)
            return
        except Exception:
            log.exception("a stream could not be opened")
            await _answer(send, 500, {"title": "Something broke", "status": 500})
            return
        # who follows alarms asks for all of them anew at each opening: nothing is replayed
        after = None if permission == "alarm.hear" else _wanted_position(scope)
        await self._stream(admitted, after, receive, send)

    async def _stream(
        self, admitted: Admitted, after: int | None, receive: Receive, send: Send
    ) -> None:
        viewer = _Viewer(admitted)
        subscription = Subscription(viewer.wants)
        self.hub.add(subscription)
        gone = asyncio.ensure_future(_disconnected(receive))
        gone.add_done_callback(lambda _: subscription.woken.set())
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [
                        (b"content-type", b"text/event-stream; charset=utf-8"),
                        (b"x-accel-buffering", b"no"),
                        *security_headers(),
                    ],
                }
            )
            reached = await self._catch_up(admitted, viewer, after, send)
            if admitted.session_id is not None:
                await self._send_forecast(admitted.session_id, send)
            await self._follow(viewer, subscription, reached, gone, send)
        except (ConnectionError, RuntimeError, OSError):
            log.debug("a stream ended in the middle of a write")
        finally:
            gone.cancel()
            self.hub.drop(subscription)

    async def _catch_up(
        self, admitted: Admitted, viewer: _Viewer, after: int | None, send: Send
    ) -> int:
        """Send what was missed; returns the position up to which everything was sent."""
        if after is None:
            reached = int(await self._in_thread(newest_position))
            await self._beat(send)
            return reached
        await self._beat(send)
        for _ in range(_MOST_PAGES):
            rows = await self._in_thread(rows_after, after, admitted.session_id)
            if not rows:
                return after
            after = int(rows[-1].position)
            frames = [frame for frame in frames_of(rows) if viewer.wants(frame)]
            if frames:
                await _body(send, joined(frames))
        await _body(send, message("reload", {"why": "too much was missed"}))
        return after

    async def _send_forecast(self, session_id: UUID, send: Send) -> None:
        """What was forecast last: a screen that comes back need not wait for the next."""
        rows = await self._in_thread(newest_forecast_of, session_id)
        if rows:
            await _body(send, joined(forecast_frames(rows)))

    async def _follow(
        self,
        viewer: _Viewer,
        subscription: Subscription,
        reached: int,
        gone: asyncio.Future[None],
        send: Send,
    ) -> None:
        next_beat = time.monotonic() + HEARTBEAT_S
        while not gone.done() and not self.hub.closing.is_set() and not subscription.lost:
            frames = await subscription.take(next_beat - time.monotonic())
            fresh = [frame for frame in frames if frame.is_forecast or frame.position > reached]
            if fresh:
                await _body(send, viewer.said(fresh))
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + HEARTBEAT_S
                actor = await self._in_thread(still_admitted, viewer.admitted)
                if actor is None:
                    await _body(send, message("signed_out", {}))
                    break
                viewer.see_as(actor)
                await self._beat(send)
        if not gone.done():
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _beat(self, send: Send) -> None:
        clock = system_clock()
        now = clock.now()
        await _body(
            send,
            message(
                "heartbeat",
                {
                    "now": now.isoformat(),
                    "watcher_age_s": _age_s(now, self.tail.beats.get("watcher"), clock.speed),
                    "listener_age_s": _age_s(now, self.tail.beats.get("listener"), clock.speed),
                    "forecaster_age_s": _age_s(now, self.tail.beats.get("forecaster"), clock.speed),
                },
            ),
        )


class _Viewer:
    """Which frames a stream may have."""

    def __init__(self, admitted: Admitted) -> None:
        self.admitted = admitted
        self._bare = admitted.permission == "alarm.hear"
        self._sites = admitted.actor.sites(admitted.permission)

    def see_as(self, actor: Actor) -> None:
        """Take over a change of roles."""
        self._sites = actor.sites(self.admitted.permission)

    def said(self, frames: list[Frame]) -> bytes:
        """Fresh frames as this stream tells of them."""
        if self._bare:
            return message("alarms", {"position": frames[-1].position})
        return joined(frames)

    def wants(self, frame: Frame) -> bool:
        """Whether the frame is for this stream."""
        if self.admitted.session_id is not None:
            return frame.session_id == self.admitted.session_id
        if frame.is_forecast:
            return False
        if self._bare and frame.kind not in _ABOUT_ALARMS:
            return False
        return self._sites is None or frame.site_id in self._sites


def _age_s(now: datetime, beat: datetime | None, speed: float) -> float | None:
    """Real seconds since a sign of life, also where the clock runs faster."""
    if beat is None:
        return None
    return round(max(0.0, (now - beat).total_seconds()) / (speed or 1.0), 1)


def _asked(path: str) -> tuple[str, UUID | None]:
    """The permission a path asks for, and the session it names, if one."""
    if path.rstrip("/") in {"/live/board", "/live/alarms"}:
        return ROUTES[path.rstrip("/")], None
    try:
        if path.startswith(_SESSIONS):
            return "session.view", UUID(path.removeprefix(_SESSIONS).rstrip("/"))
    except ValueError:
        pass
    raise NotFound("There is no such stream.")


def _wanted_position(scope: Scope) -> int | None:
    """``Last-Event-ID``, or ``?after=``; ``None`` for neither, or for what is no position."""
    texts = [v.decode("latin-1") for k, v in scope["headers"] if k.lower() == b"last-event-id"]
    texts += parse_qs(scope.get("query_string", b"").decode("latin-1")).get("after", [])
    for text in texts:
        if text.isascii() and text.isdigit() and len(text) < 16:
            return int(text)
    return None


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _body(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _problem(send: Send, error: DomainError) -> None:
    await _answer(send, error.status, error.as_problem())


async def _answer(send: Send, status: int, document: dict[str, object]) -> None:
    data = json.dumps(document).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(data)).encode()),
        *security_headers(),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data, "more_body": False})
