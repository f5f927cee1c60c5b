"""Days as a form sends them."""

from __future__ import annotations

from datetime import date

from django.utils.dateparse import parse_date


def as_day(text: str) -> date | None:
    """The day a text is, if it is one."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found  # type: ignore[no-any-return]
