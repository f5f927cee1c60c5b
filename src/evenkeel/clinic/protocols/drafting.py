"""What every way of making a draft shares: its name, its number, and what may be kept."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Max

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.protocols.models import ProtocolState, ProtocolVersion
from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.protocol.editions import SIGNATURE, Document, document_text, product_label

LONGEST_TITLE = 160
LONGEST_REASON = 1000


def new_draft(act: Act, site: Site, document: Document, title: str, reason: str) -> ProtocolVersion:
    """A draft of the document's product at a site, numbered and named, not yet written.

    Raises ``Refused`` (``draft_open``) where one is open already.
    """
    product = str(document["product"])
    rows = ProtocolVersion.objects.filter(site=site, product=product)
    if rows.filter(state=ProtocolState.DRAFT).exists():
        raise Refused(
            f"A draft for {product_label(product)} is open already at {site.name}.",
            what_to_do="Go on with it, or discard it first.",
            code="draft_open",
        )
    if site.jurisdiction not in document["jurisdictions"]:
        places = ", ".join(document["jurisdictions"])
        raise Invalid(
            f"This protocol is for {places}; {site.name} is in {site.jurisdiction}.",
            what_to_do="Start from the protocol shipped for this jurisdiction.",
            code="other_jurisdiction",
        )
    number = (rows.aggregate(Max("number"))["number__max"] or 0) + 1
    row = ProtocolVersion(
        site=site,
        product=product,
        jurisdiction=site.jurisdiction,
        number=number,
        author=signer(act),
    )
    put(row, site, document, title or f"{site.name}: {product_label(product)}", reason)
    return row


def put(row: ProtocolVersion, site: Site, document: Document, title: str, reason: str) -> None:
    """Put a document with its name and number into a draft. Raises ``Invalid`` without title."""
    title, reason = " ".join(title.split()), reason.strip()
    if not title or len(title) > LONGEST_TITLE:
        raise Invalid(
            "The protocol needs a title.",
            fields={"title": f"Enter a title of at most {LONGEST_TITLE} characters."},
        )
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            "The reason is too long.",
            fields={"reason": f"At most {LONGEST_REASON} characters."},
        )
    row.title, row.reason = title, reason
    document.pop(SIGNATURE, None)
    document |= {"name": name_of(site, row.product), "version": str(row.number), "title": title}
    row.text = document_text(document)


def name_of(site: Site, product: str) -> str:
    """What a site's protocol for a product is called wherever it is kept or handed out."""
    place = re.sub(r"[^a-z0-9]+", "-", site.name.lower()).strip("-")[:40] or "site"
    return f"{place}-{product.replace('_', '-')}"


def open_draft(act: Act, version_id: Any) -> ProtocolVersion:
    """The draft with this key, checked. Raises ``Refused`` for anything but a draft."""
    row = act.open(ProtocolVersion, version_id, "site")
    if row.state != ProtocolState.DRAFT:
        raise Refused(
            "This version is no draft any more and stays as it is.",
            what_to_do="Start a new draft from it.",
            code="not_a_draft",
        )
    return row
