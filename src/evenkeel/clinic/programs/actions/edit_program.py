"""A clinic's own version of a program: started, edited, discarded, signed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import Max

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.programs.document import read_program, read_text, shipped
from evenkeel.clinic.programs.edits import apply, document_text
from evenkeel.clinic.programs.models import ProgramState, ProgramVersion
from evenkeel.clinic.programs.parts import ProgramError
from evenkeel.clinic.programs.queries import program_at, text_digest
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused

LONGEST_REASON = 1000


@action("program.start", permission="program.edit")
def start_program(act: Act, *, site_id: Any, program: str) -> ProgramVersion:
    """Start a draft from what holds at a site now. Raises ``Invalid``, ``Refused`` (draft open)."""
    site = act.open(Site, site_id)
    held = program_at(site.pk, program)
    if held is None:
        raise Invalid("There is no such program.", fields={"program": "Choose a program."})
    if held.draft is not None:
        raise Refused(
            f"A draft of {held.program.title} is open already at {site.name}.",
            what_to_do="Go on with it, or discard it first.",
            code="draft_open",
        )
    return act.write(_draft(act, site, program, held.text, held.program.title, ""))


def _draft(
    act: Act, site: Site, program: str, text: str, title: str, reason: str
) -> ProgramVersion:
    rows = ProgramVersion.objects.filter(site=site, program=program)
    return ProgramVersion(
        site=site,
        program=program,
        number=(rows.aggregate(Max("number"))["number__max"] or 0) + 1,
        title=title,
        reason=reason,
        text=text,
        author=signer(act),
    )


@action("program.import", permission="program.edit")
def import_program(act: Act, *, site_id: Any, content: bytes) -> ProgramVersion:
    """Take a program file over as a draft. Raises ``Invalid`` naming the place that is wrong."""
    site = act.open(Site, site_id)
    try:
        read = read_text(content.decode(), name="The file")
    except UnicodeDecodeError:
        raise _unreadable("The file is not text in UTF-8") from None
    except ProgramError as error:
        raise _unreadable(str(error)) from None
    if read.id not in shipped():
        raise _unreadable(f"id: “{read.id}” is none of " + ", ".join(shipped()))
    held = program_at(site.pk, read.id)
    if held is not None and held.draft is not None:
        raise Refused(
            f"A draft of {held.program.title} is open already at {site.name}.",
            what_to_do="Go on with it, or discard it first.",
            code="draft_open",
        )
    act.note(bytes=len(content))
    row = _draft(act, site, read.id, content.decode(), read.title, "Brought as a file.")
    return act.write(row)


def _unreadable(what: str) -> Invalid:
    return Invalid(
        "The file is not taken over.", fields={"file": what}, code="program_file_invalid"
    )


def _open_draft(act: Act, version_id: Any) -> ProgramVersion:
    row = act.open(ProgramVersion, version_id, "site")
    if row.state != ProgramState.DRAFT:
        raise Refused(
            "This version is no draft any more and stays as it is.",
            what_to_do="Start a new draft from it.",
            code="not_a_draft",
        )
    return row


@action("program.edit", permission="program.edit")
def save_program(
    act: Act, *, version_id: Any, seen_version: int, given: Mapping[str, str], reason: str
) -> ProgramVersion:
    """Write what was typed into a draft; ``given`` as :func:`evenkeel.clinic.programs.edits.apply`.

    Raises ``Conflict`` (``draft_changed``) where somebody wrote it meanwhile, ``Invalid`` with a
    message at the field where it does not hold together; then nothing is stored.
    """
    row = _open_draft(act, version_id)
    if row.version != seen_version:
        raise Conflict(
            "Somebody else saved this draft while you were editing it.",
            what_to_do="What you typed still stands here. Compare, then save again.",
            code="draft_changed",
        )
    reason = reason.strip()
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            "The reason is too long.",
            fields={"reason": f"At most {LONGEST_REASON} characters."},
        )
    try:
        document = apply(_document(row), given)
        program = read_program(document, name="program")
    except ProgramError as error:
        field = error.place if error.place in given else "program"
        raise Invalid(
            "The draft is not saved yet.",
            what_to_do="Settle what is named, then save again.",
            fields={field: f"{error.place}: {error.message}"},
        ) from None
    row.text, row.title, row.reason = document_text(document), program.title, reason
    row.edited_by = signer(act)
    return act.write(row)


def _document(row: ProgramVersion) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(row.text)
    return document


@action("program.discard", permission="program.edit")
def discard_program(act: Act, *, version_id: Any) -> ProgramVersion:
    """Lay a draft aside. It stays in the record, but nobody can sign it any more."""
    row = _open_draft(act, version_id)
    row.state = ProgramState.DISCARDED
    return act.write(row)


@action("program.sign", permission="program.sign")
def sign_program(
    act: Act, *, version_id: Any, read_hash: str, agreed: bool, confirmed_by: str = ""
) -> ProgramVersion:
    """Sign a draft; courses put on the program from now on follow it, others keep theirs.

    ``read_hash`` is the SHA-256 of the text the signer read, ``confirmed_by`` how they showed again
    who they are. Raises ``Conflict`` where it is
    another by now, ``Invalid`` where the meaning was not agreed to or no reason is given.
    """
    row = _open_draft(act, version_id)
    if text_digest(row.text) != read_hash:
        raise Conflict(
            "The draft was changed while this page was open.",
            what_to_do="Read it as it stands now, then sign.",
            code="draft_changed",
        )
    fields = {}
    if not agreed:
        fields["agreed"] = "Read the program, then tick this."
    if not row.reason:
        fields["reason"] = "Say in the draft why the program changes."
    if fields:
        raise Invalid("The program is not signed yet.", fields=fields)
    row.signed_by, row.signed_at = signer(act), act.now
    row.state, row.text_hash = ProgramState.SIGNED, read_hash
    row.meaning = meaning_of(row)
    act.note(text_hash=row.text_hash, confirmed_by=confirmed_by[:40])
    return act.write(row)


def meaning_of(row: ProgramVersion) -> str:
    """What a signature under this version says."""
    return (
        f"I have read version {row.number} of “{row.title}”. Courses that are put on it at "
        f"{row.site.name} from now on follow it."
    )
