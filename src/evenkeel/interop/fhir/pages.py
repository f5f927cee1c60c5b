"""Bringing a person in by uploading a FHIR bundle."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.chain import digest
from evenkeel.clinic.record.door import visible
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid
from evenkeel.clinic.record.idempotency import once
from evenkeel.clinic.record.routes import page
from evenkeel.interop.fhir import BundleError, read_bundle
from evenkeel.interop.fhir.importing import import_bundle
from evenkeel.interop.fhir.reading import DEFAULT

TEMPLATE = "fhir/import.html"


@page("people.import")
def import_page(request: HttpRequest) -> HttpResponse:
    """The form; and after a file was posted, what was filed or why nothing was."""
    sites = list(
        visible(request.ctx, Site.objects.filter(active=True), "people.import").order_by("name")
    )
    shown: dict[str, Any] = {
        "sites": sites,
        "largest_mb": DEFAULT.max_bytes // (1024 * 1024),
        "site_id": request.POST.get("site", ""),
    }
    if request.method != "POST":
        return render(request, TEMPLATE, shown)
    try:
        shown["report"] = _file(request)
        return render(request, TEMPLATE, shown)
    except BundleError as refused:
        shown |= {"problems": refused.problems, "more": refused.more}
    except Conflict as refused:
        shown |= {"refused": refused, "may_confirm": refused.code == "duplicate"}
    except DomainError as refused:
        shown["refused"] = refused
    return render(request, TEMPLATE, shown, status=422)


def _file(request: HttpRequest) -> dict[str, Any]:
    """Read and file the posted bundle once; the report as plain data."""
    upload = request.FILES.get("bundle")
    if upload is None or not upload.size:
        raise Invalid("No file was chosen.", what_to_do="Choose a FHIR R4 bundle, a .json file.")
    ctx = request.ctx  # type: ignore[attr-defined]
    # one byte beyond the limit is enough for the reader to refuse a file that is too large
    data = upload.read(DEFAULT.max_bytes + 1)
    reading = read_bundle(data, now=ctx.clock.now())
    site_id = request.POST.get("site", "")
    confirmed = request.POST.get("confirm_duplicate") == "yes"
    body = {
        "site": site_id,
        "confirmed": confirmed,
        "file": digest(data.decode("utf-8", "surrogateescape")),
    }
    reply, _ = once(
        ctx,
        request.POST.get("act_id", ""),
        body,
        lambda: import_bundle(ctx, reading, site_id=site_id, confirm_duplicate=confirmed).as_dict(),
    )
    return dict(reply)
