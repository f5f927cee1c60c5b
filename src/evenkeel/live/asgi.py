"""The one port: streams under ``/live/`` run here as ASGI, every page as WSGI in worker threads.

Synchronous Django views lose a factor of 4 to 12 under Django's own ASGI handler; here a request
costs the WSGI rate and one hand-over to a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Final

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
_pages = get_wsgi_application()

from evenkeel.clinic.course.forecast_warm import begin as get_forecast_ready  # noqa: E402
from evenkeel.live.pages import Pages, Receive, Scope, Send  # noqa: E402 - after the set-up
from evenkeel.live.streams import Streams  # noqa: E402

#: Threads that serve pages, a process. Writers wait for each other anyhow; more only queue.
THREADS: Final = int(os.environ.get("EVENKEEL_THREADS", "6"))
_PREFIX: Final = "/live/"


class Router:
    """Sends a request to the streams or to the pages, by its path."""

    def __init__(self) -> None:
        self.pages = Pages(_pages, THREADS)
        self.streams: Streams | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the life span of the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(_PREFIX):
            if self.streams is None:
                self.streams = Streams()
            await self.streams(scope, receive, send)
        elif scope["type"] == "http":
            await self.pages(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            said = (await receive())["type"]
            if said == "lifespan.startup":
                self.streams = self.streams or Streams()
                get_forecast_ready()
                self._end_streams_on_signal()
                await send({"type": "lifespan.startup.complete"})
            elif said == "lifespan.shutdown":
                if self.streams is not None:
                    self.streams.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _end_streams_on_signal(self) -> None:
        """Let go of the streams when the process is asked to end.

        The server waits for open answers before it says ``lifespan.shutdown``, and a stream is
        an answer without end. Its own handler still runs: the loop hears of a signal by itself.
        """
        loop, streams = asyncio.get_running_loop(), self.streams

        def going(*_: object) -> None:
            if streams is not None:
                loop.call_soon_threadsafe(streams.hub.close)

        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError):  # not the main thread: nothing to hear
                signal.signal(number, going)


application = Router()
