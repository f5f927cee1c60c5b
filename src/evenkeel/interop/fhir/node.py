"""A JSON object read with suspicion: each getter gives the type asked for, or a problem and None.

Nothing here raises for bad input. Problems gather in the `Intake`, so that one reading of a file
tells everything that is wrong with it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .json_text import printable
from .reading import Limits, Problem, SetAside

CORRECT_AT_SOURCE = "Have it corrected in the system it came from, and export again."

# Right-to-left and left-to-right override: they can make a drug's name read as another.
_OVERRIDES = frozenset("\u202d\u202e")
_ALLOWED_CONTROLS = frozenset("\t\r\n")


@dataclass(slots=True)
class Intake:
    """What one reading gathers: the clock, the limits, and what was found wrong or left out."""

    now: datetime
    limits: Limits
    problems: list[Problem] = field(default_factory=list)
    more_problems: int = 0
    set_aside: list[SetAside] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)
    _told: set[tuple[str, str]] = field(default_factory=set)

    def problem(self, path: str, message: str, what_to_do: str = CORRECT_AT_SOURCE) -> None:
        """Gather a problem once; beyond the limit they are only counted."""
        if (path, message) in self._told:
            return
        self._told.add((path, message))
        if len(self.problems) < self.limits.max_problems:
            self.problems.append(Problem(path, message, what_to_do))
        else:
            self.more_problems += 1


class Node:
    """One JSON object at `path`."""

    __slots__ = ("fields", "intake", "path")

    def __init__(self, fields: dict[str, Any], path: str, intake: Intake) -> None:
        self.fields = fields
        self.path = path
        self.intake = intake

    def at(self, key: str) -> str:
        """The path of `key`."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Whether `key` is there with anything but null."""
        return self.fields.get(key) is not None

    def problem(self, key: str, message: str, what_to_do: str = CORRECT_AT_SOURCE) -> None:
        """Gather a problem about `key` (`""` for the object itself)."""
        self.intake.problem(self.at(key) if key else self.path, message, what_to_do)

    def text(self, key: str) -> str | None:
        """The text at `key`, trimmed; None where absent, empty or bad."""
        value = self.fields.get(key)
        return None if value is None else self._as_text(value, self.at(key))

    def texts(self, key: str) -> list[str]:
        """The texts of the list at `key`; nulls (FHIR's placeholders for extensions) left out."""
        found = []
        for index, value in self._items(key):
            if value is not None:
                text = self._as_text(value, f"{self.at(key)}[{index}]")
                if text:
                    found.append(text)
        return found

    def flag(self, key: str) -> bool | None:
        """The boolean at `key`."""
        value = self.fields.get(key)
        if value is None or isinstance(value, bool):
            return value
        self._wrong(self.at(key), "true or false", value)
        return None

    def number(self, key: str) -> float | None:
        """The number at `key`; a boolean is none."""
        value = self.fields.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._wrong(self.at(key), "a number", value)
            return None
        try:
            return float(value)
        except OverflowError:
            self.problem(key, "The number is too large to be one.")
            return None

    def node(self, key: str) -> Node | None:
        """The object at `key`."""
        value = self.fields.get(key)
        return None if value is None else self._as_node(value, self.at(key))

    def nodes(self, key: str) -> list[Node]:
        """The objects of the list at `key`."""
        found = []
        for index, value in self._items(key):
            node = self._as_node(value, f"{self.at(key)}[{index}]")
            if node is not None:
                found.append(node)
        return found

    def one_of(self, key: str, stem: str, suffixes: tuple[str, ...]) -> str | None:
        """Which of FHIR's `stem[x]` choices is present; `key` names the choice in a problem."""
        present = [suffix for suffix in suffixes if self.has(stem + suffix)]
        if len(present) > 1:
            names = " and ".join(stem + suffix for suffix in present)
            self.problem(key, f"It has both {names}; FHIR allows one of them.")
            return None
        return present[0] if present else None

    def _items(self, key: str) -> Iterator[tuple[int, Any]]:
        value = self.fields.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            self._wrong(self.at(key), "a list", value)
            return
        if len(value) > self.intake.limits.max_list_items:
            self.problem(
                key,
                f"It has {len(value):,} items; at most "
                f"{self.intake.limits.max_list_items:,} are read.",
            )
            return
        yield from enumerate(value)

    def _as_node(self, value: Any, path: str) -> Node | None:
        if isinstance(value, dict):
            return Node(value, path, self.intake)
        self._wrong(path, "an object", value)
        return None

    def _as_text(self, value: Any, path: str) -> str | None:
        if not isinstance(value, str):
            self._wrong(path, "text", value)
            return None
        if len(value) > self.intake.limits.max_text_chars:
            self.intake.problem(
                path,
                f"The text has {len(value):,} characters; at most "
                f"{self.intake.limits.max_text_chars:,} are read.",
            )
            return None
        fault = _text_fault(value)
        if fault:
            self.intake.problem(path, f"The text holds {fault}.")
            return None
        return value.strip() or None

    def _wrong(self, path: str, wanted: str, value: Any) -> None:
        self.intake.problem(
            path,
            f"It should be {wanted} but is {_kind(value)}.",
            "This is not FHIR R4; an export as an older FHIR version reads like this. "
            "Export again as FHIR R4.",
        )


def _text_fault(text: str) -> str | None:
    for character in text:
        if character < "\x7f" and (character >= " " or character in _ALLOWED_CONTROLS):
            continue
        category = unicodedata.category(character)
        if category == "Cc":
            return "a control character"
        if category == "Cs":
            return "half of a character (a lone surrogate)"
        if character in _OVERRIDES:
            return "a character that turns the reading direction around"
    return None


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"


def quoted(text: str) -> str:
    """A technical word of the file (never personal data) as it may stand in a message."""
    return f'"{printable(text)}"'
