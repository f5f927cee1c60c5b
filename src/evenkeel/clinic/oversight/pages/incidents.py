"""Incidents: the list with what is late, one with its story, telling and correcting one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.oversight.actions.incident_action import ask_action, close_action, owners_at
from evenkeel.clinic.oversight.actions.record_incident import correct_incident, record_incident
from evenkeel.clinic.oversight.actions.review_incident import (
    close_incident,
    reasons_open,
    reopen_incident,
    review_incident,
)
from evenkeel.clinic.oversight.harms import OWED_WORDS, owed_forms
from evenkeel.clinic.oversight.models import Incident, IncidentAccount
from evenkeel.clinic.oversight.pages.days import as_day
from evenkeel.clinic.oversight.pages.incident_about import incident_about
from evenkeel.clinic.oversight.pages.incident_forms import AccountForm, initial_of
from evenkeel.clinic.oversight.terms import authority_named, label_lists, term_lists
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.pages.posting import act_once, show_refusal
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import log_read, open_record, visible
from evenkeel.clinic.record.errors import Conflict, DomainError, Forbidden, Invalid, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.pages.narrative import event_lines
from evenkeel.clinic.session.queries import events_of
from evenkeel.protocol.products import PRODUCTS

_SHOWN_HERE: Final = (Invalid, Refused, Conflict)
_MOST: Final = 200
VIEWS: Final = (("open", "Open"), ("serious", "Serious"), ("all", "All"))


@page("incident.view")
def incidents(request: HttpRequest) -> HttpResponse:
    """The incidents of the caller's sites, what is owed about them, the late first."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    now = ctx.clock.now()
    view = request.GET.get("show", "open")
    rows = visible(ctx, Incident.objects.select_related("patient", "site"), "incident.view")
    waiting = rows.filter(closed_at=None).count()
    chosen = {
        "open": rows.filter(closed_at=None),
        "serious": rows.exclude(seriousness=[]),
    }.get(view, rows)
    found = list(chosen.order_by("-happened_at")[:_MOST])
    owed = owed_forms(ctx.actor.sites("incident.view"), now)
    log_read(ctx, "list of incidents")
    shown = {
        "rows": [_row(row) for row in found],
        "view": view if view in dict(VIEWS) else "all",
        "views": VIEWS,
        "waiting": waiting,
        "owed": [_owed(one, now) for one in owed if one.kind != "rems_form"],
        "forms_late": sum(one.kind == "rems_form" and one.due_at < now for one in owed),
        "may_record": ctx.actor.may("incident.record"),
        "sites": _my_sites(ctx),
        "now": now,
    }
    return render(request, "oversight/incidents.html", shown)


@page("incident.record")
def incident_new(request: HttpRequest, source: str, source_id: UUID) -> HttpResponse:
    """Tell what happened, beside what the session recorded."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    about = incident_about(ctx, source, source_id)
    timezone.activate(about.site.timezone)
    zone = ZoneInfo(about.site.timezone)
    if request.method == "POST":
        form = AccountForm(request.POST, product=about.product)
        done = _store(
            request,
            form,
            lambda: record_incident(ctx, source=source, source_id=source_id, said=form.said(zone)),
        )
        if done is not None:
            messages.success(request, "It is written down, and the medical director sees it.")
            return HttpResponseRedirect(reverse("incident", args=[done["id"]]), status=303)
    else:
        form = AccountForm(initial=about.initial, product=about.product)
    shown = _form_shown(form) | {
        "about": about,
        "patient": about.patient,
        "session": about.session,
        "lines": event_lines(events_of(about.session.pk)) if about.session else [],
        "product": PRODUCTS.get(about.product),
    }
    return render(
        request, "oversight/incident_form.html", shown, status=422 if form.errors else 200
    )


@page("incident.record")
def incident_correct(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Put a corrected account in the place of the newest."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    incident = _open(ctx, incident_id, "incident.record", "incident, to correct")
    zone = ZoneInfo(incident.site.timezone)
    accounts = _accounts(incident)
    if request.method == "POST":
        form = AccountForm(request.POST, product=incident.product)
        done = _store(
            request,
            form,
            lambda: correct_incident(
                ctx,
                incident_id=incident.pk,
                seen_account=request.POST.get("seen", ""),
                reason=request.POST.get("reason", ""),
                said=form.said(zone),
            ),
        )
        if done is not None:
            messages.success(request, "Corrected; both accounts stay. It is to be reviewed again.")
            return HttpResponseRedirect(reverse("incident", args=[incident.pk]), status=303)
    else:
        form = AccountForm(initial=initial_of(accounts[0], zone), product=incident.product)
    session = incident.session
    shown = _form_shown(form) | {
        "incident": incident,
        "seen": request.POST.get("seen") or accounts[0].pk,
        "reason": request.POST.get("reason", ""),
        "patient": incident.patient,
        "session": session,
        "lines": event_lines(events_of(session.pk)) if session else [],
        "product": PRODUCTS.get(incident.product),
    }
    return render(
        request, "oversight/incident_form.html", shown, status=422 if form.errors else 200
    )


@page("incident.view")
def incident(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """One incident: what is said of it, what was recorded beside, who does what, what was sent."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    error: DomainError | None = None
    if request.method == "POST":
        do = _DO.get(request.POST.get("do", ""))
        try:
            if do is None:
                raise Invalid("Nothing was chosen.")
            said = act_once(request, lambda: {"said": do(request, incident_id)})
        except (*_SHOWN_HERE, Forbidden) as refused:
            if isinstance(refused, Forbidden) and not ctx.actor.may("incident.act"):
                raise
            error = refused
        else:
            messages.success(request, said["said"])
            return HttpResponseRedirect(reverse("incident", args=[incident_id]), status=303)
    row = _open(ctx, incident_id, "incident.view", "incident")
    accounts = _accounts(row)
    now = ctx.clock.now()
    shown = {
        "incident": row,
        "patient": row.patient,
        "account": accounts[0],
        "earlier": accounts[1:],
        "said": _said(accounts[0]),
        "lines": event_lines(events_of(row.session_id)) if row.session_id else [],
        "actions": [
            {"row": one, "late": one.done_at is None and one.due_at < now, "mine": _mine(ctx, one)}
            for one in row.actions.select_related("owner").order_by("done_at", "due_on")
        ],
        "reports": [
            {"row": one, "authority": authority_named(one.authority), "late": _late(one, now)}
            for one in row.reports.select_related("sender").order_by("authority")
        ],
        "owners": owners_at(row.site_id) if ctx.actor.may("incident.act", row.site_id) else [],
        "open_still": reasons_open(row) if row.closed_at is None else [],
        "may": {
            name: ctx.actor.may(permission, row.site_id)
            for name, permission in (
                ("record", "incident.record"),
                ("act", "incident.act"),
                ("review", "incident.review"),
                ("report", "report.view"),
                ("session", "session.view"),
            )
        },
        "error": error,
        "typed": request.POST,
        "now": now,
        "today": timezone.localtime(now).date(),
    }
    return render(request, "oversight/incident.html", shown, status=error.status if error else 200)


def _open(ctx: Context, incident_id: Any, permission: str, what: str) -> Incident:
    row = open_record(
        ctx,
        Incident,
        incident_id,
        "site",
        "patient",
        "course",
        "session",
        "call",
        "reviewed_by",
        permission=permission,
        what=what,
    )
    timezone.activate(row.site.timezone)
    return row


def _accounts(row: Incident) -> list[IncidentAccount]:
    """The accounts, the one that stands first."""
    return sorted(row.accounts.all(), key=lambda one: (one.written_at, one.version), reverse=True)


def _form_shown(form: AccountForm) -> dict[str, Any]:
    lists = term_lists()
    return {
        "form": form,
        "sources": {name: lists[name].source for name in lists},
        "label": label_lists().get(form.product),
    }


def _store(request: HttpRequest, form: AccountForm, do: Callable[[], Incident]) -> Any:
    """The reply of the act, or ``None`` where the form must be shown again."""
    if not form.is_valid():
        return None
    try:
        return act_once(request, lambda: {"id": str(do().pk)})
    except _SHOWN_HERE as refused:
        show_refusal(form, refused)
        if "reason" in refused.fields:
            form.add_error(None, refused.fields["reason"])
        return None


def _row(row: Incident) -> dict[str, Any]:
    lists = term_lists()
    return {
        "incident": row,
        "serious": [lists["seriousness"].words(code) for code in row.seriousness],
        "severity": lists["severity"].words(row.severity),
        "outcome": lists["outcome"].words(row.outcome),
    }


def _said(account: IncidentAccount) -> list[tuple[str, str, Any]]:
    """What an account says as pairs with the source of the list each answer is from."""
    lists = term_lists()
    found: list[tuple[str, str, Any]] = []
    if account.kind != "adverse_event":
        return found
    serious = ", ".join(lists["seriousness"].words(code) for code in account.seriousness)
    found.append(("Serious", serious or "no criterion is met", lists["seriousness"].source))
    labels = (
        ("severity", "Severity"),
        ("outcome", "Outcome"),
        ("causality", "Caused by the medicine"),
        ("expectedness", "On the label’s list"),
        ("action_taken", "The medicine was"),
        ("abated", "Went when it stopped"),
    )
    for name, label in labels:
        code = getattr(account, name)
        words = lists[name].words(code) if code else "not judged yet"
        if name == "expectedness" and account.listed:
            words = f"yes: {account.listed}"
        found.append((label, words, lists[name].source))
    return found


def _owed(one: Any, now: Any) -> dict[str, Any]:
    return {"owed": one, "kind": OWED_WORDS[one.kind], "late": one.due_at < now}


def _mine(ctx: Context, action: Any) -> bool:
    return str(action.owner_id) == ctx.actor.id or ctx.actor.may("incident.review", action.site_id)


def _late(report: Any, now: Any) -> bool:
    settled = report.sent_at is not None or report.decided_at is not None
    return not settled and report.due_at is not None and report.due_at < now


def _my_sites(ctx: Context) -> list[Any]:
    held = ctx.actor.sites("incident.record")
    rows = Site.objects.filter(active=True).order_by("name")
    return list(rows if held is None else rows.filter(pk__in=held))


def _review(request: HttpRequest, incident_id: Any) -> str:
    review_incident(
        request.ctx,  # type: ignore[attr-defined]
        incident_id=incident_id,
        seen_account=request.POST.get("seen", ""),
        note=request.POST.get("note", ""),
    )
    return "Reviewed under your name."


def _close(request: HttpRequest, incident_id: Any) -> str:
    close_incident(request.ctx, incident_id=incident_id)  # type: ignore[attr-defined]
    return "The incident is closed."


def _reopen(request: HttpRequest, incident_id: Any) -> str:
    reopen_incident(
        request.ctx,  # type: ignore[attr-defined]
        incident_id=incident_id,
        reason=request.POST.get("reason", ""),
    )
    return "The incident is open again."


def _ask(request: HttpRequest, incident_id: Any) -> str:
    ask_action(
        request.ctx,  # type: ignore[attr-defined]
        incident_id=incident_id,
        what=request.POST.get("what", ""),
        owner_id=request.POST.get("owner", ""),
        due_on=as_day(request.POST.get("due_on", "")),
    )
    return "The action is asked for."


def _done(request: HttpRequest, incident_id: Any) -> str:
    close_action(
        request.ctx,  # type: ignore[attr-defined]
        action_id=request.POST.get("action", ""),
        note=request.POST.get("done_note", ""),
    )
    return "The action is done."


_DO: Final[dict[str, Callable[[HttpRequest, Any], str]]] = {
    "review": _review,
    "close": _close,
    "reopen": _reopen,
    "ask": _ask,
    "done": _done,
}
