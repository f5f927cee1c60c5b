"""A person's own requests: that something be put right, or its use limited, and the answers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.outcome.pages.own import Own, own_frame, own_record
from evenkeel.clinic.oversight.actions.ask_privacy import (
    LONGEST,
    ask_privacy,
    disagree,
    withdraw_privacy,
)
from evenkeel.clinic.oversight.models import PrivacyRequest
from evenkeel.clinic.oversight.privacy_queries import own_requests
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, Refused
from evenkeel.clinic.record.routes import page

#: The parts of a record in words for the person it is about.
PLACES = (
    ("particulars", "My name, birthday, address or phone"),
    ("facts", "My health, medicines or allergies"),
    ("course", "My treatment plan"),
    ("sessions", "A session"),
    ("questionnaires", "My answers to questions"),
    ("therapy", "My talks and therapy"),
    ("whole", "All of it"),
)


@page("own.view")
def own_privacy(request: HttpRequest) -> HttpResponse:
    """Ask, and read what came of it; what was refused can be answered with a statement."""
    me = own_record(request, "own page: requests about the record")
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: {"id": str(_act(request, me).pk)})
        except (Invalid, Refused, Conflict) as refused:
            error = refused
        else:
            messages.success(request, "Your clinic has it now.")
            return HttpResponseRedirect(reverse("own_privacy"), status=303)
    context = own_frame(me, "") | {
        "rows": own_requests(me.patient.pk),
        "places": PLACES,
        "error": error,
        "typed": request.POST,
        "which": request.POST.get("request", ""),
        "longest": LONGEST,
    }
    status = error.status if error else 200
    return render(request, "oversight/own_privacy.html", context, status=status)


def _act(request: HttpRequest, me: Own) -> PrivacyRequest:
    ctx, said = request.ctx, request.POST  # type: ignore[attr-defined]
    do = said.get("do", "")
    if do == "ask":
        return ask_privacy(
            ctx,
            patient_id=me.patient.pk,
            kind=said.get("kind", ""),
            place=said.get("place", ""),
            said=said.get("said", ""),
            wanted=said.get("wanted", ""),
        )
    if do == "disagree":
        return disagree(ctx, request_id=said.get("request", ""), text=said.get("text", ""))
    if do == "withdraw":
        return withdraw_privacy(ctx, request_id=said.get("request", ""))
    raise Invalid("Nothing was chosen.")
