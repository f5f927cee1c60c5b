"""Emergency access: opening one person's record, ending it, and reviewing that it was right."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.people.actions.emergency_access import (
    LOOKED_FOR,
    end_emergency,
    open_in_emergency,
    review_emergency,
)
from evenkeel.clinic.people.models import EmergencyAccess
from evenkeel.clinic.people.pages.acting_forms import EmergencyForm, EmergencyReviewForm
from evenkeel.clinic.people.pages.confirming import confirm_first, is_to_confirm, way_confirmed
from evenkeel.clinic.people.pages.posting import act_once, show_refusal, submit
from evenkeel.clinic.people.throttle import TooMany
from evenkeel.clinic.record.clock import SystemClock
from evenkeel.clinic.record.door import IN_EMERGENCY_WORDS, log_read, open_record, visible
from evenkeel.clinic.record.errors import Conflict, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.routes import page


@page("emergency.open")
def emergency_open(request: HttpRequest) -> HttpResponse:
    """Whose record, and why; asked of who just showed who they are."""
    ctx = request.ctx  # type: ignore[attr-defined]
    here = reverse("emergency_open")
    if is_to_confirm(request):
        return confirm_first(request, here)
    form = EmergencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        opened = _open(request, form)
        if opened is not None:
            messages.success(request, "The record is open. Every page you read is written down.")
            return HttpResponseRedirect(reverse("patient", args=[opened["patient"]]))
    shown = {
        "form": form,
        "open": ctx.actor.emergencies,
        "earlier": EmergencyAccess.objects.filter(account_id=ctx.actor.id)
        .select_related("patient")
        .order_by("-opened_at")[:10],
    }
    return render(request, "people/emergency_open.html", shown, status=422 if form.errors else 200)


def _open(request: HttpRequest, form: EmergencyForm) -> Any:
    """The access, once; ``None`` where the form says why not. Wrong guesses are counted."""
    ctx = request.ctx  # type: ignore[attr-defined]
    given, now = form.cleaned_data, SystemClock().now()
    way = way_confirmed(request)

    def do() -> dict[str, str]:
        access = open_in_emergency(ctx, confirmed_by=way, **given)
        return {"id": str(access.pk), "patient": str(access.patient_id)}

    try:
        LOOKED_FOR.refuse_if_exceeded(ctx.actor.id, now)
        return act_once(request, do)
    except NotFound as refusal:
        LOOKED_FOR.count(ctx.actor.id, now)
        log_read(ctx, "person sought in an emergency", refused=True)
        form.add_error(None, f"{refusal.message} {refusal.what_to_do}")
    except TooMany as refusal:
        form.add_error(None, f"{refusal.message} {refusal.what_to_do}")
    except (Invalid, Refused, Conflict) as refusal:
        show_refusal(form, refusal)
    return None


@page("emergency.open")
def emergency_end(request: HttpRequest, access_id: Any) -> HttpResponse:
    """Close the record again."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("emergency_open"))
    ctx = request.ctx  # type: ignore[attr-defined]
    act_once(request, lambda: {"id": str(end_emergency(ctx, access_id=access_id).pk)})
    messages.success(request, "The record is closed again.")
    return HttpResponseRedirect(reverse("home"))


@page("emergency.review")
def emergencies(request: HttpRequest) -> HttpResponse:
    """Every emergency access at one's sites, what waits for a review first."""
    ctx = request.ctx  # type: ignore[attr-defined]
    rows = visible(ctx, EmergencyAccess.objects.all(), "emergency.review").select_related(
        "account", "patient", "site", "reviewed_by"
    )
    shown = {
        "waiting": rows.filter(reviewed_at=None).order_by("opened_at"),
        "reviewed": rows.exclude(reviewed_at=None).order_by("-opened_at")[:50],
        "now": ctx.clock.now(),
        "me": ctx.actor.id,
    }
    return render(request, "people/emergencies.html", shown)


@page("emergency.review")
def emergency_review(request: HttpRequest, access_id: Any) -> HttpResponse:
    """One access: by whom, why, what was read and written meanwhile; and the verdict."""
    ctx = request.ctx  # type: ignore[attr-defined]
    access = open_record(
        ctx,
        EmergencyAccess,
        access_id,
        "account",
        "patient",
        "site",
        "reviewed_by",
        permission="emergency.review",
        what="emergency access",
    )
    form = EmergencyReviewForm(request.POST or None)

    def do(given: dict[str, Any]) -> dict[str, str]:
        return {"id": str(review_emergency(ctx, access_id=access.pk, **given).pk)}

    if request.method == "POST" and submit(request, form, do):
        messages.success(request, "The review is recorded.")
        return HttpResponseRedirect(reverse("emergencies"))
    shown = {
        "access": access,
        "form": form,
        "entries": entries_of(access, ctx.clock.now()),
        "own": str(access.account_id) == ctx.actor.id,
        "closed_at": access.ended_at or access.until,
        "lasts": access.ended_at is None and access.until > ctx.clock.now(),
        "words": IN_EMERGENCY_WORDS,
    }
    return render(
        request, "people/emergency_review.html", shown, status=422 if form.errors else 200
    )


def entries_of(access: EmergencyAccess, now: datetime) -> list[ChainEntry]:
    """What its holder read and wrote of the person while it was open, in order."""
    end = min(access.ended_at or access.until, now)
    return list(
        ChainEntry.objects.filter(
            actor_id=str(access.account_id),
            patient_id=access.patient_id,
            recorded_at__gte=access.opened_at,
            recorded_at__lte=end,
        ).order_by("position")[:200]
    )
