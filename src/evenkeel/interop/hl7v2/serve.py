"""The monitor listener as a process of its own: ``python -m evenkeel.interop.hl7v2.serve``.

The event loop only reads sockets. Everything that asks the database runs in threads: the writer of
:class:`~evenkeel.interop.hl7v2.sink.RecordSink`, and one that looks who may send.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import django

from evenkeel.interop.hl7v2.listener import MonitorListener
from evenkeel.interop.hl7v2.sources import AllowedSources

if TYPE_CHECKING:
    from evenkeel.interop.hl7v2.sink import RecordSink

log = logging.getLogger("evenkeel.hl7v2")
#: How soon a change on the page of monitors holds here.
LOOK_EVERY_S: Final = 2.0
#: Where to listen once somebody may send from elsewhere; until then it is loopback.
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - the listener itself refuses who is not listed


@dataclass(frozen=True, slots=True)
class Rules:
    """What the database says about who may send, and the zone of monitors that name none."""

    sources: AllowedSources
    zone: str


def read_rules() -> Rules:
    """The rules as they stand in the record. Asks the database: not for the event loop."""
    from django.db import close_old_connections

    from evenkeel.clinic.people.models import Site
    from evenkeel.clinic.session.models import MonitorSource

    close_old_connections()
    addresses = MonitorSource.objects.filter(active=True).values_list("address", flat=True)
    zones = Site.objects.filter(active=True).order_by("created_at", "pk")
    zone = zones.values_list("timezone", flat=True).first()
    return Rules(AllowedSources.parse(addresses), zone or "UTC")


class Station:
    """One listener with its sink, kept in step with the record."""

    def __init__(self, sink: RecordSink, *, host: str, port: int) -> None:
        from evenkeel.clinic.record.clock import system_clock

        self.rules = Rules(AllowedSources(), "UTC")
        self.sink = sink
        self.listener = MonitorListener(
            sink,
            lambda: self.rules.sources,
            host=host,
            port=port,
            clock=system_clock().now,
        )
        self._seen: dict[str, Any] = {}
        sink.detail = lambda: self._seen
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="monitor-rules")

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until told to stop. Raises ``OSError`` where the port cannot be had."""
        await self._look()
        await self.listener.start()
        log.info("monitors are taken on port %s", self.listener.address[1])
        try:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await stop.wait()
                if not stop.is_set() and await self._look():
                    await self._apply()
        finally:
            await self.listener.stop()
            await asyncio.to_thread(self.sink.close)
            self._thread.shutdown()

    async def _look(self) -> bool:
        """Read the rules; returns whether they changed. Old rules hold while none can be read."""
        before = self.rules
        try:
            self.rules = await asyncio.get_running_loop().run_in_executor(self._thread, read_rules)
        except Exception as error:
            log.error("who may send cannot be read: %s", type(error).__name__)
        self.listener.intake.default_tz = ZoneInfo(self.rules.zone)
        self._seen = self._status()
        return before != self.rules

    async def _apply(self) -> None:
        try:
            await self.listener.refresh()
        except OSError as error:
            log.error("the monitor port cannot move: %s", error)

    def _status(self) -> dict[str, Any]:
        """The listener's counters as plain JSON, for the sign of life; no patient data in it."""
        status = self.listener.status()
        status.pop("devices", None)
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in status.items()
        }


async def serve(host: str, port: int) -> None:
    """Listen until SIGTERM or SIGINT; what is being stored then is finished and answered."""
    from evenkeel.interop.hl7v2.sink import RecordSink

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await Station(RecordSink(), host=host, port=port).run(stop)


def main() -> None:
    """Read the options, start Django, and listen."""
    parser = argparse.ArgumentParser(description="Take messages from bedside monitors")
    parser.add_argument("--port", type=int, default=2575)
    parser.add_argument("--host", default="", help="instead of the setting monitor_host")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
    django.setup()
    from django.conf import settings

    host = options.host or str(settings.INSTANCE.get("monitor_host", EVERYWHERE))
    asyncio.run(serve(host, options.port))


if __name__ == "__main__":
    main()
