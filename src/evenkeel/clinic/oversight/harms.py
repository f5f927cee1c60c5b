"""What others read of harm: what happened in a stretch of time, and what is late.

For pages and files that count or list. Nothing here tells of a complaint; see ``complaints.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from evenkeel.clinic.oversight.models import Incident, IncidentAction, Report
from evenkeel.clinic.oversight.rems import owed_sessions

Kind = Literal["rems_form", "report", "review", "action"]
OWED_WORDS: Final[dict[str, str]] = {
    "rems_form": "Monitoring form of a session",
    "report": "Report to an authority",
    "review": "Review by the medical director",
    "action": "Open action",
}


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One incident as lists and counts need it. Times aware; ``lot`` "" where none is known."""

    id: UUID
    site_id: UUID
    number: int
    kind: str
    kind_words: str
    title: str
    patient_id: UUID | None
    session_id: UUID | None
    product: str
    lot: str
    severity: str
    seriousness: tuple[str, ...]
    outcome: str
    causality: str
    expectedness: str
    happened_at: datetime
    recorded_at: datetime
    reviewed_at: datetime | None
    closed_at: datetime | None

    @property
    def is_serious(self) -> bool:
        """Whether any criterion of seriousness is met."""
        return bool(self.seriousness)


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing that is owed by ``due_at``; ``subject`` is what a page would link to."""

    kind: Kind
    site_id: UUID
    due_at: datetime
    subject_id: UUID
    patient_id: UUID | None
    words: str


def incidents_between(
    site_ids: Iterable[UUID] | None, start: datetime, end: datetime
) -> list[IncidentLine]:
    """The incidents that happened from ``start`` until before ``end``, in order of time.

    ``site_ids`` of ``None`` means every site. Two queries.
    """
    rows = _at(Incident.objects.all(), site_ids)
    rows = rows.filter(happened_at__gte=start, happened_at__lt=end).prefetch_related("accounts")
    return [line_of(row) for row in rows.order_by("happened_at", "number")]


def line_of(row: Incident) -> IncidentLine:
    """One incident with what its newest account says."""
    account = max(row.accounts.all(), key=lambda one: one.written_at, default=None)
    return IncidentLine(
        id=row.pk,
        site_id=row.site_id,
        number=row.number,
        kind=row.kind,
        kind_words=row.get_kind_display(),
        title=row.title,
        patient_id=row.patient_id,
        session_id=row.session_id,
        product=row.product,
        lot=str(account.given.get("lot", "")) if account else "",
        severity=row.severity,
        seriousness=tuple(row.seriousness),
        outcome=row.outcome,
        causality=account.causality if account else "",
        expectedness=account.expectedness if account else "",
        happened_at=row.happened_at,
        recorded_at=row.recorded_at,
        reviewed_at=row.reviewed_at,
        closed_at=row.closed_at,
    )


def overdue_forms(site_ids: Iterable[UUID] | None, now: datetime) -> list[Owed]:
    """What is owed and late at ``now``: monitoring forms, reports, reviews, actions; oldest first.

    ``site_ids`` of ``None`` means every site.
    """
    return [one for one in owed_forms(site_ids, now) if one.due_at < now]


def owed_forms(site_ids: Iterable[UUID] | None, now: datetime) -> list[Owed]:
    """Everything that is owed, late or not yet, the earliest due first."""
    kept = None if site_ids is None else list(site_ids)
    found = [
        Owed(
            "rems_form",
            one.session.site_id,
            one.due_at,
            one.session.pk,
            one.session.patient_id,
            f"Session {one.session.number}",
        )
        for one in owed_sessions(kept, now)
    ]
    found += _reports(kept) + _reviews(kept) + _actions(kept)
    return sorted(found, key=lambda one: (one.due_at, str(one.subject_id)))


def _reports(site_ids: list[UUID] | None) -> list[Owed]:
    rows = _at(Report.objects.select_related("incident"), site_ids)
    rows = rows.filter(sent_at=None, decided_at=None, due_at__isnull=False)
    return [
        Owed("report", r.site_id, r.due_at, r.incident_id, r.patient_id, r.incident.title)
        for r in rows
    ]


def _reviews(site_ids: list[UUID] | None) -> list[Owed]:
    rows = _at(Incident.objects.filter(reviewed_at=None, closed_at=None), site_ids)
    return [Owed("review", r.site_id, r.review_due_at, r.pk, r.patient_id, r.title) for r in rows]


def _actions(site_ids: list[UUID] | None) -> list[Owed]:
    rows = _at(IncidentAction.objects.filter(done_at=None).select_related("site"), site_ids)
    return [Owed("action", r.site_id, r.due_at, r.incident_id, r.patient_id, r.what) for r in rows]


def _at(rows: Any, site_ids: Iterable[UUID] | None) -> Any:
    return rows if site_ids is None else rows.filter(site_id__in=list(site_ids))
