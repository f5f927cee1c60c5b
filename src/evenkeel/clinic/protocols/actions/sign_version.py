"""Signing a protocol, and taking one out of force."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.signing import role_at, signer
from evenkeel.clinic.protocols.drafting import new_draft, open_draft
from evenkeel.clinic.protocols.models import ProtocolState, ProtocolVersion
from evenkeel.clinic.protocols.queries import document_of, signed_at
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, Refused
from evenkeel.clinic.record.permissions import Role
from evenkeel.protocol.editions import (
    SIGNATURE,
    document_text,
    product_label,
    shipped_document,
    text_digest,
)
from evenkeel.protocol.edits import faults, objections
from evenkeel.protocol.pack import default_protocol
from evenkeel.protocol.products import PRODUCTS

LATEST_START = timedelta(days=366)


@action("protocol.sign", permission="protocol.sign")
def sign_version(
    act: Act,
    *,
    version_id: Any,
    read_hash: str,
    agreed: bool,
    in_force_from: datetime | None = None,
    confirmed_by: str = "",
) -> ProtocolVersion:
    """Sign a draft; it is in force from now, or from a later time.

    ``read_hash`` is the SHA-256 of the text the signer read. Raises ``Conflict``
    (``draft_changed``) where it is another by now, ``Invalid`` where the meaning was not agreed to,
    the reason for the change is missing, the time has passed, or the document does not hold.
    """
    row = open_draft(act, version_id)
    if text_digest(row.text) != read_hash:
        raise Conflict(
            "The draft was changed while this page was open.",
            what_to_do="Read it as it stands now, then sign.",
            code="draft_changed",
        )
    document = document_of(row.text)
    fields = _missing(row, agreed, in_force_from, act.now)
    wrong = {**faults(document), **objections(document)}
    if wrong:
        raise Invalid(
            "The draft does not hold together and cannot be signed.",
            what_to_do="Go on editing it: what is wrong is said at its field.",
            code="protocol_invalid",
        )
    if fields:
        raise Invalid("The protocol is not signed yet.", fields=fields)
    _sign(act, row, in_force_from, confirmed_by)
    return act.write(row)


def _missing(
    row: ProtocolVersion, agreed: bool, in_force_from: datetime | None, now: datetime
) -> dict[str, str]:
    fields: dict[str, str] = {}
    if not agreed:
        fields["agreed"] = "Read the protocol, then tick this."
    if not row.reason and row.number > 1:
        fields["reason"] = "Say in the draft why the protocol changes."
    if in_force_from is not None and in_force_from < now:
        fields["in_force_from"] = "This time has passed. Choose now, or a later time."
    if in_force_from is not None and in_force_from > now + LATEST_START:
        fields["in_force_from"] = "At most a year ahead."
    return fields


def _sign(
    act: Act, row: ProtocolVersion, in_force_from: datetime | None, confirmed_by: str
) -> None:
    row.signed_by, row.signed_at = signer(act), act.now
    row.signed_role = role_at(act, row.site_id)
    if row.signed_role != Role.MEDICAL_DIRECTOR:
        raise Forbidden("Only a medical director signs a protocol.")
    row.state = ProtocolState.SIGNED
    row.in_force_from = in_force_from or act.now
    row.confirmed_by = confirmed_by[:40]
    row.meaning = meaning_of(row)
    signature = {
        "name": row.signed_by.shown_name,
        "role": row.signed_role,
        "signed_at": row.signed_at.isoformat(),
        "in_force_from": row.in_force_from.isoformat(),
        "meaning": row.meaning,
    }
    row.text = document_text(document_of(row.text) | {SIGNATURE: signature})
    row.text_hash = text_digest(row.text)
    act.note(text_hash=row.text_hash, confirmed_by=row.confirmed_by)


def meaning_of(row: ProtocolVersion) -> str:
    """What a signature under this version says."""
    return (
        f"I have read version {row.number} of “{row.title}” and put it in force for "
        f"{product_label(row.product)} at {row.site.name}. I answer for every value in it."
    )


@action("protocol.adopt", permission="protocol.sign")
def adopt_shipped(
    act: Act, *, site_id: Any, products: Iterable[str] = tuple(PRODUCTS)
) -> list[ProtocolVersion]:
    """Sign the shipped protocols of some products as they are, where none is in force yet.

    For an installation that shows or tests the product; a clinic reads each before it signs.
    """
    site = act.open(Site, site_id)
    signed = []
    for product in products:
        if signed_at(product, site.pk, act.now) is not None:
            continue
        shipped = default_protocol(product, site.jurisdiction)
        row = new_draft(
            act, site, shipped_document(shipped.name), "", "The shipped protocol, as it is."
        )
        _sign(act, row, None, "")
        signed.append(act.write(row))
    return signed


@action("protocol.retire", permission="protocol.sign")
def retire_version(act: Act, *, version_id: Any, reason: str) -> ProtocolVersion:
    """Take a signed version out of force, or keep one from coming into force.

    Where it was in force none is then: no session of its product starts until another is signed.
    Sessions under way keep it. Raises ``Refused`` for one that is not signed, ``Invalid`` without
    a reason.
    """
    row = act.open(ProtocolVersion, version_id)
    if row.state != ProtocolState.SIGNED:
        raise Refused("Only a signed version can be taken out of force.", code="not_signed")
    if not reason.strip():
        raise Invalid(
            "The reason is missing.", fields={"retire_reason": "Say why it is taken out of force."}
        )
    row.state = ProtocolState.RETIRED
    row.retired_at, row.retired_by = act.now, signer(act)
    row.retire_reason = act.reason = reason.strip()[:1000]
    return act.write(row)
