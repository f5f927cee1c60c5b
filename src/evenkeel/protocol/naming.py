"""Match names as people write them: British or American, brand or ingredient, with strengths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
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
    ("coeliac", "celiac"),
    ("gynaec", "gynec"),
    ("caesar", "cesar"),
    ("behaviour", "behavior"),
    ("sulph", "sulf"),
    ("isation", "ization"),
    ("alised", "alized"),
    ("goitre", "goiter"),
    ("phaeo", "pheo"),
    ("arised", "arized"),
    ("ilising", "ilizing"),
    ("iliser", "ilizer"),
)
_LONGEST_NAME_WORDS: Final = 6
# A slip of one letter in a shorter word too often makes another word.
_SHORTEST_TO_SUGGEST: Final = 7
_LONGEST_TO_SUGGEST: Final = 60


def plain(name: str) -> str:
    """Return ``name`` in lower-case American words separated by single spaces.

    ``plain(plain(name)) == plain(name)``.
    """
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    words = re.sub(r"[^a-z0-9]+", " ", folded).strip()
    before = None
    while words != before:
        # A replacement can bring two letters together that spell the next one.
        before = words
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


def misspellings(names: Iterable[str]) -> dict[str, set[str]]:
    """Return what each long name becomes when one letter is lost -> the names it may have been.

    Two words that differ by one letter added, lost, changed or by two letters swapped share
    such a form, so one look-up finds them (the symmetric-delete index).
    """
    index: dict[str, set[str]] = {}
    for name in names:
        if _SHORTEST_TO_SUGGEST <= len(name) <= _LONGEST_TO_SUGGEST:
            for form in _forms(name):
                index.setdefault(form, set()).add(name)
    return index


def suggestion(name: str, index: Mapping[str, set[str]]) -> str | None:
    """Return the one known name that ``name`` misses by one letter; None where several fit.

    ``index`` is from ``misspellings``. It is for a person to read, never to be assumed.
    """
    words = plain(name)
    if not _SHORTEST_TO_SUGGEST <= len(words) <= _LONGEST_TO_SUGGEST:
        return None
    near = {known for form in _forms(words) for known in index.get(form, ())}
    near = {known for known in near if _one_slip(words, known)}
    return near.pop() if len(near) == 1 else None


def _forms(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _one_slip(left: str, right: str) -> bool:
    """Whether one letter added, lost or changed, or two neighbors swapped, joins the two."""
    if len(left) != len(right):
        short, long = sorted((left, right), key=len)
        return len(long) - len(short) == 1 and short in _forms(long)
    differ = [at for at, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
    if len(differ) == 2 and differ[1] == differ[0] + 1:
        first, second = differ
        return left[first] == right[second] and left[second] == right[first]
    return len(differ) == 1
