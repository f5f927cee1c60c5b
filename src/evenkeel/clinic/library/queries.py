"""What is asked of the library: reviews that hold, and whether the door stands open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evenkeel.clinic.library.models import AnswerReview, Opening
from evenkeel.evidence.plain_answers import PlainAnswer


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Who stands for an answer as it reads now."""

    pk: Any
    site_id: Any
    name: str
    at: datetime
    row: AnswerReview


def is_public() -> bool:
    """Whether any site has opened its answers to everybody."""
    return Opening.objects.filter(is_public=True, site__active=True).exists()


def reviews_of(answers: Mapping[str, PlainAnswer]) -> dict[str, Reviewed]:
    """Return answer id -> the newest review that covers its present words."""
    rows = AnswerReview.objects.filter(
        withdrawn_at=None, content_digest__in=[item.content_digest for item in answers.values()]
    ).select_related("reviewed_by")
    found: dict[str, Reviewed] = {}
    for row in rows.order_by("reviewed_at"):
        item = answers.get(row.answer_id)
        if item is not None and item.content_digest == row.content_digest:
            found[row.answer_id] = Reviewed(
                row.pk, row.site_id, row.reviewed_by.shown_name, row.reviewed_at, row
            )
    return found
