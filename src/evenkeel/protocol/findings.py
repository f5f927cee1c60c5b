"""What a rule says, and what a screening comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from .errors import ProtocolError
from .sources import Source

Effect = Literal["inform", "defer", "needs_specialist_review", "contraindicated"]
Level = Literal["inform", "review", "hold"]
Kind = Literal[
    "contraindication", "eligibility", "interaction", "workup", "process", "indication", "unknown"
]
Disposition = Literal["eligible", "defer", "needs_specialist_review", "contraindicated"]

EFFECTS: Final[tuple[Effect, ...]] = (
    "inform",
    "defer",
    "needs_specialist_review",
    "contraindicated",
)


def severity(effect: Effect) -> int:
    """Return the rank of an effect, worst highest."""
    return EFFECTS.index(effect)


def as_effect(value: object, key: str) -> Effect:
    """Return ``value`` as an effect, or raise ``ProtocolError`` naming ``key``."""
    for effect in EFFECTS:
        if value == effect:
            return effect
    raise ProtocolError(key, "effect must be one of " + ", ".join(EFFECTS))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a screening found.

    ``effect`` decides the disposition; ``level`` is how loudly a page shows it. ``facts`` are
    the vocabulary keys it rests on. ``resolve`` says what would settle it.
    """

    id: str
    kind: Kind
    effect: Effect
    level: Level
    statement: str
    explanation: str
    facts: tuple[str, ...]
    resolve: str
    source: Source


@dataclass(frozen=True, slots=True)
class Screening:
    """The proposal of a protocol: findings worst first, and how many rules found nothing."""

    disposition: Disposition
    findings: tuple[Finding, ...]
    protocol_name: str
    protocol_version: str
    rules_passed: int

    def as_document(self) -> dict[str, object]:
        """Return the JSON form that ``evenkeel screen`` prints."""
        return {
            "disposition": self.disposition,
            "findings": [
                {
                    "id": item.id,
                    "kind": item.kind,
                    "effect": item.effect,
                    "level": item.level,
                    "statement": item.statement,
                    "explanation": item.explanation,
                    "facts": list(item.facts),
                    "resolve": item.resolve,
                    "source": source_document(item.source),
                }
                for item in self.findings
            ],
            "protocol": {"name": self.protocol_name, "version": self.protocol_version},
            "rules_passed": self.rules_passed,
        }


def source_document(source: Source) -> dict[str, str]:
    """Return the JSON form of a source."""
    document = {"title": source.title, "url": source.url, "mark": source.mark}
    return {**document, "note": source.note} if source.note else document


def disposition_of(effects: list[Effect]) -> Disposition:
    """Return the disposition of the worst effect; ``inform`` alone is eligible."""
    worst: Effect = max(effects, key=severity, default="inform")
    if worst == "inform":
        return "eligible"
    return worst
