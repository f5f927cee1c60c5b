"""A clinic's own licensed text, or a translation, put into the structure that ships.

The structure is not the clinic's to change: the same questions in the same order, the same answers
counting the same. Only where nothing of the structure could be verified (`open_items`) do the
questions come from the clinic too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evenkeel.instruments.entry import Entry, read_object
from evenkeel.instruments.errors import InstrumentFileError
from evenkeel.instruments.form import Form, read_form, walk_items
from evenkeel.instruments.model import Instrument
from evenkeel.instruments.shelf import SHELF, build, load

LARGEST_BYTES = 256 * 1024
MOST_ITEMS = 200
LONGEST_TEXT = 2000
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_BLANK = "(write the text here)"


def template(instrument_id: str, shelf: Path = SHELF) -> dict[str, Any]:
    """The questionnaire to fill in: a FHIR R4 Questionnaire with a mark where each text belongs.

    Raises UnknownInstrumentError for an id without a folder.
    """
    instrument = load(instrument_id, shelf)
    document = instrument.questionnaire
    for item in walk_items({"item": document.get("item", [])}):
        if item.get("type") == "choice":
            item.setdefault("text", _BLANK)
    if instrument.open_items and not instrument.items:
        document["item"] = [*_example(instrument), *document.get("item", [])]
    return document


def _example(instrument: Instrument) -> list[dict[str, Any]]:
    """One question to copy, where the questions are the clinic's to write."""
    system = f"urn:evenkeel:answer:{instrument.id.replace('_', '-')}"
    ordinal = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
    options = [
        {
            "valueCoding": {
                "extension": [{"url": ordinal, "valueDecimal": value}],
                "system": system,
                "code": str(value),
                "display": _BLANK,
            }
        }
        for value in (0, 1)
    ]
    link_id = f"{instrument.id.replace('_', '-')}-1"
    return [
        {
            "linkId": link_id,
            "prefix": "1",
            "text": _BLANK,
            "type": "choice",
            "answerOption": options,
        }
    ]


def parse(data: bytes) -> dict[str, Any]:
    """The JSON object in a file that was handed in. Raises InstrumentFileError."""
    file = "your file"
    if len(data) > LARGEST_BYTES:
        raise InstrumentFileError(
            file, "the whole file", f"is larger than {LARGEST_BYTES // 1024} KiB"
        )
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        problem = f"cannot be read as JSON in UTF-8: {error}"
        raise InstrumentFileError(file, "the whole file", problem[:300]) from None
    if not isinstance(value, dict):
        raise InstrumentFileError(file, "the whole file", "must be an object")
    return value


def with_wording(
    instrument_id: str, document: Mapping[str, Any], licence: str, shelf: Path = SHELF
) -> Instrument:
    """The instrument with the clinic's own text.

    `document` is a FHIR R4 Questionnaire in the structure of `template`; `licence` says in the
    clinic's words by what right it uses the text. Raises UnknownInstrumentError, and
    InstrumentFileError naming the entry for anything that is not the structure, or has no text.
    """
    base = load(instrument_id, shelf)
    file = "your file"
    try:
        text = json.dumps(document)
        root = Entry(file, "", json.loads(text))
    except (TypeError, ValueError, RecursionError):
        raise InstrumentFileError(file, "the whole file", "is not plain JSON") from None
    if not licence.strip():
        raise InstrumentFileError(file, "licence", "say by what right the clinic uses this text")
    language = root.text("language")
    if not _LANGUAGE.fullmatch(language):
        raise root.error("language", f"{language[:40]!r} is not a language tag such as en or de-CH")
    _check_texts(root)
    form = read_form(root, base.id.replace("_", "-"), text_ships=True)
    if not base.open_items:
        _check_same(root, base, form)
    _check_same_total(root, base, form)
    rules, _ = read_object(shelf / base.id / "scoring.json")
    return build(rules, root, text, shelf / base.id, wording=licence.strip())


def _check_texts(root: Entry) -> None:
    """No text may be left blank or run on for ever; said by the question's own link id."""
    waiting: list[tuple[Entry, int]] = [(entry, 1) for entry in root.entries("item")]
    count = 0
    while waiting:
        entry, depth = waiting.pop()
        count += 1
        if count > MOST_ITEMS or depth > 5:
            raise root.error("item", f"holds more than {MOST_ITEMS} items, or groups in groups")
        name = str(entry.value.get("linkId", entry.where))[:64]
        texts = [("its text", entry.value.get("text", ""))]
        for option in entry.entries("answerOption"):
            texts.append(("an answer", option.entry("valueCoding").value.get("display", "")))
        for what, text in texts:
            if text == _BLANK:
                raise InstrumentFileError(root.file, name, f"{what} was not written yet")
            if not isinstance(text, str) or len(text) > LONGEST_TEXT:
                raise InstrumentFileError(
                    root.file, name, f"{what} must be a text of at most {LONGEST_TEXT} letters"
                )
        waiting.extend((child, depth + 1) for child in entry.entries("item"))


def _check_same(root: Entry, base: Instrument, found: Form) -> None:
    wanted = [item.link_id for item in base.items]
    given = [item.link_id for item in found.items]
    if wanted != given:
        missing = [link_id for link_id in wanted if link_id not in given]
        unknown = [link_id for link_id in given if link_id not in wanted]
        said = (
            f"{', '.join(missing[:3])} missing"
            if missing
            else f"{', '.join(unknown[:3])} unknown"
            if unknown
            else "the questions stand in another order"
        )
        raise root.error("item", f"does not hold the questions of {base.title}: {said}")
    for ours, theirs in zip(base.items, found.items, strict=True):
        if [value for value, _ in ours.options] != [value for value, _ in theirs.options]:
            offered = ", ".join(str(value) for value, _ in ours.options)
            problem = f"must offer the answers {offered}, in that order"
            raise InstrumentFileError(root.file, ours.link_id, problem)
        if (ours.code, ours.asked_when) != (theirs.code, theirs.asked_when):
            problem = "its code or the condition under which it is asked was changed"
            raise InstrumentFileError(root.file, ours.link_id, problem)


def _check_same_total(root: Entry, base: Instrument, found: Form) -> None:
    if (base.total_link_id, base.total_code, base.code, base.url) != (
        found.total_link_id,
        found.total_code,
        found.code,
        found.url,
    ):
        raise root.error("url", f"the codes, the address or the total of {base.title} was changed")
