"""A JSON document that is taken apart value by value, so that an error can name the line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .errors import ModelError
from .locate import line_of


class Document:
    """A parsed file; every complaint about it knows its line."""

    def __init__(self, text: str, file: str, document: Any) -> None:
        self.text, self.file, self.document = text, file, document

    def wrong(self, message: str, *path: str | int) -> ModelError:
        return ModelError(self.file, line_of(self.text, path), message)

    def at(self, *path: str | int) -> Any:
        found = self.document
        for step in path:
            found = found[step]
        return found

    def object(self, *path: str | int, keys: tuple[str, ...] = ()) -> Mapping[str, Any]:
        found = self.at(*path)
        name = ".".join(str(p) for p in path) or "the file"
        if not isinstance(found, dict):
            raise self.wrong(f"{name} must be an object", *path)
        for key in keys:
            if key not in found:
                raise self.wrong(f"{name} lacks {key!r}", *path)
        return found

    def no_more_than(self, allowed: tuple[str, ...], *path: str | int) -> None:
        for key in self.at(*path):
            if key not in allowed:
                raise self.wrong(f"{key!r} is not a key that belongs here", *path, key)

    def number(self, *path: str | int, low: float = -math.inf, high: float = math.inf) -> float:
        found = self.at(*path)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self.wrong(f"{path[-1]} must be a number", *path)
        try:
            value = float(found)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value) or not low <= value <= high:
            raise self.wrong(f"{path[-1]} is {value:g}, outside {low} to {high}", *path)
        return value

    def text_of(self, *path: str | int, choices: tuple[str, ...] = ()) -> str:
        found = self.at(*path)
        if not isinstance(found, str) or not found.strip():
            raise self.wrong(f"{path[-1]} must be text", *path)
        if choices and found not in choices:
            raise self.wrong(f"{path[-1]} is {found!r}; it must be one of {choices}", *path)
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        found = self.document.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise self.wrong(f"{key} must be a list of texts", key)
        return tuple(found)

    def items(self, *path: str | int) -> list[Any]:
        found = self.at(*path)
        if not isinstance(found, list):
            raise self.wrong(f"{path[-1]} must be a list", *path)
        return found
