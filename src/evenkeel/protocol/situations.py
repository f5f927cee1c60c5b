"""What stands in a list of conditions and is a circumstance rather than a disease."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from .conditions import Condition, Status
from .naming import plain
from .sources import read_json

_PAST: Final = ("history of ", "past ", "previous ", "prior ", "h o ")
_NOW: Final = ("active ", "current ", "currently ", "known ", "now ")


@dataclass(frozen=True, slots=True)
class Situation:
    """One circumstance a rule asks about, with the names it goes by."""

    code: str
    label: str
    group: str
    names: tuple[str, ...]

    def as_condition(self) -> Condition:
        """Return the situation in the form of a condition, for a list that holds both."""
        return Condition(self.code, self.label, self.group, self.names, (), (), (), screened=True)


@cache
def known_situations() -> dict[str, Situation]:
    """Return code -> situation, in the order of the data file."""
    return {
        entry["code"]: Situation(
            entry["code"], entry["label"], entry["group"], tuple(entry["names"])
        )
        for entry in read_json("lists", "situations.json")["situations"]
    }


@cache
def _by_name() -> dict[str, str]:
    table = {
        plain(name): item.code
        for item in known_situations().values()
        for name in (item.code, item.label, *item.names)
    }
    raw = read_json("lists", "situations.json")
    table.update({plain(name): "pregnancy" for name in raw["pregnancy"]})
    table.update({plain(name): "breastfeeding" for name in raw["breastfeeding"]})
    return table


def recognize_situation(name: str) -> tuple[str, Status | None] | None:
    """Return the fact key ``name`` stands for and the status its wording implies, else None.

    Besides the situations, ``pregnancy`` and ``breastfeeding`` are facts of their own that
    people also write down as conditions. Only whole names match, as for conditions.
    """
    words = plain(name)
    if words in _by_name():
        return _by_name()[words], None
    for prefixes, implied in ((_PAST, "history"), (_NOW, None)):
        for prefix in prefixes:
            if words.startswith(prefix) and words.removeprefix(prefix) in _by_name():
                code = _by_name()[words.removeprefix(prefix)]
                return code, "history" if implied else None
    return None
