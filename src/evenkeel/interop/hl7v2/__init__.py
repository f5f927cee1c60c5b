"""Bedside monitors over HL7 v2 (ORU^R01) and MLLP.

Reading order: ``message`` (the values), ``parse`` (bytes to values), ``clock_offset``, ``ack``,
``framing``, ``intake`` (one frame to its answer), ``listener`` (the port), ``simulate`` (a monitor
made of software). Where messages are filed is the caller's :class:`Sink`.
"""

from evenkeel.interop.hl7v2.listener import Filed, Limits, MonitorListener, Sink
from evenkeel.interop.hl7v2.message import (
    MessageError,
    MonitorMessage,
    Reading,
    ReadingSet,
    UnmappedObservation,
    group_readings,
)
from evenkeel.interop.hl7v2.parse import parse_message
from evenkeel.interop.hl7v2.sources import AllowedSources

__all__ = [
    "AllowedSources",
    "Filed",
    "Limits",
    "MessageError",
    "MonitorListener",
    "MonitorMessage",
    "Reading",
    "ReadingSet",
    "Sink",
    "UnmappedObservation",
    "group_readings",
    "parse_message",
]
