"""The shelves of a site: what stands where, what expires, what runs low, what is due."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.stock.actions.count_shelves import set_policy
from evenkeel.clinic.stock.actions.keep_item import add_item, edit_item
from evenkeel.clinic.stock.actions.receive import receive
from evenkeel.clinic.stock.models import Item
from evenkeel.clinic.stock.pages.forms import ItemForm, ItemPolicyForm, PolicyForm, ReceiveForm
from evenkeel.clinic.stock.pages.frame import chosen_site, may, open_here, submit
from evenkeel.clinic.stock.queries import on_the_way, shelves_of, standing_of
from evenkeel.clinic.stock.register import register_of


@require_GET
@page("stock.view")
def shelves(request: HttpRequest) -> HttpResponse:
    """Everything of a site on one page."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site, sites = chosen_site(request)
    now = ctx.clock.now()
    standing = standing_of(site)
    coming, leaving = on_the_way(site)
    log_read(ctx, "shelves", site_id=site.pk)
    shown = frame(request, site, sites) | {
        "standing": standing,
        "shelves": shelves_of(site, now, standing.policy.expiring_days),
        "coming": coming,
        "leaving": leaving,
        "register": register_of(site.jurisdiction),
    }
    return render(request, "stock/shelves.html", shown)


def frame(request: HttpRequest, site: Site, sites: list[Site] | None = None) -> dict[str, Any]:
    """What the head of every page of the ledger shows."""
    return {
        "site": site,
        "sites": sites or [],
        "may": may(request, site),
        "now": request.ctx.clock.now(),  # type: ignore[attr-defined]
        "query": f"?site={site.pk}",
    }


@page("stock.receive")
def receiving(request: HttpRequest) -> HttpResponse:
    """Take in a delivery."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site, sites = chosen_site(request, "stock.receive")
    form = ReceiveForm(request.POST if request.method == "POST" else None, site=site)

    def do(given: dict[str, Any], witness: Any) -> dict[str, Any]:
        found = receive(ctx, item_id=given.pop("item").pk, **given)
        return {"labels": [c.label for c in found], "name": found[0].item.name}

    if request.method == "POST":
        reply = submit(request, form, do)
        if reply is not None:
            labels = reply["labels"]
            which = labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"
            messages.success(
                request,
                f"Received {len(labels)} × {reply['name']}. Write the number on each: {which}.",
            )
            return HttpResponseRedirect(f"{reverse('stock')}?site={site.pk}")
    shown = frame(request, site, sites) | {
        "form": form,
        "standing": standing_of(site),
        "has_items": Item.objects.filter(site=site, active=True).exists(),
        "fact": register_of(site.jurisdiction).fact("invoice"),
    }
    return render(request, "stock/receive.html", shown, status=422 if form.errors else 200)


@page("stock.begin")
def items(request: HttpRequest) -> HttpResponse:
    """What the site keeps: add an item, and the clinic's own rules about the shelves."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site, sites = chosen_site(request, "stock.begin")
    do = request.POST.get("do", "")
    policy = standing_of(site).policy
    form = ItemForm(
        request.POST if do == "add" else None,
        initial={"schedule": register_of(site.jurisdiction).schedules.get("racemic_ketamine", "")},
    )
    rules = PolicyForm(
        request.POST if do == "policy" else None,
        initial={
            "count_every_h": policy.count_every_h,
            "tolerance_ml": policy.tolerance_ml,
            "expiring_days": policy.expiring_days,
        },
        auto_id="policy_%s",
    )
    said = None
    if do == "add":
        said = submit(request, form, lambda given, _: _added(ctx, site, given))
    elif do == "policy":
        said = submit(
            request,
            rules,
            lambda given, _: {"said": "Kept."} if set_policy(ctx, site_id=site.pk, **given) else {},
        )
    if said is not None:
        messages.success(request, said["said"])
        return HttpResponseRedirect(f"{reverse('stock_items')}?site={site.pk}")
    rows = list(Item.objects.filter(site=site).order_by("-active", "name"))
    shown = frame(request, site, sites) | {"form": form, "rules": rules, "rows": rows}
    wrong = form.errors or rules.errors
    # a POST that names nothing to do is an incomplete form
    wrong = wrong or request.method == "POST"
    return render(request, "stock/items.html", shown, status=422 if wrong else 200)


def _added(ctx: Any, site: Site, given: dict[str, Any]) -> dict[str, str]:
    given["units"] = given["units"] or 1
    item = add_item(ctx, site_id=site.pk, **given)
    return {"said": f"{item.name} is kept at {site.name} now."}


@page("stock.begin")
def item(request: HttpRequest, item_id: Any) -> HttpResponse:
    """What was decided about one item."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row: Item = open_here(request, Item, item_id, "item of the shelves")
    initial = {"low_mg": row.low_mg, "opened_for_h": row.opened_for_h, "active": row.active}
    form = ItemPolicyForm(request.POST if request.method == "POST" else None, initial=initial)

    def do(given: dict[str, Any], _: Any) -> dict[str, str]:
        return {"name": edit_item(ctx, item_id=row.pk, **given).name}

    if request.method == "POST" and (reply := submit(request, form, do)) is not None:
        messages.success(request, f"{reply['name']}: kept.")
        return HttpResponseRedirect(f"{reverse('stock_items')}?site={row.site_id}")
    shown = frame(request, row.site) | {"form": form, "item": row}
    return render(request, "stock/item.html", shown, status=422 if form.errors else 200)
