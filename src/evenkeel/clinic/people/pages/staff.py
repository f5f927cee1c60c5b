"""Who works here: invitations, roles at each site, closing an account."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.people.actions.invite_staff import (
    invite_staff,
    reissue_invitation,
    reset_sign_in,
    revoke_invitation,
)
from evenkeel.clinic.people.actions.manage_account import deactivate_account, reactivate_account
from evenkeel.clinic.people.actions.set_up import end_role, grant_role
from evenkeel.clinic.people.models import Account, Invitation, Membership, Site
from evenkeel.clinic.people.pages.posting import act_once, submit
from evenkeel.clinic.people.pages.set_up import steps
from evenkeel.clinic.people.pages.set_up_forms import InviteForm, RoleForm
from evenkeel.clinic.record.act import find
from evenkeel.clinic.record.door import visible
from evenkeel.clinic.record.errors import Invalid, NotFound, Refused
from evenkeel.clinic.record.installation import installation
from evenkeel.clinic.record.permissions import ROLE_LABELS
from evenkeel.clinic.record.routes import page

_DONE = {"done": True}


def _sites(request: HttpRequest) -> list[Site]:
    ctx = request.ctx  # type: ignore[attr-defined]
    return list(visible(ctx, Site.objects.filter(active=True).order_by("name"), "staff.manage"))


def _choices(sites: list[Site]) -> list[tuple[str, str]]:
    return [(str(site.pk), site.name) for site in sites]


@page("staff.manage")
def setup_staff(request: HttpRequest) -> HttpResponse:
    """Everybody who works here, and one more to invite."""
    ctx = request.ctx  # type: ignore[attr-defined]
    sites = _sites(request)
    form = InviteForm(request.POST or None, sites=_choices(sites))
    issued: list[tuple[Invitation, str]] = []

    def do(given: dict[str, Any]) -> dict[str, bool]:
        site_id = given.pop("site")
        issued.append(invite_staff(ctx, site_id=site_id, **given))
        return _DONE

    if request.method == "POST" and submit(request, form, do):
        return show_link(request, issued)
    held = (
        visible(ctx, Membership.objects.filter(ended_at=None), "staff.manage")
        .select_related("account", "site")
        .order_by("account__full_name", "site__name", "role")
    )
    people: dict[Any, dict[str, Any]] = {}
    for membership in held:
        person = people.setdefault(
            membership.account_id, {"account": membership.account, "roles": []}
        )
        person["roles"].append({"label": ROLE_LABELS[membership.role], "site": membership.site})
    waiting = visible(
        ctx, Invitation.objects.filter(accepted_at=None, revoked_at=None), "staff.manage"
    )
    row = installation()
    shown = {
        "steps": steps(request, "setup_staff"),
        "set_up_at": row.set_up_at if row else None,
        "form": form,
        "people": people.values(),
        "invitations": [_waiting(i, ctx.clock.now()) for i in waiting.order_by("-created_at")],
        "many_sites": len(sites) > 1,
    }
    return render(request, "people/setup_staff.html", shown, status=422 if form.errors else 200)


def _waiting(row: Invitation, now: Any) -> dict[str, Any]:
    return {
        "row": row,
        "roles": ", ".join(ROLE_LABELS[role] for role in row.roles)
        or ("Patient" if row.patient_id else "New password"),
        "expired": row.expires_at <= now,
    }


def show_link(
    request: HttpRequest, issued: list[tuple[Invitation, str]], back: str = ""
) -> HttpResponse:
    """The link, this once: what is stored is only its hash."""
    link = ""
    row = None
    if issued:
        row, token = issued[0]
        link = request.build_absolute_uri(reverse("invitation", args=[token]))
    shown = {"link": link, "row": row, "back": back or reverse("setup_staff")}
    return render(request, "people/setup_link.html", shown)


@page("staff.manage")
def setup_invitation(request: HttpRequest, invitation_id: Any) -> HttpResponse:
    """Revoke an invitation, or make a new link for it."""
    ctx = request.ctx  # type: ignore[attr-defined]
    if request.method != "POST":
        return HttpResponseRedirect(reverse("setup_staff"))
    issued: list[tuple[Invitation, str]] = []

    def do() -> dict[str, bool]:
        if request.POST.get("do") == "reissue":
            issued.append(reissue_invitation(ctx, invitation_id=invitation_id))
        else:
            revoke_invitation(ctx, invitation_id=invitation_id)
        return _DONE

    act_once(request, do)
    if request.POST.get("do") == "reissue":
        return show_link(request, issued)
    messages.success(request, "The invitation is revoked; its link no longer works.")
    return HttpResponseRedirect(reverse("setup_staff"))


@page("staff.manage")
def setup_person(request: HttpRequest, account_id: Any) -> HttpResponse:
    """One member of staff: roles, a new link to sign in, closing the account."""
    ctx = request.ctx  # type: ignore[attr-defined]
    sites = _sites(request)
    account = Account.objects.filter(pk=account_id, patient=None).first()
    held = list(
        visible(ctx, Membership.objects.filter(account=account), "staff.manage").select_related(
            "site"
        )
    )
    if account is None or not held:
        raise NotFound("There is no such member of staff.")
    wanted = request.POST.get("do", "")
    form = RoleForm(request.POST if wanted == "grant" else None, sites=_choices(sites))
    if wanted == "grant":

        def grant(given: dict[str, Any]) -> dict[str, bool]:
            grant_role(ctx, account_id=account.pk, site_id=given["site"], role=given["role"])
            return _DONE

        if submit(request, form, grant):
            messages.success(request, "The role is given.")
            return HttpResponseRedirect(request.path)
    elif wanted == "reset":
        issued: list[tuple[Invitation, str]] = []

        def reset() -> dict[str, bool]:
            site_id = next(m.site_id for m in held if m.ended_at is None)
            issued.append(reset_sign_in(ctx, account_id=account.pk, site_id=site_id))
            return _DONE

        act_once(request, reset)
        return show_link(request, issued)
    elif wanted:
        _change(request, account, wanted)
        return HttpResponseRedirect(request.path)
    shown = {
        "account": account,
        "held": [_role(m) for m in held if m.ended_at is None],
        "ended": [_role(m) for m in held if m.ended_at is not None],
        "form": form,
        "own": str(account.pk) == ctx.actor.id,
        "steps": steps(request, "setup_staff"),
    }
    return render(request, "people/setup_person.html", shown, status=422 if form.errors else 200)


def _role(held: Membership) -> dict[str, Any]:
    return {"row": held, "label": ROLE_LABELS[held.role], "site": held.site}


def _change(request: HttpRequest, account: Account, wanted: str) -> None:
    ctx = request.ctx  # type: ignore[attr-defined]

    def do() -> dict[str, bool]:
        if wanted == "end":
            membership = find(Membership, request.POST.get("membership"))
            if membership.account_id != account.pk:
                raise NotFound("There is no such role.")
            end_role(ctx, membership_id=membership.pk)
        elif wanted == "close":
            deactivate_account(ctx, account_id=account.pk, reason=request.POST.get("reason", ""))
        elif wanted == "open":
            reactivate_account(ctx, account_id=account.pk)
        else:
            raise Invalid("That cannot be done here.")
        return _DONE

    try:
        act_once(request, do)
    except Refused as refusal:
        messages.warning(request, f"{refusal.message} {refusal.what_to_do}".strip())
    else:
        said = {"end": "The role has ended.", "close": "The account is closed."}
        messages.success(request, said.get(wanted, "The account is open again."))
