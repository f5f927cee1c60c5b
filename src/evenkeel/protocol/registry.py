"""The rules register themselves here; a protocol says which of them hold and how strongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from .errors import ProtocolError
from .facts import Facts
from .findings import Kind, Level
from .pack import Protocol
from .products import PRODUCTS, Product
from .sources import Source
from .values import BloodPressure, ConditionRecord, MedicineUse

Timing = Literal["course", "session"]


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule may look at: the facts in date, and the protocol. No clock, no record."""

    facts: Facts
    protocol: Protocol

    @property
    def product(self) -> Product:
        """The product asked about."""
        return PRODUCTS[self.protocol.product]

    def yes(self, key: str) -> bool | None:
        """Return a yes-no fact, None when unknown."""
        value = self.facts[key].value
        return value if isinstance(value, bool) else None

    def number(self, key: str) -> float | None:
        """Return a numeric fact, None when unknown."""
        value = self.facts[key].value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value)

    def word(self, key: str) -> str | None:
        """Return a choice fact, None when unknown."""
        value = self.facts[key].value
        return value if isinstance(value, str) else None

    def names(self, key: str) -> tuple[str, ...]:
        """Return a list of names; empty when none is stated."""
        value = self.facts[key].value
        return tuple(str(item) for item in value) if isinstance(value, tuple) else ()

    def mapping(self, key: str) -> dict[str, object]:
        """Return scores or answers; empty when none is stated."""
        value = self.facts[key].value
        return {str(name): item for name, item in value.items()} if hasattr(value, "items") else {}

    def records(self, key: str) -> tuple[ConditionRecord, ...]:
        """Return what is known of a condition; empty when absent or unknown."""
        value = self.facts[key].value
        if not isinstance(value, tuple):
            return ()
        return tuple(item for item in value if isinstance(item, ConditionRecord))

    def ever(self, *keys: str) -> bool | None:
        """Return whether any of the conditions was ever there (three-valued)."""
        return _any(self._has(key, None) for key in keys)

    def active(self, *keys: str) -> bool | None:
        """Return whether any of the conditions is there now (three-valued)."""
        return _any(self._has(key, "active") for key in keys)

    def _has(self, key: str, status: str | None) -> bool | None:
        fact = self.facts[key]
        if fact.state == "unknown":
            return None
        return any(status in (None, record.status) for record in self.records(key))

    def medicines(self) -> tuple[MedicineUse, ...]:
        """Return the medicines stated."""
        value = self.facts["medicines"].value
        if not isinstance(value, tuple):
            return ()
        return tuple(item for item in value if isinstance(item, MedicineUse))

    def taking(self, *classes: str) -> tuple[MedicineUse, ...] | None:
        """Return the medicines of any of ``classes``; None when the list may be incomplete."""
        found = tuple(use for use in self.medicines() if use.classes & set(classes))
        if found or self.yes("medicines_reviewed") is True:
            return found
        complete = self.facts["medicines"].state == "absent"
        return () if complete else None

    def governing_pressures(self) -> tuple[BloodPressure, ...]:
        """Return the latest resting readings, and those nobody dated: any may be the latest."""
        value = self.facts["blood_pressure"].value
        readings = value if isinstance(value, tuple) else ()
        stated = [item for item in readings if isinstance(item, BloodPressure)]
        dated = [item.minutes_ago for item in stated if item.minutes_ago is not None]
        newest = min(dated, default=None)
        return tuple(item for item in stated if item.minutes_ago in (None, newest))


def _any(answers: object) -> bool | None:
    found = list(answers) if hasattr(answers, "__iter__") else []
    if any(answer is True for answer in found):
        return True
    return None if any(answer is None for answer in found) else False


@dataclass(frozen=True, slots=True)
class Clear:
    """The rule found nothing."""


@dataclass(frozen=True, slots=True)
class Fired:
    """The rule found something. ``facts`` empty: those the rule reads.

    ``source`` None: the one under which the protocol holds the rule.
    """

    statement: str
    explanation: str
    resolve: str
    facts: tuple[str, ...] = ()
    level: Level | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The rule cannot tell: ``facts`` are missing."""

    facts: tuple[str, ...]
    resolve: str = ""


Verdict = Clear | Fired | Unknown
CLEAR: Final = Clear()


@dataclass(frozen=True, slots=True)
class Rule:
    """One registered rule."""

    id: str
    kind: Kind
    reads: tuple[str, ...]
    timing: Timing
    judge: Callable[[Case], Verdict]


RULES: Final[dict[str, Rule]] = {}


def rule(
    rule_id: str, *, kind: Kind, reads: tuple[str, ...], timing: Timing = "course"
) -> Callable[[Callable[[Case], Verdict]], Callable[[Case], Verdict]]:
    """Register the decorated function as the rule ``rule_id``.

    ``timing`` ``session`` rules are asked only right before a session. Raises
    ``ProtocolError`` when the id is taken.
    """

    def register(judge: Callable[[Case], Verdict]) -> Callable[[Case], Verdict]:
        if rule_id in RULES:
            raise ProtocolError(rule_id, "two rules carry this id")
        RULES[rule_id] = Rule(rule_id, kind, reads, timing, judge)
        return judge

    return register


def when(answer: bool | None, fired: Fired, *missing: str) -> Verdict:
    """Return ``fired`` for true, clear for false, and a question for unknown."""
    if answer is None:
        return Unknown(missing)
    return fired if answer else CLEAR
