"""Reading JSON so that every complaint names the file and the entry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evenkeel.instruments.errors import InstrumentFileError
from evenkeel.instruments.model import MARKS, Basis


class Entry:
    """One JSON object, with where it stands; every reader raises InstrumentFileError."""

    def __init__(self, file: str, where: str, value: dict[str, Any]) -> None:
        self.file = file
        self.where = where
        self.value = value

    def error(self, key: str, problem: str) -> InstrumentFileError:
        """The error to raise about `key` of this entry ("" for the entry itself)."""
        return InstrumentFileError(self.file, self._path(key), problem)

    def has(self, key: str) -> bool:
        """True where the entry holds `key`."""
        return key in self.value

    def text(self, key: str) -> str:
        """A text that is not blank."""
        value = self.value.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, f"must be a text, found {value!r}")
        return value

    def text_or_empty(self, key: str) -> str:
        """The text under `key`, or "" where it is left out."""
        return self.text(key) if self.has(key) else ""

    def integer(self, key: str) -> int:
        """A whole number (true and false are not numbers)."""
        value = self.value.get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(key, f"must be a whole number, found {value!r}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false, or `default` where it is left out."""
        value = self.value.get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"must be true or false, found {value!r}")
        return value

    def entry(self, key: str) -> Entry:
        """The object under `key`."""
        value = self.value.get(key)
        if not isinstance(value, dict):
            raise self.error(key, f"must be an object, found {value!r}")
        return Entry(self.file, self._path(key), value)

    def entries(self, key: str) -> Iterator[Entry]:
        """The objects in the list under `key`; none where the list is left out."""
        for index, value in enumerate(self.list(key)):
            where = self._path(f"{key}[{index}]")
            if not isinstance(value, dict):
                raise InstrumentFileError(self.file, where, f"must be an object, found {value!r}")
            yield Entry(self.file, where, value)

    def list(self, key: str) -> list[Any]:
        """The list under `key`; empty where it is left out."""
        value = self.value.get(key, [])
        if not isinstance(value, list):
            raise self.error(key, f"must be a list, found {value!r}")
        return value

    def basis(self) -> Basis:
        """Statement, source and mark of this entry."""
        mark = self.text("mark")
        for known in MARKS:
            if mark == known:
                return Basis(self.text("statement"), self.text("source"), known)
        raise self.error("mark", f"{mark!r} is not one of {', '.join(MARKS)}")

    def _path(self, key: str) -> str:
        return ".".join(part for part in (self.where, key) if part) or "the whole file"


def read_object(path: Path) -> tuple[Entry, str]:
    """The JSON object in `path` and its text. Raises InstrumentFileError, naming folder and file.

    A key written twice is refused, since JSON would silently keep only the last.
    """
    file = f"{path.parent.name}/{path.name}"

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise InstrumentFileError(file, key, "is written twice in one object")
            found[key] = value
        return found

    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text, object_pairs_hook=unique)
    except FileNotFoundError:
        raise InstrumentFileError(file, "the whole file", "is not there") from None
    except (OSError, ValueError, RecursionError) as error:
        problem = f"cannot be read as JSON: {error}"
        raise InstrumentFileError(file, "the whole file", problem) from error
    if not isinstance(value, dict):
        raise InstrumentFileError(file, "the whole file", "must be an object")
    return Entry(file, "", value), text
