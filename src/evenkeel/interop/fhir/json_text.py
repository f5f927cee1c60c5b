"""Bytes of unknown origin to one JSON object, within limits, before anything is believed.

Size, depth and the number of values are checked by a flat scan before the parser runs, so that
neither its recursion nor its memory is in the sender's hands.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from .reading import BundleError, Limits, Problem

EXPORT_AGAIN = "Export the record again as one FHIR R4 Bundle in JSON."

# Every alternative always matches where it starts, also at the end of the text, so that the scan
# is linear even for a string that is never closed.
_TOKEN = re.compile(
    r'"[^"\\]*+(?:\\(?:.|\Z)[^"\\]*+)*+(?:"|\Z)|[\[{]|[\]}]|[-+.0-9eE]++', re.DOTALL
)
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
}


def parse_object(data: bytes, limits: Limits) -> dict[str, Any]:
    """The JSON object in `data` (UTF-8, a byte order mark allowed).

    Raises BundleError for anything else, or beyond `limits`, with duplicate keys, NaN or
    Infinity.
    """
    text = _decode(data, limits)
    _scan(text, limits)
    try:
        document = json.loads(
            text,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except json.JSONDecodeError as error:
        raise _not_json(error) from None
    except RecursionError:
        raise _too_deep(limits) from None
    if not isinstance(document, dict):
        _refuse("The file is JSON, but not an object, so it is not a FHIR Bundle.", EXPORT_AGAIN)
    return document


def printable(text: str, max_chars: int = 40) -> str:
    """`text` as it may stand in a message: ASCII, no control characters, cut to length."""
    shown = "".join(c if " " <= c <= "~" else "?" for c in text[:max_chars])
    return shown + ("..." if len(text) > max_chars else "")


def _decode(data: bytes, limits: Limits) -> str:
    if len(data) > limits.max_bytes:
        _refuse(
            f"The file has {len(data):,} bytes; at most {limits.max_bytes:,} are read.",
            "Export this one patient with the record kinds needed: Patient, Condition, "
            "MedicationRequest, MedicationStatement, AllergyIntolerance, Observation.",
        )
    if not data.strip():
        _refuse("The file is empty.", EXPORT_AGAIN)
    for magic, name in _PACKED.items():
        if data.startswith(magic):
            _refuse(f"The file is compressed ({name}).", "Unpack it and send the JSON inside.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data[:4]:
        _refuse("The file is not UTF-8 text; it looks like UTF-16.", "Save it as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(f"The file is not UTF-8 text: byte {error.start:,} fits none.", "Save it as UTF-8.")
    if text.lstrip()[:1] == "<":
        _refuse("The file looks like XML.", EXPORT_AGAIN)
    return text


def _scan(text: str, limits: Limits) -> None:
    depth = values = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        first = token[0]
        if first in "]}":
            depth -= 1
            continue
        values += 1
        if values > limits.max_values:
            _refuse(
                f"The file holds more than {limits.max_values:,} values.",
                "Export this one patient, with fewer kinds of record.",
            )
        if first in "[{":
            depth += 1
            if depth > limits.max_depth:
                raise _too_deep(limits)
        elif first != '"' and len(token) > limits.max_number_chars:
            _refuse(
                f"Line {_line(text, match.start()):,} holds a number of {len(token):,} characters.",
                "Ask the sender to correct it: no measured value needs so many digits.",
            )


def _too_deep(limits: Limits) -> BundleError:
    return _error(
        f"The file is nested more than {limits.max_depth} levels deep.",
        "No health record is: ask the sender how the file was made.",
    )


def _not_json(error: json.JSONDecodeError) -> BundleError:
    if error.msg.startswith("Extra data"):
        return _error(
            f"The file goes on after its first JSON value ends (line {error.lineno:,}).",
            "Send one Bundle. A bulk export (one record a line) has to be made into a Bundle.",
        )
    return _error(
        f"The file is not JSON: {error.msg.rstrip('.').lower()} "
        f"(line {error.lineno:,}, column {error.colno:,}).",
        "The file may be cut short or edited by hand. " + EXPORT_AGAIN,
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        _refuse("The file holds a number with too many digits.", "Ask the sender to correct it.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse("The file holds a number too large to be one.", "Ask the sender to correct it.")
    return number


def _no_constant(name: str) -> NoReturn:
    _refuse(f"The file holds {name}, which JSON does not allow.", "Ask the sender to correct it.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                _refuse(
                    f'An object has the key "{printable(key)}" twice, so it says two things.',
                    "Ask the sender to correct it; evenkeel does not guess which one is meant.",
                )
            seen.add(key)
    return found


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _error(message: str, what_to_do: str) -> BundleError:
    return BundleError([Problem("", message, what_to_do)])


def _refuse(message: str, what_to_do: str) -> NoReturn:
    raise _error(message, what_to_do)
