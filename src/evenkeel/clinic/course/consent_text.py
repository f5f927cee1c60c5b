"""The words of a consent document: how they are written, read back as parts, and hashed.

A document is plain text that a medical director can edit:

- ``# Title`` on the first line;
- ``## Heading`` for a part;
- ``- line`` for one point of a list; other lines are paragraphs;
- a line may end in sources, each ``[mark: title | address]`` with the marks of the house
  (``sourced``, ``clinic policy``, ``derived``, ``unverified``); the address may be left out.

The hash covers title and body exactly as stored, so it says which words a person read.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Final

from evenkeel.clinic.record.errors import Invalid
from evenkeel.protocol.products import PRODUCTS

LABEL_GROUP: Final = "esketamine_nasal"
OFF_LABEL_GROUP: Final = "off_label"
#: product group -> what a list of documents calls it
GROUPS: Final[dict[str, str]] = {
    LABEL_GROUP: "Esketamine nasal spray, as on the label",
    OFF_LABEL_GROUP: "Ketamine or S-ketamine, off label",
}
MARKS: Final = ("sourced", "clinic policy", "derived", "unverified")
LONGEST_BODY: Final = 40_000
LONGEST_LEAD: Final = 40
_SOURCE: Final = re.compile(
    r"\s*\[(?P<mark>[a-z ]+): (?P<title>[^\]|]+)(?:\| *(?P<url>[^\]]*))?\]$"
)
#: What an off-label document must speak of before it may be published: a word of each line.
MUST_NAME: Final[dict[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    LABEL_GROUP: (
        ("blood pressure", ("blood pressure",)),
        ("dissociation", ("dissociation",)),
        ("sedation", ("sedation", "sleepy")),
        ("breathing", ("breath",)),
        ("misuse and dependence", ("misuse", "dependence", "addict")),
        ("driving", ("drive", "driving")),
    ),
    OFF_LABEL_GROUP: (
        ("off-label use", ("off label", "off-label")),
        ("blood pressure", ("blood pressure",)),
        ("dissociation", ("dissociation",)),
        ("sedation", ("sedation", "sleepy")),
        ("breathing", ("breath",)),
        ("misuse and dependence", ("misuse", "dependence", "addict")),
        ("the bladder", ("bladder",)),
        ("memory and thinking", ("memory", "thinking", "cognition")),
        ("driving", ("drive", "driving")),
        ("the FDA's alerts", ("fda",)),
        ("no use at home", ("at home",)),
    ),
}


@dataclass(frozen=True, slots=True)
class TextSource:
    """Where a line comes from."""

    mark: str
    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph or point, with its sources."""

    text: str
    sources: tuple[TextSource, ...] = ()
    is_point: bool = False

    @property
    def lead(self) -> str:
        """The few words a point opens with ("Blood pressure."), or nothing."""
        first, dot, _ = self.text.partition(". ")
        return first + "." if self.is_point and dot and len(first) <= LONGEST_LEAD else ""

    @property
    def rest(self) -> str:
        """The words after the lead."""
        return self.text[len(self.lead) :]


@dataclass(slots=True)
class Part:
    """A heading and what stands under it; the heading is empty for the opening lines."""

    heading: str
    lines: list[Line] = field(default_factory=list)


def group_of(product: str) -> str:
    """The group whose document a product needs. Raises ``KeyError`` for an unknown product."""
    return OFF_LABEL_GROUP if PRODUCTS[product].off_label else LABEL_GROUP


def tidy(text: str) -> str:
    """The stored form of typed text: one kind of line end, no trailing spaces."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def words_hash(title: str, body: str) -> str:
    """SHA-256 of what a person read: title and body as stored."""
    return hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest()


def parts_of(body: str) -> list[Part]:
    """The body as parts with lines. Anything that is no markup is kept as words."""
    parts = [Part("")]
    for raw in body.split("\n"):
        line = raw.strip()
        if not line:
            continue
        if line.startswith("## "):
            parts.append(Part(line[3:].strip()))
            continue
        is_point = line.startswith("- ")
        words, sources = _split_sources(line[2:] if is_point else line)
        parts[-1].lines.append(Line(words, sources, is_point))
    return [part for part in parts if part.heading or part.lines]


def _split_sources(line: str) -> tuple[str, tuple[TextSource, ...]]:
    sources: list[TextSource] = []
    while (found := _SOURCE.search(line)) and found["mark"] in MARKS:
        url = (found["url"] or "").strip()
        sources.insert(0, TextSource(found["mark"], found["title"].strip(), url))
        line = line[: found.start()]
    return line.strip(), tuple(sources)


def check_document(group: str, title: str, body: str) -> None:
    """Raise ``Invalid`` unless the document can be published for its product group."""
    fields: dict[str, str] = {}
    if group not in GROUPS:
        fields["product_group"] = "Choose which treatment this document is for."
    if not title.strip() or len(title) > 160:
        fields["title"] = "A document needs a title of up to 160 characters."
    if not body.strip():
        fields["body"] = "A document needs words."
    elif len(body) > LONGEST_BODY:
        fields["body"] = f"A document has at most {LONGEST_BODY:,} characters."
    elif unnamed := not_named(group, body):
        fields["body"] = "The text does not name " + ", ".join(unnamed) + "."
    elif bare := _points_without_source(body):
        fields["body"] = f"Give each point a source. The first without one: {bare[:80]}"
    if fields:
        raise Invalid(
            "This document cannot be published yet.",
            what_to_do="Mend the marked fields.",
            fields=fields,
            code="document_incomplete",
        )


def not_named(group: str, body: str) -> list[str]:
    """The risks a document of this group must name and does not."""
    lowered = body.lower()
    return [
        name
        for name, words in MUST_NAME.get(group, ())
        if not any(word in lowered for word in words)
    ]


def _points_without_source(body: str) -> str:
    """The first point under a heading about risks that names no source, or an empty text."""
    for part in parts_of(body):
        if "risk" not in part.heading.lower():
            continue
        for line in part.lines:
            if line.is_point and not line.sources:
                return line.text
    return ""


@cache
def default_document(group: str) -> tuple[str, str]:
    """Title and body of the text a clinic starts from. Raises ``KeyError`` for another group."""
    if group not in GROUPS:
        raise KeyError(group)
    folder = resources.files("evenkeel.clinic.course").joinpath("documents")
    text = tidy(folder.joinpath(f"{group}.txt").read_text("utf-8"))
    title, _, body = text.partition("\n")
    return title.removeprefix("# ").strip(), body.strip()
