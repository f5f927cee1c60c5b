"""One HL7 v2 message from a bedside monitor -> :class:`MonitorMessage`.

What is understood becomes a reading, what is not is kept aside with its reason, and nothing is
guessed: a unit that does not fit, a name that contradicts its code, a number no body can have,
a message about two patients. Sources: HL7 v2.6 chapters 2 and 7; IHE PCD TF volume 2 (PCD-01 and
appendix B.8); the messages in the tests.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from evenkeel.interop.hl7v2.charset import decode
from evenkeel.interop.hl7v2.codes import Code, CodeTable, load_codes
from evenkeel.interop.hl7v2.header import Segments, normalize, read_header
from evenkeel.interop.hl7v2.message import (
    Device,
    Header,
    Location,
    MessageError,
    MonitorMessage,
    PatientIdentifier,
    Reading,
    TimeSource,
    UnmappedObservation,
)
from evenkeel.interop.hl7v2.timestamp import parse_time, zone_of

MAX_SEGMENTS = 1000
# A hundred observations with every field filled have under 4,000. The cost of splitting grows
# with this number, and it is paid on the event loop: at the limit about 60 ms.
MAX_DELIMITERS = 10_000
_NUMBER = re.compile(r"[+-]?[0-9]{1,10}(\.[0-9]{0,10})?|[+-]?\.[0-9]{1,10}")
_EUI64 = re.compile(r"[0-9A-Fa-f]{16}")
_DAMAGED = "\ufffd"


@dataclass(frozen=True)
class _Clock:
    """What stands in for a time that an observation lacks, in order."""

    zone: tzinfo
    received_at: datetime
    sent_at: datetime | None
    sent_at_raw: str


def parse_message(raw: bytes, *, received_at: datetime, default_tz: tzinfo) -> MonitorMessage:
    """Read one message.

    ``raw``: the bytes between the frame marks. ``received_at``: aware, our clock.
    ``default_tz``: the zone of times that name none, where MSH-7 names none either.

    Raises :class:`MessageError` and nothing else; its ``header`` is set where one was readable.
    """
    if received_at.tzinfo is None:
        raise TypeError("received_at must be aware")
    header = read_header(raw)
    try:
        return _parse(raw, header, received_at, default_tz)
    except MessageError as error:
        error.header = header
        raise


def _parse(raw: bytes, header: Header, received_at: datetime, default_tz: tzinfo) -> MonitorMessage:
    _require_known_type(header)
    body = normalize(raw)
    text, doubtful = decode(body, header.charset)
    if text.count("\r") >= MAX_SEGMENTS:
        raise MessageError("too_many_segments", f"more than {MAX_SEGMENTS} segments")
    delimiters = header.field_separator + header.encoding_characters
    if sum(text.count(one) for one in delimiters) > MAX_DELIMITERS:
        raise MessageError("too_many_parts", f"more than {MAX_DELIMITERS} fields and components")
    segments = Segments(text, header)
    _require_one_patient(segments)
    zone = zone_of(header.sent_at_raw) or default_tz
    sent_at = parse_time(header.sent_at_raw, zone, near=received_at)
    clock = _Clock(zone, received_at, sent_at, header.sent_at_raw)
    readings, unknown = _observations(segments, clock)
    demonstration = _is_demonstration(segments, header)
    if demonstration:
        # A monitor shows a demonstration as a whole: one flag taints every reading beside it.
        readings = [replace(one, flags=one.flags | {"demo"}) for one in readings]
    equipment = _equipment(segments)
    return MonitorMessage(
        header=header,
        control_id=header.control_id,
        sending_device=_device(segments, equipment),
        equipment_ids=equipment,
        version=header.version,
        message_type=header.message_type,
        sent_at=sent_at,
        received_at=received_at,
        patient_ids=_patient_ids(segments),
        patient_name_present=_has_name(segments),
        location=_location(segments),
        readings=tuple(readings),
        unknown=tuple(unknown),
        demonstration=demonstration,
        charset_doubtful=doubtful,
        digest=hashlib.sha256(body).hexdigest(),
    )


def _is_demonstration(segments: Segments, header: Header) -> bool:
    """Whether any observation, understood or not, is marked DEMO or TEST, or the message itself.

    HL7 table 0103: processing id T is training and D is debugging; both are about nobody.
    """
    if header.processing_id.split(header.encoding_characters[0])[0] in {"T", "D"}:
        return True
    flag_by_token = load_codes().flag_by_token
    return any(
        flag_by_token.get(token) in {"demo", "test"}
        for row in segments.named("OBX")
        for token in _status_tokens(segments, row)
    )


def _status_tokens(segments: Segments, row: Any) -> set[str]:
    """The codes in OBX-8, in all its repetitions and components, upper case."""
    return {
        part.upper()
        for repetition in segments.repetitions(row, 8)
        for part in segments.components(repetition)
        if part
    }


def _require_known_type(header: Header) -> None:
    kind = header.message_type.split(header.encoding_characters[0])
    if kind[0] != "ORU":
        raise MessageError("type_unsupported", "only ORU^R01 is taken here")
    if len(kind) > 1 and kind[1] not in {"R01", ""}:
        raise MessageError("event_unsupported", "only ORU^R01 is taken here")
    if not re.match(r"2(\.|$)", header.version or "2"):
        raise MessageError("version_unsupported", "only HL7 version 2 is taken here")


def _require_one_patient(segments: Segments) -> None:
    if len(segments.named("MSH")) > 1:
        raise MessageError("two_messages", "two MSH segments came in one frame")
    if len(segments.named("PID")) > 1:
        raise MessageError("two_patients", "one message speaks of more than one patient")


def _patient_ids(segments: Segments) -> tuple[PatientIdentifier, ...]:
    """PID-3, else the older PID-2. An id with a damaged character identifies nobody."""
    found: list[PatientIdentifier] = []
    for row in segments.named("PID"):
        for repetition in segments.repetitions(row, 3) or segments.repetitions(row, 2):
            parts = [*segments.components(repetition), *[""] * 5]
            if parts[0] and _DAMAGED not in parts[0]:
                found.append(PatientIdentifier(parts[0], parts[3], parts[4]))
    return tuple(found)


def _has_name(segments: Segments) -> bool:
    return any(
        any(segments.components(repetition)[:2])
        for row in segments.named("PID")
        for repetition in segments.repetitions(row, 5)
    )


def _location(segments: Segments) -> Location:
    rows = segments.named("PV1")
    if not rows:
        return Location("", "", "", "")
    parts = [segments.component(rows[0], 3, position) for position in (1, 2, 3, 4)]
    return Location(*parts)


def _equipment(segments: Segments) -> tuple[str, ...]:
    """The distinct equipment instances of OBX-18, in order: the monitor behind a gateway."""
    found: dict[str, None] = {}
    for row in segments.named("OBX"):
        for repetition in segments.repetitions(row, 18):
            parts = segments.components(repetition)
            name = next((one for one in (*parts[2:3], *parts[:1]) if one), "")
            if name:
                found[name] = None
    return tuple(found)


def _device(segments: Segments, equipment: tuple[str, ...]) -> Device:
    """MSH-3, else MSH-4 (a Comen names itself there), else the first OBX-18."""
    msh = segments.rows[0]
    for number in (3, 4):
        name, universal, kind = (segments.component(msh, number, one) for one in (1, 2, 3))
        if name or universal:
            is_eui = kind.upper() == "EUI-64" and _EUI64.fullmatch(universal) is not None
            return Device(universal or name, name, universal.upper() if is_eui else None)
    if equipment:
        eui = equipment[0].upper() if _EUI64.fullmatch(equipment[0]) else None
        return Device(equipment[0], "", eui)
    return Device("", "", None)


def _observations(
    segments: Segments, clock: _Clock
) -> tuple[list[Reading], list[UnmappedObservation]]:
    table = load_codes()
    readings: list[Reading] = []
    unknown: list[UnmappedObservation] = []
    request_time = ""
    for row in segments.rows:
        name = segments.name(row)
        if name == "OBR":
            request_time = segments.text(row, 7)
        elif name == "OBX":
            outcome = _observation(segments, row, request_time, clock, table)
            if isinstance(outcome, Reading):
                readings.append(outcome)
            else:
                unknown.append(outcome)
    return readings, unknown


def _observation(
    segments: Segments, row: Any, request_time: str, clock: _Clock, table: CodeTable
) -> Reading | UnmappedObservation:
    number, name, system = [*segments.components(segments.text(row, 3)), "", "", ""][:3]
    unit_parts = segments.components(segments.text(row, 6))
    value_text = segments.text(row, 5)
    raw_time = segments.plain(segments.text(row, 14))

    def aside(reason: str) -> UnmappedObservation:
        return UnmappedObservation(
            number, name, system, segments.plain(value_text), "^".join(unit_parts), raw_time, reason
        )

    code = _code(table, number, name, system)
    if isinstance(code, str):
        heading = not value_text and segments.text(row, 11) == "X"
        return aside("structure" if heading else code)
    status = segments.text(row, 11)
    if status in table.withdrawn_results:
        return aside("withdrawn")
    tokens = _status_tokens(segments, row)
    number_text = _number_text(segments, row, value_text)
    absent = _is_absent(table, number_text, status, tokens)
    value: Decimal | None = None
    if not absent:
        if _NUMBER.fullmatch(number_text) is None:
            return aside("not_a_number")
        if table.unit_of(*unit_parts) != code.quantity.unit:
            return aside("unit_mismatch")
        value = Decimal(number_text)
        if not code.quantity.low <= value <= code.quantity.high:
            return aside("implausible")
    aperiodic = "APERIODIC" in segments.text(row, 17).upper()
    flags = set(code.flags) | {
        table.flag_by_token[one] for one in tokens & table.flag_by_token.keys()
    }
    if aperiodic:
        flags.add("aperiodic")
    if status == "C":
        flags.add("corrected")
    measured_at, time_text, source = _time(raw_time, request_time, clock)
    if raw_time and source != "observation":
        flags.add("time_unreadable")
    return Reading(
        code=code.code,
        name=name or code.names[0],
        quantity=code.quantity.name,
        value=value,
        unit=code.quantity.unit,
        measured_at=measured_at,
        measured_at_monitor=measured_at,
        raw_time=time_text,
        time_source=source,
        is_periodic=not aperiodic,
        flags=frozenset(flags),
        sensor_absent=absent,
        sub_id=segments.plain(segments.text(row, 4)),
    )


def _code(table: CodeTable, number: str, name: str, system: str) -> Code | str:
    """The code, or the reason why there is none."""
    if system not in {"MDC", ""}:
        return "private_code" if system.startswith("99") or system == "L" else "unknown_code"
    if system == "" and not name.startswith("MDC_"):
        return "unknown_code" if number or name else "malformed"
    code = table.codes.get(number) if number else table.code_by_name.get(name)
    if code is None:
        return "unknown_code"
    named = table.code_by_name.get(name)
    if named is not None and name not in code.names and named.quantity != code.quantity:
        return "name_mismatch"
    return code


def _number_text(segments: Segments, row: Any, value_text: str) -> str:
    """OBX-5 as the text of a number; a structured number (SN) only where it is plainly equal."""
    if segments.text(row, 2) == "SN":
        parts = [*segments.components(value_text), "", ""]
        return parts[1] if parts[0] in {"", "="} and not any(parts[2:]) else value_text
    return segments.plain(value_text)


def _is_absent(table: CodeTable, number_text: str, status: str, tokens: set[str]) -> bool:
    if status in table.absent_results or tokens & table.absent_flags:
        return True
    if number_text.upper() in table.absent_texts:
        return True
    return _NUMBER.fullmatch(number_text) is not None and (
        Decimal(number_text) in table.absent_numbers
    )


def _time(observation: str, request: str, clock: _Clock) -> tuple[datetime, str, TimeSource]:
    """When it was measured: OBX-14, else OBR-7, else MSH-7, else when it reached us."""
    candidates: tuple[tuple[str, TimeSource], ...] = (
        (observation, "observation"),
        (request, "request"),
    )
    for text, source in candidates:
        at = parse_time(text, clock.zone, near=clock.received_at)
        if at is not None:
            return at, text, source
    if clock.sent_at is not None:
        return clock.sent_at, clock.sent_at_raw, "message"
    return clock.received_at, "", "received"
