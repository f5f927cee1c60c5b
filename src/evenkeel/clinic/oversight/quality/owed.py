"""What is late now, of every kind, with where it is seen to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.urls import reverse

from evenkeel.clinic.course.models import Plan
from evenkeel.clinic.outcome.models import SafetySignal
from evenkeel.clinic.oversight.harms import OWED_WORDS, overdue_forms
from evenkeel.clinic.oversight.quality.facts import CALL_GRACE
from evenkeel.clinic.oversight.quality.scope import Scope
from evenkeel.clinic.session.models import LIVE_STATES, Appointment, AppointmentStatus, Session

#: A session still open, a draft nobody signed and a visit without its note are late after these.
#: Clinic policy.
SESSION_OPEN: Final = timedelta(hours=24)
DRAFT_OPEN: Final = timedelta(days=7)
VISIT_NOTE: Final = timedelta(days=2)
#: How far back visits without a note are looked for.
_BACK: Final = timedelta(days=92)
SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Late:
    """One late thing."""

    since: datetime
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class LateGroup:
    """All late things of a kind, the oldest first; ``lines`` are at most :data:`SHOWN` of them."""

    title: str
    count: int
    lines: tuple[Late, ...]


def late_now(scope: Scope) -> list[LateGroup]:
    """Every kind of which something is late. Ten queries, whatever there is."""
    groups: dict[str, list[Late]] = {}
    for one in overdue_forms(scope.site_ids, scope.now):
        words = OWED_WORDS[one.kind]
        route = "rems_form" if one.kind == "rems_form" else "incident"
        url = reverse(route, args=[one.subject_id])
        groups.setdefault(words, []).append(Late(one.due_at, one.words, url))
    groups["Follow-up call not made"] = _calls(scope)
    groups["Session not closed"] = _sessions(scope)
    groups["Visit without its note"] = _visits(scope)
    groups["Plan drafted and not signed"] = _plans(scope)
    groups["Safety signal open"] = _signals(scope)
    return [
        LateGroup(title, len(lines), tuple(sorted(lines, key=lambda one: one.since)[:SHOWN]))
        for title, lines in groups.items()
        if lines
    ]


def _calls(scope: Scope) -> list[Late]:
    rows = _visits_of(scope, kind="follow_up_call", starts_at__lt=scope.now - CALL_GRACE)
    rows = rows.filter(status=AppointmentStatus.BOOKED)
    return [
        Late(row.starts_at, row.patient.mrn, reverse("follow_up", args=[row.pk])) for row in rows
    ]


def _visits_of(scope: Scope, **which: Any) -> Any:
    rows = Appointment.objects.filter(site_id__in=scope.site_ids, **which)
    if scope.product:
        rows = rows.filter(course__product=scope.product)
    return rows.select_related("patient")


def _sessions(scope: Scope) -> list[Late]:
    rows = Session.objects.filter(
        site_id__in=scope.site_ids,
        state__in=LIVE_STATES,
        opened_at__lt=scope.now - SESSION_OPEN,
    ).select_related("patient")
    if scope.product:
        rows = rows.filter(product=scope.product)
    return [
        Late(row.opened_at, f"{row.patient.mrn}, session {row.number}",
             reverse("session", args=[row.pk]))
        for row in rows
    ]  # fmt: skip


def _visits(scope: Scope) -> list[Late]:
    rows = _visits_of(
        scope,
        kind__in=["preparation", "integration"],
        status__in=[AppointmentStatus.DONE, AppointmentStatus.CHECKED_IN],
        ends_at__lt=scope.now - VISIT_NOTE,
        ends_at__gte=scope.now - _BACK,
        talk=None,
    )
    return [
        Late(row.ends_at, f"{row.patient.mrn}, {row.get_kind_display().lower()}",
             reverse("appointment", args=[row.pk]))
        for row in rows
    ]  # fmt: skip


def _plans(scope: Scope) -> list[Late]:
    rows = Plan.objects.filter(
        site_id__in=scope.site_ids, state="draft", created_at__lt=scope.now - DRAFT_OPEN
    ).exclude(course__state="closed")
    if scope.product:
        rows = rows.filter(product=scope.product)
    return [
        Late(row.created_at, f"{row.patient.mrn}, plan {row.number}",
             reverse("plan", args=[row.course_id]))
        for row in rows.select_related("patient")
    ]  # fmt: skip


def _signals(scope: Scope) -> list[Late]:
    rows = SafetySignal.objects.filter(
        site_id__in=scope.site_ids, closed_at=None, raised_at__lt=scope.now - CALL_GRACE
    )
    if scope.product:
        rows = rows.filter(course__product=scope.product)
    return [
        Late(row.raised_at, row.patient.mrn, reverse("safety_signal", args=[row.pk]))
        for row in rows.select_related("patient")
    ]
