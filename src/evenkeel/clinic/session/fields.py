"""The kinds of field an event may have: each reads one value as sent, or says what is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


class Bad(ValueError):
    """One field is wrong; the message says how."""


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number in its unit. Beyond ``low``..``high`` refused, beyond ``usual`` flagged."""

    unit: str
    low: float
    high: float
    usual: tuple[float, float] | None = None
    whole: bool = False

    def read(self, value: Any) -> float | int:
        """The number; raises :class:`Bad`."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Bad("Enter a number.")
        if isinstance(value, float) and not math.isfinite(value):
            raise Bad("Enter a number.")
        if not self.low <= value <= self.high:
            raise Bad(
                f"{value:.6g} {self.unit} is not possible; "
                f"enter {self.low:g} to {self.high:g} {self.unit}."
            )
        if float(value).is_integer():
            return int(value)
        if self.whole:
            raise Bad("Enter a whole number.")
        return round(float(value), 4)

    def is_surprising(self, value: Any) -> bool:
        """Whether a value that was read is beyond what is usually seen."""
        return self.usual is not None and not self.usual[0] <= value <= self.usual[1]


@dataclass(frozen=True, slots=True)
class Text:
    """Plain words; control characters other than line breaks are refused."""

    limit: int
    needed: bool = False

    def read(self, value: Any) -> str:
        """The text without space at its ends; raises :class:`Bad`."""
        if not isinstance(value, str):
            raise Bad("Enter text.")
        text = value.strip()
        if self.needed and not text:
            raise Bad("This is needed.")
        if len(text) > self.limit:
            raise Bad(f"At most {self.limit} characters; these are {len(text)}.")
        if any((ord(c) < 32 and c not in "\n\t") or 0xD800 <= ord(c) <= 0xDFFF for c in text):
            raise Bad("This text has characters that cannot be stored.")
        return text


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    options: tuple[str, ...]

    def read(self, value: Any) -> str:
        """The word; raises :class:`Bad`."""
        if not isinstance(value, str) or value not in self.options:
            raise Bad("Choose one of: " + ", ".join(self.options) + ".")
        return value


@dataclass(frozen=True, slots=True)
class YesNo:
    """Yes or no; ``unknown`` allows null."""

    unknown: bool = False

    def read(self, value: Any) -> bool | None:
        """The answer; raises :class:`Bad`."""
        if value is None and self.unknown:
            return None
        if not isinstance(value, bool):
            raise Bad("Answer yes or no.")
        return value


@dataclass(frozen=True, slots=True)
class Key:
    """The id of something in the record; ``""`` for nothing where it ``may_be_empty``."""

    may_be_empty: bool = False

    def read(self, value: Any) -> str:
        """The id in its usual form; raises :class:`Bad`."""
        if self.may_be_empty and value == "":
            return ""
        try:
            return str(UUID(str(value)))
        except ValueError:
            raise Bad("This is not an id.") from None


@dataclass(frozen=True, slots=True)
class Many:
    """A list of up to ``limit`` of the same."""

    item: Any
    limit: int

    def read(self, value: Any) -> list[Any]:
        """The list without repeats, in its order; raises :class:`Bad`."""
        if not isinstance(value, list):
            raise Bad("Send a list.")
        if len(value) > self.limit:
            raise Bad(f"At most {self.limit} entries.")
        read = [self.item.read(one) for one in value]
        return [one for n, one in enumerate(read) if one not in read[:n]]


@dataclass(frozen=True, slots=True)
class Group:
    """An object with fields of its own; ``needed`` must be there."""

    fields: Mapping[str, Any]
    needed: frozenset[str] = frozenset()

    def read(self, value: Any) -> dict[str, Any]:
        """The object; raises :class:`Bad` naming the first field that is wrong."""
        clean, wrong = read_fields(value, self.fields, self.needed)
        for name, message in wrong.items():
            raise Bad(f"{name}: {message}")
        return clean


def read_fields(
    value: Any, fields: Mapping[str, Any], needed: frozenset[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Every field read, and what is wrong by field. A null counts as not sent."""
    if not isinstance(value, dict):
        return {}, {"body": "Send an object."}
    clean: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, sent in value.items():
        kind = fields.get(name)
        if kind is None:
            wrong[f"{name!s:.40}"] = "This field is not known here."
            continue
        if sent is None and not (isinstance(kind, YesNo) and kind.unknown):
            continue
        try:
            clean[name] = kind.read(sent)
        except Bad as bad:
            wrong[name] = str(bad)
    for name in needed - clean.keys() - wrong.keys():
        wrong[name] = "This is needed."
    return clean, wrong
