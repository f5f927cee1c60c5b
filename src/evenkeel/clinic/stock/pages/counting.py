"""Beginning the ledger, counting the shelves, and what a count found."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from evenkeel.clinic.record.errors import Forbidden, Invalid
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.stock.actions.begin_ledger import OnHand, begin_ledger, keep_elsewhere
from evenkeel.clinic.stock.actions.count_shelves import Seen, count_shelves, on_shelf
from evenkeel.clinic.stock.models import Container, Count, Item
from evenkeel.clinic.stock.pages.forms import BeginForm, CountForm, ElsewhereForm
from evenkeel.clinic.stock.pages.frame import chosen_site, open_here, submit
from evenkeel.clinic.stock.pages.shelves import frame
from evenkeel.clinic.stock.queries import standing_of
from evenkeel.clinic.stock.register import register_of

ROWS = 12


@page("stock.begin")
def begin(request: HttpRequest) -> HttpResponse:
    """The initial inventory, or the decision that the ledger is kept elsewhere."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site, sites = chosen_site(request, "stock.begin")
    asked = request.POST.get("do", "") if request.method == "POST" else ""
    form = BeginForm(request.POST if asked == "begin" else None, auto_id="begin_%s")
    elsewhere = ElsewhereForm(request.POST if asked == "elsewhere" else None, auto_id="else_%s")
    kept_items = list(Item.objects.filter(site=site, active=True).order_by("name"))
    typed = [_typed(request, n) for n in range(1, ROWS + 1)]
    reply = None
    if asked == "begin":

        def do(given: dict[str, Any], witness: Any) -> dict[str, str]:
            rows = [_on_hand(row, n) for n, row in enumerate(typed, 1) if any(row.values())]
            begin_ledger(ctx, site_id=site.pk, on_hand=rows, second_id=witness.pk, **given)
            return {"said": f"The ledger of {site.name} has begun."}

        reply = submit(request, form, do)
    elif asked == "elsewhere":
        if not ctx.actor.may("stock.elsewhere", site.pk):
            raise Forbidden("The medical director decides this.")
        reply = submit(
            request,
            elsewhere,
            lambda given, _: {
                "said": f"Noted: kept in {keep_elsewhere(ctx, site_id=site.pk, **given).elsewhere}."
            },
        )
    if reply is not None:
        messages.success(request, reply["said"])
        return HttpResponseRedirect(f"{reverse('stock')}?site={site.pk}")
    shown = frame(request, site, sites) | {
        "form": form,
        "elsewhere": elsewhere,
        "items": kept_items,
        "rows": list(enumerate(typed, 1)),
        "standing": standing_of(site),
        "fact": register_of(site.jurisdiction).fact("inventory"),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "stock/begin.html", shown, status=status)


def _typed(request: HttpRequest, n: int) -> dict[str, str]:
    names = ("item", "lot", "expires_on", "count", "holds_mg", "location")
    return {name: request.POST.get(f"{name}_{n}", "").strip()[:80] for name in names}


def _on_hand(row: dict[str, str], n: int) -> OnHand:
    """One typed line. Raises ``Invalid`` that says which line is wrong and how."""
    try:
        expires_on = date.fromisoformat(row["expires_on"])
    except ValueError:
        raise Invalid(f"Line {n}: enter the date of expiry.") from None
    if not row["item"] or not row["lot"]:
        raise Invalid(f"Line {n}: choose the item and enter its lot.")
    try:
        holds = Decimal(row["holds_mg"]) if row["holds_mg"] else None
    except InvalidOperation:
        raise Invalid(f"Line {n}: the amount left is a number of mg.") from None
    count = row["count"] or "1"
    if not count.isdigit() or len(count) > 3:
        raise Invalid(f"Line {n}: how many is a whole number.")
    return OnHand(row["item"], row["lot"], expires_on, int(count), holds, row["location"])


@page("stock.count")
def counting(request: HttpRequest) -> HttpResponse:
    """A blind count: no balance stands on this page, nor whether the ledger has it sealed."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site, sites = chosen_site(request, "stock.count")
    containers = on_shelf(site.pk)
    form = CountForm(request.POST if request.method == "POST" else None)

    def do(given: dict[str, Any], witness: Any) -> dict[str, str]:
        seen = {c.pk: one for c in containers if (one := _seen(request, c)) is not None}
        count = count_shelves(ctx, site_id=site.pk, second_id=witness.pk, seen=seen, **given)
        return {"id": str(count.pk)}

    if request.method == "POST":
        reply = submit(request, form, do)
        if reply is not None:
            return HttpResponseRedirect(reverse("stock_counted", args=[reply["id"]]))
    shown = frame(request, site, sites) | {
        "form": form,
        "rows": [_row(request, c) for c in containers],
        "standing": standing_of(site),
        "fact": register_of(site.jurisdiction).fact("opened"),
    }
    return render(request, "stock/count.html", shown, status=422 if form.errors else 200)


def _row(request: HttpRequest, container: Container) -> dict[str, Any]:
    item = container.item
    return {
        "container": container,
        "item": item,
        "full": f"{item.volume_ml.normalize():f} mL" if item.volume_ml else f"{item.units} pieces",
        "unit": "mL" if item.is_measured else "pieces",
        "choice": request.POST.get(f"is_{container.pk}", ""),
        "amount": request.POST.get(f"amount_{container.pk}", "")[:12],
    }


def _seen(request: HttpRequest, container: Container) -> Seen | None:
    """What was posted of one container; ``None`` where nothing was said."""
    choice = request.POST.get(f"is_{container.pk}", "")
    if choice == "sealed":
        return Seen(sealed=True)
    if choice == "missing":
        return Seen(amount_mg=Decimal(0))
    if choice != "part":
        return None
    text = request.POST.get(f"amount_{container.pk}", "").strip().replace(",", ".")
    try:
        amount = Decimal(text)
        if not amount.is_finite() or not 0 <= amount < 100_000:
            raise InvalidOperation
    except InvalidOperation:
        return Seen(amount_mg="")
    item = container.item
    if item.is_measured:
        strength = item.strength_mg_per_ml or Decimal(1)
        return Seen(amount_mg=(amount * strength).quantize(Decimal("0.001")))
    return Seen(amount_mg=amount * item.unit_mg)


@require_GET
@page("stock.view")
def counted(request: HttpRequest, count_id: Any) -> HttpResponse:
    """What a count found, container by container, and what it opened."""
    row: Count = open_here(request, Count, count_id, "count of the shelves", "counted_by", "second")
    lines = list(row.lines.select_related("container__item").order_by("position"))
    lines.sort(key=lambda line: line.container.place_in_line)
    shown = frame(request, row.site) | {
        "count": row,
        "lines": [{"line": one, "difference": one.counted_mg - one.expected_mg} for one in lines],
        "discrepancies": list(row.discrepancies.select_related("container").order_by("created_at")),
    }
    return render(request, "stock/counted.html", shown)


__all__ = ["begin", "counted", "counting"]
