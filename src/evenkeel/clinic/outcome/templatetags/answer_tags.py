"""The words of an answering page, in the language of whoever reads it."""

from __future__ import annotations

from typing import Any

from django import template

from evenkeel.clinic.outcome.answer_words import USUAL, english_name, own_name
from evenkeel.clinic.outcome.models import Response

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: dict[str, Any], key: str, **values: object) -> str:
    """The sentence under ``key`` of the page's ``words``, with its places filled."""
    said: str = context["words"].say(key, **values)
    return said


@register.filter
def read_in(response: Response) -> str:
    """in Spanish" for answers to words in another language than English, else ""."""
    language = response.language
    return f" in {english_name(language)}" if language and language != USUAL else ""


@register.filter
def language_name(language: str) -> str:
    """A language's name for itself, such as Español."""
    return own_name(language)


@register.filter
def language_in_english(language: str) -> str:
    """A language's name for staff, such as Spanish."""
    return english_name(language)
