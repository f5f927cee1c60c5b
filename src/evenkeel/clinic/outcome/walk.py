"""The way through a questionnaire, one screen at a time. Pure: no record, no clock.

The order is that of the instrument. A worrying answer puts a screen with help and the follow-up
questions right behind its question, before anything else is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from evenkeel.instruments import (
    AnswerError,
    Instrument,
    Item,
    check_answers,
    follow_up_questions,
    is_asked,
)

#: The screen with crisis contacts. No link id can be called so: they hold no underscore.
HELP: Final = "_help"


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen: a question of the instrument, the screen with help, or a follow-up question."""

    kind: Literal["question", "help", "follow_up"]
    key: str
    item: Item | None = None


@dataclass(frozen=True)
class Said:
    """What a person has said so far. A skipped question is not an answer, and not a "no".

    ``closed`` are the questions that were filed already and are not asked again.
    """

    answers: Mapping[str, int] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    help_seen: bool = False
    follow_up: Mapping[str, int] = field(default_factory=dict)
    follow_up_skipped: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """The form kept in ``Ask.partial``."""
        return {
            "answers": dict(self.answers),
            "skipped": sorted(self.skipped),
            "help_seen": self.help_seen,
            "follow_up": dict(self.follow_up),
            "follow_up_skipped": sorted(self.follow_up_skipped),
            "closed": sorted(self.closed),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Said:
        """What :meth:`as_json` wrote; an empty mapping is nothing said yet."""
        return cls(
            answers=dict(kept.get("answers", {})),
            skipped=frozenset(kept.get("skipped", ())),
            help_seen=bool(kept.get("help_seen")),
            follow_up=dict(kept.get("follow_up", {})),
            follow_up_skipped=frozenset(kept.get("follow_up_skipped", ())),
            closed=frozenset(kept.get("closed", ())),
        )


@dataclass(frozen=True)
class Walk:
    """An instrument and what was said so far: which screens there are, and which is next.

    ``follow_up`` are the questions behind a worrying answer, in the language of the person.
    """

    instrument: Instrument
    said: Said
    follow_up: Instrument = field(default_factory=follow_up_questions)

    @property
    def screens(self) -> tuple[Screen, ...]:
        """Every screen from here as things stand, in order."""
        return tuple(self._screens())

    @property
    def next_screen(self) -> Screen | None:
        """The first screen that nobody has dealt with; ``None`` at the end."""
        return next((s for s in self.screens if not self.settled(s)), None)

    @property
    def worries(self) -> tuple[str, ...]:
        """The link ids of safety questions answered above their limit, in order."""
        return tuple(
            rule.link_id
            for rule in self.instrument.scoring.safety
            if self.said.answers.get(rule.link_id, rule.above) > rule.above
        )

    @property
    def worry(self) -> str:
        """The link id of the first such question, or ""."""
        return next(iter(self.worries), "")

    @property
    def passed_over(self) -> frozenset[str]:
        """The link ids of the safety questions that were passed over."""
        rules = self.instrument.scoring.safety
        return frozenset(rule.link_id for rule in rules) & self.said.skipped

    def settled(self, screen: Screen) -> bool:
        """Whether this screen was answered, skipped or read."""
        said = self.said
        if screen.kind == "help":
            return said.help_seen
        if screen.kind == "follow_up":
            return screen.key in said.follow_up or screen.key in said.follow_up_skipped
        return screen.key in said.answers or screen.key in said.skipped

    def reach(self, key: str) -> Screen | None:
        """The screen with this key if one may go there now: not ahead of the next, not filed."""
        ahead = self.next_screen
        for screen in self.screens:
            if screen.key == key:
                return None if key in self.said.closed else screen
            if ahead is not None and screen.key == ahead.key:
                return None
        return None

    def before(self, screen: Screen) -> Screen | None:
        """The screen one step back, or ``None`` where the way back is closed."""
        earlier: Screen | None = None
        for each in self.screens:
            if each.key == screen.key:
                return earlier
            earlier = None if each.key in self.said.closed else each
        return None

    def place(self, screen: Screen) -> tuple[int, int]:
        """Which of how many screens of its kind this is, counted from 1."""
        kind = [s.key for s in self.screens if s.kind == screen.kind]
        return kind.index(screen.key) + 1, len(kind)

    def say(self, screen: Screen, value: int | None) -> Walk:
        """The walk after this screen: ``value`` for an answer, ``None`` for passing on.

        Raises ``AnswerError`` for a value the question does not offer.
        """
        said = self.said
        if screen.kind == "help":
            return replace(self, said=replace(said, help_seen=True))
        if screen.kind == "follow_up":
            answers = _with(self.follow_up, said.follow_up, screen.key, value)
            skipped = _toggled(said.follow_up_skipped, screen.key, value is None)
            return replace(self, said=replace(said, follow_up=answers, follow_up_skipped=skipped))
        answers = _with(self.instrument, said.answers, screen.key, value)
        skipped = _toggled(said.skipped, screen.key, value is None)
        return replace(self, said=replace(said, answers=answers, skipped=skipped))

    def close(self) -> Walk:
        """The same with every question that was dealt with closed to further change."""
        dealt = frozenset(self.said.answers) | self.said.skipped
        return replace(self, said=replace(self.said, closed=dealt))

    def _screens(self) -> Iterator[Screen]:
        worries = self.worries
        follow_up = {r.link_id for r in self.instrument.scoring.safety if r.follow_up}
        helped = False
        for item in self.instrument.items:
            if not is_asked(item, self.said.answers):
                continue
            if not item.scored and self._nothing_to_say():
                continue
            yield Screen("question", item.link_id, item)
            if item.link_id not in worries or helped:
                continue
            helped = True
            yield Screen("help", HELP)
            if item.link_id in follow_up:
                for question in self.follow_up.items:
                    if is_asked(question, self.said.follow_up):
                        yield Screen("follow_up", question.link_id, question)

    def _nothing_to_say(self) -> bool:
        """No problem at all: a question such as "how difficult have these made it" falls away."""
        return all(
            self.said.answers.get(item.link_id) == 0
            for item in self.instrument.items
            if item.scored and is_asked(item, self.said.answers)
        )


def _with(
    instrument: Instrument, answers: Mapping[str, int], key: str, value: int | None
) -> dict[str, int]:
    others = {link_id: given for link_id, given in answers.items() if link_id != key}
    if value is None:
        return others
    checked = check_answers(instrument, {key: value})
    return {**others, **checked}


def _toggled(keys: frozenset[str], key: str, present: bool) -> frozenset[str]:
    return keys | {key} if present else keys - {key}


__all__ = ["HELP", "AnswerError", "Said", "Screen", "Walk"]
