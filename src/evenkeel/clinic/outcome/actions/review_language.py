"""A clinician who speaks a language stands for the product's own words in it."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.course.signing import signer
from evenkeel.clinic.library.models import AnswerReview
from evenkeel.clinic.outcome.answer_words import USUAL, word_languages
from evenkeel.clinic.outcome.language_review import review_id, standing_review, words_digest
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, NotFound, Refused

MEANING: Final = (
    "I speak this language, have read these words beside the English, and stand for them as they"
    " read."
)


@action("language.review", permission="library.review")
def review_language(
    act: Act, *, site_id: Any, language: str, content_digest: str, agreed: bool
) -> AnswerReview:
    """Sign the words of a language as they read. A review is taken back as that of an answer is.

    Raises ``NotFound`` for a language without words, ``Conflict`` where they are not those that
    were read, ``Refused`` where somebody's review of them stands, ``Invalid`` without agreement.
    """
    site = act.open(Site, site_id)
    if language == USUAL or language not in word_languages():
        raise NotFound("There is no such language.")
    if not agreed:
        raise Invalid(
            "The signature is missing.",
            fields={"agreed": "Tick that you have read the words and stand for them."},
            code="review_not_agreed",
        )
    if words_digest(language) != content_digest:
        raise Conflict(
            "The words have changed since you opened them.",
            what_to_do="Read them again, then sign.",
            code="words_changed",
        )
    if standing_review(language) is not None:
        raise Refused("These words are reviewed already.", code="reviewed_already")
    return act.write(
        AnswerReview(
            site=site,
            answer_id=review_id(language),
            content_digest=content_digest,
            reviewed_by=signer(act),
            reviewed_at=act.now,
            meaning=MEANING,
        )
    )
