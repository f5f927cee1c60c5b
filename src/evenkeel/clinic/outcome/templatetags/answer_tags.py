"""The words of an answering page, in the language of whoever reads it."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: dict[str, Any], key: str, **values: object) -> str:
    """The sentence under ``key`` of the page's ``words``, with its places filled."""
    said: str = context["words"].say(key, **values)
    return said
