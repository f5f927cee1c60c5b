"""The clinic loads its own version of the monitoring form, made from the official one."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from evenkeel.clinic.oversight.models import RemsDefinition
from evenkeel.clinic.oversight.rems import JURISDICTION, PROGRAM, read_definition
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused

MAX_BYTES: Final = 200_000


@action("rems.load_form", permission="rems.manage")
def load_form(act: Act, *, site_id: Any, content: bytes) -> RemsDefinition:
    """Load a version from a file; forms begun from now on are filled under it.

    Raises ``Invalid`` saying what is wrong with the file.
    """
    site = act.open(Site, site_id)
    if site.jurisdiction != JURISDICTION:
        raise Refused("This programme holds in the United States only.", code="elsewhere")
    definition = read_definition(_document(content))
    return act.write(
        RemsDefinition(
            site=site,
            program=PROGRAM,
            title=definition.title,
            edition=definition.edition,
            document=definition.document,
            document_hash=definition.hash,
            loaded_by=act.actor.name,
            loaded_at=act.now,
        )
    )


@action("rems.withdraw_form", permission="rems.manage")
def withdraw_form(act: Act, *, definition_id: Any) -> RemsDefinition:
    """Stop filling in a version; the one before it, or the shipped one, is filled in again."""
    row = act.open(RemsDefinition, definition_id)
    if row.withdrawn_at is not None:
        raise Refused("This version was withdrawn before.", code="withdrawn")
    row.withdrawn_at, row.withdrawn_by = act.now, act.actor.name
    return act.write(row)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _document(content: bytes) -> Any:
    if len(content) > MAX_BYTES:
        raise Invalid("The file is too large.", fields={"file": "At most 200 KB."})
    try:
        return json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Invalid("The file is no JSON.", fields={"file": "It must be a JSON file."}) from None
