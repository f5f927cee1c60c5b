"""What a message says, by language: one file each, no name, no clinical word, no score.

Shipped in ``message_texts``; the clinic's own stand in the folder ``messages`` of its installation.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

SHIPPED: Final = Path(__file__).parent / "message_texts"
_LONGEST: Final = 400


class MessageTextError(ValueError):
    """A text file that cannot be used; the message names file and entry."""


@dataclass(frozen=True, slots=True)
class MessageText:
    """The sentences of one language. ``until`` holds the place {until} for the last day."""

    language: str
    subject: str
    first: str
    reminder: str
    until: str
    stop: str
    help: str

    @property
    def again(self) -> str:
        """The first sentence of a reminder."""
        return self.reminder

    def body(self, link: str, until: str, *, again: bool) -> str:
        """An e-mail's text."""
        said = self.reminder if again else self.first
        last = self.until.replace("{until}", until)
        return f"{said}\n\n{link}\n\n{last}\n{self.stop}\n{self.help}\n"

    def short(self, link: str, *, again: bool) -> str:
        """A text message."""
        return f"{self.reminder if again else self.first} {link}"


def languages() -> tuple[str, ...]:
    """The languages in which a message can be written, the shipped one first."""
    found = {path.stem for folder in _folders() for path in folder.glob("*.json")}
    return ("en", *sorted(found - {"en"}))


def message_text(language: str) -> MessageText:
    """The text of a language, else of the same language elsewhere; English where there is none.

    Raises ``MessageTextError`` for a file that cannot be used.
    """
    for name in (language, language.partition("-")[0]):
        for folder in _folders():
            path = folder / f"{name}.json"
            if name.replace("-", "").isalnum() and path.is_file():
                return _read(path, path.stat().st_mtime_ns)
    return message_text("en")


def _folders() -> tuple[Path, ...]:
    return (Path(settings.MESSAGE_TEXTS_PATH), SHIPPED)


@lru_cache(maxsize=32)
def _read(path: Path, changed_ns: int) -> MessageText:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MessageTextError(f"{path.name}: cannot be read as JSON: {error}") from None
    found: dict[str, str] = {}
    for field in fields(MessageText):
        text = value.get(field.name) if isinstance(value, dict) else None
        if not isinstance(text, str) or not 0 < len(text) <= _LONGEST:
            raise MessageTextError(
                f"{path.name}: {field.name} must be a text of at most {_LONGEST} letters"
            )
        found[field.name] = text
    if found["language"] != path.stem or "{until}" not in found["until"]:
        raise MessageTextError(f"{path.name}: language is not the file's, or {{until}} is missing")
    return MessageText(**found)
