"""The message header, read from bytes before anything else is believed.

MSH must be read apart from the rest: it says in which character set the rest is written, and it
is what an answer needs even where the rest is beyond understanding.
"""

import re
from collections.abc import Sequence
from typing import Any

import hl7
from hl7.exceptions import HL7Exception

from evenkeel.interop.hl7v2.message import Header, MessageError

MAX_CONTROL_ID = 199  # HL7 v2.7 and later; older versions say 20, monitors exceed it
_MAX_FIELD = 256
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LINE_END = re.compile(rb"\r\n|\n")


def read_header(raw: bytes) -> Header:
    """The header of ``raw``, read as Latin-1 (delimiters and codes are ASCII in every set).

    Raises :class:`MessageError` ``no_header`` where the first segment is not a usable MSH.
    """
    head = normalize(raw).split(b"\r", 1)[0].decode("latin-1")
    if not head.startswith("MSH") or len(head) < 8:
        raise MessageError("no_header", "the message does not begin with an MSH segment")
    separator, marks = head[3], head[4 : head.find(head[3], 4)] if head[3] in head[4:] else ""
    delimiters = separator + marks
    if (
        not 2 <= len(marks) <= 5
        or len(set(delimiters)) != len(delimiters)
        or any(one.isalnum() or one.isspace() or not one.isprintable() for one in delimiters)
        or not delimiters.isascii()
    ):
        raise MessageError("no_header", "the delimiters in MSH-1 and MSH-2 are not usable")
    fields = head.split(separator)

    def field(number: int) -> str:
        # MSH-1 is the separator itself, so the split is one short.
        text = fields[number - 1] if number - 1 < len(fields) else ""
        return _CONTROL.sub("", text)[:_MAX_FIELD].strip()

    return Header(
        field_separator=separator,
        encoding_characters=marks,
        sending_application=field(3),
        sending_facility=field(4),
        receiving_application=field(5),
        receiving_facility=field(6),
        sent_at_raw=field(7),
        message_type=field(9),
        control_id=field(10)[:MAX_CONTROL_ID],
        processing_id=field(11),
        version=field(12),
        accept_ack=field(15).upper(),
        application_ack=field(16).upper(),
        charset=field(18),
    )


def normalize(raw: bytes) -> bytes:
    """Segments end with CR; some senders write CR LF or LF, and some pad with blank lines."""
    return _LINE_END.sub(b"\r", raw).strip(b"\r \t\x00")


class Segments:
    """The parsed segments of a message, with fields split on demand by its own delimiters.

    python-hl7 splits segments and fields. Its nested containers change their depth with the
    content, and its unescaping trusts a repeat count from the wire (``\\.sp999999999\\``), so
    parts of a field are split here, and only the five delimiter escapes are undone.
    """

    def __init__(self, text: str, header: Header) -> None:
        marks = header.encoding_characters
        self._component = marks[0]
        self._repetition = marks[1]
        self._escape = marks[2] if len(marks) > 2 else ""
        self._subcomponent = marks[3] if len(marks) > 3 else ""
        self._delimiters = {
            "F": header.field_separator,
            "S": self._component,
            "T": self._subcomponent,
            "R": self._repetition,
            "E": self._escape,
        }
        mark = re.escape(self._escape)
        self._escaped = re.compile(f"{mark}([FSTRE]){mark}")
        try:
            parsed = hl7.parse(text)
        except (HL7Exception, ValueError, IndexError, KeyError, AssertionError) as error:
            raise MessageError(
                "unreadable", "the segments cannot be read", header=header
            ) from error
        self.rows: Sequence[Any] = parsed

    def named(self, name: str) -> list[Any]:
        return [row for row in self.rows if self.name(row) == name]

    @staticmethod
    def name(row: Any) -> str:
        return str(row[0]) if len(row) else ""

    def text(self, row: Any, number: int) -> str:
        """Field ``number`` as sent, or an empty string."""
        return str(row[number]).strip() if number < len(row) else ""

    def repetitions(self, row: Any, number: int) -> list[str]:
        text = self.text(row, number)
        return text.split(self._repetition) if text else []

    def components(self, text: str) -> list[str]:
        return [self.plain(one) for one in text.split(self._component)]

    def component(self, row: Any, number: int, position: int) -> str:
        """Component ``position`` (from 1) of the first repetition, its first filled part."""
        repetitions = self.repetitions(row, number)
        parts = repetitions[0].split(self._component) if repetitions else []
        if position > len(parts):
            return ""
        subparts = (
            parts[position - 1].split(self._subcomponent)
            if self._subcomponent
            else [parts[position - 1]]
        )
        return next((self.plain(one) for one in subparts if one.strip()), "")

    def plain(self, text: str) -> str:
        """``text`` with delimiter escapes undone and control characters removed.

        The HL7 null (two quotation marks) is an empty string.
        """
        text = text.strip()
        if text == '""':
            return ""
        if self._escape and self._escape in text:
            text = self._escaped.sub(lambda found: self._delimiters[found[1]], text)
        return _CONTROL.sub("", text)[:_MAX_FIELD].strip()
