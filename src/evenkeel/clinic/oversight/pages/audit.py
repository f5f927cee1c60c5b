"""Who did what, and whether the record is whole."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from evenkeel.clinic.oversight.actions.check_record import check_record
from evenkeel.clinic.oversight.queries import audit_page
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.routes import page


@page("audit.view")
def audit(request: HttpRequest) -> HttpResponse:
    """The audit chain, newest first, by person, action or patient.

    What is looked for is posted, so that no name and no record number stands in an address.
    """
    asked = {
        name: request.POST.get(name, "").replace("\x00", "").strip()[:80]
        for name in ("who", "what", "patient")
    }
    before = request.POST.get("before", "")
    found = audit_page(
        request.ctx, before=int(before) if before.isdigit() and len(before) < 19 else None, **asked
    )
    log_read(request.ctx, "audit log")
    return render(
        request, "oversight/audit.html", {"found": found, "asked": asked, "first": not before}
    )


@page("audit.verify")
def verify(request: HttpRequest) -> HttpResponse:
    """Check the whole record and show what was found."""
    result = None
    if request.method == "POST":
        result = check_record(request.ctx)
    return render(request, "oversight/verify.html", {"result": result})
