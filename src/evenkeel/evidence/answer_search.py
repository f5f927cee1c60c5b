"""Find an answer by plain words, also misspelled ones, on SQLite's own full-text index.

The index is small, lives in memory and is apart from any database of the clinic. Words are
stemmed (Porter), a question's own wording weighs most, and a word that stands in no answer is
replaced by the nearest that does, which is told.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Final

from .plain_answers import PlainAnswer, plain_answers

LONGEST_QUERY: Final = 200
MOST_WORDS: Final = 12
MOST_RESULTS: Final = 10
#: How alike a word must be to stand in for one that is not known (0 to 1, difflib's ratio): a
#: short word has many neighbors that mean something else.
_ALIKE: Final = 0.74
_ALIKE_SHORT: Final = 0.85
_SHORT: Final = 5
#: Words that ask and say nothing about what.
_ASKING_TEXT: Final = """
a about an and any are as at be by can could did do does doing for from get give given had has have
having how i if in into is it its ketamine me my of off on one or out should so someone take that
the their them then there they this to tell up us was we what when where which while who why will
with would you your
"""
_ASKING: Final = frozenset(_ASKING_TEXT.split())
# Weights of the columns: question, other ways to ask, short answer, body.
_WEIGHTS: Final = "10.0, 8.0, 4.0, 1.0"


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to: the answers, best first, and the words that were read otherwise."""

    answers: tuple[PlainAnswer, ...]
    read_as: Mapping[str, str]


def search_answers(query: str) -> Found:
    """Return the answers to ``query`` (any text; at most ``LONGEST_QUERY`` characters are read).

    An empty query, or one without a word, finds nothing. Never raises for what is typed.
    """
    words = _words(query[:LONGEST_QUERY])[:MOST_WORDS]
    telling = [word for word in words if word not in _ASKING] or words
    if not telling:
        return Found((), {})
    return _index().find(telling)


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    return list(dict.fromkeys(re.findall(r"[a-z0-9]+", folded)))


class _Index:
    """The full-text table; one connection, used by one thread at a time."""

    def __init__(self, answers: Mapping[str, PlainAnswer]) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute(
            "CREATE VIRTUAL TABLE answers USING fts5"
            "(id UNINDEXED, question, also_asked, short, body, tokenize='porter unicode61')"
        )
        rows = [(item.id, *_texts(item)) for item in answers.values()]
        self._db.executemany("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", rows)
        self._vocabulary = sorted(
            {word for row in rows for text in row[1:] for word in _words(text)}
        )

    def find(self, words: list[str]) -> Found:
        read_as: dict[str, str] = {}
        with self._lock:
            known = []
            for word in words:
                if self._has(word):
                    known.append(word)
                    continue
                alike = _ALIKE_SHORT if len(word) <= _SHORT else _ALIKE
                near = get_close_matches(word, self._vocabulary, n=1, cutoff=alike)
                if near:
                    read_as[word] = near[0]
                    known.append(near[0])
            ids = self._ranked(known)
        return Found(tuple(self._answers[one] for one in ids), read_as)

    def _has(self, word: str) -> bool:
        row = self._db.execute(
            "SELECT 1 FROM answers WHERE answers MATCH ? LIMIT 1", (_quoted(word),)
        ).fetchone()
        return row is not None

    def _ranked(self, words: list[str]) -> list[str]:
        """Answers with all the words first, then those with some."""
        if not words:
            return []
        terms = [_quoted(word) for word in dict.fromkeys(words)]
        ids = [*self._matching(" AND ".join(terms)), *self._matching(" OR ".join(terms))]
        return list(dict.fromkeys(ids))[:MOST_RESULTS]

    def _matching(self, expression: str) -> list[str]:
        rows = self._db.execute(
            f"SELECT id FROM answers WHERE answers MATCH ? "  # noqa: S608 - a constant
            f"ORDER BY bm25(answers, 0.0, {_WEIGHTS}) LIMIT {MOST_RESULTS}",
            (expression,),
        )
        return [row[0] for row in rows]


def _quoted(word: str) -> str:
    return f'"{word}"'


def _texts(item: PlainAnswer) -> tuple[str, str, str, str]:
    parts = [f"{passage.heading} {passage.text}" for passage in item.body]
    parts += [f"{entry.country} {entry.text}" for entry in item.countries]
    parts += item.not_known
    return item.question, " . ".join(item.also_asked), item.short, " ".join(parts)


@cache
def _index() -> _Index:
    return _Index(plain_answers())
