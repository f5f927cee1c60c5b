"""Who did what, and whether the record is whole."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from evenkeel.clinic.oversight.actions.check_record import check_record
from evenkeel.clinic.oversight.queries import (
    COLUMNS,
    Asked,
    AuditPage,
    audit_page,
    audit_rows,
    find_entry,
)
from evenkeel.clinic.record.audit_key import statements_on_chain
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.erased import erasures
from evenkeel.clinic.record.errors import DomainError, Invalid, NotFound
from evenkeel.clinic.record.exporting import standing
from evenkeel.clinic.record.proofs import proof_of
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.record.verify import CANNOT_DETECT


@page("audit.view")
def audit(request: HttpRequest) -> HttpResponse:
    """The audit chain, newest first, by person, patient, act and day.

    What is looked for is posted, so that no name and no record number stands in an address.
    """
    ctx = request.ctx  # type: ignore[attr-defined]
    asked = Asked.posted(request.POST)
    before = request.POST.get("before", "")
    error: DomainError | None = None
    found = AuditPage([], None)
    try:
        found = audit_page(
            ctx,
            asked,
            timezone.get_current_timezone_name(),
            before=int(before) if before.isdigit() and len(before) < 19 else None,
        )
    except Invalid as refused:
        error = refused
    log_read(ctx, "audit log")
    shown = {
        "found": found,
        "asked": asked,
        "first": not before,
        "error": error,
        "heads": standing(ctx.clock.now()),
    }
    return render(request, "oversight/audit.html", shown, status=error.status if error else 200)


@page("audit.view")
def as_csv(request: HttpRequest) -> HttpResponse:
    """The entries that were asked for, as a file; asked for by POST, for the same reason."""
    ctx = request.ctx  # type: ignore[attr-defined]
    rows = list(audit_rows(ctx, Asked.posted(request.POST), timezone.get_current_timezone_name()))
    log_read(ctx, "audit log as a file")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


@require_safe
@page("audit.view")
def entry(request: HttpRequest, position: int) -> HttpResponse:
    """One entry: what it says, what it wrote, and the proof that it stands under a head."""
    ctx = request.ctx  # type: ignore[attr-defined]
    try:
        row, payload, mrn = find_entry(ctx, position)
    except NotFound:
        log_read(ctx, "audit entry", subject=f"entry:{position}"[:120], refused=True)
        raise
    log_read(ctx, "audit entry", patient_id=row.patient_id, site_id=row.site_id)
    gone = erasures()
    shown = {
        "entry": row,
        "mrn": mrn,
        "wrote": _wrote(payload.body if payload else ""),
        "erased_by": gone.by.get(position),
        "proof": proof_of(position, row.hash),
    }
    return render(request, "oversight/entry.html", shown)


def _wrote(body: str) -> list[dict[str, Any]]:
    """Which rows an entry wrote: names and digests, never the words in them."""
    try:
        effects = json.loads(body)["effects"]
    except (ValueError, KeyError, TypeError):
        return []
    return [
        {
            "kind": one.get("kind", "").replace(".", ": "),
            "id": one.get("id", ""),
            "version": one.get("version"),
            "digest": one.get("digest", ""),
        }
        for one in effects
    ]


@page("audit.verify")
def verify(request: HttpRequest) -> HttpResponse:
    """Check the whole record and show what was found."""
    ctx = request.ctx  # type: ignore[attr-defined]
    result = check_record(ctx) if request.method == "POST" else None
    shown = {
        "result": result,
        "after": result.entries - result.fitting if result else 0,
        "limits": CANNOT_DETECT,
        "heads": standing(ctx.clock.now()),
        "keys": statements_on_chain(),
    }
    return render(request, "oversight/verify.html", shown)
