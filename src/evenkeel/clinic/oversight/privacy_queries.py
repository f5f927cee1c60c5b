"""What is asked about requests: what waits, what stands beside a record, what limits its use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.oversight.models import PrivacyRequest
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import visible

#: This many days before its last day a request is marked as soon due. Clinic policy.
SOON_DAYS: Final = 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open request, and how many days are left; below zero it is late."""

    row: PrivacyRequest
    days_left: int

    @property
    def standing(self) -> str:
        """``late``, ``soon`` or ``in time``."""
        if self.days_left < 0:
            return "late"
        return "soon" if self.days_left <= SOON_DAYS else "in time"


def waiting_requests(ctx: Context, now: datetime) -> list[Waiting]:
    """Open requests of the caller's sites, the first due first."""
    rows = visible(
        ctx, PrivacyRequest.objects.select_related("patient", "site", "taken_by"), "privacy.view"
    )
    found = [_waiting(row, now) for row in rows.filter(state="open")]
    return sorted(found, key=lambda one: (one.days_left, one.row.received_at))


def _waiting(row: PrivacyRequest, now: datetime) -> Waiting:
    today = now.astimezone(ZoneInfo(row.site.timezone)).date()
    last: date = row.extended_to or row.due_on
    return Waiting(row, (last - today).days)


def days_left(row: PrivacyRequest, now: datetime) -> Waiting:
    """How an open request stands."""
    return _waiting(row, now)


def answered_requests(ctx: Context, most: int = 50) -> list[PrivacyRequest]:
    """Requests that were answered or taken back, the newest first."""
    rows = visible(
        ctx, PrivacyRequest.objects.select_related("patient", "answered_by"), "privacy.view"
    )
    return list(rows.exclude(state="open").order_by("-updated_at")[:most])


def beside_record(patient_id: Any) -> list[PrivacyRequest]:
    """What must be seen beside this person's record now: one query."""
    rows = PrivacyRequest.objects.filter(patient_id=patient_id).exclude(state="withdrawn")
    found = rows.select_related("answered_by", "rebutted_by").order_by("received_at")
    return [row for row in found if row.stands]


def limits_of(patient_id: Any) -> list[PrivacyRequest]:
    """The limits on use or disclosure that hold now."""
    rows = PrivacyRequest.objects.filter(patient_id=patient_id, kind="restriction", lifted_at=None)
    return list(rows.filter(state__in=("granted", "partly")).order_by("answered_at"))


def own_requests(patient_id: Any) -> list[PrivacyRequest]:
    """Everything this person asked, the newest first."""
    rows = PrivacyRequest.objects.filter(patient_id=patient_id).select_related("answered_by")
    return list(rows.order_by("-received_at"))
