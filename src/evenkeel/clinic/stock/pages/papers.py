"""Papers: the register for a range of dates, inventories, and the proof that it adds up."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.installation import installation, is_demo
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.stock.models import Count
from evenkeel.clinic.stock.pages.frame import chosen_site, open_here
from evenkeel.clinic.stock.pages.shelves import frame
from evenkeel.clinic.stock.paper import csv_rows, inventory_rows, register_pages
from evenkeel.clinic.stock.proof import prove_balances
from evenkeel.clinic.stock.queries import standing_of
from evenkeel.clinic.stock.register import register_of

#: How long a range a register may be asked for. Longer is a slip.
_LONGEST = timedelta(days=3 * 366)


@require_GET
@page("stock.view")
def papers(request: HttpRequest) -> HttpResponse:
    """What can be printed, and whether every balance is the sum of its lines."""
    site, sites = chosen_site(request)
    first, last = _range(request)
    counts = Count.objects.filter(site=site).select_related("counted_by", "second")
    log_read(request.ctx, "papers of the ledger", site_id=site.pk)  # type: ignore[attr-defined]
    shown = frame(request, site, sites) | {
        "first": first,
        "last": last,
        "counts": list(counts.order_by("-counted_at")[:60]),
        "standing": standing_of(site),
        "register": register_of(site.jurisdiction),
        "proof": prove_balances(site.pk),
    }
    return render(request, "stock/papers.html", shown)


@require_GET
@page("stock.view")
def register(request: HttpRequest) -> HttpResponse:
    """The register of the site's jurisdiction, to print."""
    return render(request, "stock/register.html", _register(request, "register of the ledger"))


@require_GET
@page("stock.view")
def register_csv(request: HttpRequest) -> HttpResponse:
    """The same as a file of comma-separated values."""
    shown = _register(request, "register of the ledger as a file")
    text = io.StringIO()
    csv.writer(text).writerows(csv_rows(shown["register"].columns, shown["pages"]))
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"register-{shown['first']:%Y-%m-%d}-{shown['last']:%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _register(request: HttpRequest, what: str) -> dict[str, Any]:
    ctx = request.ctx  # type: ignore[attr-defined]
    site, _ = chosen_site(request)
    first, last = _range(request)
    held = register_of(site.jurisdiction)
    named = ctx.actor.may("people.view", site.pk)
    pages = register_pages(site, held, first, last, show_patients=named)
    log_read(ctx, f"{what}, {first:%Y-%m-%d} to {last:%Y-%m-%d}", site_id=site.pk)
    return _printed(request, site) | {
        "register": held,
        "pages": pages,
        "first": first,
        "last": last,
        "named": named,
    }


@require_GET
@page("stock.view")
def inventory(request: HttpRequest, count_id: Any) -> HttpResponse:
    """A count as an inventory, to print."""
    row: Count = open_here(request, Count, count_id, "inventory", "counted_by", "second")
    shown = _printed(request, row.site) | {
        "count": row,
        "rows": inventory_rows(row),
        "register": register_of(row.site.jurisdiction),
    }
    return render(request, "stock/inventory.html", shown)


def _printed(request: HttpRequest, site: Site) -> dict[str, Any]:
    held = installation()
    return frame(request, site) | {
        "demo": is_demo(),
        "organization": held.organisation if held else "",
        "printed_at": timezone.localtime(request.ctx.clock.now()),  # type: ignore[attr-defined]
        "printed_by": request.ctx.actor.name,  # type: ignore[attr-defined]
    }


def _range(request: HttpRequest) -> tuple[date, date]:
    """The days asked for, or the last thirty; the zone must be set."""
    today = timezone.localtime(request.ctx.clock.now()).date()  # type: ignore[attr-defined]
    last = _day(request.GET.get("to", "")) or today
    first = _day(request.GET.get("from", "")) or last - timedelta(days=29)
    if first > last:
        first, last = last, first
    if last - first > _LONGEST or abs(last - today) > 4 * _LONGEST:
        return today - timedelta(days=29), today
    return first, last


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


__all__ = ["inventory", "papers", "register", "register_csv"]
