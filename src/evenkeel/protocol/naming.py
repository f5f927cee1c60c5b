"""Match names as people write them: British or American, brand or ingredient, with strengths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final, TypeVar

Entry = TypeVar("Entry")

# Only the spellings that occur in clinical names; a general transliterator would join
# words that are not the same.
_SPELLINGS: Final = (
    ("haem", "hem"),
    ("aemia", "emia"),
    ("aemic", "emic"),
    ("noea", "nea"),
    ("anaes", "anes"),
    ("oedema", "edema"),
    ("paed", "ped"),
    ("oestr", "estr"),
    ("tumour", "tumor"),
    ("rrhoea", "rrhea"),
    ("oesoph", "esoph"),
    ("amphetamin ", "amphetamine "),
)
_LONGEST_NAME_WORDS: Final = 6


def plain(name: str) -> str:
    """Return ``name`` in lower-case American words separated by single spaces."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    words = re.sub(r"[^a-z0-9]+", " ", folded).strip()
    for british, american in _SPELLINGS:
        words = words.replace(british, american)
    return words


def find_all(name: str, table: Mapping[str, Entry]) -> tuple[Entry, ...]:
    """Return every entry of ``table`` named inside ``name``, longest names first at each word.

    ``table`` is keyed by ``plain`` names. "Clonazepam [Klonopin]" names one entry once.
    """
    whole = plain(name)
    if whole in table:
        return (table[whole],)
    words = whole.split()
    found: list[Entry] = []
    start = 0
    while start < len(words):
        for length in range(min(_LONGEST_NAME_WORDS, len(words) - start), 0, -1):
            entry = table.get(" ".join(words[start : start + length]))
            if entry is not None:
                if entry not in found:
                    found.append(entry)
                start += length - 1
                break
        start += 1
    return tuple(found)
