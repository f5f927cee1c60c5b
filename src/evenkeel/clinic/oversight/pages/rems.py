"""The risk programme: what is owed, who is enrolled, and the monitoring form field by field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from evenkeel.clinic.oversight.actions.fill_rems import (
    confirm_field,
    form_of,
    note_submitted,
    open_field,
    reopen_form,
)
from evenkeel.clinic.oversight.models import RemsForm
from evenkeel.clinic.oversight.pages.days import as_day
from evenkeel.clinic.oversight.pages.paper_file import pdf_response
from evenkeel.clinic.oversight.rems import (
    HOW,
    JURISDICTION,
    covers,
    definition_for,
    due_at,
    kept_here_since,
    owed_sessions,
    standing_site,
)
from evenkeel.clinic.oversight.rems_facts import FieldState, field_states, proposals_for
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import log_read, open_record, visible
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, NotFound, Refused
from evenkeel.clinic.record.installation import installation
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.models import Session

_SHOWN_HERE: Final = (Invalid, Refused, Conflict)
#: A form due within this long is said to be due soon.
_SOON: Final = timedelta(days=2)
_SUBMITTED_SHOWN: Final = 50


@page("rems.view")
def rems(request: HttpRequest) -> HttpResponse:
    """The forms that are owed, late first; those submitted lately; the sites."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    now = ctx.clock.now()
    held = ctx.actor.sites("rems.view")
    owed = owed_sessions(held, now)
    done = visible(ctx, RemsForm.objects.exclude(submitted_at=None), "rems.view")
    done = done.select_related("patient", "session", "submitted_by")
    places = Site.objects.filter(jurisdiction=JURISDICTION, active=True).order_by("name")
    if held is not None:
        places = places.filter(pk__in=held)
    kept_since = kept_here_since()
    log_read(ctx, "list of monitoring forms")
    shown = {
        "owed": [
            {
                "one": one,
                "late": one.due_at < now,
                "soon": now <= one.due_at < now + _SOON,
                "settled": len(one.form.fields) if one.form else 0,
            }
            for one in owed
        ],
        "late": sum(one.due_at < now for one in owed),
        "done": list(done.order_by("-submitted_at")[:_SUBMITTED_SHOWN]),
        "places": [
            {
                "site": site,
                "enrolled": standing_site(site.pk),
                "since": kept_since.get(site.pk),
                "definition": definition_for(site.pk),
            }
            for site in places
        ],
        "may_manage": ctx.actor.may("rems.manage"),
        "how": HOW,
        "now": now,
    }
    return render(request, "oversight/rems.html", shown)


@page("rems.view")
def rems_form(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """The form of one session; POST answers a field, or notes that it was submitted."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    error: DomainError | None = None
    if request.method == "POST":
        do = _DO.get(request.POST.get("do", ""))
        try:
            if do is None:
                raise Invalid("Nothing was chosen.")
            reply = act_once(request, lambda: do(request, session_id))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            if reply["said"]:
                messages.success(request, reply["said"])
            here = reverse("rems_form", args=[session_id]) + reply["place"]
            return HttpResponseRedirect(here, status=303)
    shown = _shown(ctx, session_id, "monitoring form")
    shown |= {
        "may_fill": ctx.actor.may("rems.fill", shown["session"].site_id),
        "error": error,
        "wrong_field": request.POST.get("field", "") if error else "",
        "typed": request.POST,
        "today": timezone.localtime(shown["now"]).date(),
    }
    return render(request, "oversight/rems_form.html", shown, status=error.status if error else 200)


@require_GET
@page("rems.view")
def rems_form_paper(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """The form as a page that prints; what is not confirmed is seen not to be."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    shown = _shown(ctx, session_id, "monitoring form, on paper") | {"on_screen": True}
    return render(request, "oversight/rems_paper.html", shown)


@require_GET
@page("rems.view")
def rems_form_pdf(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """The same as PDF."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    shown = _shown(ctx, session_id, "monitoring form, as PDF")
    name = f"monitoring-form-{shown['session'].opened_at:%Y-%m-%d}"
    return pdf_response(request, "oversight/rems_paper.html", shown, name)


def _shown(ctx: Context, session_id: Any, what: str) -> dict[str, Any]:
    session = open_record(
        ctx,
        Session,
        session_id,
        "site",
        "patient",
        "nurse",
        "second",
        "appointment",
        "course",
        permission="rems.view",
        what=what,
    )
    if not covers(session.product, session.site.jurisdiction) or session.first_dose_at is None:
        raise NotFound("No monitoring form is owed for this session.")
    timezone.activate(session.site.timezone)
    now = ctx.clock.now()
    definition, form = form_of(session)
    states = field_states(definition, form, proposals_for(session, now))
    by_id = {state.spec.id: state for state in states}
    due = form.due_at if form else due_at(session, definition.due_days)
    submitted = form is not None and form.submitted_at is not None
    organisation = installation()
    return {
        "session": session,
        "patient": session.patient,
        "form": form,
        "definition": definition,
        "blocks": [
            (title, [_field(by_id[spec.id]) for spec in fields])
            for title, fields in definition.blocks
        ],
        "settled": sum(state.is_settled for state in states),
        "total": len(states),
        "changed": [state for state in states if state.state == "reopened"],
        "due": due,
        "late": not submitted and due < now,
        "submitted": submitted,
        "how": HOW.get(form.submitted_how, "") if form else "",
        "ways": HOW.items(),
        "now": now,
        "demo": bool(organisation and organisation.demo),
        "organization": organisation.organisation if organisation else "",
        "printed_at": now,
        "printed_by": ctx.actor.name,
    }


_YES_NO: Final = {"yes": "Yes", "no": "No"}


def _field(state: FieldState) -> dict[str, Any]:
    spec = state.spec
    proposed = state.proposal.value if state.proposal else ""
    value = state.value if state.state == "confirmed" else proposed or state.value
    options: list[tuple[str, str]] = []
    if spec.kind == "yes_no":
        options = list(_YES_NO.items())
    elif spec.kind == "choice":
        options = [(one, one) for one in spec.choices]
    return {
        "state": state,
        "spec": spec,
        "value": value,
        "words": _YES_NO.get(value, value) if spec.kind == "yes_no" else value,
        "proposed": _YES_NO.get(proposed, proposed) if spec.kind == "yes_no" else proposed,
        "before": _YES_NO.get(state.value, state.value),
        "options": options,
        "input": {"date": "date"}.get(spec.kind, "text"),
    }


def _confirm(request: HttpRequest, session_id: Any) -> dict[str, str]:
    field = request.POST.get("field", "")
    confirm_field(
        request.ctx,  # type: ignore[attr-defined]
        session_id=session_id,
        field_id=field,
        value=request.POST.get("value", ""),
        unknown=request.POST.get("answer") == "unknown",
    )
    return {"said": "", "place": f"#field-{field}"}


def _open_field(request: HttpRequest, session_id: Any) -> dict[str, str]:
    field = request.POST.get("field", "")
    open_field(request.ctx, session_id=session_id, field_id=field)  # type: ignore[attr-defined]
    return {"said": "", "place": f"#field-{field}"}


def _submit(request: HttpRequest, session_id: Any) -> dict[str, str]:
    note_submitted(
        request.ctx,  # type: ignore[attr-defined]
        session_id=session_id,
        submitted_on=as_day(request.POST.get("submitted_on", "")),
        how=request.POST.get("how", ""),
        reference=request.POST.get("reference", ""),
    )
    return {"said": "Noted as submitted, with its proof.", "place": ""}


def _reopen(request: HttpRequest, session_id: Any) -> dict[str, str]:
    reason = request.POST.get("reason", "")
    reopen_form(request.ctx, session_id=session_id, reason=reason)  # type: ignore[attr-defined]
    return {"said": "Open again; the proof of what went before is kept.", "place": ""}


_DO: Final[dict[str, Callable[[HttpRequest, Any], dict[str, str]]]] = {
    "confirm": _confirm,
    "open": _open_field,
    "submit": _submit,
    "reopen": _reopen,
}
