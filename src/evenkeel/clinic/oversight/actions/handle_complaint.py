"""A complaint is acknowledged, answered, or passed on by somebody whom it is about."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.oversight.complaints import may_read, readers_for
from evenkeel.clinic.oversight.models import Complaint
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, NotFound, Refused

_LONGEST = 8000


@action("complaint.acknowledge", permission="complaint.handle")
def acknowledge_complaint(act: Act, *, complaint_id: Any, words: str) -> Complaint:
    """Tell whoever complained that it arrived and what happens next."""
    row = _mine(act, complaint_id)
    if row.acknowledged_at is not None or row.answered_at is not None:
        raise Refused("This was acknowledged before.", code="acknowledged")
    row.acknowledgement = _words(words, "acknowledgement", "Write what happens next.")
    row.acknowledged_by, row.acknowledged_at = signer(act).shown_name, act.now
    return act.write(row)


@action("complaint.answer", permission="complaint.handle")
def answer_complaint(act: Act, *, complaint_id: Any, answer: str, findings: str) -> Complaint:
    """Answer a complaint. ``findings`` stay among those who may read it."""
    row = _mine(act, complaint_id)
    if row.answered_at is not None:
        raise Refused("This was answered before.", code="answered")
    row.answer = _words(answer, "answer", "Write the answer.")
    row.findings = findings.strip()[:_LONGEST].replace("\x00", "")
    row.answered_by, row.answered_at = signer(act).shown_name, act.now
    if row.acknowledged_at is None:
        row.acknowledged_by, row.acknowledged_at = row.answered_by, act.now
    return act.write(row)


@action("complaint.reopen", permission="complaint.handle")
def reopen_complaint(act: Act, *, complaint_id: Any, reason: str) -> Complaint:
    """Open an answered complaint again: the answer was a mistake, or was not enough."""
    row = _mine(act, complaint_id)
    if row.answered_at is None:
        raise Refused("This is open.", code="open")
    # what the audit shows of it must not tell of the complaint
    words = _words(reason, "reason", "Say why it is opened again.")
    earlier = f"Opened again {act.now:%Y-%m-%d}: {words}\nThe answer then: {row.answer}"
    row.findings = "\n\n".join(filter(None, (row.findings, earlier)))
    row.answer, row.answered_by, row.answered_at = "", "", None
    return act.write(row)


@action("complaint.pass_on", permission="complaint.handle")
def pass_on(act: Act, *, complaint_id: Any) -> Complaint:
    """Say that it is about oneself: from then on one can no longer open it.

    Raises ``Refused`` where nobody would be left to read it.
    """
    row = _mine(act, complaint_id)
    mine = {role.value for site, role in act.actor.grants if site in (None, row.site_id)}
    left = readers_for(row.site_id, row.about, without=[*row.excluded, act.actor.id])
    others = [role for role in left if role not in mine]
    if not others:
        raise Refused(
            "Nobody else here may read it.",
            what_to_do="Tell whoever complained about the places outside.",
            code="nobody",
        )
    row.recipients = others
    row.excluded = [*row.excluded, act.actor.id]
    return act.write(row)


def _mine(act: Act, complaint_id: Any) -> Complaint:
    row = act.open(Complaint, complaint_id, "site")
    if not may_read(act.actor, row):
        raise NotFound("There is nothing here with that address.")
    return row


def _words(text: str, name: str, ask: str) -> str:
    words = text.strip()
    if not words or len(words) > _LONGEST or "\x00" in words:
        raise Invalid(ask, fields={name: ask})
    return words
