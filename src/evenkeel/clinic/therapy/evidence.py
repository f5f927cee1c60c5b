"""What the trials say of therapy beside ketamine, as the evidence room has it."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.library.certainty import boxes
from evenkeel.evidence.answering import answer, in_words
from evenkeel.evidence.plain_answers import plain_answers

QUESTION: Final = "therapy-added"
ANSWER: Final = "therapy"


def therapy_evidence() -> dict[str, Any]:
    """The plain answer with its passages and sources, and the trials' own words with certainty."""
    found, plain = answer(QUESTION), plain_answers()[ANSWER]
    level = found.certainty.level
    return {
        "short": plain.short,
        "passages": plain.body,
        "not_known": plain.not_known,
        "words": " ".join(found.question.unknown) if found.pooled is None else in_words(found),
        "level": level,
        "boxes": boxes(level),
    }
