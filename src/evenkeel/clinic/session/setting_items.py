"""The items of a session's setting, after ReSPCT 2025; no score is made of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

_KEPT: Final = ("text", "events", "elsewhere")


@dataclass(frozen=True, slots=True)
class SettingItem:
    """One item. ``kept``: as words (``text``), as it happens (``events``), or elsewhere."""

    id: str
    number: int
    group: str
    title: str
    hint: str
    kept: str


@dataclass(frozen=True, slots=True)
class SettingList:
    """The items with the guideline they are from."""

    title: str
    citation: str
    url: str
    mark: str
    note: str
    items: tuple[SettingItem, ...]

    @property
    def in_words(self) -> tuple[SettingItem, ...]:
        """Those that are written down in words."""
        return tuple(item for item in self.items if item.kept == "text")


@cache
def setting_list() -> SettingList:
    """The items, from ``setting_items.json``. Raises ``ValueError`` naming one that is wrong."""
    file = resources.files("evenkeel.clinic.session") / "setting_items.json"
    return read_setting_list(json.loads(file.read_text(encoding="utf-8")))


def read_setting_list(document: dict[str, object]) -> SettingList:
    """The items in a document. Raises ``ValueError`` naming the place."""
    rows = document["items"]
    assert isinstance(rows, list)
    items = []
    for place, row in enumerate(rows):
        try:
            item = SettingItem(**row)
        except TypeError as error:
            raise ValueError(f"items[{place}]: {error}") from None
        if item.kept not in _KEPT:
            raise ValueError(f"items[{place}].kept: must be one of {', '.join(_KEPT)}")
        if any(item.id == one.id or item.number == one.number for one in items):
            raise ValueError(f"items[{place}]: “{item.id}” or its number stands there twice")
        items.append(item)
    names = ("title", "citation", "url", "mark", "note")
    head = {name: str(document.get(name, "")) for name in names}
    return SettingList(**head, items=tuple(items))
