"""Files monitor messages in the record, through one writer that gathers them.

A saturated database makes each writer wait for the others, so all monitors share one: messages
that come while a transaction is being written go into the next one together. Each is answered
only once the transaction it was in has been committed.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import close_old_connections, connection

from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.clock import Clock, system_clock
from evenkeel.clinic.session.actions.file_readings import file_batches
from evenkeel.clinic.session.monitor_batch import FiledReading, Filing, MonitorBatch
from evenkeel.clinic.session.watch import beat
from evenkeel.interop.hl7v2.intake import Filed
from evenkeel.interop.hl7v2.message import MonitorMessage, ReadingSet, group_readings

log = logging.getLogger("evenkeel.hl7v2")
HEARTBEAT = "listener"
#: A transaction is closed this long after its first message, or at this many. [assumed]
GATHER_S = 0.05
GATHER_MOST = 200
_BEAT_EVERY_S = 2.0
_CLOSED = "the writer has been closed"


@dataclass
class _Job:
    batch: MonitorBatch
    done: Callable[[Filing | BaseException], None]


class RecordSink:
    """A :class:`~evenkeel.interop.hl7v2.intake.Sink` that files into the record.

    ``clock`` dates what is stored. Leaves a sign of life named ``listener`` for the screens.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._ctx = Context(system_actor("monitor"), clock or system_clock(), via="monitor")
        self._jobs: queue.Queue[_Job | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="monitor-writer", daemon=True)
        self._closed = False
        #: What the sign of life carries; asked from the writer's thread.
        self.detail: Callable[[], dict[str, Any]] = dict
        self._thread.start()

    async def file(self, message: MonitorMessage, raw: bytes, peer: str) -> Filed:
        """File one message and return after its commit; raises where it is not stored."""
        if self._closed:
            raise RuntimeError(_CLOSED)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Filing] = loop.create_future()

        def settle(result: Filing | BaseException) -> None:
            if future.done():
                return
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)

        batch = batch_of(message, raw, peer)
        self._jobs.put(_Job(batch, lambda r: loop.call_soon_threadsafe(settle, r)))
        filing = await future
        return Filed(filing.outcome, filing.detail)

    def close(self) -> None:
        """Write what was taken in, then end the writer."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join(10)

    def _run(self) -> None:
        next_beat = 0.0
        open_for_work = True
        while open_for_work:
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + _BEAT_EVERY_S
                self._beat()
            jobs, open_for_work = self._gather()
            if jobs:
                self._write(jobs)
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                job.done(RuntimeError(_CLOSED))
        connection.close()

    def _gather(self) -> tuple[list[_Job], bool]:
        """The messages of one transaction, and whether the writer goes on."""
        try:
            first = self._jobs.get(timeout=_BEAT_EVERY_S)
        except queue.Empty:
            return [], True
        if first is None:
            return [], False
        jobs, until = [first], time.monotonic() + GATHER_S
        while len(jobs) < GATHER_MOST:
            try:
                job = self._jobs.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if job is None:
                return jobs, False
            jobs.append(job)
        return jobs, True

    def _write(self, jobs: list[_Job]) -> None:
        close_old_connections()
        try:
            filings = file_batches(self._ctx, [job.batch for job in jobs])
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].done(error)
                return
            # One bad message must not keep the others out: each by itself.
            log.warning(
                "a batch of %s messages was not stored: %s", len(jobs), type(error).__name__
            )
            for job in jobs:
                self._write([job])
            return
        for job, filing in zip(jobs, filings, strict=True):
            job.done(filing)

    def _beat(self) -> None:
        try:
            beat(HEARTBEAT, self._ctx.clock.now(), **self.detail())
        except Exception as error:
            log.warning("no sign of life could be left: %s", type(error).__name__)


def batch_of(message: MonitorMessage, raw: bytes, peer: str) -> MonitorBatch:
    """A message as the session takes it. ``raw`` is kept as text for the tray alone."""
    device = message.sending_device
    ids = (device.eui64, device.id, *message.equipment_ids, device.name)
    location = message.location
    return MonitorBatch(
        device_ids=tuple(dict.fromkeys(one for one in ids if one)),
        device_name=device.name,
        places=tuple(dict.fromkeys(p for p in (location.bed, location.point_of_care) if p)),
        patient_ids=tuple(dict.fromkeys(p.value for p in message.patient_ids if p.value)),
        received_at=message.received_at,
        readings=tuple(_reading(one) for one in group_readings(message)),
        digest=message.digest,
        raw=raw.decode("utf-8", "replace"),
        peer=peer,
        demonstration=message.demonstration,
        clock_offset_s=message.clock_offset_s,
        kept_aside=len(message.unknown),
    )


def _reading(one: ReadingSet) -> FiledReading:
    return FiledReading(
        measured_at=_utc(one.measured_at),
        raw_time=one.readings[0].raw_time,
        values={name: float(value) for name, value in one.values.items()},
        identity=one.identity,
        is_periodic=one.is_periodic,
        flags=one.flags,
    )


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
