"""The protocols that were in force in the time, each with its text and who signed it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from evenkeel.clinic.oversight.bundle.asked import Asked, Table, when
from evenkeel.clinic.oversight.bundle.pseudonyms import People
from evenkeel.clinic.protocols.models import ProtocolState, ProtocolVersion


def tables(asked: Asked, people: People) -> list[Table]:
    """One table: every signed version that held at some moment of the time."""
    rows = [_row(version, until, people) for version, until in in_force(asked)]
    return [
        Table(
            "in-force",
            "Protocols in force",
            "Every version that was in force at some moment of this time, with its whole text. "
            "The hash is SHA-256 of the text as it was signed.",
            [
                ("site", "Site"),
                ("product", "Product"),
                ("number", "Version"),
                ("title", "Title"),
                ("in_force_from", "In force from (UTC)"),
                ("in_force_until", "Until (UTC)"),
                ("signed_by", "Signed by"),
                ("signed_at", "Signed (UTC)"),
                ("meaning", "Meaning of the signature"),
                ("text_hash", "SHA-256 of the text"),
                ("reason", "Reason"),
                ("text", "Text"),
            ],
            rows,
        )
    ]


def in_force(asked: Asked) -> list[tuple[ProtocolVersion, Any]]:
    """Signed versions that held at some moment of the time, and when each ended, if it did."""
    held = ProtocolVersion.objects.filter(
        site_id__in=asked.site_ids,
        state__in=(ProtocolState.SIGNED, ProtocolState.RETIRED),
        in_force_from__lt=asked.until,
    ).select_related("site", "signed_by")
    lines: dict[tuple[Any, str], list[ProtocolVersion]] = defaultdict(list)
    for version in held.order_by("site__name", "product", "in_force_from", "number"):
        lines[version.site_id, version.product].append(version)
    found = []
    for versions in lines.values():
        for version, following in zip(versions, [*versions[1:], None], strict=True):
            ends = [
                at for at in (version.retired_at, getattr(following, "in_force_from", None)) if at
            ]
            until = min(ends, default=None)
            if until is None or (until > asked.since and until > version.in_force_from):
                found.append((version, until))
    return found


def _row(version: ProtocolVersion, until: Any, people: People) -> dict[str, Any]:
    return {
        "site": version.site.name,
        "product": version.product,
        "number": version.number,
        "title": version.title,
        "in_force_from": when(version.in_force_from),
        "in_force_until": when(until),
        "signed_by": version.signed_by.shown_name if version.signed_by else "",
        "signed_at": when(version.signed_at),
        "meaning": version.meaning,
        "text_hash": version.text_hash,
        "reason": people.text(version.reason),
        "text": version.text,
    }
