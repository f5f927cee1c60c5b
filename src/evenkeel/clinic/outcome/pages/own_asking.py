"""A person's own pages: asking the team, and how they want to be reminded."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.outcome.actions.choose_contact import choose_contact
from evenkeel.clinic.outcome.actions.team_question import LONGEST, ask_team
from evenkeel.clinic.outcome.contact import QUIET_FROM, QUIET_UNTIL
from evenkeel.clinic.outcome.crisis import contacts_of
from evenkeel.clinic.outcome.message_text import languages
from evenkeel.clinic.outcome.models import ContactChoice, TeamQuestion
from evenkeel.clinic.outcome.pages.own import own_frame, own_record
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, Refused
from evenkeel.clinic.record.routes import page

_SHOWN = 30


@page("own.view")
def own_ask(request: HttpRequest) -> HttpResponse:
    """Ask the team something, and read the answers."""
    me = own_record(request, "own page: asking the team")
    ctx = request.ctx  # type: ignore[attr-defined]
    error: DomainError | None = None
    if request.method == "POST":
        text = request.POST.get("text", "")
        try:
            act_once(
                request, lambda: {"id": str(ask_team(ctx, patient_id=me.patient.pk, text=text).pk)}
            )
        except (Invalid, Refused, Conflict) as refused:
            error = refused
        else:
            messages.success(request, "Your question is with the team.")
            return HttpResponseRedirect(reverse("own_ask"), status=303)
    rows = TeamQuestion.objects.filter(patient=me.patient).select_related("answered_by")
    context = own_frame(me, "own_questions") | {
        "asked": rows.order_by("-asked_at")[:_SHOWN],
        "contacts": contacts_of(me.patient.site),
        "error": error,
        "typed": request.POST.get("text", ""),
        "longest": LONGEST,
    }
    return render(request, "outcome/own_ask.html", context, status=error.status if error else 200)


@page("own.view")
def own_contact(request: HttpRequest) -> HttpResponse:
    """How messages come, in which language, and when not."""
    me = own_record(request, "own page: messages")
    choice = ContactChoice.objects.filter(patient=me.patient).first()
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _choose(request, me.patient.pk))
        except (Invalid, Refused, Conflict) as refused:
            error = refused
        else:
            messages.success(request, "Kept.")
            return HttpResponseRedirect(reverse("own_contact"), status=303)
    context = own_frame(me, "") | contact_shown(choice, me.patient, request.POST) | {"error": error}
    return render(
        request, "outcome/own_contact.html", context, status=error.status if error else 200
    )


def contact_shown(choice: ContactChoice | None, patient: Any, typed: Any) -> dict[str, Any]:
    """What the form of the choice shows: what was typed, else what stands, else the usual."""
    start = (choice.quiet_from if choice else "") or QUIET_FROM.strftime("%H:%M")
    end = (choice.quiet_until if choice else "") or QUIET_UNTIL.strftime("%H:%M")
    standing = choice.channel if choice else ("email" if patient.email else "sms")
    return {
        "choice": choice,
        "channels": [
            ("email", "By e-mail", patient.email or "no address is known"),
            ("sms", "By text message", patient.phone or "no number is known"),
            ("none", "No messages", "Your questions wait for you here all the same"),
        ],
        "chosen": typed.get("channel") or standing,
        "languages": languages(),
        "language": typed.get("language") or (choice.language if choice else "en"),
        "quiet_from": typed.get("quiet_from") or start,
        "quiet_until": typed.get("quiet_until") or end,
    }


def _choose(request: HttpRequest, patient_id: Any) -> dict[str, str]:
    row = choose_contact(
        request.ctx,  # type: ignore[attr-defined]
        patient_id=patient_id,
        channel=request.POST.get("channel", ""),
        language=request.POST.get("language", "en"),
        quiet_from=request.POST.get("quiet_from", ""),
        quiet_until=request.POST.get("quiet_until", ""),
    )
    return {"id": str(row.pk)}
