"""Follows the record by position, which is taken under the writer's lock and so is commit order.

One thread and one connection a process, whatever the number of streams. Forecasts, which have no
place in the record, are followed by a number of their own.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.db import DatabaseError, connection
from django.db.models import Max

from evenkeel.clinic.record.models import Heartbeat
from evenkeel.clinic.session.models import SessionEvent, SessionForecast
from evenkeel.live.changes import Changes
from evenkeel.live.frames import Frame, forecast_frames, frames_of

log = logging.getLogger("evenkeel.live")
POLL_S: Final = 0.005
IDLE_POLL_S: Final = 0.25
BEATS_EVERY_S: Final = 1.0
_PAGE: Final = 500


def newest_position() -> int:
    """The position of the newest event of any session."""
    return int(SessionEvent.objects.aggregate(newest=Max("position"))["newest"] or 0)


def newest_forecast() -> int:
    """The number of the newest forecast of any session."""
    return int(SessionForecast.objects.aggregate(newest=Max("serial"))["newest"] or 0)


def newest_forecast_of(session_id: Any) -> list[SessionForecast]:
    """The forecast of one session, where there is one."""
    return list(SessionForecast.objects.filter(pk=session_id))


def rows_after(position: int, session_id: Any = None) -> list[SessionEvent]:
    """Up to a page of events after a position, whole acts only, in order."""
    rows = SessionEvent.objects.filter(position__gt=position)
    if session_id is not None:
        rows = rows.filter(session_id=session_id)
    found = list(rows.order_by("position", "happened_at", "pk")[:_PAGE])
    if len(found) == _PAGE and found[0].position != found[-1].position:
        found = [row for row in found if row.position != found[-1].position]
    return found


class Tail(threading.Thread):
    """Reads what was committed and hands it to ``publish`` on the event loop.

    ``watched`` says whether anybody looks; while nobody does it looks less often and reads
    nothing. ``beats`` are the last signs of life of other processes: name -> when.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        publish: Callable[[list[Frame]], None],
        watched: Callable[[], bool],
    ) -> None:
        super().__init__(name="live-tail", daemon=True)
        self._loop, self._publish, self._watched = loop, publish, watched
        self._stopping = threading.Event()
        self._changes = Changes(self._stopping)
        self._next_beats = 0.0
        self.last = -1
        self.last_forecast = 0
        self.beats: dict[str, datetime] = {}
        self.ready = threading.Event()

    def stop(self) -> None:
        """Ask the thread to end."""
        self._stopping.set()

    def run(self) -> None:
        """Follow until stopped; a lost connection is opened again."""
        while not self._stopping.is_set():
            try:
                if self.last < 0:
                    self._begin()
                watched = self._watched()
                self._changes.wait(POLL_S if watched else IDLE_POLL_S, listen=watched)
                if self._changes.seen():
                    self._read()
                self._read_beats()
            except DatabaseError:
                log.exception("the tail lost the database and tries again")
                connection.close()
                self._changes.forget()
                self._stopping.wait(IDLE_POLL_S)
            except RuntimeError:
                if self._loop.is_closed():
                    break
                raise
        connection.close()

    def _begin(self) -> None:
        self._changes.begin()
        self.last = newest_position()
        self.last_forecast = newest_forecast()
        self.ready.set()

    def _read(self) -> None:
        if not self._watched():
            self.last = max(self.last, newest_position())
            self.last_forecast = max(self.last_forecast, newest_forecast())
            return
        while rows := rows_after(self.last):
            frames = frames_of(rows)
            self.last = rows[-1].position
            self._loop.call_soon_threadsafe(self._publish, frames)
        made = list(
            SessionForecast.objects.filter(serial__gt=self.last_forecast).order_by("serial")
        )
        if made:
            self.last_forecast = made[-1].serial
            self._loop.call_soon_threadsafe(self._publish, forecast_frames(made))

    def _read_beats(self) -> None:
        if time.monotonic() < self._next_beats:
            return
        self._next_beats = time.monotonic() + BEATS_EVERY_S
        self.beats = dict(Heartbeat.objects.values_list("name", "beat_at"))
