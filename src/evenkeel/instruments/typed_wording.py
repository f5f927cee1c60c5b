"""A clinic's own text as it is typed into a page, put into the same file that could be loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenkeel.instruments.errors import InstrumentFileError
from evenkeel.instruments.form import walk_items
from evenkeel.instruments.model import Instrument
from evenkeel.instruments.shelf import SHELF, load
from evenkeel.instruments.wording import template


@dataclass(frozen=True)
class Typed:
    """What was typed. ``answers`` are the texts of each question's answers, in their order.

    ``read_first`` is read before the questions, such as the time they ask about; it may be empty.
    """

    language: str
    read_first: str
    texts: Mapping[str, str]
    answers: Mapping[str, Sequence[str]]


def can_be_typed(instrument: Instrument) -> bool:
    """Whether the questions are known, so that only their words are missing."""
    return bool(instrument.items) and not instrument.open_items


def same_answers(instrument: Instrument) -> bool:
    """Whether every question offers the same answers, so that they are typed once.

    Numbers in the place of words that do not ship are no sign of it.
    """
    worded = all(text != str(value) for item in instrument.items for value, text in item.options)
    alike = len({item.options for item in instrument.items}) == 1
    return alike and (worded or instrument.same_answers)


def typed_document(instrument_id: str, typed: Typed, shelf: Path = SHELF) -> dict[str, Any]:
    """The FHIR R4 Questionnaire in the structure of `template`, holding what was typed.

    A text that is missing stays marked as such, so that `with_wording` refuses it by the question's
    name. Raises UnknownInstrumentError, and InstrumentFileError where the questions themselves are
    not known and must come from a file.
    """
    instrument = load(instrument_id, shelf)
    if not can_be_typed(instrument):
        problem = "the questions themselves are the clinic's: load them as a file"
        raise InstrumentFileError("what was typed", "the whole text", problem)
    document = template(instrument_id, shelf) | {"language": typed.language}
    for item in walk_items(document):
        link_id = item["linkId"]
        if item.get("type") != "choice":
            continue
        if text := typed.texts.get(link_id, "").strip():
            item["text"] = text
        given = typed.answers.get(link_id, ())
        for option, text in zip(item["answerOption"], given, strict=False):
            if text.strip():
                option["valueCoding"]["display"] = text.strip()
    if typed.read_first.strip():
        _read_first(document, instrument_id, typed.read_first.strip())
    return document


def _read_first(document: dict[str, Any], instrument_id: str, text: str) -> None:
    """Put the questions into one group that says ``text``; what is worked out stays outside it."""
    asked = [item for item in document["item"] if item.get("type") != "integer"]
    others = [item for item in document["item"] if item.get("type") == "integer"]
    link_id = f"{instrument_id.replace('_', '-')}-read-first"
    group = {"linkId": link_id, "text": text, "type": "group", "item": asked}
    document["item"] = [group, *others]
