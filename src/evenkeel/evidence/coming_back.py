"""What trials and labels say of each way to go on between sessions, as data; all ways alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from .plain_answers import AnswerError, AnswerSource, answer_sources

#: Every way there is, in the order in which they are shown.
WAYS: Final = ("keep", "earlier", "later", "stop", "other")
_NAME: Final = "coming_back.json"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to go on, or not: what is known of it, with its sources."""

    id: str
    name: str
    text: str
    sources: tuple[AnswerSource, ...]


@cache
def ways_to_go_on() -> tuple[Way, ...]:
    """Return every way; ``AnswerError`` naming what the file gets wrong."""
    text = resources.files("evenkeel.evidence").joinpath(_NAME).read_text("utf-8")
    return parse_ways(json.loads(text))


def parse_ways(raw: Mapping[str, Any]) -> tuple[Way, ...]:
    """Check a document of ways and return it; raises ``AnswerError`` otherwise."""
    known, found = answer_sources(), []
    for entry in raw["ways"]:
        sources = tuple(known[key] for key in entry["sources"] if key in known)
        if not sources or len(sources) != len(entry["sources"]):
            raise AnswerError(_NAME, f"{entry['id']}: a source is missing or not listed")
        found.append(Way(entry["id"], entry["name"], entry["text"], sources))
    if tuple(way.id for way in found) != WAYS:
        raise AnswerError(_NAME, f"the ways must be {', '.join(WAYS)}, in this order")
    return tuple(found)
