"""What the pages of a protocol share: the version itself, its words, its sections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone

from evenkeel.clinic.protocols.models import ProtocolVersion
from evenkeel.clinic.protocols.queries import document_of, history_of, standing_of
from evenkeel.clinic.record.door import open_record
from evenkeel.protocol.comparing import Change, changes
from evenkeel.protocol.editions import (
    Document,
    filled_in,
    parse_signed,
    product_label,
    shipped_document,
    text_digest,
)
from evenkeel.protocol.entries import Entry, entries, reason_of
from evenkeel.protocol.labels import SECTIONS

_RELATED: Final = ("site", "author", "edited_by", "signed_by", "retired_by", "based_on")
STANDING_WORDS: Final = {
    "draft": "Draft",
    "in_force": "In force",
    "coming": "Signed, not yet in force",
    "superseded": "Superseded",
    "retired": "Retired",
    "discarded": "Discarded",
}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as a page shows it, with why the clinic decides otherwise than shipped."""

    entry: Entry
    reason: str


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a page."""

    id: str
    heading: str
    lines: tuple[Any, ...]

    @property
    def changed(self) -> int:
        """How many lines the clinic changed."""
        return sum(line.entry.is_changed for line in self.lines if hasattr(line, "entry"))


def open_version(request: HttpRequest, version_id: Any, permission: str, what: str) -> Any:
    """The version behind a page, its reading logged; times are shown as at its site."""
    row = open_record(
        request.ctx,  # type: ignore[attr-defined]
        ProtocolVersion,
        version_id,
        *_RELATED,
        permission=permission,
        what=what,
    )
    timezone.activate(ZoneInfo(row.site.timezone))
    return row


def version_frame(request: HttpRequest, row: ProtocolVersion) -> dict[str, Any]:
    """What the head of every page of a version shows."""
    ctx = request.ctx  # type: ignore[attr-defined]
    now = ctx.clock.now()
    versions = history_of(row.site_id, row.product)
    document = document_of(row.text)
    standing = standing_of(row, versions, now)
    signed = row.signed_at is not None
    return {
        "row": row,
        "document": document,
        "product_label": product_label(row.product),
        "standing": standing,
        "standing_words": STANDING_WORDS[standing],
        "versions": [(one, STANDING_WORDS[standing_of(one, versions, now)]) for one in versions],
        "text_hash": row.text_hash or text_digest(row.text),
        "hash_holds": not signed or text_digest(row.text) == row.text_hash,
        "shipped_name": document["extends"],
        "filled_in": filled_in(document) if signed else (),
        "outdated": parse_signed(document)[1] if signed else "",
        "may_edit": ctx.actor.may("protocol.edit", row.site_id),
        "may_sign": ctx.actor.may("protocol.sign", row.site_id),
        "has_draft": any(one.state == "draft" for one in versions),
        "now": now,
    }


def sections_of(document: Document) -> list[Section]:
    """A document by section, every line of it."""
    return by_section(
        (entry.section, Line(entry, reason_of(document, entry))) for entry in entries(document)
    )


def by_section(lines: Iterable[tuple[str, Any]]) -> list[Section]:
    """Lines under the headings of their sections; a section without lines is left out."""
    found: dict[str, list[Any]] = {section: [] for section in SECTIONS}
    for section, line in lines:
        found[section].append(line)
    return [Section(key, SECTIONS[key], tuple(held)) for key, held in found.items() if held]


def changes_from_shipped(document: Mapping[str, Any]) -> tuple[Change, ...]:
    """What a document states otherwise than the shipped protocol it stands on."""
    return changes(shipped_document(str(document["extends"])), document)


def loud_first(found: Sequence[Change]) -> list[Change]:
    """Changes with the loud ones first."""
    return sorted(found, key=lambda change: not change.is_loud)


def local_start(typed: str, site_zone: str) -> datetime | None:
    """A local date and time as typed in a form, as an instant; ``None`` where it is none."""
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(site_zone))
    except ValueError:
        return None
