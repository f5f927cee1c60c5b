"""Questionnaires in another language: one file a language in `translations`, laid over what ships.

A file says texts and nothing else. Which questions there are, what an answer counts for, and what
is a safety signal stay those of the questionnaire itself, so no translation can change a score.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from evenkeel.instruments.entry import Entry, read_object
from evenkeel.instruments.form import walk_items
from evenkeel.instruments.model import Instrument
from evenkeel.instruments.shelf import SHELF, build, load, shelved

TRANSLATIONS: Final = Path(__file__).parent / "translations"
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
#: The key of the answers that every question of a questionnaire offers unless it says its own.
_EVERY: Final = "*"


def translated_languages(folder: Path = TRANSLATIONS) -> tuple[str, ...]:
    """The languages that ship beside English, sorted."""
    found = (path.stem for path in folder.glob("*.json"))
    return tuple(sorted(name for name in found if _LANGUAGE.fullmatch(name)))


def languages_of(instrument_id: str, folder: Path = TRANSLATIONS) -> tuple[str, ...]:
    """The languages in which this questionnaire ships, that of its own file first.

    Raises UnknownInstrumentError for an id without a folder.
    """
    own = load(instrument_id).languages
    others = (
        language
        for language in translated_languages(folder)
        if instrument_id in _questionnaires(folder / f"{language}.json")
    )
    return (*own, *others)


def load_in(
    instrument_id: str, language: str, shelf: Path = SHELF, folder: Path = TRANSLATIONS
) -> Instrument | None:
    """The questionnaire in the words that ship in `language`, or None where none do.

    Raises UnknownInstrumentError for an id without a folder, and InstrumentFileError naming file
    and entry for a translation that does not fit the questionnaire.
    """
    base = load(instrument_id, shelf)
    if base.text_ships and language in base.languages:
        return base
    if not _LANGUAGE.fullmatch(language) or not (folder / f"{language}.json").is_file():
        return None
    return _translated(instrument_id, language, shelf, folder)


@lru_cache(maxsize=256)
def _translated(instrument_id: str, language: str, shelf: Path, folder: Path) -> Instrument | None:
    path = folder / f"{language}.json"
    entry = _questionnaires(path, shelf).get(instrument_id)
    if entry is None:
        return None
    base = load(instrument_id, shelf)
    if not base.text_ships:
        raise entry.error("", f"the words of {base.title} may not ship in any language")
    document = _laid_over(base.questionnaire, entry) | {
        "language": language,
        "title": entry.text("title"),
        "copyright": entry.text("copyright"),
    }
    basis = entry.entry("basis").basis()
    rules, _ = read_object(shelf / instrument_id / "scoring.json")
    text = json.dumps(document, ensure_ascii=False)
    root = Entry(entry.file, entry.where, document)
    return replace(build(rules, root, text, shelf / instrument_id), translation=basis)


@lru_cache(maxsize=32)
def _questionnaires(path: Path, shelf: Path = SHELF) -> Mapping[str, Entry]:
    """The questionnaires of one language file by id, checked for its name and theirs."""
    root, _ = read_object(path)
    if root.text("language") != path.stem:
        raise root.error("language", f"{root.text('language')!r} is not the file's name")
    held = root.entry("questionnaires")
    known = shelved(shelf)
    for name in held.value:
        if name not in known:
            raise held.error(name, "there is no such questionnaire")
    return {name: held.entry(name) for name in held.value}


def _laid_over(document: dict[str, Any], entry: Entry) -> dict[str, Any]:
    """The questionnaire with every text of the translation in the place of its own."""
    texts, answers = entry.entry("text"), entry.entry("answers")
    items = list(walk_items(document))
    wanted = [item["linkId"] for item in items if item.get("text")]
    for link_id in texts.value:
        if link_id not in wanted:
            raise texts.error(link_id, "there is no such question")
    choices = {item["linkId"] for item in items if item.get("answerOption")}
    for link_id in answers.value:
        if link_id != _EVERY and link_id not in choices:
            raise answers.error(link_id, "there is no such question")
    for item in items:
        if item.get("text"):
            item["text"] = texts.text(item["linkId"])
        if item.get("answerOption"):
            _translate_answers(item, answers)
    return document


def _translate_answers(item: dict[str, Any], answers: Entry) -> None:
    key = item["linkId"] if answers.has(item["linkId"]) else _EVERY
    given = answers.list(key)
    options = item["answerOption"]
    blank = [text for text in given if not isinstance(text, str) or not text.strip()]
    if len(given) != len(options) or blank or len(set(given)) != len(given):
        problem = f"{item['linkId']} needs {len(options)} different texts, found {given!r}"
        raise answers.error(key, problem)
    for option, text in zip(options, given, strict=True):
        option["valueCoding"]["display"] = text


def own_words(language: str, folder: Path = TRANSLATIONS) -> Iterator[Instrument]:
    """The questionnaires in `language` whose words are the product's own, in order of id."""
    for name in shelved():
        found = load_in(name, language, folder=folder)
        if found is not None and found.translation and found.translation.mark == "clinic policy":
            yield found
