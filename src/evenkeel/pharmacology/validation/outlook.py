"""What stands behind the targets that fail and what would settle them, as ``outlook.json`` says.

Beside it: values replaced since the first run by better-founded ones, and what was looked at and
not taken, so that nobody looks for the same again. Said of a target only while it fails.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from . import words
from .answers import Answer


@cache
def outlook() -> Mapping[str, Any]:
    """The bundled file: ``kinds``, ``needed`` by target id, ``replaced`` and ``not_taken``."""
    text = (resources.files(__package__) / "outlook.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def needed(answers: Sequence[Answer]) -> Iterator[tuple[str, ...]]:
    """(target, what is at fault, what would settle it) of each independent target outside."""
    for answer in _outside(answers):
        entry = outlook()["needed"].get(answer.target.id)
        if entry is None:
            yield answer.target.id, "not known", "not known"
        else:
            yield answer.target.id, outlook()["kinds"][entry["kind"]], entry["needed"]


def at_fault(answers: Sequence[Answer]) -> str:
    """How many targets fail for which kind of reason, in one sentence; empty where none fails."""
    counted = Counter(kind for _, kind, _ in needed(answers))
    if not counted:
        return ""
    parts = "; ".join(f"{kind}: {number}" for kind, number in counted.most_common())
    return f"Of {counted.total()} independent numbers outside their bands, {parts}."


def replaced(answers: Sequence[Answer]) -> Iterator[tuple[str, ...]]:
    """One row a value replaced: what, before, now, why, its targets before and now, source."""
    by_id = {answer.target.id: answer for answer in answers}
    for entry in outlook()["replaced"]:
        told = [
            f"{name}: {words.number(before)}, now {_now(by_id.get(name))}"
            for name, before in entry["before_of"].items()
        ]
        link = f"[read here]({entry['source']})"
        yield (
            *(entry[key] for key in ("what", "before", "now", "why")),
            "; ".join(told),
            link,
        )


def not_taken() -> Iterator[tuple[str, ...]]:
    """One row a question looked into: question, what was found, why nothing changed, sources."""
    for entry in outlook()["not_taken"]:
        links = ", ".join(f"[{k}]({url})" for k, url in enumerate(entry["sources"], 1))
        yield entry["asked"], entry["found"], entry["why"], links


def _outside(answers: Sequence[Answer]) -> Iterator[Answer]:
    return (answer for answer in answers if answer.inside is False and answer.target.counts)


def _now(answer: Answer | None) -> str:
    if answer is None:
        return "not run"
    return f"{words.number(answer.predicted)} ({words.MARKS[answer.inside]})"
