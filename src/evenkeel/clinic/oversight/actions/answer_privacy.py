"""A named person answers a request, puts it off once, replies to a statement, ends a limit."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from evenkeel.clinic.oversight.actions.ask_privacy import checked_text
from evenkeel.clinic.oversight.models import PrivacyRequest
from evenkeel.clinic.oversight.retention import rules_of
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused

ANSWERS = ("granted", "partly", "denied")


def _open_request(act: Act, request_id: Any) -> PrivacyRequest:
    row = act.open(PrivacyRequest, request_id, "patient", "site")
    if row.state != "open":
        raise Refused("This request has its answer.", code="answered")
    return row


@action("privacy.answer", permission="privacy.answer")
def answer_privacy(
    act: Act, *, request_id: Any, state: str, answer: str, changed: str = ""
) -> PrivacyRequest:
    """Answer it under one's name, with reasons; of a correction that is granted, say what was
    changed where.

    Raises ``Invalid`` for an answer that is none or lacks its reasons, ``Refused`` once answered.
    """
    row = _open_request(act, request_id)
    if state not in ANSWERS:
        raise Invalid("Nothing was chosen.", fields={"state": "Choose an answer."})
    row.answer = checked_text(answer, "answer", "Say why, in words the person understands.")
    if row.kind == "correction" and state != "denied":
        changed = checked_text(changed, "changed", "Say what was corrected, and where it stands.")
    row.state, row.changed = state, changed.strip()
    row.answered_by, row.answered_at = signer(act), act.now
    act.reason = row.answer
    return act.write(row)


@action("privacy.extend", permission="privacy.answer")
def extend_privacy(act: Act, *, request_id: Any, reason: str) -> PrivacyRequest:
    """Put the answer off, once, as far as the law allows; the person is told why.

    Raises ``Refused`` where it was put off before, is late already, or may not be put off.
    """
    row = _open_request(act, request_id)
    term = rules_of(row.site.jurisdiction).terms[row.kind]
    zone = ZoneInfo(row.site.timezone)
    if not term.may_extend:
        raise Refused("Here the law knows no later day.", code="no_extension")
    if row.extended_to is not None:
        raise Refused("It was put off once, and can be only once.", code="extended")
    if act.now.astimezone(zone).date() > row.due_on:
        raise Refused("It is late already; it had to be put off before.", code="late")
    row.extension_reason = checked_text(reason, "reason", "Say why it takes longer.")
    row.extended_to = term.latest(row.received_at.astimezone(zone).date())
    return act.write(row)


@action("privacy.rebut", permission="privacy.answer")
def rebut(act: Act, *, request_id: Any, text: str) -> PrivacyRequest:
    """Reply to the statement of disagreement; both stand beside the record. Once."""
    row = act.open(PrivacyRequest, request_id, "patient", "site")
    if not row.disagreement or row.rebuttal:
        raise Refused("There is no statement without a reply.", code="no_statement")
    row.rebuttal = checked_text(text, "text", "Write the reply.")
    row.rebutted_by, row.rebutted_at = signer(act), act.now
    return act.write(row)


@action("privacy.lift", permission="privacy.answer")
def lift_limit(act: Act, *, request_id: Any, reason: str) -> PrivacyRequest:
    """End a granted limit. Raises ``Refused`` where none stands."""
    row = act.open(PrivacyRequest, request_id, "patient", "site")
    if not row.limits:
        raise Refused("No limit stands by this request.", code="no_limit")
    row.lift_reason = checked_text(reason, "reason", "Say why it ends, and who was told.")
    row.lifted_at, row.lifted_by = act.now, signer(act)
    act.reason = row.lift_reason
    return act.write(row)
