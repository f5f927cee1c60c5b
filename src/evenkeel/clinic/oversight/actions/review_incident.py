"""The medical director reviews an incident, closes it once nothing is open, or opens it again."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.oversight.actions.record_incident import newest_account
from evenkeel.clinic.oversight.models import Incident
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused


@action("incident.review", permission="incident.review")
def review_incident(act: Act, *, incident_id: Any, seen_account: Any, note: str) -> Incident:
    """Review the account that stands, with a note of what it means for the clinic.

    Raises ``Refused`` where another account stands by now, or where nobody has judged yet what
    caused an adverse event.
    """
    incident = act.open(Incident, incident_id, "site")
    account = newest_account(incident)
    if str(account.pk) != str(seen_account):
        raise Refused(
            "The account was corrected meanwhile.",
            what_to_do="Read the newest, then review it.",
            code="changed_meanwhile",
        )
    if account.kind == "adverse_event" and not account.causality:
        raise Refused(
            "Nobody has judged yet whether the medicine caused it.",
            what_to_do="Correct the account and choose a category, even “not yet classified”.",
            code="no_causality",
        )
    incident.review_note = _words(note, "Say what was found and what follows from it.")
    incident.reviewed_by, incident.reviewed_at = signer(act), act.now
    incident.reviewed_account_id = account.pk
    return act.write(incident)


@action("incident.close", permission="incident.review")
def close_incident(act: Act, *, incident_id: Any) -> Incident:
    """Close an incident. Raises ``Refused`` naming everything that is still open."""
    incident = act.open(Incident, incident_id, "site")
    if incident.closed_at is not None:
        raise Refused("This incident is closed.", code="closed")
    open_still = reasons_open(incident)
    if open_still:
        raise Refused(
            " ".join(open_still), what_to_do="Settle what is named, then close it.", code="open"
        )
    incident.closed_at, incident.closed_by = act.now, act.actor.name
    return act.write(incident)


@action("incident.reopen", permission="incident.review")
def reopen_incident(act: Act, *, incident_id: Any, reason: str) -> Incident:
    """Open a closed incident again, with a reason that stands in the audit."""
    incident = act.open(Incident, incident_id, "site")
    if incident.closed_at is None:
        raise Refused("This incident is open.", code="open")
    act.reason = _words(reason, "Say why it is opened again.", "reason")
    incident.closed_at, incident.closed_by = None, ""
    return act.write(incident)


def reasons_open(incident: Incident) -> list[str]:
    """Why an incident cannot be closed yet."""
    found = []
    if incident.reviewed_at is None:
        found.append("The medical director has not reviewed it.")
    actions = incident.actions.filter(done_at=None).count()
    if actions:
        found.append(f"{actions} action{'s are' if actions > 1 else ' is'} open.")
    reports = incident.reports.filter(sent_at=None, decided_at=None).count()
    if reports:
        found.append(
            f"{reports} report{'s are' if reports > 1 else ' is'} neither sent nor decided."
        )
    return found


def _words(text: str, ask: str, name: str = "note") -> str:
    words = text.strip()
    if not words or len(words) > 4000 or "\x00" in words:
        raise Invalid(ask, fields={name: ask})
    return words
