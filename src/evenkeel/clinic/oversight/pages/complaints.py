"""Complaints for those who may read them: the list, one of them, and writing one down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.oversight.actions.file_complaint import LONGEST, file_complaint
from evenkeel.clinic.oversight.actions.handle_complaint import (
    acknowledge_complaint,
    answer_complaint,
    pass_on,
    reopen_complaint,
)
from evenkeel.clinic.oversight.complaints import READERS, my_complaints, next_due, open_complaint
from evenkeel.clinic.oversight.models import Complaint
from evenkeel.clinic.oversight.pages.complain import complaint_said
from evenkeel.clinic.oversight.terms import complaint_terms
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, Refused
from evenkeel.clinic.record.routes import page

_SHOWN_HERE: Final = (Invalid, Refused, Conflict)


@page("complaint.handle")
def complaints(request: HttpRequest) -> HttpResponse:
    """The complaints that go to the caller, the waiting ones first."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    now = ctx.clock.now()
    rows = my_complaints(ctx)
    log_read(ctx, "list of complaints")
    shown = {
        "rows": [_row(row, now) for row in rows],
        "open": sum(row.answered_at is None for row in rows),
        "now": now,
    }
    return render(request, "oversight/complaints.html", shown)


@page("complaint.handle")
def complaint(request: HttpRequest, complaint_id: UUID) -> HttpResponse:
    """One complaint; POST acknowledges, answers, opens again or passes it on."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    error: DomainError | None = None
    if request.method == "POST":
        do = _DO.get(request.POST.get("do", ""))
        try:
            if do is None:
                open_complaint(ctx, complaint_id)
                raise Invalid("Nothing was chosen.")
            said = act_once(request, lambda: {"said": do(request, complaint_id)})
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, said["said"])
            gone = request.POST.get("do") == "pass"
            where = reverse("complaints") if gone else reverse("complaint", args=[complaint_id])
            return HttpResponseRedirect(where, status=303)
    row = open_complaint(ctx, complaint_id)
    timezone.activate(row.site.timezone)
    now = ctx.clock.now()
    shown = _row(row, now) | {
        "terms": complaint_terms(row.site.jurisdiction),
        "error": error,
        "typed": request.POST,
        "now": now,
    }
    return render(request, "oversight/complaint.html", shown, status=error.status if error else 200)


@page("complaint.file")
def complaint_new(request: HttpRequest) -> HttpResponse:
    """Staff write a complaint down for somebody; they do not see it again."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    sites = _sites(ctx)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _file(request, sites))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, "It went to those named for complaints, and only to them.")
            return HttpResponseRedirect(reverse("home"), status=303)
    shown = {
        "sites": sites,
        "about": Complaint.ABOUT,
        "readers": READERS.items(),
        "longest": LONGEST,
        "error": error,
        "typed": request.POST,
        "chosen_readers": request.POST.getlist("readers"),
        "terms": complaint_terms(sites[0].jurisdiction if sites else ""),
    }
    return render(
        request, "oversight/complaint_new.html", shown, status=error.status if error else 200
    )


def _row(row: Complaint, now: Any) -> dict[str, Any]:
    due = next_due(row)
    return {
        "complaint": row,
        "due": due,
        "late": due is not None and due < now,
        "step": "answer" if row.acknowledged_at else "acknowledge",
        "readers": [READERS[role] for role in row.recipients if role in READERS],
    }


def _sites(ctx: Context) -> list[Site]:
    held = ctx.actor.sites("complaint.file")
    rows = Site.objects.filter(active=True).order_by("name")
    return list(rows if held is None else rows.filter(pk__in=held))


def _file(request: HttpRequest, sites: list[Site]) -> dict[str, str]:
    chosen = request.POST.get("site", "")
    site = next((one for one in sites if str(one.pk) == chosen), None)
    if site is None:
        raise Invalid("Choose the site.", fields={"site": "Choose the site."})
    file_complaint(
        request.ctx,  # type: ignore[attr-defined]
        site_id=site.pk,
        via="staff",
        said=complaint_said(request),
        form_id=request.POST.get("act_id", ""),
    )
    return {"done": "yes"}


def _acknowledge(request: HttpRequest, complaint_id: Any) -> str:
    words = request.POST.get("acknowledgement", "")
    acknowledge_complaint(request.ctx, complaint_id=complaint_id, words=words)  # type: ignore[attr-defined]
    return "Acknowledged. They can read it with their code."


def _answer(request: HttpRequest, complaint_id: Any) -> str:
    answer_complaint(
        request.ctx,  # type: ignore[attr-defined]
        complaint_id=complaint_id,
        answer=request.POST.get("answer", ""),
        findings=request.POST.get("findings", ""),
    )
    return "Answered. They can read it with their code."


def _reopen(request: HttpRequest, complaint_id: Any) -> str:
    reason = request.POST.get("reason", "")
    reopen_complaint(request.ctx, complaint_id=complaint_id, reason=reason)  # type: ignore[attr-defined]
    return "It is open again."


def _pass(request: HttpRequest, complaint_id: Any) -> str:
    pass_on(request.ctx, complaint_id=complaint_id)  # type: ignore[attr-defined]
    return "Passed on. You can no longer open it."


_DO: Final[dict[str, Callable[[HttpRequest, Any], str]]] = {
    "acknowledge": _acknowledge,
    "answer": _answer,
    "reopen": _reopen,
    "pass": _pass,
}
