"""How far a monitor's clock is from ours, and readings moved by that much.

Pure. The only witness is MSH-7, the time at which the monitor wrote the message: a cuff value
measured 23 minutes earlier says nothing about the clock. Two facts of the wire shape the estimate:

* A message can arrive late but never early, so ``sent - received`` is the offset minus a delay:
  the offset is at least what any single live message shows. A clock set forward therefore shows
  at once; a clock set back looks like a delay until several messages agree on it.
* After a broken line a monitor sends its backlog in one burst, all of it late. Samples received
  within :data:`BURST_S` of the last count as one, the least delayed.

The estimate is the median of the last :data:`WINDOW` such samples. All limits are [assumed]: they
are wide against network delay and the one-second grain of most monitors' clocks.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from evenkeel.interop.hl7v2.message import MonitorMessage, Reading

WINDOW = 15
BURST_S = 2.0
STEP_SAMPLES = 3
STEP_SPREAD_S = 5.0
STEP_FROM_S = 30.0
CORRECT_FROM_S = 5.0
SHOW_FROM_S = 120.0


@dataclass(frozen=True)
class _Sample:
    offset_s: float
    received_at: datetime


@dataclass(frozen=True)
class OffsetTrack:
    """The recent samples of one device, oldest first."""

    samples: tuple[_Sample, ...] = ()

    @property
    def offset_s(self) -> float | None:
        """Monitor minus ours, seconds, positive where the monitor is ahead; None where unknown."""
        if not self.samples:
            return None
        return float(median(one.offset_s for one in self.samples))

    @property
    def is_shown(self) -> bool:
        """Whether people must be told: beyond two minutes either way."""
        return self.offset_s is not None and abs(self.offset_s) > SHOW_FROM_S

    def observe(self, sent_at: datetime, received_at: datetime) -> "OffsetTrack":
        """The track after one more message. Both times are aware."""
        sample = _Sample((sent_at - received_at).total_seconds(), received_at)
        samples = self.samples
        if samples and abs((received_at - samples[-1].received_at).total_seconds()) < BURST_S:
            last = samples[-1]
            samples = (
                *samples[:-1],
                replace(last, offset_s=max(last.offset_s, sample.offset_s)),
            )
        else:
            samples = (*samples, sample)
        return OffsetTrack(_after_step(samples)[-WINDOW:])

    def estimate_s(self, sent_at: datetime | None, received_at: datetime) -> float | None:
        """The offset to correct one message by, its own MSH-7 taken into account."""
        known = self.offset_s
        if sent_at is None:
            return known
        own = (sent_at - received_at).total_seconds()
        return own if known is None else max(known, own)


def _after_step(samples: tuple[_Sample, ...]) -> tuple[_Sample, ...]:
    """Forget what was before the clock was set: the newest agree, and not with the median."""
    if len(samples) <= STEP_SAMPLES:
        return samples
    recent = [one.offset_s for one in samples[-STEP_SAMPLES:]]
    earlier = median(one.offset_s for one in samples[:-STEP_SAMPLES])
    agree = max(recent) - min(recent) <= STEP_SPREAD_S
    if agree and abs(median(recent) - earlier) > STEP_FROM_S:
        return samples[-STEP_SAMPLES:]
    return samples


def corrected(
    measured_at: datetime, offset_s: float | None, *, received_at: datetime
) -> tuple[datetime, frozenset[str]]:
    """``measured_at`` on our clock, never after ``received_at``, and what was done to it.

    Flags: ``clock_corrected`` where an offset of at least :data:`CORRECT_FROM_S` was taken off,
    ``clamped`` where the result still lay in the future and was pulled back to ``received_at``.
    """
    flags: set[str] = set()
    at = measured_at
    if offset_s is not None and abs(offset_s) >= CORRECT_FROM_S:
        at = measured_at - timedelta(seconds=offset_s)
        flags.add("clock_corrected")
    if at > received_at:
        # Within the uncorrected grain this is rounding, not a wrong clock: moved without a mark.
        if (at - received_at).total_seconds() > CORRECT_FROM_S:
            flags.add("clamped")
        at = received_at
    return at, frozenset(flags)


def correct_message(message: MonitorMessage, offset_s: float | None) -> MonitorMessage:
    """The message with every reading on our clock; the monitor's own times stay beside them."""

    def move(reading: Reading) -> Reading:
        if reading.time_source == "received":
            return reading
        at, flags = corrected(
            reading.measured_at_monitor, offset_s, received_at=message.received_at
        )
        return replace(reading, measured_at=at, flags=reading.flags | flags)

    return replace(
        message, readings=tuple(move(one) for one in message.readings), clock_offset_s=offset_s
    )


class ClockOffsets:
    """The tracks of all devices heard, the least recently heard forgotten beyond ``limit``."""

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._tracks: OrderedDict[str, OffsetTrack] = OrderedDict()

    def correct(self, message: MonitorMessage, device_key: str) -> MonitorMessage:
        """Learn from the message's MSH-7, then return the message on our clock."""
        track = self._tracks.pop(device_key, OffsetTrack())
        if message.sent_at is not None:
            track = track.observe(message.sent_at, message.received_at)
        self._tracks[device_key] = track
        while len(self._tracks) > self._limit:
            self._tracks.popitem(last=False)
        return correct_message(message, track.estimate_s(message.sent_at, message.received_at))

    def snapshot(self) -> dict[str, OffsetTrack]:
        """The tracks by device key, for a status page."""
        return dict(self._tracks)
