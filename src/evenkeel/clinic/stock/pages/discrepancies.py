"""What does not agree: found, looked into, explained or lost; and the clocks after a loss."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.errors import Forbidden, Invalid
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.stock.actions.count_shelves import on_shelf
from evenkeel.clinic.stock.actions.discrepancy import (
    declare_loss,
    explain,
    give_notice,
    look_into,
    report_discrepancy,
    still_different_mg,
)
from evenkeel.clinic.stock.amounts import NOTHING
from evenkeel.clinic.stock.deadlines import due_at
from evenkeel.clinic.stock.models import UNRESOLVED, Discrepancy, Notice
from evenkeel.clinic.stock.pages.forms import (
    ExplainForm,
    LossForm,
    NoteForm,
    NoticeForm,
    ReportForm,
)
from evenkeel.clinic.stock.pages.frame import chosen_site, open_here, submit
from evenkeel.clinic.stock.pages.shelves import frame
from evenkeel.clinic.stock.register import register_of


@page("stock.view")
def discrepancies(request: HttpRequest) -> HttpResponse:
    """Everything that does not agree at a site, open first; and the form to report more."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site, sites = chosen_site(request)
    form = ReportForm(
        request.POST if request.method == "POST" else None, containers=on_shelf(site.pk)
    )

    def do(given: dict[str, Any], _: Any) -> dict[str, str]:
        missing = given.pop("missing_mg") or NOTHING
        row = report_discrepancy(
            ctx,
            site_id=site.pk,
            what=given["what"],
            container_id=given["container"] or None,
            difference_mg=-missing,
        )
        return {"id": str(row.pk)}

    if request.method == "POST":
        if not ctx.actor.may("stock.report", site.pk):
            raise Forbidden("Your role does not report this.", what_to_do="Tell the pharmacist.")
        reply = submit(request, form, do)
        if reply is not None:
            messages.success(request, "Reported. It stays open until somebody answers for it.")
            return HttpResponseRedirect(reverse("stock_discrepancy", args=[reply["id"]]))
    rows = list(
        Discrepancy.objects.filter(site=site)
        .select_related("container__item", "found_by", "closed_by")
        .prefetch_related("notices")
        .order_by("-found_at")[:200]
    )
    log_read(ctx, "discrepancies of the shelves", site_id=site.pk)
    shown = frame(request, site, sites) | {
        "open": [row for row in rows if row.state in UNRESOLVED],
        "closed": [row for row in rows if row.state not in UNRESOLVED],
        "form": form,
    }
    return render(request, "stock/discrepancies.html", shown, status=422 if form.errors else 200)


@page("stock.view")
def discrepancy(request: HttpRequest, discrepancy_id: Any) -> HttpResponse:
    """One of them, with what was found out, and what may be done now."""
    row: Discrepancy = open_here(
        request,
        Discrepancy,
        discrepancy_id,
        "discrepancy of the shelves",
        "container",
        "found_by",
        "closed_by",
        "count",
    )
    asked = request.POST.get("do", "") if request.method == "POST" else ""
    forms_ = {
        "note": NoteForm(request.POST if asked == "note" else None, auto_id="note_%s"),
        "explain": ExplainForm(request.POST if asked == "explain" else None, auto_id="explain_%s"),
        "loss": LossForm(request.POST if asked == "loss" else None, auto_id="loss_%s"),
    }
    wanted = request.POST.get("notice", "")
    notice_form = NoticeForm(request.POST if asked == "notice" else None, auto_id="notice_%s")
    if request.method == "POST":
        said = _act(request, row, asked, forms_, notice_form, wanted)
        if said is not None:
            messages.success(request, said)
            return HttpResponseRedirect(reverse("stock_discrepancy", args=[row.pk]))
        row = Discrepancy.objects.select_related(
            "site", "container", "found_by", "closed_by", "count"
        ).get(pk=row.pk)
    register = register_of(row.site.jurisdiction)
    is_open = row.state in UNRESOLVED
    shown = frame(request, row.site) | {
        "row": row,
        "is_open": is_open,
        "notes": list(row.notes.select_related("by").order_by("at")),
        "notices": list(row.notices.select_related("done_by").order_by("due_at")),
        "forms": forms_,
        "notice_form": notice_form,
        "wanted": wanted,
        "asked": asked,
        "left_mg": still_different_mg(row) if is_open else NOTHING,
        "would_be_due": [
            {"notice": one, "due_at": due_at(row.site, row.found_at, one)}
            for one in register.notices
        ]
        if is_open
        else [],
        "sources": {one.kind: one for one in register.notices},
        "factors": register.fact("significant"),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "stock/discrepancy.html", shown, status=status)


def _act(
    request: HttpRequest,
    row: Discrepancy,
    asked: str,
    forms_: dict[str, Any],
    notice_form: NoticeForm,
    wanted: str,
) -> str | None:
    """What was done, in words; ``None`` where the page must be shown again."""
    ctx = request.ctx  # type: ignore[attr-defined]
    needed = "report" if asked == "note" else "adjust"
    if not ctx.actor.may(f"stock.{needed}", row.site_id):
        raise Forbidden(
            "Your role does not allow this.",
            what_to_do="The pharmacist or the medical director closes a discrepancy.",
        )

    def note(given: dict[str, Any], _: Any) -> dict[str, str]:
        look_into(ctx, discrepancy_id=row.pk, **given)
        return {"said": "Noted."}

    def explained(given: dict[str, Any], _: Any) -> dict[str, str]:
        explain(ctx, discrepancy_id=row.pk, **given)
        return {"said": "Explained, and the ledger set right."}

    def lost(given: dict[str, Any], _: Any) -> dict[str, str]:
        kind = given.pop("kind")
        done = declare_loss(
            ctx,
            discrepancy_id=row.pk,
            is_theft=kind == "theft",
            is_significant=kind == "significant",
            **given,
        )
        told = "The clocks run." if done.is_significant else "Nothing is to be reported."
        return {"said": f"Closed as a loss. {told}"}

    def noticed(given: dict[str, Any], _: Any) -> dict[str, str]:
        if not any(str(one.pk) == wanted for one in Notice.objects.filter(discrepancy=row)):
            raise Invalid("There is no such notice of this discrepancy.")
        return {"said": f"{give_notice(ctx, notice_id=wanted, **given).label}: noted."}

    doers = {"note": note, "explain": explained, "loss": lost, "notice": noticed}
    if asked not in doers:
        return None
    form = notice_form if asked == "notice" else forms_[asked]
    reply = submit(request, form, doers[asked])
    return None if reply is None else str(reply["said"])


__all__ = ["discrepancies", "discrepancy"]
