"""A clinic's own protocol as a document: made whole, written as text, read back within limits.

A shipped protocol may change with the software. What a clinic signs must not: its document states
every value itself, and still names the shipped one it came from, so that what a later version of
the software asks for anew is filled in from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Mapping
from copy import deepcopy
from dataclasses import fields
from typing import Any, Final

from .errors import ProtocolError
from .pack import (
    DISCHARGE_ITEMS,
    FORMAT,
    Protocol,
    default_protocol,
    load_protocol,
    parse_protocol,
    protocol_names,
    resolved_document,
)
from .products import PRODUCTS
from .thresholds import NEEDS
from .vocabulary import VOCABULARY

Document = dict[str, Any]
#: The parts whose entries are objects with mark and source.
PARTS: Final = ("thresholds", "rules", "required_before_session")
_HEAD: Final = ("format", "extends", "name", "version", "title", "product", "jurisdictions")
_BODY: Final = (*PARTS, "discharge_required")
#: What a protocol may state beside them. It has no line of a form: it comes with a file.
OTHER_PARTS: Final = tuple(
    sorted(
        {field.name for field in fields(Protocol)}
        - {*_HEAD, *_BODY, "required", "discharge_required"}
    )
)
#: Why something was taken out, which leaves no entry to say it in.
REMOVAL_NOTES: Final = "removal_notes"
DISCHARGE_NOTES: Final = "discharge_notes"
#: Who signed; part of a signed copy alone.
SIGNATURE: Final = "signature"
LARGEST_BYTES: Final = 262_144
_DEEPEST: Final = 8
_LONGEST_TEXT: Final = 2000


def shipped_document(name: str) -> Document:
    """Return the shipped protocol ``name`` with every value said; ``ProtocolError`` if unknown."""
    if name not in protocol_names():
        raise ProtocolError("extends", f"{name!r} is not a shipped protocol for a product")
    own = {"extends": name, "name": name, "title": load_protocol(name).title}
    return _in_order(resolved_document({"format": FORMAT, "extends": name}) | own)


def whole_document(raw: object) -> Document:
    """Return a clinic's document with every value said and the shipped protocol it stands on.

    Raises ``ProtocolError`` naming the entry where ``raw`` does not hold together. What the shipped
    protocol states and ``raw`` leaves out on purpose stands as null.
    """
    merged = resolved_document(raw)
    merged.pop(SIGNATURE, None)
    for key in merged:
        if key not in (*_HEAD, *_BODY, *OTHER_PARTS, REMOVAL_NOTES, DISCHARGE_NOTES):
            raise ProtocolError(f"{key!s:.60}", "is not an entry this product knows")
    for key in (REMOVAL_NOTES, DISCHARGE_NOTES):
        _check_notes(key, merged.get(key, {}))
    checked = parse_protocol(merged | {"extends": None})
    assert isinstance(raw, Mapping)
    base = raw.get("extends")
    if base not in protocol_names() or shipped_document(str(base))["product"] != checked.product:
        place = checked.jurisdictions[0] if checked.jurisdictions else ""
        base = default_protocol(checked.product, place).name
    shipped = shipped_document(str(base))
    for part in PARTS:
        entries = merged[part]
        assert isinstance(entries, dict)
        for key in shipped[part]:
            entries.setdefault(key, None)
    return _in_order(merged | {"extends": base})


def _check_notes(key: str, notes: object) -> None:
    if not isinstance(notes, dict) or not all(isinstance(note, str) for note in notes.values()):
        raise ProtocolError(key, "must be an object of texts")


def _in_order(merged: Mapping[str, Any]) -> Document:
    copy = deepcopy(dict(merged))
    first = [key for key in (*_HEAD, *_BODY) if key in copy]
    ordered = {key: copy[key] for key in (*first, *sorted(set(copy) - set(first)))}
    places = {key: place for place, key in enumerate(NEEDS)}
    stated = ordered.get("thresholds", {})
    ordered["thresholds"] = {
        key: stated[key] for key in sorted(stated, key=lambda key: (places.get(key, 999), key))
    }
    return ordered


def document_text(document: Mapping[str, Any]) -> str:
    """Return a document as the text that is kept, hashed, and handed out as a file."""
    parts = [f"  {_plain(key)}: {_lines(value)}" for key, value in document.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(value: object) -> str:
    """One line an entry, as the shipped protocols are written."""
    if not isinstance(value, dict) or not any(isinstance(one, dict) for one in value.values()):
        return _plain(value)
    lines = [f"    {_plain(key)}: {_plain(entry)}" for key, entry in value.items()]
    return "{\n" + ",\n".join(lines) + "\n  }"


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def text_digest(text: str) -> str:
    """Return the SHA-256 of the text in hexadecimal; the same as of the file handed out."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read_text(text: bytes | str) -> object:
    """Return what a protocol file holds. Raises ``ProtocolError`` saying which limit it breaks."""
    size = len(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    if size > LARGEST_BYTES:
        raise ProtocolError("file", f"is larger than {LARGEST_BYTES // 1024} kB")
    try:
        raw: object = json.loads(
            text.decode("utf-8-sig") if isinstance(text, bytes) else text,
            parse_constant=_no_constant,
            object_pairs_hook=_once,
        )
    except UnicodeDecodeError:
        raise ProtocolError("file", "is not text in UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise ProtocolError("file", f"cannot be read as JSON: {error!s:.120}") from None
    _check_shape(raw, "protocol", 0)
    return raw


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r:.60} stands there twice")
        found[key] = value
    return found


def _check_shape(value: object, key: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise ProtocolError(f"{key!s:.80}", "is nested too deeply")
    if isinstance(value, str) and (len(value) > _LONGEST_TEXT or "\x00" in value):
        raise ProtocolError(f"{key!s:.80}", f"must be a text of at most {_LONGEST_TEXT} characters")
    if isinstance(value, str) and any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise ProtocolError(f"{key!s:.80}", "holds a character that is half of one")
    if isinstance(value, dict):
        for name, item in value.items():
            _check_shape(name, name, depth + 1)
            _check_shape(item, name, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_shape(item, key, depth + 1)


def parse_signed(document: Document) -> tuple[Protocol, str]:
    """Return a signed document as a protocol, and what is wrong with it by now, else "".

    A later version of the software may know a threshold no more, or set a new one against it. What
    was signed holds all the same: an unknown entry is left out, and the order not insisted on.
    """
    try:
        return parse_protocol(document), ""
    except ProtocolError as error:
        return parse_protocol(_known(document), ordered=False), str(error)


def _known(document: Document) -> Document:
    from . import rules  # noqa: F401  (registers every rule)
    from .registry import RULES

    known: dict[str, Container[str]] = {
        "thresholds": NEEDS,
        "rules": RULES,
        "required_before_session": VOCABULARY,
    }
    kept = dict(document)
    for part, names in known.items():
        kept[part] = {key: entry for key, entry in document[part].items() if key in names}
    kept["discharge_required"] = [
        item for item in document["discharge_required"] if item in DISCHARGE_ITEMS
    ]
    return kept


def filled_in(document: Document) -> tuple[str, ...]:
    """Return the entries this software takes from the shipped protocol, for they came later."""
    now: dict[str, Any] = resolved_document(document)
    found: list[str] = []
    for part in PARTS:
        stated = document[part]
        found += [
            key for key, entry in now[part].items() if key not in stated and entry is not None
        ]
    return tuple(found)


def product_label(code: str) -> str:
    """Return the name of a product as people say it."""
    return PRODUCTS[code].label if code in PRODUCTS else code
