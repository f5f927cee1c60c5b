"""What the answering pages say themselves, by language: one file each, the same keys in all.

Shipped in ``answer_words``; the clinic's own stand in the folder ``words`` of its installation and
go before those that ship. A file with a key missing, or with another placeholder than the English
sentence has, is refused by name: half a page in another language helps nobody.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

log = logging.getLogger("evenkeel.outcome")

SHIPPED: Final = Path(__file__).parent / "answer_words"
USUAL: Final = "en"
_LONGEST: Final = 400
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_PLACE: Final = re.compile(r"\{(\w*)\}")


class AnswerWordsError(ValueError):
    """A file of words that cannot be used; the message names file and key."""


@dataclass(frozen=True)
class AnswerWords:
    """The words of one language."""

    language: str
    texts: Mapping[str, str]
    digest: str

    @property
    def name(self) -> str:
        """The language's name for itself, such as Español."""
        return self.texts["name"]

    @property
    def english_name(self) -> str:
        """The language's name for staff, such as Spanish."""
        return self.texts["english_name"]

    def say(self, key: str, **values: object) -> str:
        """The sentence under ``key`` with its places filled. Raises ``KeyError`` for no such key.

        Filled in one pass: a value that holds braces itself stays as it is.
        """
        return _PLACE.sub(lambda found: str(values[found.group(1)]), self.texts[key])

    def count(self, key: str, n: int) -> str:
        """The sentence for one (``key_one``) or for another number (``key_many``)."""
        return self.say(f"{key}_one" if n == 1 else f"{key}_many", n=n)


def word_languages() -> tuple[str, ...]:
    """The languages in which the answering pages speak, English first."""
    found = {path.stem for folder in _folders() for path in folder.glob("*.json")}
    return (USUAL, *sorted(name for name in found - {USUAL} if _LANGUAGE.fullmatch(name)))


def words_in(language: str | None) -> AnswerWords:
    """The words of a language, else of the same language elsewhere (es for es-MX), else English.

    Raises ``AnswerWordsError`` for a file that cannot be used.
    """
    wanted = language or USUAL
    for name in (wanted, wanted.partition("-")[0], USUAL):
        if not _LANGUAGE.fullmatch(name):
            continue
        for folder in _folders():
            path = folder / f"{name}.json"
            if path.is_file():
                return _read(path, path.stat().st_mtime_ns)
    raise AnswerWordsError(f"{USUAL}.json: is not there")


def spoken(language: str | None) -> AnswerWords:
    """The words for a page: as :func:`words_in`, and never an error.

    A clinic's file that cannot be used is noted for its keepers (``doctor`` names it too), and what
    ships stands in for it: somebody who needs help must not meet a broken page.
    """
    try:
        return words_in(language)
    except AnswerWordsError as error:
        log.error("a file of words cannot be used: %s", error)
    for name in (language or USUAL, (language or USUAL).partition("-")[0], USUAL):
        path = SHIPPED / f"{name}.json"
        if _LANGUAGE.fullmatch(name) and path.is_file():
            return _read(path, path.stat().st_mtime_ns)
    raise AnswerWordsError(f"{USUAL}.json: is not there")


def words_for_browser(accepts: str) -> AnswerWords:
    """The words of the first language a browser asks for that there is; English where none is.

    ``accepts`` is the header Accept-Language; what cannot be read of it is passed over.
    """
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepts[:200].split(",")):
        name, _, weight = part.strip().partition(";q=")
        try:
            share = float(weight) if weight else 1.0
        except ValueError:
            continue
        if _LANGUAGE.fullmatch(name.strip().partition("-")[0].lower()):
            wanted.append((-share, place, name.strip().lower()))
    known = set(word_languages())
    for share, _, name in sorted(wanted):
        if share < 0 and (name in known or name.partition("-")[0] in known):
            return spoken(name if name in known else name.partition("-")[0])
    return spoken(USUAL)


def english_name(language: str) -> str:
    """The name of a language for staff; its tag where no file of words says one."""
    primary = language.partition("-")[0]
    if primary not in word_languages():
        return language
    return spoken(language).english_name


def own_name(language: str) -> str:
    """The name of a language for those who speak it; its tag where no file of words says one."""
    if language.partition("-")[0] not in word_languages():
        return language
    return spoken(language).name


def _folders() -> tuple[Path, ...]:
    return (Path(settings.ANSWER_WORDS_PATH), SHIPPED)


@lru_cache(maxsize=32)
def _read(path: Path, changed_ns: int) -> AnswerWords:
    texts = _texts(path)
    usual = _texts(SHIPPED / f"{USUAL}.json")
    _refuse(path, usual.keys() - texts.keys(), "is missing")
    _refuse(path, texts.keys() - usual.keys(), "is not a key of en.json")
    for key, text in texts.items():
        if not isinstance(text, str) or not 0 < len(text.strip()) <= _LONGEST:
            raise AnswerWordsError(
                f"{path.name}: {key} must be a text of at most {_LONGEST} letters"
            )
        if sorted(_PLACE.findall(text)) != sorted(_PLACE.findall(usual[key])):
            places = " ".join(f"{{{name}}}" for name in _PLACE.findall(usual[key])) or "none"
            raise AnswerWordsError(f"{path.name}: {key} must hold these places: {places}")
    if texts["language"] != path.stem:
        raise AnswerWordsError(f"{path.name}: language is not the file's name")
    digest = hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()
    return AnswerWords(texts["language"], texts, digest)


def _texts(path: Path) -> dict[str, str]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise AnswerWordsError(f"{path.name}: cannot be read as JSON: {error}") from None
    if not isinstance(value, dict):
        raise AnswerWordsError(f"{path.name}: must be an object")
    return value


def _refuse(path: Path, keys: Iterable[str], problem: str) -> None:
    for key in sorted(keys):
        raise AnswerWordsError(f"{path.name}: {key} {problem}")
