"""Bedside monitors made of software, one a live chair, talking to the clinic's monitor port.

Each chair's :class:`Bed` is replaced whole by the simulated nurse's thread; the monitors' own event
loop only reads it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.people.models import Chair
from evenkeel.clinic.record.clock import Clock
from evenkeel.clinic.session.phases import Drug
from evenkeel.demo.physiology import INFUSION_MIN, Body, Input, infusion, injected, sprays
from evenkeel.demo.stage import monitor_eui64
from evenkeel.interop.hl7v2.simulate import (
    DeliveryError,
    MonitorClient,
    MonitorIdentity,
    SimulatedMonitor,
    VitalSigns,
)

#: A sweep is sent this often by the clinic's clock, but never more often than once a real second.
SWEEP_S: Final = 15.0
LEAST_REAL_S: Final = 1.0
CUFF_EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Bed:
    """Who lies there: a body, its drug so far, and the moment minutes count from."""

    session_id: Any
    body: Body
    inputs: Sequence[Input]
    anchor: datetime


def inputs_of(drug: Drug, anchor: datetime, planned_mg: float, now: datetime) -> list[Input]:
    """What was really given, as the physiology takes it. ``planned_mg`` is a whole dose."""

    def minute(at: datetime) -> float:
        return (at - anchor) / timedelta(minutes=1)

    found = [
        infusion(minute(s.start), minute(s.end), s.rate_mg_per_h * INFUSION_MIN / 60 / planned_mg)
        for s in drug.stretches
        if s.end is not None
    ]
    if drug.is_running:
        since = now - timedelta(hours=drug.given_mg(now) / max(drug.rate_mg_per_h, 0.01))
        given = sum(s.end_min - s.start_min for s in found)
        begins = minute(since) + given
        ends = drug.runs_out_at(now)
        rate = drug.rate_mg_per_h * INFUSION_MIN / 60 / planned_mg
        found.append(infusion(begins, float("inf") if ends is None else minute(ends), rate))
    for at, mg, kind in drug.doses:
        if kind == "device":
            found += sprays([minute(at)], max(1, round(planned_mg / mg)))
        else:
            found.append(injected(minute(at)))
    return found


class Monitors:
    """The monitors of all live chairs, in a thread of their own."""

    def __init__(self, chairs: Sequence[Chair], port: int, clock: Clock, speed: float) -> None:
        self._chairs, self._port, self._clock = list(chairs), port, clock
        self._pause_s = max(LEAST_REAL_S, SWEEP_S / max(speed, 0.01))
        self._beds: dict[Any, Bed] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-monitors", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def show(self, chair: Chair, bed: Bed | None) -> None:
        """Who is in a chair from now on; ``None``: nobody, and the monitor is silent."""
        if bed is None:
            self._beds.pop(chair.pk, None)
        else:
            self._beds[chair.pk] = bed

    def stop(self) -> None:
        """End every monitor."""
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.run(self._send_all())

    async def _send_all(self) -> None:
        await asyncio.gather(*(self._send(chair) for chair in self._chairs))

    async def _send(self, chair: Chair) -> None:
        monitor: SimulatedMonitor | None = None
        shown: Any = None
        async with MonitorClient("127.0.0.1", self._port) as client:
            while not self._stop.is_set():
                bed = self._beds.get(chair.pk)
                if bed is None:
                    monitor = shown = None
                elif monitor is None or shown != bed.session_id:
                    # another person: the cuff of the one before is not repeated
                    monitor, shown = self._monitor(chair), bed.session_id
                if monitor is not None:
                    with contextlib.suppress(DeliveryError):
                        await client.send(monitor.message(self._clock.now()))
                await asyncio.sleep(self._pause_s)

    def _monitor(self, chair: Chair) -> SimulatedMonitor:
        identity = MonitorIdentity(eui64=monitor_eui64(chair), bed=chair.bed_label)

        def signs(at: datetime) -> VitalSigns:
            bed = self._beds.get(chair.pk)
            if bed is None:
                return VitalSigns()
            now = bed.body.signs(bed.inputs, (at - bed.anchor) / timedelta(minutes=1))
            return VitalSigns(
                sbp_mmhg=now.sbp_mmhg,
                dbp_mmhg=now.dbp_mmhg,
                spo2_percent=now.spo2_percent,
                pulse_bpm=now.heart_rate_bpm,
                respiratory_rate_per_min=now.respiratory_rate_per_min,
                temperature_c=now.temperature_c,
            )

        return SimulatedMonitor(identity, signs, cuff_every=CUFF_EVERY)
