"""Which protocol holds: at a site, for a product, at a time; and what a signed one says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from typing import Protocol as Shape
from uuid import UUID

from django.db.models import F, Q

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.protocols.models import ProtocolState, ProtocolVersion
from evenkeel.clinic.record.prepared import Prepared
from evenkeel.protocol.editions import Document, parse_signed
from evenkeel.protocol.errors import ProtocolError
from evenkeel.protocol.pack import Protocol, default_protocol, load_protocol


@dataclass(frozen=True, slots=True)
class HeldProtocol:
    """A protocol, and the signed version it is; ``version_id`` is ``None`` for a shipped one."""

    protocol: Protocol
    version_id: UUID | None = None
    text_hash: str = ""

    @property
    def is_signed(self) -> bool:
        """Whether a medical director signed it."""
        return self.version_id is not None

    def stamp(self, row: Any) -> None:
        """Put name, version and hash into a row that is written under this protocol."""
        row.protocol_name, row.protocol_version = self.protocol.name, self.protocol.version
        row.protocol_used_id = self.version_id
        row.protocol_hash = self.text_hash or None


class WrittenUnder(Shape):
    """A row that keeps the protocol it was written under."""

    product: str
    protocol_name: str
    protocol_used_id: UUID | None
    protocol_hash: str | None


def protocol_in_force(product: str, site_id: Any, at: datetime) -> Protocol | None:
    """The signed protocol in force for a product at a site at a time; ``None`` without one."""
    held = signed_at(product, site_id, at)
    return held.protocol if held else None


def signed_at(product: str, site_id: Any, at: datetime) -> HeldProtocol | None:
    """The same, with the version it is."""
    found = _IN_FORCE.first(site_id, product, at)
    if found is None:
        return None
    pk, text_hash, retired_at = found
    if retired_at is not None and retired_at <= at:
        return None  # what it had superseded does not come back by itself
    return HeldProtocol(_parsed(pk, text_hash), pk, text_hash)


def standing_at(product: str, site: Site, at: datetime) -> HeldProtocol | None:
    """The signed protocol, or where none is signed yet the shipped one for the jurisdiction.

    A person may be screened and a dose planned by the shipped one; no session starts under it.
    """
    held = signed_at(product, site.pk, at)
    if held is not None:
        return held
    try:
        return HeldProtocol(default_protocol(product, site.jurisdiction))
    except ProtocolError:
        return None


def protocol_under(row: WrittenUnder) -> Protocol:
    """The very protocol a row was written under, whatever was signed since.

    For a row from before there were signed versions the shipped one of that name, or the product's
    default where it is shipped no more.
    """
    if row.protocol_used_id is not None:
        return _parsed(row.protocol_used_id, str(row.protocol_hash))
    try:
        return load_protocol(row.protocol_name)
    except ProtocolError:
        return default_protocol(row.product)


@lru_cache(maxsize=256)
def _parsed(version_id: UUID, text_hash: str) -> Protocol:
    """A signed version's protocol; by its hash, for what is signed never changes."""
    text = ProtocolVersion.objects.values_list("text", flat=True).get(pk=version_id)
    return parse_signed(document_of(text))[0]


def document_of(text: str) -> Document:
    """The document in a stored text, which was within limits when it was stored."""
    document: Document = json.loads(text)
    return document


#: Asked by every page of a course and at every start of a session.
_IN_FORCE = Prepared(
    lambda site_id, product, at: (
        ProtocolVersion.objects.filter(
            ~Q(retired_at__lte=F("in_force_from")),
            site_id=site_id,
            product=product,
            in_force_from__lte=at,
            # a site that moved under other rules signs anew
            jurisdiction=F("site__jurisdiction"),
        )
        .order_by("-in_force_from", "-number")
        .values_list("pk", "text_hash", "retired_at")[:1]
    ),
    lambda: [
        Site._meta.pk,
        ProtocolVersion._meta.get_field("product"),
        ProtocolVersion._meta.get_field("in_force_from"),
    ],
)


def history_of(site_id: Any, product: str) -> Sequence[ProtocolVersion]:
    """Every version of a product at a site, newest first, without their texts."""
    return list(
        ProtocolVersion.objects.filter(site_id=site_id, product=product)
        .exclude(state=ProtocolState.DISCARDED)
        .select_related("site", "author", "signed_by", "edited_by", "retired_by")
        .defer("text")
        .order_by("-number")
    )


def standing_of(row: ProtocolVersion, versions: Sequence[ProtocolVersion], now: datetime) -> str:
    """How a version stands: draft, in_force, coming, superseded, retired or discarded."""
    if row.state != ProtocolState.SIGNED or row.in_force_from is None:
        return str(row.state)
    if row.in_force_from > now:
        return "coming"
    current = in_force_among(versions, now)
    return "in_force" if current is not None and current.pk == row.pk else "superseded"


def in_force_among(versions: Sequence[ProtocolVersion], now: datetime) -> ProtocolVersion | None:
    """The one of a product's versions that is in force; ``None`` once it was retired."""
    begun = [
        row
        for row in versions
        if row.in_force_from is not None
        and row.in_force_from <= now
        and row.jurisdiction == row.site.jurisdiction
        and (row.retired_at is None or row.retired_at > row.in_force_from)
    ]
    newest = max(begun, key=lambda row: (row.in_force_from, row.number), default=None)
    if newest is None or (newest.retired_at is not None and newest.retired_at <= now):
        return None
    return newest
