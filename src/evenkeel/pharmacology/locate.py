"""Which line of a JSON file a value stands on, so that an error can name it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+)')


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line, counted from 1, where the value at ``path`` begins in valid JSON ``text``.

    Where the path does not lead on, the line of the innermost value that was found.
    """
    at, found = 0, 1
    wanted = list(path)
    while True:
        token = _TOKEN.match(text, at)
        if token is None:
            return found
        found = text.count("\n", 0, token.start(1)) + 1
        if not wanted or token.group(1) not in "{[":
            return found
        inside = _enter(text, token.end(), token.group(1), wanted.pop(0))
        if inside is None:
            return found
        at = inside


def _enter(text: str, at: int, opener: str, key: str | int) -> int | None:
    """Where the value under ``key`` begins, given the place just after the opening bracket."""
    index = 0
    while True:
        token = _TOKEN.match(text, at)
        if token is None or token.group(1) in "}]":
            return None
        if opener == "{":
            name = token.group(1)[1:-1]
            colon = _TOKEN.match(text, token.end())
            if colon is None:
                return None
            at = colon.end()
            if name == key:
                return at
        elif index == key:
            return at
        after = _skip(text, at)
        if after is None:
            return None
        comma = _TOKEN.match(text, after)
        if comma is None or comma.group(1) != ",":
            return None
        at, index = comma.end(), index + 1


def _skip(text: str, at: int) -> int | None:
    """The place just after the value that begins at ``at``."""
    depth = 0
    while True:
        token = _TOKEN.match(text, at)
        if token is None:
            return None
        at = token.end()
        if token.group(1) in "{[":
            depth += 1
        elif token.group(1) in "}]":
            depth -= 1
        if depth <= 0:
            return at


def repeated_key(text: str) -> tuple[int, str] | None:
    """The line and name of the first key that stands twice in one object of valid JSON ``text``."""
    open_objects: list[set[str] | None] = []
    at, last = 0, ""
    while token := _TOKEN.match(text, at):
        found, at = token.group(1), token.end()
        if found in "{[":
            open_objects.append(set() if found == "{" else None)
        elif found in "}]":
            open_objects.pop()
        elif found == ":":
            keys = open_objects[-1]
            name = json.loads(last)
            if keys is not None and name in keys:
                return text.count("\n", 0, token.start(1)) + 1, name
            if keys is not None:
                keys.add(name)
        last = found
    return None
