"""Ask a JSON object for its fields, and name file, row and field where one is wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evenkeel.evidence.pooling import EvidenceError

LARGEST_FILE = 1_000_000
_LONGEST_WORDS = 2000
_LARGEST = 1e9


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file of at most 1 MB; raises ``EvidenceError``, naming the file."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise EvidenceError(f"cannot read {path.name}: {error.strerror}") from error
    return parse_object(content, path.name)


def parse_object(content: bytes, name: str) -> dict[str, Any]:
    """The JSON object in these bytes; a key that stands twice is refused."""
    if len(content) > LARGEST_FILE:
        raise EvidenceError(f"{name} is larger than {LARGEST_FILE:,} bytes")
    try:
        found = json.loads(content.decode("utf-8"), object_pairs_hook=_once)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise EvidenceError(f"{name} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise EvidenceError(f"{name} holds no JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise ValueError(f"the key {twice[:40]!r} stands twice")
    return dict(pairs)


class Fields:
    """One object of a file; ``where`` names it in messages. Every key must be asked for once."""

    def __init__(self, where: str, found: object) -> None:
        if not isinstance(found, dict):
            raise EvidenceError(f"{where}: an object is needed here")
        self.where = where
        self._found: dict[str, Any] = found
        self._asked: set[str] = set()

    def wrong(self, key: str, what: str) -> EvidenceError:
        """An error that names this object and the key."""
        return EvidenceError(f"{self.where}, {key}: {what}")

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self._found.get(key) is not None

    def words(self, key: str, default: str | None = None) -> str:
        """A text; the default where the key is absent, an error where there is none."""
        value = self._take(key, default)
        if not isinstance(value, str) or len(value) > _LONGEST_WORDS:
            raise self.wrong(key, f"text of at most {_LONGEST_WORDS} characters is needed")
        if default is None and not value.strip():
            raise self.wrong(key, "this is empty")
        return value

    def words_or_none(self, key: str) -> str | None:
        """A text, or None where the key is null or absent."""
        self._asked.add(key)
        return self.words(key) if self.has(key) else None

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """One of the allowed words."""
        value = self.words(key)
        if value not in allowed:
            raise self.wrong(key, f"{value[:40]!r} is not one of {', '.join(allowed)}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false is needed")
        return value

    def number(self, key: str, least: float = -_LARGEST, most: float = _LARGEST) -> float | None:
        """A number within limits, or None where the key is absent."""
        self._asked.add(key)
        if not self.has(key):
            return None
        value = self._take(key, None)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, "a number is needed")
        if not (math.isfinite(value) and least <= value <= most):
            raise self.wrong(key, f"{value:g} is not between {least:g} and {most:g}")
        return float(value)

    def count(self, key: str, least: int = 0) -> int | None:
        """A whole number of people, or None where the key is absent."""
        value = self.number(key, least, 1e7)
        if value is None:
            return None
        if value != int(value):
            raise self.wrong(key, f"{value:g} is not a whole number")
        return int(value)

    def objects(self, key: str, most: int = 1000) -> list[object]:
        """A list, empty where the key is absent."""
        value = self._take(key, [])
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(key, f"a list of at most {most} is needed")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty where the key is absent."""
        found = self.objects(key)
        for value in found:
            if not isinstance(value, str) or not value or len(value) > _LONGEST_WORDS:
                raise self.wrong(key, "a list of texts is needed")
        return tuple(str(value) for value in found)

    def inside(self, key: str) -> Fields:
        """The object under a key."""
        return Fields(f"{self.where}, {key}", self._take(key, None))

    def inside_or_none(self, key: str) -> Fields | None:
        """The object under a key, or None where the key is null or absent."""
        self._asked.add(key)
        return self.inside(key) if self.has(key) else None

    def keys(self) -> list[str]:
        """All keys, which then count as asked for."""
        self._asked |= set(self._found)
        return list(self._found)

    def done(self) -> None:
        """Raise where a key was never asked for: it is not known."""
        strange = sorted(set(self._found) - self._asked)
        if strange:
            raise EvidenceError(f"{self.where}: the key {strange[0][:40]!r} is not known")

    def _take(self, key: str, default: object) -> Any:
        self._asked.add(key)
        value = self._found.get(key, default)
        if value is None:
            raise self.wrong(key, "this is missing")
        return value
