"""How well the live forecast does here, and whether it is shown: the medical director decides."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.pages.confirming import confirm_first, is_to_confirm, way_confirmed
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
)
from evenkeel.clinic.record.installation import is_demo
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.actions.choose_forecast import choose_forecast
from evenkeel.clinic.session.forecast.calibration import (
    ENDPOINTS,
    Calibration,
    calibration_of,
    scored_products,
)
from evenkeel.clinic.session.forecast.shown import choices
from evenkeel.clinic.session.models import ForecastChoice
from evenkeel.pharmacology.calibration import STANDARD, UNITS, Tally, tally
from evenkeel.protocol.products import PRODUCTS
from evenkeel.web.svg.coverage import Coverage, CoverageRow, coverage

_SHOWN_HERE: Final = (Invalid, Refused, Conflict, Forbidden)
#: How the readings are counted, and what each count is called.
_BY: Final = (
    ("minute", "By time since the first dose"),
    ("session", "By number of the session"),
    ("readings", "By readings of its kind before"),
)


@page("forecast.view")
def calibration(request: HttpRequest) -> HttpResponse:
    """Every product of the caller's sites of which something was scored or decided."""
    ctx = request.ctx  # type: ignore[attr-defined]
    places = []
    for site in _sites(ctx):
        decided = choices(site.pk)
        for product in sorted({*scored_products(site.pk), *decided}, key=list(PRODUCTS).index):
            places.append(_place(site, product, decided.get(product)))
    log_read(ctx, "forecast calibration")
    shown = {
        "places": places,
        "many": len({place["site"].pk for place in places}) > 1,
        "standard": STANDARD,
        "may_choose": ctx.actor.may("forecast.choose"),
        "demo": is_demo(),
    }
    return render(request, "oversight/forecast.html", shown)


@page("forecast.choose")
def choose(request: HttpRequest, site_id: UUID, product: str) -> HttpResponse:
    """The figures once more, and the decision; asked only of who just showed who they are."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site = next((one for one in _sites(ctx, "forecast.choose") if one.pk == site_id), None)
    if site is None or product not in PRODUCTS:
        raise NotFound("There is nothing here with that address.")
    here = reverse("forecast_choose", args=[site_id, product])
    if is_to_confirm(request):
        return confirm_first(request, here)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _decide(request, site, product))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, "The decision is recorded.")
            return HttpResponseRedirect(reverse("forecast_calibration"))
    place = _place(site, product, choices(site.pk).get(product))
    log_read(ctx, "forecast calibration")
    shown = {
        "place": place,
        "error": error,
        "chosen": request.POST.get("shown", ""),
        "reason": request.POST.get("reason", ""),
        "standard": STANDARD,
    }
    return render(
        request, "oversight/forecast_choose.html", shown, status=error.status if error else 200
    )


def _decide(request: HttpRequest, site: Site, product: str) -> dict[str, str]:
    said = request.POST
    if said.get("shown") not in ("yes", "no"):
        raise Invalid("Nothing was chosen.", fields={"shown": "Choose one of the two."})
    row = choose_forecast(
        request.ctx,  # type: ignore[attr-defined]
        site_id=site.pk,
        product=product,
        shown=said["shown"] == "yes",
        seen_hash=said.get("seen_hash", ""),
        reason=said.get("reason", ""),
        confirmed_by=way_confirmed(request),
        seen_readings=_count_seen(said.get("seen_readings", "")),
    )
    return {"id": str(row.pk)}


def _count_seen(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _sites(ctx: Any, permission: str = "forecast.view") -> list[Site]:
    held = ctx.actor.sites(permission)
    rows = Site.objects.order_by("name")
    return list(rows if held is None else rows.filter(pk__in=held))


def _place(site: Site, product: str, choice: ForecastChoice | None) -> dict[str, Any]:
    found = calibration_of(site.pk, product)
    return {
        "site": site,
        "product": PRODUCTS[product],
        "choice": choice,
        "shown": is_demo() if choice is None else choice.shown,
        "found": found,
        "rows": _rows(found),
        "pictures": _pictures(found),
        "counts": [_count(found, by, title) for by, title in _BY] if found.scores else [],
    }


def _rows(found: Calibration) -> list[dict[str, Any]]:
    return [
        {
            "label": ENDPOINTS[kind],
            "unit": UNITS[kind],
            "word": one.word,
            "reason": one.reason,
            "t": one.tally,
            "nearer_percent": _percent(one.tally),
        }
        for kind, one in found.verdicts.items()
    ]


def _percent(found: Tally | None) -> int | None:
    """How much nearer than without learning, in whole percent."""
    return None if found is None or found.skill is None else round(100 * found.skill[0])


def _count(found: Calibration, by: str, title: str) -> dict[str, Any]:
    counted = tally(found.scores, by)
    rows = [
        {"label": ENDPOINTS[kind], "group": group, "unit": UNITS[kind], "t": one}
        for (kind, group), one in counted.items()
    ]
    return {"title": title, "rows": rows}


def _pictures(found: Calibration) -> list[SafeString]:
    """One for a wide screen and one for a phone, of which the page shows one; none of nothing."""
    rows = [
        CoverageRow(
            ENDPOINTS[kind],
            one.tally.coverage_50.value,
            one.tally.coverage_50.low,
            one.tally.coverage_50.high,
            one.tally.coverage_90.value,
            one.tally.coverage_90.low,
            one.tally.coverage_90.high,
        )
        for kind, one in found.verdicts.items()
        if one.tally is not None
    ]
    return [coverage(Coverage(rows)), coverage(Coverage(rows), 300, 0)] if rows else []
