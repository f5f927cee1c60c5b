"""What a bedside monitor said, as values.

Everything here is frozen: a message is parsed once, perhaps shifted once by the clock offset of
its device, and then filed. No name of a patient is kept, only whether one was sent; the
identifiers stay because they are what matching is done by.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

TimeSource = Literal["observation", "request", "message", "received"]


class MessageError(Exception):
    """A message that cannot be taken in.

    ``code`` is stable and safe to log (no content of the message). ``text`` is plain words for
    the sender. ``reject`` is true where sending the same message again cannot help (answered AR),
    false where it might (answered AE). ``header`` is the readable header, if there was one.
    """

    def __init__(
        self, code: str, text: str, *, reject: bool = True, header: "Header | None" = None
    ) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.reject = reject
        self.header = header


@dataclass(frozen=True)
class Header:
    """The fields of MSH as sent, undecoded escapes and all, so that an answer can echo them."""

    field_separator: str
    encoding_characters: str
    sending_application: str
    sending_facility: str
    receiving_application: str
    receiving_facility: str
    sent_at_raw: str
    message_type: str
    control_id: str
    processing_id: str
    version: str
    accept_ack: str
    application_ack: str
    charset: str

    @property
    def is_enhanced(self) -> bool:
        """Whether the sender asked for enhanced acknowledgment (MSH-15 or MSH-16 filled)."""
        return bool(self.accept_ack or self.application_ack)


@dataclass(frozen=True)
class Device:
    """The sender. ``id`` is the most specific name it gave: EUI-64, other universal id, or name.

    ``id`` is empty where the monitor did not say who it is.
    """

    id: str
    name: str
    eui64: str | None


@dataclass(frozen=True)
class PatientIdentifier:
    """One repetition of PID-3 (CX): the value, who assigned it, and the type code (MR, PI...)."""

    value: str
    authority: str
    type_code: str


@dataclass(frozen=True)
class Location:
    """PV1-3: where the monitor believes it stands. Empty strings where it did not say."""

    point_of_care: str
    room: str
    bed: str
    facility: str

    @property
    def is_known(self) -> bool:
        return bool(self.point_of_care or self.room or self.bed)


@dataclass(frozen=True)
class Reading:
    """One observation that is understood.

    ``value`` is None exactly where ``sensor_absent`` is true: the monitor said that it has no
    reading. ``measured_at`` is aware; it is the monitor's own time until
    :func:`~evenkeel.interop.hl7v2.clock_offset.correct_message` has shifted it, and
    ``measured_at_monitor`` keeps the unshifted time for ever, as ``raw_time`` keeps the text.

    Flags: ``demo``, ``test``, ``aperiodic``, ``questionable``, ``early``, ``corrected`` (OBX-11 C),
    ``alarm``, ``time_unreadable``, ``clock_corrected``, ``clamped``, and those of the code table
    (``axillary``, ``skin``...).
    """

    code: str
    name: str
    quantity: str
    value: Decimal | None
    unit: str
    measured_at: datetime
    measured_at_monitor: datetime
    raw_time: str
    time_source: TimeSource
    is_periodic: bool
    flags: frozenset[str]
    sensor_absent: bool
    sub_id: str = ""

    @property
    def is_chartable(self) -> bool:
        """Whether this may stand in a patient's chart: present, and not a demonstration."""
        return not self.sensor_absent and not self.flags & {"demo", "test"}


@dataclass(frozen=True)
class UnmappedObservation:
    """An observation kept aside, never charted.

    ``reason``: ``private_code``, ``unknown_code``, ``unit_mismatch``, ``name_mismatch``,
    ``not_a_number``, ``implausible``, ``withdrawn``, ``structure`` (a heading, not a value),
    ``malformed``.
    """

    code: str
    name: str
    system: str
    value_text: str
    unit: str
    raw_time: str
    reason: str


@dataclass(frozen=True)
class MonitorMessage:
    """One ORU^R01 from a monitor. See the field docs of the parts."""

    header: Header
    control_id: str
    sending_device: Device
    equipment_ids: tuple[str, ...]
    version: str
    message_type: str
    sent_at: datetime | None
    received_at: datetime
    patient_ids: tuple[PatientIdentifier, ...]
    patient_name_present: bool
    location: Location
    readings: tuple[Reading, ...]
    unknown: tuple[UnmappedObservation, ...]
    demonstration: bool
    charset_doubtful: bool
    digest: str
    clock_offset_s: float | None = None


@dataclass(frozen=True)
class ReadingSet:
    """Readings of one moment: a cuff measurement with its three pressures, or one sweep.

    ``identity`` is the same each time a monitor repeats the same measurement (a cuff value is
    repeated in every message until the next inflation), whatever the clock correction of the
    day, so it serves as the client-made id that stores a retry once. It does not name the
    patient: combine it with the session.
    """

    measured_at: datetime
    measured_at_monitor: datetime
    values: Mapping[str, Decimal]
    readings: tuple[Reading, ...]
    is_periodic: bool
    time_source: TimeSource
    flags: frozenset[str]
    identity: str = field(compare=False)

    def age_s(self, at: datetime) -> float:
        """Seconds between the measurement and ``at``; never negative."""
        return max(0.0, (at - self.measured_at).total_seconds())


def group_readings(message: MonitorMessage) -> tuple[ReadingSet, ...]:
    """Sort the chartable readings of a message into sets that were measured together.

    Pure; oldest first. A set holds at most one value a quantity: an exact repeat is dropped, a
    different value for the same quantity at the same moment opens a further set, so that nothing
    is lost and nothing is averaged. A message in demonstration mode yields nothing at all, even
    where only one of its readings carries the flag.
    """
    if message.demonstration:
        return ()
    buckets: dict[tuple[datetime, bool, str], list[list[Reading]]] = {}
    for reading in message.readings:
        if not reading.is_chartable:
            continue
        key = (reading.measured_at, reading.is_periodic, reading.time_source)
        layers = buckets.setdefault(key, [[]])
        _place(layers, reading)
    sets = [_as_set(message, layer) for layers in buckets.values() for layer in layers]
    return tuple(sorted(sets, key=lambda one: (one.measured_at, one.is_periodic, one.identity)))


def _place(layers: list[list[Reading]], reading: Reading) -> None:
    for layer in layers:
        same = next((held for held in layer if held.quantity == reading.quantity), None)
        if same is None:
            layer.append(reading)
            return
        if same.value == reading.value and same.code == reading.code:
            return
    layers.append([reading])


def _as_set(message: MonitorMessage, readings: list[Reading]) -> ReadingSet:
    first = readings[0]
    values = {one.quantity: one.value for one in readings if one.value is not None}
    flags = frozenset().union(*(one.flags for one in readings))
    return ReadingSet(
        measured_at=first.measured_at,
        measured_at_monitor=first.measured_at_monitor,
        values=MappingProxyType(values),
        readings=tuple(readings),
        is_periodic=first.is_periodic,
        time_source=first.time_source,
        flags=flags,
        identity=_identity(message, readings),
    )


def _identity(message: MonitorMessage, readings: list[Reading]) -> str:
    """A digest of device, the time as the monitor wrote it, and what was measured.

    Where the monitor gave no time of its own, the digest of the whole message stands in: two
    messages without any time are two measurements, one message sent twice is one.
    """
    parts = [message.sending_device.id]
    if readings[0].time_source == "received":
        parts.append(message.digest)
    else:
        parts.append(readings[0].raw_time)
    for one in sorted(readings, key=lambda each: (each.quantity, each.code)):
        parts += [one.quantity, one.code, str(one.value)]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
