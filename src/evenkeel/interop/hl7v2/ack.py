"""Answers to a message: HL7 v2.6 chapter 2.9 (processing rules) and 2.14 (MSA, ERR).

Original mode (MSH-15 and MSH-16 empty): one answer AA, AE or AR. Enhanced mode: the sender says
which answers it wants. Here filing happens before answering, so there is only ever one answer: the
application's (AA, AE, AR) where MSH-16 asks for it, for it implies that the message is stored;
otherwise the accept answer (CA, CE, CR) where MSH-15 asks for it; otherwise none. Two answers to
one message would be taken by most senders for the answer to their next.
"""

import re
from datetime import datetime
from typing import Literal

from evenkeel.interop.hl7v2.message import Header
from evenkeel.interop.hl7v2.timestamp import format_time

Verdict = Literal["accept", "error", "reject"]

_APPLICATION = {"accept": "AA", "error": "AE", "reject": "AR"}
_ACCEPT = {"accept": "CA", "error": "CE", "reject": "CR"}
# HL7 table 0155: when an acknowledgment is wanted.
_WANTED: dict[str, frozenset[str]] = {
    "AL": frozenset({"accept", "error", "reject"}),
    "NE": frozenset(),
    "ER": frozenset({"error", "reject"}),
    "SU": frozenset({"accept"}),
}
# HL7 table 0357, message error condition codes.
_CONDITION = {
    "type_unsupported": ("200", "Unsupported message type"),
    "event_unsupported": ("201", "Unsupported event code"),
    "version_unsupported": ("203", "Unsupported version id"),
    "charset_unknown": ("103", "Table value not found"),
    "charset_mismatch": ("102", "Data type error"),
    "two_messages": ("100", "Segment sequence error"),
    "two_patients": ("100", "Segment sequence error"),
    "too_many_segments": ("100", "Segment sequence error"),
    "too_many_parts": ("104", "Value too long"),
    "unreadable": ("100", "Segment sequence error"),
    "too_long": ("104", "Value too long"),
    "no_header": ("100", "Segment sequence error"),
}
_INTERNAL = ("207", "Application internal error")
_TEXT_LIMIT = 80


def answer_code(header: Header, verdict: Verdict) -> str | None:
    """The MSA-1 the sender expects for this verdict, or None where it wants no answer."""
    if not header.is_enhanced:
        return _APPLICATION[verdict]
    if verdict in _WANTED.get(header.application_ack, frozenset()):
        return _APPLICATION[verdict]
    # An unknown word in MSH-15 is taken as "always": an answer too many is the lesser harm.
    wanted = _WANTED["AL"] if header.accept_ack not in {"", *_WANTED} else frozenset()
    if verdict in _WANTED.get(header.accept_ack, wanted):
        return _ACCEPT[verdict]
    return None


def build_ack(
    header: Header,
    verdict: Verdict,
    *,
    at: datetime,
    ack_id: str,
    error_code: str = "",
    text: str = "",
) -> bytes | None:
    """The bytes of the answer (without frame marks), or None where none is wanted.

    ``at``: aware, our clock. ``ack_id``: our own control id. ``error_code``: a code of
    :class:`~evenkeel.interop.hl7v2.message.MessageError`, or empty. ``text``: plain words, with
    nothing of the patient in them. Control id, version, processing id, character set and the
    delimiters are the sender's own.
    """
    code = answer_code(header, verdict)
    if code is None:
        return None
    separator, marks = header.field_separator, header.encoding_characters
    component = marks[0]
    event = [*header.message_type.split(component), ""][1]
    kind = component.join(["ACK", event, "ACK"]) if event else "ACK"
    words = _clean(text, separator, marks)
    msh = [
        "MSH",
        marks,
        "EVENKEEL",
        "",
        header.sending_application,
        header.sending_facility,
        format_time(at),
        "",
        kind,
        ack_id,
        header.processing_id or "P",
        header.version or "2.6",
        *[""] * 5,
        header.charset,
    ]
    segments = [separator.join(msh).rstrip(separator)]
    segments.append(separator.join(["MSA", code, header.control_id, words]).rstrip(separator))
    if verdict != "accept":
        number, name = _CONDITION.get(error_code, _INTERNAL)
        condition = component.join([number, name, "HL70357"])
        segments.append(
            separator.join(["ERR", "", "", condition, "E", "", "", "", words]).rstrip(separator)
        )
    # The header was read as Latin-1, byte for byte, and the rest is ASCII: written back the same
    # way, what the sender wrote returns in its own character set whatever that is.
    return ("\r".join(segments) + "\r").encode("latin-1", "replace")


def _clean(text: str, separator: str, marks: str) -> str:
    plain = re.sub(r"[^\x20-\x7e]", "?", text)[:_TEXT_LIMIT]
    return "".join(" " if one in separator + marks else one for one in plain)
