"""A report to an authority: who sends it, that it went and by what proof, or why none is owed."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.oversight.actions.record_incident import newest_account
from evenkeel.clinic.oversight.medwatch import as_document, medwatch_form
from evenkeel.clinic.oversight.models import Report
from evenkeel.clinic.oversight.terms import authority_named, end_of_day
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.record.permissions import roles_for

WAYS: Final[dict[str, str]] = {
    "online": "Online",
    "fax": "By fax",
    "mail": "By mail",
    "telephone": "By telephone",
}


@action("report.name_sender", permission="report.send")
def name_sender(act: Act, *, report_id: Any, account_id: Any) -> Report:
    """Say who is to send a report. Raises ``Invalid`` for somebody who may not."""
    report = act.open(Report, report_id, "incident")
    _open(report)
    found = next(
        (one for one in senders_at(report.site_id) if str(one.pk) == str(account_id)), None
    )
    if found is None:
        raise Invalid("Choose who sends it.", fields={"sender": "Choose who sends it."})
    report.sender = found
    return act.write(report)


@action("report.note_sent", permission="report.send")
def note_sent(
    act: Act, *, report_id: Any, sent_on: date | None, how: str, reference: str
) -> Report:
    """Note that the caller has sent a report, with its proof; what was filled in is kept.

    Raises ``Invalid`` by field, ``Refused`` where it is settled already.
    """
    report = act.open(Report, report_id, "incident__site", "incident__patient", "incident__session")
    _open(report)
    incident = report.incident
    zone = ZoneInfo(incident.site.timezone)
    reference = reference.strip()
    wrong: dict[str, str] = {}
    if how not in WAYS:
        wrong["how"] = "Choose how it was sent."
    if not reference or len(reference) > 120 or "\x00" in reference:
        wrong["reference"] = "Enter the number the authority gave, or that of the fax receipt."
    today = act.now.astimezone(zone).date()
    first = incident.happened_at.astimezone(zone).date()
    if sent_on is None or not first <= sent_on <= today:
        wrong["sent_on"] = "The day it was sent: not before the event, not in the future."
    if wrong or sent_on is None:
        raise Invalid("The proof is not complete yet.", fields=wrong)
    sender = signer(act)
    form = medwatch_form(incident, newest_account(incident), sender, act.now)
    report.document = as_document(form)
    report.document_hash = digest(canonical(report.document))
    report.sender, report.sent_by = sender, sender.shown_name
    report.sent_how, report.reference = how, reference
    report.sent_at = min(act.now, end_of_day(sent_on, incident.site.timezone))
    return act.write(report)


@action("report.decide_none", permission="report.send")
def decide_none(act: Act, *, report_id: Any, reason: str) -> Report:
    """Decide that no report goes to this authority. Raises ``Invalid`` without a reason."""
    report = act.open(Report, report_id, "incident")
    _open(report)
    reason = reason.strip()
    if not reason or len(reason) > 2000 or "\x00" in reason:
        raise Invalid("Say why none is sent.", fields={"reason": "Say why none is sent."})
    report.not_sent_reason = reason
    report.decided_by, report.decided_at = signer(act).shown_name, act.now
    return act.write(report)


@action("report.take_back", permission="report.send")
def take_back(act: Act, *, report_id: Any, reason: str) -> Report:
    """Open a report again: the decision or the proof was entered by mistake, or more must be sent.

    What was noted stays among the earlier versions of the row.
    """
    report = act.open(Report, report_id, "incident")
    if report.sent_at is None and report.decided_at is None:
        raise Refused("This report is open.", code="open")
    act.reason = reason.strip()[:400]
    if not act.reason:
        raise Invalid("Say why.", fields={"reason": "Say why it is opened again."})
    report.sent_at = report.decided_at = report.document = None
    report.sent_by = report.sent_how = report.reference = report.document_hash = ""
    report.not_sent_reason = report.decided_by = ""
    return act.write(report)


def senders_at(site_id: Any) -> list[Account]:
    """Who may send reports of a site, by name."""
    roles = [role.value for role in roles_for("report.send")]
    rows = Account.objects.filter(
        is_active=True,
        memberships__site_id=site_id,
        memberships__ended_at=None,
        memberships__role__in=roles,
    )
    return list(rows.distinct().order_by("full_name"))


def _open(report: Report) -> None:
    if report.sent_at is not None or report.decided_at is not None:
        raise Refused(
            "This report is settled.",
            what_to_do="Open it again first, with a reason.",
            code="settled",
        )
    if authority_named(report.authority) is None:
        raise Refused("No file knows this authority any more.", code="unknown_authority")
