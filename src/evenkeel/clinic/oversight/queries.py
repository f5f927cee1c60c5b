"""What is asked of the audit chain."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.models import ChainEntry

PAGE_LENGTH = 50


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the chain, newest first, and where the next one begins."""

    entries: list[dict[str, Any]]
    older_than: int | None


def audit_page(
    ctx: Context, *, who: str = "", what: str = "", patient: str = "", before: int | None = None
) -> AuditPage:
    """Entries of the caller's sites. ``patient`` is an MRN; ``what`` part of an action's name."""
    rows = _of_my_sites(ctx, ChainEntry.objects.order_by("-position"))
    if before is not None:
        rows = rows.filter(position__lt=before)
    if who:
        rows = rows.filter(actor_name__icontains=who)
    if what:
        rows = rows.filter(action__icontains=what)
    if patient:
        ids = Patient.objects.filter(mrn__iexact=patient.strip()).values_list("pk", flat=True)
        rows = rows.filter(patient_id__in=list(ids))
    found = list(rows[: PAGE_LENGTH + 1])
    older = found[PAGE_LENGTH - 1].position if len(found) > PAGE_LENGTH else None
    found = found[:PAGE_LENGTH]
    mrns = _mrns({e.patient_id for e in found if e.patient_id})
    return AuditPage([{"entry": e, "mrn": mrns.get(e.patient_id, "")} for e in found], older)


def _of_my_sites(ctx: Context, rows: QuerySet[ChainEntry]) -> QuerySet[ChainEntry]:
    sites = ctx.actor.sites("audit.view")
    return rows if sites is None else rows.filter(Q(site_id__in=sites) | Q(site_id=None))


def _mrns(ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    return dict(Patient.objects.filter(pk__in=ids).values_list("pk", "mrn"))
