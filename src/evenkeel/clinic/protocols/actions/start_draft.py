"""Starting a draft: from a shipped protocol, from a version here, or from a file."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.protocols.drafting import new_draft
from evenkeel.clinic.protocols.models import ProtocolVersion
from evenkeel.clinic.protocols.queries import document_of
from evenkeel.clinic.record.act import Act, action, check_access, find
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.protocol.editions import read_text, shipped_document, whole_document
from evenkeel.protocol.edits import faults, objections
from evenkeel.protocol.errors import ProtocolError
from evenkeel.protocol.pack import default_protocol
from evenkeel.protocol.products import PRODUCTS


@action("protocol.start", permission="protocol.edit")
def start_draft(
    act: Act, *, site_id: Any, product: str = "", basis_id: Any = None
) -> ProtocolVersion:
    """Start the draft of a product at a site from the shipped protocol, or from a version.

    ``basis_id`` may be a version of another site that the caller works at. Raises ``Invalid`` for
    an unknown product, ``Refused`` where a draft is open (``draft_open``) or none is shipped.
    """
    site = act.open(Site, site_id)
    if basis_id:
        basis = find(ProtocolVersion, basis_id)
        check_access(act.actor, basis, "protocol.view")
        row = new_draft(act, site, whole_document(document_of(basis.text)), basis.title, "")
        row.based_on = basis
        return act.write(row)
    if product not in PRODUCTS:
        raise Invalid("There is no such product.", fields={"product": "Choose a product."})
    try:
        shipped = default_protocol(product, site.jurisdiction)
    except ProtocolError:
        raise Refused(
            f"No protocol for {PRODUCTS[product].label} is shipped for {site.jurisdiction}.",
            what_to_do="Bring one as a file.",
            code="none_shipped",
        ) from None
    return act.write(new_draft(act, site, shipped_document(shipped.name), "", ""))


@action("protocol.import", permission="protocol.edit")
def import_draft(act: Act, *, site_id: Any, content: bytes, reason: str = "") -> ProtocolVersion:
    """Start a draft from a protocol file. Raises ``Invalid`` naming the entry that is wrong."""
    site = act.open(Site, site_id)
    try:
        document = whole_document(read_text(content))
    except ProtocolError as error:
        raise _unreadable(str(error)) from None
    wrong = {**faults(document), **objections(document)}
    if wrong:
        field, message = next(iter(wrong.items()))
        raise _unreadable(f"{field.removeprefix('why.')}: {message}")
    row = new_draft(act, site, document, str(document["title"]), reason or "Brought as a file.")
    act.note(bytes=len(content))
    return act.write(row)


def _unreadable(what: str) -> Invalid:
    return Invalid(
        "The file is not taken over.", fields={"file": what}, code="protocol_file_invalid"
    )
