"""Asking for an inspection bundle, seeing how far it is, and fetching it."""

from __future__ import annotations

import json
import uuid
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from evenkeel.clinic.oversight import making
from evenkeel.clinic.oversight.actions.make_bundle import ASKED
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.pages.confirming import confirm_first, is_to_confirm
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.errors import DomainError, Forbidden, Invalid, NotFound
from evenkeel.clinic.record.models import ChainEntry, ChainPayload
from evenkeel.clinic.record.routes import page

_SHOWN = 20


@page("inspection.make")
def inspection(request: HttpRequest) -> HttpResponse:
    """The form, and the bundles that were asked for; asked only of who just showed who they are."""
    ctx = request.ctx  # type: ignore[attr-defined]
    here = reverse("inspection")
    if request.method == "POST" and is_to_confirm(request):
        return confirm_first(request, here)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            reply = act_once(request, lambda: _begin(request))
        except (Invalid, Forbidden) as refused:
            error = refused
        else:
            messages.success(request, "The bundle is being made.")
            return HttpResponseRedirect(f"{here}#b{reply['bundle']}", status=303)
    now = ctx.clock.now()
    making.throw_away_old(now)
    today = timezone.localtime(now).date()
    shown = {
        "bundles": _bundles(ctx, now),
        "sites": _sites(ctx),
        "may_identify": ctx.actor.may("inspection.identify"),
        "error": error,
        "typed": request.POST,
        "first": request.POST.get("from") or (today - timedelta(days=365)).isoformat(),
        "last": request.POST.get("to") or today.isoformat(),
        "confirm": is_to_confirm(request),
        "kept_days": making.KEPT_FOR.days,
    }
    log_read(ctx, "inspection bundles")
    status = error.status if error else 200
    return render(request, "oversight/inspection.html", shown, status=status)


def _sites(ctx: Any) -> list[Site]:
    held = ctx.actor.sites("inspection.make")
    rows = Site.objects.order_by("name")
    return list(rows if held is None else rows.filter(pk__in=held))


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("A day is missing.", fields={field: "Choose a day."}) from None


def _begin(request: HttpRequest) -> dict[str, str]:
    ctx, said = request.ctx, request.POST  # type: ignore[attr-defined]
    first, last = _day(said.get("from", ""), "from"), _day(said.get("to", ""), "to")
    if first > last:
        raise Invalid("The last day is before the first.", fields={"to": "Not before the first."})
    site = said.get("site", "")
    if site and site not in {str(one.pk) for one in _sites(ctx)}:
        raise Invalid("There is no such site.", fields={"site": "Choose a site."})
    identified = said.get("identified") == "yes"
    reason = said.get("reason", "").strip()
    if identified and not ctx.actor.may("inspection.identify"):
        raise Forbidden("Only a medical director may allow that people are named.")
    if identified and not reason:
        raise Invalid("Say why people are named.", fields={"reason": "Say why."})
    bundle = making.start_making(
        email=request.user.email,  # type: ignore[union-attr]
        first_day=first,
        last_day=last,
        site=site,
        identified=identified,
        reason=reason,
    )
    return {"bundle": str(bundle)}


def _bundles(ctx: Any, now: Any) -> list[dict[str, Any]]:
    """The newest bundles of the caller's sites, from the entries that asked for them."""
    sites = {str(site.pk) for site in _sites(ctx)}
    entries = ChainEntry.objects.filter(action=ASKED, outcome="done").order_by("-position")
    newest = list(entries[: _SHOWN * 3])
    bodies = ChainPayload.objects.in_bulk([entry.position for entry in newest])
    found = []
    for entry in newest:
        payload = bodies.get(entry.position)
        notes = json.loads(payload.body)["notes"] if payload and payload.body else {}
        if not notes or not set(notes["sites"]) <= sites:
            continue
        bundle_id = uuid.UUID(notes["bundle"])
        found.append({"entry": entry, "notes": notes, "state": making.state_of(bundle_id, now)})
    return found[:_SHOWN]


@require_GET
@page("inspection.make")
def inspection_state(request: HttpRequest, bundle_id: uuid.UUID) -> HttpResponse:
    """The line of one bundle, asked for again and again while it is made."""
    return render(request, "oversight/_bundle.html", {"one": _mine(request, bundle_id)})


def _mine(request: HttpRequest, bundle_id: uuid.UUID) -> dict[str, Any]:
    ctx = request.ctx  # type: ignore[attr-defined]
    for one in _bundles(ctx, ctx.clock.now()):
        if one["notes"]["bundle"] == str(bundle_id):
            return one
    raise NotFound("There is nothing here with that address.")


@require_GET
@page("inspection.make")
def inspection_file(request: HttpRequest, bundle_id: uuid.UUID) -> FileResponse:
    """The bundle itself, while it lies there."""
    ctx = request.ctx  # type: ignore[attr-defined]
    one = _mine(request, bundle_id)
    if one["state"].state != "ready":
        raise NotFound("This bundle does not lie here any more.", what_to_do="Ask for it again.")
    if one["notes"]["identified"] and not ctx.actor.may("inspection.identify"):
        raise Forbidden("Only a medical director may fetch a bundle that names people.")
    log_read(ctx, "inspection bundle", subject=f"bundle:{bundle_id}")
    name = f"inspection-{one['notes']['first_day']}-{one['notes']['last_day']}.zip"
    response = FileResponse(making.path_of(bundle_id).open("rb"), as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store, private"
    return response
