"""How long records are kept, and how backups stand."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from evenkeel.clinic.oversight.backup_port import standing_of_backups
from evenkeel.clinic.oversight.retention import jurisdictions, rules_of
from evenkeel.clinic.oversight.retention.keeping import kept_until, may_erase
from evenkeel.clinic.people.models import Patient, Site
from evenkeel.clinic.record.door import log_read, visible
from evenkeel.clinic.record.routes import page

_FOUND_AT_MOST = 10


@page("retention.view")
def retention(request: HttpRequest) -> HttpResponse:
    """The rules of each jurisdiction, and of one person until when and why the record is kept.

    Whom it is asked of is posted, so that no record number stands in an address.
    """
    ctx = request.ctx  # type: ignore[attr-defined]
    held = ctx.actor.sites("retention.view")
    sites = Site.objects.order_by("name")
    sites = list(sites if held is None else sites.filter(pk__in=held))
    here = {rules_of(site.jurisdiction).code for site in sites}
    mrn = request.POST.get("mrn", "").replace("\x00", "").strip()[:20]
    today = timezone.localtime(ctx.clock.now()).date()
    found = []
    if mrn:
        rows = visible(ctx, Patient.objects.select_related("site"), "retention.view")
        for row in rows.filter(mrn__iexact=mrn)[:_FOUND_AT_MOST]:
            log_read(ctx, "until when a record is kept", patient_id=row.pk, site_id=row.site_id)
            place = rules_of(row.site.jurisdiction)
            found.append(
                {
                    "patient": row,
                    "reasons": may_erase(row, today),
                    "over": [one for one in kept_until(row, place) if one.until <= today],
                }
            )
    shown = {
        "here": [one for code, one in jurisdictions().items() if code in here],
        "others": [one for code, one in jurisdictions().items() if code not in here],
        "mrn": mrn,
        "found": found,
    }
    return render(request, "oversight/retention.html", shown)


@require_GET
@page("backup.view")
def backups(request: HttpRequest) -> HttpResponse:
    """When the last backup was made, where it lies, whether it is encrypted, what is planned."""
    ctx = request.ctx  # type: ignore[attr-defined]
    return render(
        request, "oversight/backups.html", {"standing": standing_of_backups(ctx.clock.now())}
    )
