"""What is known of one person, and what is not. Unknown is never the same as no."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from .conditions import Status
from .errors import FactsError
from .medicines import Medicine, recognize_all
from .values import BloodPressure, ConditionRecord, MedicineUse, checked
from .vocabulary import CONDITION_KEYS, VOCABULARY

__all__ = [
    "BloodPressure",
    "ConditionRecord",
    "Fact",
    "Facts",
    "Medicine",
    "MedicineUse",
    "State",
    "Status",
    "recognize_all",
]

State = Literal["known", "absent", "unknown"]
_STATES: Final = ("known", "absent", "unknown")


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact about one person.

    ``state``: ``known`` with a value; ``absent``, known not to be there (conditions, lists, and
    yes-no facts, for which it means no); ``unknown``. ``as_of`` is when it was true, None when
    nobody said. ``origin`` is where it came from, for people to read.
    """

    key: str
    state: State = "unknown"
    value: object = None
    as_of: datetime | None = None
    origin: str = ""


class Facts(Mapping[str, Fact]):
    """An immutable mapping of fact key -> ``Fact``.

    Every vocabulary key can be read; one nobody stated reads as unknown. Iteration yields only
    the stated ones. When ``conditions_reviewed`` is true, a condition nobody stated is absent.

    Raises ``FactsError`` naming the key for an unknown key, a key stated twice, or a value the
    vocabulary does not allow.
    """

    def __init__(
        self, facts: Iterable[Fact], *, product: str | None = None, jurisdiction: str | None = None
    ) -> None:
        self.product = product
        self.jurisdiction = jurisdiction
        self._stated: dict[str, Fact] = {}
        for fact in facts:
            if fact.key in self._stated:
                raise FactsError(fact.key, "is stated twice")
            self._stated[fact.key] = _normal(fact)
        reviewed = self._stated.get("conditions_reviewed")
        self._rest_absent = reviewed is not None and reviewed.value is True
        self._reviewed = reviewed

    @classmethod
    def from_document(cls, document: object) -> Facts:
        """Read an ``evenkeel-facts/1`` document (a parsed JSON object).

        Raises ``FactsError`` naming the key; nothing else.
        """
        from .document import read_facts

        facts, product, jurisdiction = read_facts(document)
        return cls(facts, product=product, jurisdiction=jurisdiction)

    def __getitem__(self, key: str) -> Fact:
        if key in self._stated:
            return self._stated[key]
        if key not in VOCABULARY:
            raise KeyError(key)
        if self._rest_absent and self._reviewed is not None and key in CONDITION_KEYS:
            return Fact(key, "absent", None, self._reviewed.as_of, self._reviewed.origin)
        return Fact(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stated)

    def __len__(self) -> int:
        return len(self._stated)

    def __contains__(self, key: object) -> bool:
        return key in self._stated

    def with_fact(self, fact: Fact) -> Facts:
        """Return a copy in which ``fact`` replaces what was stated under its key."""
        rest = [old for key, old in self._stated.items() if key != fact.key]
        return Facts([*rest, fact], product=self.product, jurisdiction=self.jurisdiction)

    def out_of_date(self, now: datetime) -> tuple[Fact, ...]:
        """Return the facts whose date is older than the vocabulary allows at ``now``."""
        return tuple(
            fact
            for fact in self._stated.values()
            if fact.state != "unknown"
            and fact.as_of is not None
            and (limit := VOCABULARY[fact.key].max_age_days) is not None
            and now - fact.as_of > timedelta(days=limit)
        )

    def forgetting(self, keys: Iterable[str]) -> Facts:
        """Return a copy in which the facts named by ``keys`` are unknown."""
        forgotten = set(keys)
        return Facts(
            (
                Fact(key, "unknown", None, fact.as_of, fact.origin) if key in forgotten else fact
                for key, fact in self._stated.items()
            ),
            product=self.product,
            jurisdiction=self.jurisdiction,
        )


def _normal(fact: Fact) -> Fact:
    spec = VOCABULARY.get(fact.key)
    if spec is None:
        raise FactsError(str(fact.key), "is not a fact this product knows")
    if fact.state not in _STATES:
        raise FactsError(fact.key, "state must be known, absent or unknown")
    if fact.as_of is not None and fact.as_of.tzinfo is None:
        raise FactsError(fact.key, "its date needs a time zone")
    if fact.state == "unknown":
        return replace(fact, value=None)
    if fact.state == "absent":
        return _normal_absent(fact, spec.type)
    value = checked(spec, fact.value)
    if spec.type == "condition" and value is False:
        return replace(fact, state="absent", value=None)
    return replace(fact, value=value)


def _normal_absent(fact: Fact, value_type: str) -> Fact:
    if value_type == "boolean":
        return replace(fact, state="known", value=False)
    if value_type == "condition":
        return replace(fact, value=None)
    if value_type in ("names", "medicines"):
        return replace(fact, value=())
    raise FactsError(fact.key, "cannot be absent: state its value or leave it unknown")
