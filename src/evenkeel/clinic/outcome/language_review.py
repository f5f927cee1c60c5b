"""Whether a clinician who speaks a language stands for the product's own words in it.

The same record as for the answers of the library: a named clinician signs the digest of the words,
so a review lapses when one of them changes. Official texts of others, such as the PHQ-9 in Spanish,
are not part of it: they carry their own source.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple

from evenkeel.clinic.library.models import AnswerReview
from evenkeel.clinic.outcome.answer_words import USUAL, spoken
from evenkeel.clinic.outcome.message_text import message_text
from evenkeel.instruments import own_words


class Standing(NamedTuple):
    """Who stands for the words of a language as they read now."""

    name: str
    at: datetime
    row: AnswerReview


def review_id(language: str) -> str:
    """Under which name a language's words stand among the reviews."""
    return f"words-{language}"


def words_digest(language: str) -> str:
    """The SHA-256 of everything the product itself says to a person in ``language``."""
    said = {
        "pages": spoken(language).digest,
        "messages": asdict(message_text(language)),
        "questions": {each.id: each.questionnaire for each in own_words(language)},
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def standing_review(language: str) -> Standing | None:
    """The newest review that covers the present words, or ``None``. One query."""
    rows = AnswerReview.objects.filter(
        answer_id=review_id(language), content_digest=words_digest(language), withdrawn_at=None
    )
    row = rows.select_related("reviewed_by").order_by("-reviewed_at").first()
    return Standing(row.reviewed_by.shown_name, row.reviewed_at, row) if row else None


def is_reviewed(language: str) -> bool:
    """Whether the words may be shown without saying that nobody reviewed them; English always."""
    return language == USUAL or standing_review(language) is not None
