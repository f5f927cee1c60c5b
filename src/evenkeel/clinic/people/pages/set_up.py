"""Setting up: organization, sites, chairs, staff; each a step that can be left and come back to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.people.actions.change_set_up import (
    CHAIR_FIELDS,
    SITE_FIELDS,
    edit_chair,
    edit_site,
    finish_set_up,
    rename_organisation,
    retire_chair,
)
from evenkeel.clinic.people.actions.set_up import add_chair, open_site
from evenkeel.clinic.people.models import Chair, Invitation, Membership, Site
from evenkeel.clinic.people.pages.posting import act_once, submit
from evenkeel.clinic.people.pages.set_up_forms import ChairForm, OrganisationForm, SiteForm
from evenkeel.clinic.record.act import check_access, find
from evenkeel.clinic.record.door import visible
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.record.installation import installation
from evenkeel.clinic.record.routes import page


def steps(request: HttpRequest, here: str) -> list[dict[str, Any]]:
    """The steps of the set-up, each with whether it is done and what stands there."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = installation()
    sites = visible(ctx, Site.objects.filter(active=True), "setup.manage").count()
    chairs = visible(ctx, Chair.objects.filter(active=True), "setup.manage").count()
    staff = (
        visible(ctx, Membership.objects.filter(ended_at=None), "staff.manage")
        .values("account_id")
        .distinct()
        .count()
    )
    open_invitations = visible(
        ctx, Invitation.objects.filter(accepted_at=None, revoked_at=None), "staff.manage"
    ).count()
    asked = f", {open_invitations} invited" if open_invitations else ""
    named = row is not None and bool(row.organisation)
    done = [
        ("setup", "Organization", named, row.organisation if row else ""),
        ("setup_sites", "Sites", sites > 0, _number(sites, "site")),
        ("setup_chairs", "Chairs", chairs > 0, _number(chairs, "chair")),
        ("setup_staff", "Staff", staff > 1, f"{_number(staff, 'person', 'people')}{asked}"),
    ]
    return [
        {"url": reverse(r), "label": label, "done": ok, "note": note, "current": r == here}
        for r, label, ok, note in done
    ]


def _number(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _page(
    request: HttpRequest, here: str, template: str, shown: dict[str, Any], form: Any = None
) -> HttpResponse:
    wrong = form is not None and bool(form.errors)
    row = installation()
    shown |= {
        "steps": steps(request, here),
        "form": form,
        "set_up_at": row.set_up_at if row else None,
    }
    return render(request, f"people/{template}.html", shown, status=422 if wrong else 200)


@page("setup.manage")
def setup(request: HttpRequest) -> HttpResponse:
    """The organization's name."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = installation()
    if request.POST.get("finish"):
        try:
            act_once(request, lambda: {"done": bool(finish_set_up(ctx))})
            messages.success(request, "The set-up is complete. Change it here at any time.")
        except Refused as refusal:
            messages.warning(request, f"{refusal.message} {refusal.what_to_do}")
        return HttpResponseRedirect(reverse("setup"))
    form = OrganisationForm(
        request.POST or None, initial={"organisation": row.organisation if row else ""}
    )

    def do(given: dict[str, Any]) -> dict[str, bool]:
        rename_organisation(ctx, organisation=given["organisation"])
        return {"done": True}

    if request.method == "POST" and submit(request, form, do):
        return HttpResponseRedirect(reverse("setup_sites"))
    return _page(request, "setup", "setup_organisation", {}, form)


@page("setup.manage")
def setup_sites(request: HttpRequest) -> HttpResponse:
    """The sites, and one more."""
    ctx = request.ctx  # type: ignore[attr-defined]
    form = SiteForm(request.POST or None)

    def do(given: dict[str, Any]) -> dict[str, str]:
        return {"id": str(open_site(ctx, **given).pk)}

    if request.method == "POST" and submit(request, form, do):
        messages.success(request, "The site is open.")
        return HttpResponseRedirect(reverse("setup_sites"))
    rows = visible(ctx, Site.objects.order_by("name"), "setup.manage")
    return _page(request, "setup_sites", "setup_sites", {"sites": rows}, form)


@page("setup.manage")
def setup_site(request: HttpRequest, site_id: Any) -> HttpResponse:
    """One site."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site = find(Site, site_id)
    check_access(ctx.actor, site, "setup.manage")
    form = SiteForm(
        request.POST or None, initial={name: getattr(site, name) for name in SITE_FIELDS}
    )

    def do(given: dict[str, Any]) -> dict[str, bool]:
        edit_site(ctx, site_id=site.pk, **given)
        return {"done": True}

    if request.method == "POST" and submit(request, form, do):
        messages.success(request, "The site is saved.")
        return HttpResponseRedirect(reverse("setup_sites"))
    return _page(request, "setup_sites", "setup_site", {"site": site}, form)


@page("setup.manage")
def setup_chairs(request: HttpRequest) -> HttpResponse:
    """The chairs of every site, and one more."""
    ctx = request.ctx  # type: ignore[attr-defined]
    sites = list(visible(ctx, Site.objects.filter(active=True).order_by("name"), "setup.manage"))
    form = ChairForm(request.POST or None)
    site_id = request.POST.get("site") or (str(sites[0].pk) if sites else "")

    def do(given: dict[str, Any]) -> dict[str, str]:
        return {"id": str(add_chair(ctx, site_id=site_id, **given).pk)}

    if request.method == "POST" and submit(request, form, do):
        messages.success(request, "The chair is added.")
        return HttpResponseRedirect(reverse("setup_chairs"))
    rows = visible(
        ctx,
        Chair.objects.select_related("site").order_by("site__name", "-active", "order", "name"),
        "setup.manage",
    )
    shown = {"chairs": rows, "sites": sites, "chosen_site": site_id}
    return _page(request, "setup_chairs", "setup_chairs", shown, form)


@page("setup.manage")
def setup_chair(request: HttpRequest, chair_id: Any) -> HttpResponse:
    """One chair: change it, or take it out of use."""
    ctx = request.ctx  # type: ignore[attr-defined]
    chair = find(Chair, chair_id, "site")
    check_access(ctx.actor, chair, "setup.manage")
    retiring = "active" in request.POST
    form = ChairForm(
        None if retiring else request.POST or None,
        initial={name: getattr(chair, name) for name in CHAIR_FIELDS},
    )
    if retiring:
        active = request.POST["active"] == "yes"
        act_once(
            request,
            lambda: {"active": retire_chair(ctx, chair_id=chair.pk, active=active).active},
        )
        messages.success(request, "The chair is in use." if active else "The chair is out of use.")
        return HttpResponseRedirect(reverse("setup_chairs"))

    def do(given: dict[str, Any]) -> dict[str, bool]:
        edit_chair(ctx, chair_id=chair.pk, **given)
        return {"done": True}

    if request.method == "POST" and submit(request, form, do):
        messages.success(request, "The chair is saved.")
        return HttpResponseRedirect(reverse("setup_chairs"))
    return _page(request, "setup_chairs", "setup_chair", {"chair": chair}, form)
