"""What is asked over the months: the questions, their answers and what each answer asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from .errors import FactsError, ProtocolError
from .findings import Level
from .pack import Protocol
from .sources import CLINIC_POLICY, Source, as_mark, cite, read_json

WatchState = Literal["fine", "due", "drifting", "concerning"]
_LONGEST_NUMBER: Final = 4
_EXTENDED: Final = "extended from the nasal esketamine label by clinic policy"


@dataclass(frozen=True, slots=True)
class AnswerChoice:
    """One answer that may be given, and what it asks for."""

    code: str
    label: str
    state: WatchState
    level: Level
    todo: str


@dataclass(frozen=True, slots=True)
class WatchQuestion:
    """One thing that is asked again and again. Either ``answers`` or a ``scale`` of whole numbers.

    ``every`` is the threshold that says how often, and ``each_session`` that it is asked between
    any two sessions as well; ``only`` the jurisdictions it is for, none named: all.
    """

    id: str
    label: str
    ask: str
    every: str
    source: Source
    answers: tuple[AnswerChoice, ...] = ()
    scale: tuple[int, int] | None = None
    todo: str = ""
    only: tuple[str, ...] = ()
    extended: bool = False
    each_session: bool = False

    def read(self, value: object) -> str:
        """Return an answer as it is kept. Raises ``FactsError`` for one that cannot be given."""
        if self.scale is not None:
            low, high = self.scale
            text = str(value).strip()
            whole = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
            if not whole or not low <= int(text) <= high:
                raise FactsError(self.id, f"must be a whole number from {low} to {high}")
            return str(int(text))
        if not any(value == choice.code for choice in self.answers):
            codes = ", ".join(choice.code for choice in self.answers)
            raise FactsError(self.id, f"must be one of {codes}")
        return str(value)

    def choice(self, code: str) -> AnswerChoice | None:
        """Return the answer with this code, if there is one."""
        return next((one for one in self.answers if one.code == code), None)

    def source_for(self, protocol: Protocol) -> Source:
        """Return the citation; what the nasal label asks is clinic policy for other products."""
        if not self.extended or protocol.product == "esketamine_nasal":
            return self.source
        return Source(self.source.title, self.source.url, CLINIC_POLICY, _EXTENDED)


@cache
def watch_questions() -> dict[str, WatchQuestion]:
    """Return every question by its id, in the order in which they are shown."""
    found: dict[str, WatchQuestion] = {}
    for key, entry in read_json("lists", "long_term.json").items():
        mark = as_mark(entry["mark"], key)
        scale = entry.get("scale")
        found[key] = WatchQuestion(
            id=key,
            label=entry["label"],
            ask=entry["ask"],
            every=entry["every"],
            source=cite(entry["source"], mark, str(entry.get("note", ""))),
            answers=tuple(
                AnswerChoice(
                    code=code,
                    label=one["label"],
                    state=one["state"],
                    level=one.get("level", "inform"),
                    todo=one.get("todo", ""),
                )
                for code, one in entry.get("answers", {}).items()
            ),
            scale=None if scale is None else (int(scale[0]), int(scale[1])),
            todo=str(entry.get("todo", "")),
            only=tuple(entry.get("only", ())),
            extended=bool(entry.get("extended", False)),
            each_session=bool(entry.get("each_session", False)),
        )
        if not found[key].answers and scale is None:
            raise ProtocolError(key, "needs answers or a scale")
    return found


def questions_for(protocol: Protocol) -> tuple[WatchQuestion, ...]:
    """Return the questions that this protocol's jurisdiction asks."""
    return tuple(
        one
        for one in watch_questions().values()
        if not one.only or set(one.only) & set(protocol.jurisdictions)
    )
