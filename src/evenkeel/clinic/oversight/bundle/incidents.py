"""Adverse events, near misses and other incidents of the time, with what was done and reported."""

from __future__ import annotations

from evenkeel.clinic.oversight.bundle.asked import Asked, Table, when
from evenkeel.clinic.oversight.bundle.pseudonyms import People
from evenkeel.clinic.oversight.models import Incident, IncidentAccount, IncidentAction, Report


def tables(asked: Asked, people: People) -> list[Table]:
    """Three tables: the incidents as they stand now, their actions, and reports that are owed."""
    found = list(
        Incident.objects.filter(
            site_id__in=asked.site_ids, recorded_at__gte=asked.since, recorded_at__lt=asked.until
        )
        .select_related("site", "reviewed_by")
        .order_by("site__name", "number")
    )
    return [_incidents(found, people), _actions(found, people), _reports(found, people)]


def _incidents(found: list[Incident], people: People) -> Table:
    newest: dict[object, IncidentAccount] = {}
    for account in IncidentAccount.objects.filter(incident__in=found).order_by("written_at"):
        newest[account.incident_id] = account
    rows = []
    for row in found:
        account = newest.get(row.pk)
        rows.append(
            {
                "id": str(row.pk),
                "site": row.site.name,
                "number": row.number,
                "kind": row.get_kind_display(),
                "person": people.person(row.patient_id),
                "title": people.text(row.title, row.patient_id),
                "product": row.product,
                "severity": row.severity,
                "seriousness": ", ".join(row.seriousness),
                "causality": account.causality if account else "",
                "expectedness": account.expectedness if account else "",
                "outcome": row.outcome,
                "happened_at": when(row.happened_at),
                "recorded_at": when(row.recorded_at),
                "recorded_by": people.text(row.recorded_by),
                "reviewed_at": when(row.reviewed_at),
                "reviewed_by": row.reviewed_by.shown_name if row.reviewed_by else "",
                "closed_at": when(row.closed_at),
                "narrative": people.text(account.narrative if account else "", row.patient_id),
            }
        )
    return Table(
        "incidents",
        "Incidents",
        "Every adverse event, near miss and other incident recorded in this time, as it stood "
        "when the bundle was made.",
        [
            ("id", "Id"),
            ("site", "Site"),
            ("number", "Number"),
            ("kind", "Kind"),
            ("person", "Person"),
            ("title", "Title"),
            ("product", "Product"),
            ("severity", "Severity"),
            ("seriousness", "Serious because"),
            ("causality", "Causality"),
            ("expectedness", "Expected"),
            ("outcome", "Outcome"),
            ("happened_at", "Happened (UTC)"),
            ("recorded_at", "Recorded (UTC)"),
            ("recorded_by", "Recorded by"),
            ("reviewed_at", "Reviewed (UTC)"),
            ("reviewed_by", "Reviewed by"),
            ("closed_at", "Closed (UTC)"),
            ("narrative", "What happened"),
        ],
        rows,
    )


def _actions(found: list[Incident], people: People) -> Table:
    actions = IncidentAction.objects.filter(incident__in=found).select_related("owner")
    rows = [
        {
            "incident": str(row.incident_id),
            "what": people.text(row.what, row.patient_id),
            "owner": row.owner.shown_name,
            "due_on": row.due_on.isoformat(),
            "done_at": when(row.done_at),
            "done_by": people.text(row.done_by),
        }
        for row in actions.order_by("due_on", "pk")
    ]
    return Table(
        "actions",
        "Actions after incidents",
        "What was to be done, by whom until when, and when it was done.",
        [
            ("incident", "Incident id"),
            ("what", "What"),
            ("owner", "Owner"),
            ("due_on", "Due"),
            ("done_at", "Done (UTC)"),
            ("done_by", "Done by"),
        ],
        rows,
    )


def _reports(found: list[Incident], people: People) -> Table:
    reports = Report.objects.filter(incident__in=found).order_by("due_at", "pk")
    rows = [
        {
            "incident": str(row.incident_id),
            "authority": row.authority,
            "due_at": when(row.due_at),
            "sent_at": when(row.sent_at),
            "sent_by": people.text(row.sent_by),
            "sent_how": row.sent_how,
            "reference": row.reference,
            "document_hash": row.document_hash,
            "not_sent_reason": people.text(row.not_sent_reason, row.patient_id),
            "decided_by": people.text(row.decided_by),
        }
        for row in reports
    ]
    return Table(
        "reports",
        "Reports to authorities",
        "Which report was owed or made, when it was due and when it was sent; the hash is SHA-256 "
        "of the form as it was sent.",
        [
            ("incident", "Incident id"),
            ("authority", "Authority"),
            ("due_at", "Due (UTC)"),
            ("sent_at", "Sent (UTC)"),
            ("sent_by", "Sent by"),
            ("sent_how", "How"),
            ("reference", "Reference"),
            ("document_hash", "SHA-256 of the form"),
            ("not_sent_reason", "Why it was not sent"),
            ("decided_by", "Decided by"),
        ],
        rows,
    )
