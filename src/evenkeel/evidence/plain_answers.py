"""The questions people ask, one file each: a plain answer, its sources, and what is not known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final, Literal

Kind = Literal["primary", "secondary"]
PICTURES: Final = ("mechanism",)
_FILE_KEYS: Final = frozenset(
    {
        "id",
        "question",
        "also_asked",
        "short",
        "body",
        "numbers",
        "not_known",
        "countries",
        "see_also",
        "compiled_on",
        "clinical_review",
        "picture",
    }
)


class AnswerError(Exception):
    """An answer file is not what the room allows. Names the file and the entry."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")


@dataclass(frozen=True, slots=True)
class AnswerSource:
    """One citation. ``kind`` is ``primary`` for the source itself, ``secondary`` for a retelling.

    ``note`` says how it was read.
    """

    title: str
    url: str
    kind: Kind
    note: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """One paragraph and the sources it rests on; never without one. ``heading`` may be empty."""

    heading: str
    text: str
    sources: tuple[AnswerSource, ...]


@dataclass(frozen=True, slots=True)
class InCountry:
    """How it stands in one country. Without a primary source ``checked`` is false and shown so."""

    country: str
    text: str
    source: AnswerSource | None
    checked: bool


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """One question people ask.

    ``numbers`` are ids of evidence questions whose results are computed when the page is shown;
    ``content_digest`` is the SHA-256 of the file's content: a clinical review signs that digest,
    so it lapses when a word changes. ``compiled_on`` is when the facts were put together.
    """

    id: str
    question: str
    also_asked: tuple[str, ...]
    short: str
    body: tuple[Passage, ...]
    numbers: tuple[str, ...]
    not_known: tuple[str, ...]
    countries: tuple[InCountry, ...]
    see_also: tuple[str, ...]
    compiled_on: date
    picture: str
    content_digest: str

    @property
    def sources(self) -> tuple[AnswerSource, ...]:
        """Every source of the answer once, in the order in which they are first used."""
        used = [source for passage in self.body for source in passage.sources]
        used += [item.source for item in self.countries if item.source is not None]
        return tuple(dict.fromkeys(used))


@cache
def answer_sources() -> Mapping[str, AnswerSource]:
    """Return key -> source, from ``answer_sources.json``; ``AnswerError`` naming a bad entry."""
    name = "answer_sources.json"
    found: dict[str, AnswerSource] = {}
    for key, raw in _read(name).items():
        if raw.get("kind") not in ("primary", "secondary"):
            raise AnswerError(name, f"{key}: kind must be primary or secondary")
        if not str(raw.get("url", "")).startswith(("https://", "http://")):
            raise AnswerError(name, f"{key}: needs an address")
        found[key] = AnswerSource(raw["title"], raw["url"], raw["kind"], raw.get("note", ""))
    return MappingProxyType(found)


@cache
def plain_answers() -> Mapping[str, PlainAnswer]:
    """Return id -> answer for every shipped question, in the order of their files' names.

    Raises ``AnswerError`` for a file that names an unknown source, question or key.
    """
    folder = resources.files("evenkeel.evidence").joinpath("answers")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".json"))
    found = {
        name.removesuffix(".json"): parse_answer(name, _read("answers", name)) for name in names
    }
    for item in found.values():
        for other in item.see_also:
            if other not in found:
                raise AnswerError(item.id, f"see_also names {other!r}, which is not an answer")
    return MappingProxyType(found)


def parse_answer(name: str, raw: Mapping[str, Any]) -> PlainAnswer:
    """Check one answer document and return it; ``AnswerError`` naming ``name`` otherwise."""
    unknown = sorted(set(raw) - _FILE_KEYS)
    if unknown:
        raise AnswerError(name, f"{unknown[0]!r} is not a key of an answer")
    if raw.get("id") != name.removesuffix(".json"):
        raise AnswerError(name, "its id must be the name of its file")
    if raw.get("clinical_review") is not None:
        raise AnswerError(name, "a review is signed in the clinic, never written into the file")
    for key in ("question", "short"):
        if not str(raw.get(key, "")).strip():
            raise AnswerError(name, f"{key} is missing")
    if raw.get("picture", "") not in ("", *PICTURES):
        raise AnswerError(name, f"{raw['picture']!r} is not a picture")
    try:
        compiled_on = date.fromisoformat(raw["compiled_on"])
    except (KeyError, TypeError, ValueError):
        raise AnswerError(name, "compiled_on must be a date") from None
    canonical = json.dumps(raw, sort_keys=True, ensure_ascii=False).encode()
    return PlainAnswer(
        id=raw["id"],
        question=raw["question"],
        also_asked=tuple(raw.get("also_asked", ())),
        short=raw["short"],
        body=tuple(_passage(name, entry) for entry in raw.get("body", ())),
        numbers=tuple(raw.get("numbers", ())),
        not_known=tuple(raw.get("not_known", ())),
        countries=tuple(_country(name, entry) for entry in raw.get("countries", ())),
        see_also=tuple(raw.get("see_also", ())),
        compiled_on=compiled_on,
        picture=raw.get("picture", ""),
        content_digest=hashlib.sha256(canonical).hexdigest(),
    )


def _passage(name: str, entry: Mapping[str, Any]) -> Passage:
    if not entry.get("sources"):
        raise AnswerError(name, f"a passage has no source: {entry.get('text', '')[:60]!r}")
    sources = tuple(_source(name, key) for key in entry["sources"])
    return Passage(entry.get("heading") or "", entry["text"], sources)


def _country(name: str, entry: Mapping[str, Any]) -> InCountry:
    source = None if entry.get("source") is None else _source(name, entry["source"])
    checked = bool(entry.get("checked"))
    if checked and (source is None or source.kind != "primary"):
        raise AnswerError(name, f"{entry['country']}: checked needs a primary source")
    return InCountry(entry["country"], entry["text"], source, checked)


def _source(name: str, key: str) -> AnswerSource:
    try:
        return answer_sources()[key]
    except KeyError:
        raise AnswerError(name, f"{key!r} is not a listed source") from None


def _read(*path: str) -> dict[str, Any]:
    text = resources.files("evenkeel.evidence").joinpath(*path).read_text("utf-8")
    found = json.loads(text)
    if not isinstance(found, dict):
        raise AnswerError(path[-1], "must be an object")
    return found
