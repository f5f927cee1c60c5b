"""A report to an authority: filled in for a named person to send, and the proof that it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from evenkeel.clinic.oversight.actions.record_incident import newest_account
from evenkeel.clinic.oversight.actions.send_report import (
    WAYS,
    decide_none,
    name_sender,
    note_sent,
    senders_at,
    take_back,
)
from evenkeel.clinic.oversight.medwatch import SOURCE, from_document, medwatch_form
from evenkeel.clinic.oversight.models import Report
from evenkeel.clinic.oversight.pages.days import as_day
from evenkeel.clinic.oversight.pages.paper_file import pdf_response
from evenkeel.clinic.oversight.terms import authority_named
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, Refused
from evenkeel.clinic.record.installation import installation
from evenkeel.clinic.record.routes import page


@page("report.view")
def report(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """The report with what stands in the form; POST says who sends it, or that it went."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    error: DomainError | None = None
    if request.method == "POST":
        do = _DO.get(request.POST.get("do", ""))
        try:
            if do is None:
                raise Invalid("Nothing was chosen.")
            said = act_once(request, lambda: {"said": do(request, report_id)})
        except (Invalid, Refused, Conflict) as refused:
            error = refused
        else:
            messages.success(request, said["said"])
            return HttpResponseRedirect(reverse("report", args=[report_id]), status=303)
    row = _open(ctx, report_id, "report to an authority")
    now = ctx.clock.now()
    shown = _paper(ctx, row) | {
        "senders": senders_at(row.site_id),
        "ways": WAYS.items(),
        "settled": row.sent_at is not None or row.decided_at is not None,
        "late": row.due_at is not None and row.due_at < now,
        "way": WAYS.get(row.sent_how, ""),
        "may_send": ctx.actor.may("report.send", row.site_id),
        "error": error,
        "typed": request.POST,
        "today": timezone.localtime(now).date(),
        "now": now,
    }
    return render(request, "oversight/report.html", shown, status=error.status if error else 200)


@require_GET
@page("report.view")
def report_paper(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """The filled fields as a page that prints."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    row = _open(ctx, report_id, "report to an authority, on paper")
    shown = _paper(ctx, row) | {"on_screen": True}
    return render(request, "oversight/report_paper.html", shown)


@require_GET
@page("report.view")
def report_pdf(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """The same as PDF."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    row = _open(ctx, report_id, "report to an authority, as PDF")
    name = f"report-{row.authority}-{row.incident.number}"
    return pdf_response(request, "oversight/report_paper.html", _paper(ctx, row), name)


def _open(ctx: Context, report_id: Any, what: str) -> Report:
    row = open_record(
        ctx,
        Report,
        report_id,
        "incident__site",
        "incident__patient",
        "incident__session",
        "sender",
        "site",
        permission="report.view",
        what=what,
    )
    timezone.activate(row.site.timezone)
    return row


def _paper(ctx: Context, row: Report) -> dict[str, Any]:
    """What was kept where it went; else what stands in the form now."""
    incident, now = row.incident, ctx.clock.now()
    if row.document is not None:
        sections = from_document(row.document)
    else:
        reporter = row.sender or Account.objects.filter(pk=_account_id(ctx)).first()
        sections = medwatch_form(incident, newest_account(incident), reporter, now)
    organisation = installation()
    return {
        "report": row,
        "incident": incident,
        "patient": incident.patient,
        "authority": authority_named(row.authority),
        "sections": sections,
        "form_source": SOURCE,
        "demo": bool(organisation and organisation.demo),
        "organization": organisation.organisation if organisation else "",
        "printed_at": now,
        "printed_by": ctx.actor.name,
    }


def _account_id(ctx: Context) -> UUID | None:
    try:
        return UUID(ctx.actor.id)
    except ValueError:
        return None


def _name(request: HttpRequest, report_id: Any) -> str:
    account = request.POST.get("sender", "")
    row = name_sender(request.ctx, report_id=report_id, account_id=account)  # type: ignore[attr-defined]
    return f"{row.sender.shown_name} is to send it."


def _sent(request: HttpRequest, report_id: Any) -> str:
    note_sent(
        request.ctx,  # type: ignore[attr-defined]
        report_id=report_id,
        sent_on=as_day(request.POST.get("sent_on", "")),
        how=request.POST.get("how", ""),
        reference=request.POST.get("reference", ""),
    )
    return "Noted as sent, with its proof. What was filled in is kept."


def _none(request: HttpRequest, report_id: Any) -> str:
    reason = request.POST.get("reason", "")
    decide_none(request.ctx, report_id=report_id, reason=reason)  # type: ignore[attr-defined]
    return "Noted: no report goes to them, and why."


def _back(request: HttpRequest, report_id: Any) -> str:
    reason = request.POST.get("reason", "")
    take_back(request.ctx, report_id=report_id, reason=reason)  # type: ignore[attr-defined]
    return "The report is open again."


_DO: Final[dict[str, Callable[[HttpRequest, Any], str]]] = {
    "name": _name,
    "sent": _sent,
    "none": _none,
    "back": _back,
}
