"""What a site asks of who acts there: which credential for which act, and who must be here."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from evenkeel.clinic.people.acting_policy import (
    ACT_LABELS,
    EFFECTS,
    ActingPolicy,
    as_document,
    kinds,
    policy_of,
    shipped,
)
from evenkeel.clinic.people.actions.decide_acting import (
    back_to_shipped,
    decide_policy,
    policy_hash,
    set_begin,
)
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.pages.confirming import confirm_first, is_to_confirm, way_confirmed
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.act import check_access, find
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, Refused
from evenkeel.clinic.record.permissions import PERMISSIONS, ROLE_LABELS, STAFF_ROLES
from evenkeel.clinic.record.routes import page


@page("credential.view")
@require_GET
def acting_policy(request: HttpRequest, site_id: Any) -> HttpResponse:
    """The policy of a site as a table."""
    site = find(Site, site_id)
    check_access(request.ctx.actor, site, "credential.view")  # type: ignore[attr-defined]
    return _show(request, site)


@page("acting.decide")
def acting_decide(request: HttpRequest, site_id: Any) -> HttpResponse:
    """The same as a form for the medical director, who just showed who they are."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site = find(Site, site_id)
    check_access(ctx.actor, site, "acting.decide")
    if is_to_confirm(request):
        return confirm_first(request, reverse("acting_decide", args=[site.pk]))
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _decide(request, site))
        except (Invalid, Conflict, Refused) as refused:
            error = refused
        else:
            messages.success(request, "The decision is recorded.")
            return HttpResponseRedirect(reverse("acting_policy", args=[site.pk]))
    return _show(request, site, editing=True, error=error)


def _show(
    request: HttpRequest, site: Site, *, editing: bool = False, error: DomainError | None = None
) -> HttpResponse:
    ctx = request.ctx  # type: ignore[attr-defined]
    policy = policy_of(site.acting_policy)
    shown = {
        "site": site,
        "rows": _rows(policy),
        "kinds": list(kinds().values()),
        "staffing": [
            {"rule": rule, "effect": EFFECTS[rule.effect], "counts": rule.id == "nurse_ratio"}
            for rule in policy.staffing
        ],
        "effects": EFFECTS.items(),
        "policy": policy,
        "begins": site.credentials_from,
        "begun": site.credentials_from is not None and site.credentials_from <= ctx.clock.now(),
        "editing": editing,
        "may_decide": ctx.actor.may("acting.decide", site.pk),
        "seen_hash": policy_hash(site),
        "error": error,
        "reason": request.POST.get("reason", ""),
    }
    return render(
        request, "people/acting_policy.html", shown, status=error.status if error else 200
    )


def _rows(policy: ActingPolicy) -> list[dict[str, Any]]:
    """One line for each role and act that a credential may stand against."""
    found = []
    for role in STAFF_ROLES:
        lines = [
            {
                "name": f"{role.value}:{act}",
                "label": label,
                "cells": [
                    {"kind": kind, "asked": kind.id in policy.kinds_for(role.value, act)}
                    for kind in kinds().values()
                ],
            }
            for act, label in ACT_LABELS.items()
            if role in PERMISSIONS[act]
        ]
        if lines:
            found.append({"role": ROLE_LABELS[role], "lines": lines})
    return found


def _decide(request: HttpRequest, site: Site) -> dict[str, str]:
    said = request.POST
    ctx = request.ctx  # type: ignore[attr-defined]
    common: dict[str, Any] = {
        "site_id": site.pk,
        "reason": said.get("reason", ""),
        "seen_hash": said.get("seen_hash", ""),
        "confirmed_by": way_confirmed(request),
    }
    if said.get("do") == "begin":
        set_begin(ctx, begins_at=_day(said.get("begins_on", ""), site.timezone), **common)
    elif said.get("do") == "ship":
        back_to_shipped(ctx, **common)
    elif said.get("do") == "policy":
        decide_policy(ctx, document=_posted(said, policy_of(site.acting_policy)), **common)
    else:
        raise Invalid("That cannot be done here.")
    return {"id": str(site.pk)}


def _day(text: str, zone: str) -> datetime:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 a day has no zone
    except ValueError:
        raise Invalid("Choose a day.", fields={"begins_on": "Choose a day."}) from None
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone))


def _posted(said: Any, before: ActingPolicy) -> dict[str, Any]:
    """The policy as the form was filled in. Raises ``Invalid`` for what is no number."""
    document = as_document(before)
    document["needs"] = {}
    for role in STAFF_ROLES:
        for act in ACT_LABELS:
            asked = said.getlist(f"need:{role.value}:{act}")
            if asked:
                document["needs"].setdefault(role.value, {})[act] = asked
    changed = {rule.id: rule for rule in shipped().staffing}
    for row in document["staffing"]:
        row["effect"] = said.get(f"effect:{row['id']}", row["effect"])
        if row["id"] == "nurse_ratio":
            row["sessions_a_nurse"] = _number(said.get("sessions_a_nurse", ""), "sessions_a_nurse")
        if row["effect"] != changed[row["id"]].effect:
            row["mark"], row["source"], row["url"] = "policy", "Decided by the site.", ""
    document["emergency_min"] = _number(said.get("emergency_min", ""), "emergency_min")
    return document


def _number(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Invalid("This is not a number.", fields={field: "Enter a whole number."})
    return int(text)
