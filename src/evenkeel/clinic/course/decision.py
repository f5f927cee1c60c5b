"""What a person needs to decide, put together for one course: numbers, their limits, themselves.

Composes two rooms and stores nothing: the trials' numbers from the evidence, what is known of the
person from their facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.evidence.answering import Answer, answer, in_words
from evenkeel.evidence.decision import Admission, DecisionAid, Treatment, decision_aid
from evenkeel.protocol.facts import Facts
from evenkeel.protocol.products import PRODUCTS
from evenkeel.protocol.values import ConditionRecord, MedicineUse

LEANINGS: Final[dict[str, str]] = {
    "talk": "I want to talk about it",
    "yes": "I lean to yes",
    "time": "I need more time",
    "no": "Not for me",
}


@dataclass(frozen=True, slots=True)
class Share:
    """One outcome of 100 people, with the treatment and without; ``None`` where not counted."""

    answer: Answer
    words: str
    treated: int | None
    low: int | None
    high: int | None
    without: int | None

    @property
    def title(self) -> str:
        """What is counted, as a heading."""
        text = self.answer.question.outcome_words
        return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Decision:
    """The page's matter. ``shown_digest`` names these very numbers in the record."""

    kind: str
    treatment: Treatment
    aid: DecisionAid
    better: tuple[Share, ...]
    fades: tuple[Share, ...]
    harms: tuple[Share, ...]
    long_term: tuple[Share, ...]
    not_admitted: tuple[Admission, ...]
    asked: tuple[str, ...]
    shown_digest: str


def decision_for(product: str, facts: Facts) -> Decision:
    """Put the page together for a product and what is known of the person.

    ``asked`` are facts the admission rules look for and nobody has answered.
    """
    aid = decision_aid()
    kind = _kind(product)
    treatment = aid.treatments[kind]
    groups = [
        tuple(_share(one) for one in ids)
        for ids in (treatment.better, treatment.fades, treatment.harms, treatment.long_term)
    ]
    outside = [rule for rule in aid.admission if _meets(rule, facts) is True]
    unknown = [rule for rule in aid.admission if _meets(rule, facts) is None]
    shown: list[Any] = [share.words for group in groups for share in group]
    shown += [rule.words for rule in outside]
    return Decision(
        kind=kind,
        treatment=treatment,
        aid=aid,
        better=groups[0],
        fades=groups[1],
        harms=groups[2],
        long_term=groups[3],
        not_admitted=tuple(outside),
        asked=tuple(dict.fromkeys(rule.words for rule in unknown)),
        shown_digest=digest(canonical({"kind": kind, "shown": shown})),
    )


def _kind(product: str) -> str:
    item = PRODUCTS.get(product)
    if item is None or item.route == "intravenous":
        return "by_vein"
    return "esketamine_nasal" if product == "esketamine_nasal" else "other_route"


def _share(question_id: str) -> Share:
    found = answer(question_id)
    counts = found.absolute
    if counts is None:
        return Share(found, _told(found), None, None, None, None)
    low, high = sorted((counts.low, counts.high))
    return Share(
        found,
        in_words(found),
        round(counts.treated),
        round(low),
        round(high),
        round(counts.without),
    )


def _told(found: Answer) -> str:
    """Where no trial counts: what is known beside them, else that nothing is."""
    if found.pooled is None and found.question.statements:
        return " ".join(statement.text for statement in found.question.statements)
    return in_words(found)


def _meets(rule: Admission, facts: Facts) -> bool | None:
    """Whether the trials would have left this person out; ``None`` where it is not known."""
    if rule.fact:
        value = facts[rule.fact].value
        if not isinstance(value, int | float):
            return None
        return value > rule.above if rule.above is not None else value < (rule.below or 0.0)
    if rule.condition:
        fact = facts[rule.condition]
        if fact.state == "unknown":
            return None
        return fact.state == "known" and _any(fact.value)
    medicines = facts["medicines"]
    if medicines.state == "unknown":
        return None
    uses = medicines.value if isinstance(medicines.value, Sequence) else ()
    return any(isinstance(use, MedicineUse) and rule.medicine_class in use.classes for use in uses)


def _any(value: object) -> bool:
    return isinstance(value, tuple) and any(isinstance(one, ConditionRecord) for one in value)
