"""Whether words that several people share name one of them. Pure but for the people given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from evenkeel.clinic.session.booking import NeedsConfirmation

_WORD: Final = re.compile(r"[^\W\d_]+", re.UNICODE)
#: One letter is an initial and names nobody.
_SHORTEST: Final = 2


class NamesSomebody(NeedsConfirmation):
    """Words that several people share seem to name one of them."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(
            f"This seems to name {name}. What all share names no member; write what concerns one "
            "person in that person’s own record."
            for name in names
        )
        self.what_to_do = "Take the name out, or say that the word means no member."
        self.fields = {"confirmed": "Tick this if the word means no member."}


def named_in(text: str, people: Iterable[Any]) -> list[str]:
    """The names of those of ``people`` (patients) of whom a name stands in ``text``."""
    said = set(_WORD.findall(text.casefold()))
    return [person.name for person in people if said & _names(person)]


def _names(person: Any) -> set[str]:
    words = " ".join((person.given_name, person.family_name, person.called)).casefold()
    return {word for word in _WORD.findall(words) if len(word) >= _SHORTEST}


def refuse_naming(text: str, people: Iterable[Any], *, confirmed: bool) -> list[str]:
    """Who seems to be named; empty for nobody.

    Raises :class:`NamesSomebody` unless ``confirmed``: a word may be a name and mean nobody.
    """
    found = named_in(text, people)
    if found and not confirmed:
        raise NamesSomebody(found)
    return found


def words_of(body: Mapping[str, Any]) -> str:
    """Every text of an event's body, for :func:`named_in`."""
    found: list[str] = []
    for value in body.values():
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, Mapping):
            found.append(words_of(value))
    return " ".join(found)
