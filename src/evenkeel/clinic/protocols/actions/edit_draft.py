"""Writing a draft over, and discarding it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.protocols.drafting import open_draft, put
from evenkeel.clinic.protocols.models import ProtocolState, ProtocolVersion
from evenkeel.clinic.protocols.queries import document_of
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid
from evenkeel.protocol.edits import apply


@action("protocol.edit", permission="protocol.edit")
def save_draft(
    act: Act,
    *,
    version_id: Any,
    seen_version: int,
    given: Mapping[str, str],
    title: str,
    reason: str,
) -> ProtocolVersion:
    """Write what was typed into a draft; ``given`` as :func:`evenkeel.protocol.entries.apply`.

    ``seen_version`` is that of the draft the writer saw. Raises ``Conflict`` (``draft_changed``)
    where somebody else wrote it meanwhile, ``Invalid`` with a message for each field that is
    wrong; then nothing is stored.
    """
    row = open_draft(act, version_id)
    if row.version != seen_version:
        raise Conflict(
            "Somebody else saved this draft while you were editing it.",
            what_to_do="What you typed still stands here. Compare, then save again.",
            code="draft_changed",
        )
    document, errors = apply(document_of(row.text), given)
    if errors:
        raise Invalid(
            "The draft is not saved yet.",
            what_to_do="Settle what is named, then save again.",
            fields=errors,
        )
    put(row, row.site, document, title, reason)
    row.edited_by = signer(act)
    return act.write(row)


@action("protocol.discard", permission="protocol.edit")
def discard_draft(act: Act, *, version_id: Any) -> ProtocolVersion:
    """Lay a draft aside. It stays in the record, but nobody can sign it any more."""
    row = open_draft(act, version_id)
    row.state = ProtocolState.DISCARDED
    return act.write(row)
