"""Credentials: one's own, and for who answers for them the list of everybody's."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.people.acting_policy import ACT_LABELS, GRACE_DAYS, kinds
from evenkeel.clinic.people.actions.manage_credential import (
    end_credential,
    enter_credential,
    enter_own_credential,
    verify_credential,
)
from evenkeel.clinic.people.credentials import CredentialLine, Stands, credentials_of
from evenkeel.clinic.people.models import Account, Credential, Membership, Site
from evenkeel.clinic.people.pages.acting_forms import CredentialForm, ReasonForm, SeenForm
from evenkeel.clinic.people.pages.posting import submit
from evenkeel.clinic.record.act import check_access, find
from evenkeel.clinic.record.door import log_read, visible
from evenkeel.clinic.record.errors import NotFound
from evenkeel.clinic.record.routes import page

_OPEN = (Stands.MISSING, Stands.UNSEEN, Stands.EXPIRED, Stands.SOON)
_LEVEL = {
    Stands.MISSING: "off",
    Stands.UNSEEN: "review",
    Stands.EXPIRED: "off",
    Stands.SOON: "review",
    Stands.VALID: "ok",
    Stands.ENDED: "soft",
}


def shown_line(line: CredentialLine, names: dict[Any, str], *, own: bool = False) -> dict[str, Any]:
    """One line for the page: what it is, how it stands, what waits for it."""
    return {
        "line": line,
        "row": line.row,
        "label": line.label[:1].upper() + line.label[1:],
        "words": line.words,
        "level": _LEVEL[line.stands],
        "acts": [ACT_LABELS[act] for act in line.acts],
        "site": names.get(line.site_id, ""),
        "url": reverse("own_credential" if own else "credential", args=[line.row.pk])
        if line.row
        else "",
    }


def _own_sites(account: Any) -> list[Site]:
    held = Membership.objects.filter(account=account, ended_at=None)
    return list(Site.objects.filter(pk__in=held.values("site_id")).order_by("name"))


def today() -> date:
    """Today at the caller's site."""
    return timezone.localdate()


@page("credential.own")
def own_credentials(request: HttpRequest) -> HttpResponse:
    """One's own credentials: what is there, what is missing for which act, one more to enter."""
    ctx = request.ctx  # type: ignore[attr-defined]
    sites = _own_sites(request.user)
    names = {site.pk: site.name for site in sites}
    form = CredentialForm(
        request.POST or None,
        sites=[(str(key), name) for key, name in names.items()],
        initial={"kind": request.GET.get("kind", "")},
    )

    def do(given: dict[str, Any]) -> dict[str, str]:
        return {"id": str(enter_own_credential(ctx, site_id=given.pop("site"), **given).pk)}

    if request.method == "POST" and submit(request, form, do):
        messages.success(
            request, "It is entered. It counts once a second person has seen the document."
        )
        return HttpResponseRedirect(reverse("own_credentials"))
    lines = credentials_of(None, ctx.clock.now().date(), account_id=ctx.actor.id)
    shown = {
        "form": form,
        "lines": [
            shown_line(one, names, own=True) for one in lines if one.stands is not Stands.ENDED
        ],
        "many_sites": len(sites) > 1,
        "kinds": list(kinds().values()),
        "account": request.user,
    }
    return render(request, "people/own_credentials.html", shown, status=422 if form.errors else 200)


@page("credential.view")
def credentials(request: HttpRequest) -> HttpResponse:
    """Everybody's credentials: first what somebody must do something about."""
    ctx = request.ctx  # type: ignore[attr-defined]
    sites = list(visible(ctx, Site.objects.filter(active=True).order_by("name"), "credential.view"))
    names = {site.pk: site.name for site in sites}
    lines = [shown_line(one, names) for one in credentials_of(list(names), ctx.clock.now().date())]
    log_read(ctx, "credentials of staff")
    people: dict[Any, dict[str, Any]] = {}
    for one in lines:
        line = one["line"]
        if line.stands is not Stands.ENDED:
            key = (line.site_id, line.account_id)
            person = people.setdefault(
                key, {"name": line.holder, "id": line.account_id, "site": one["site"], "lines": []}
            )
            person["lines"].append(one)
    count = {state.value: 0 for state in Stands}
    for one in lines:
        count[one["line"].stands.value] += 1
    shown = {
        "people": people.values(),
        "todo": [one for one in lines if one["line"].stands in _OPEN],
        "count": count,
        "sites": [_begins(ctx, site) for site in sites],
        "many_sites": len(sites) > 1,
        "may_enter": ctx.actor.may("credential.enter"),
        "may_verify": ctx.actor.may("credential.verify"),
        "me": ctx.actor.id,
        "grace_days": GRACE_DAYS,
    }
    return render(request, "people/credentials.html", shown)


def _begins(ctx: Any, site: Site) -> dict[str, Any]:
    begins = site.credentials_from
    return {
        "site": site,
        "begins": begins,
        "begun": begins is not None and begins <= ctx.clock.now(),
        "shipped": site.acting_policy is None,
    }


@page("credential.own")
def own_credential(request: HttpRequest, credential_id: Any) -> HttpResponse:
    """One credential of one's own; another's is as if it were not there."""
    row = find(Credential, credential_id, "account", "site", "seen_by")
    if str(row.account_id) != request.ctx.actor.id:  # type: ignore[attr-defined]
        raise NotFound("There is nothing here with that address.")
    return _credential(request, row, own=True)


@page("credential.view")
def credential(request: HttpRequest, credential_id: Any) -> HttpResponse:
    """One credential, for who answers for them: to see it, and to say that one saw its document."""
    row = find(Credential, credential_id, "account", "site", "seen_by")
    check_access(request.ctx.actor, row, "credential.view")  # type: ignore[attr-defined]
    return _credential(request, row, own=False)


def _credential(request: HttpRequest, row: Credential, *, own: bool) -> HttpResponse:
    ctx = request.ctx  # type: ignore[attr-defined]
    line = next(
        one
        for one in credentials_of([row.site_id], ctx.clock.now().date(), account_id=row.account_id)
        if one.row is not None and one.row.pk == row.pk
    )
    wanted = request.POST.get("do", "")
    seen = SeenForm(request.POST if wanted == "verify" else None)
    ending = ReasonForm(request.POST if wanted == "end" else None, auto_id="end_%s")
    forms = {"verify": (seen, _verify), "end": (ending, _end)}
    if wanted in forms:
        form, act = forms[wanted]
        if submit(request, form, lambda given: act(ctx, row, given)):
            messages.success(request, "It is noted.")
            return HttpResponseRedirect(reverse("own_credentials" if own else "credentials"))
    entered = Account.objects.filter(pk=_key(row.created_by)).first()
    shown = {
        "one": shown_line(line, {row.site_id: row.site.name}),
        "row": row,
        "own": own,
        "entered_by": entered.shown_name if entered else "",
        "seen_form": seen,
        "end_form": ending,
        "may_verify": line.stands is Stands.UNSEEN
        and ctx.actor.may("credential.verify", row.site_id)
        and ctx.actor.id not in (str(row.account_id), row.created_by),
        "is_mine_to_see": ctx.actor.id in (str(row.account_id), row.created_by),
        "may_end": row.ended_at is None
        and (own or ctx.actor.may("credential.verify", row.site_id)),
        "waits": line.stands is Stands.UNSEEN,
    }
    wrong = seen.errors or ending.errors
    return render(request, "people/credential.html", shown, status=422 if wrong else 200)


def _key(text: str) -> Any:
    return text if len(text) == 36 else None


def _verify(ctx: Any, row: Credential, given: dict[str, Any]) -> dict[str, str]:
    return {"id": str(verify_credential(ctx, credential_id=row.pk, **given).pk)}


def _end(ctx: Any, row: Credential, given: dict[str, Any]) -> dict[str, str]:
    return {"id": str(end_credential(ctx, credential_id=row.pk, **given).pk)}


@page("credential.enter")
def credential_enter(request: HttpRequest, account_id: Any) -> HttpResponse:
    """Enter a colleague's credential; a third person sees it."""
    ctx = request.ctx  # type: ignore[attr-defined]
    held = visible(
        ctx,
        Membership.objects.filter(account_id=account_id, ended_at=None, account__patient=None),
        "credential.enter",
    ).select_related("account", "site")
    sites = {str(m.site_id): m.site.name for m in held}
    if not sites:
        raise NotFound("There is no such member of staff.")
    account = held[0].account
    form = CredentialForm(
        request.POST or None,
        sites=list(sites.items()),
        initial={"kind": request.GET.get("kind", "")},
    )

    def do(given: dict[str, Any]) -> dict[str, str]:
        site_id = given.pop("site")
        row = enter_credential(ctx, site_id=site_id, account_id=account.pk, **given)
        return {"id": str(row.pk)}

    if request.method == "POST" and submit(request, form, do):
        messages.success(
            request,
            "It is entered. Somebody who is neither its holder nor you must see the document.",
        )
        return HttpResponseRedirect(reverse("credentials"))
    shown = {"form": form, "account": account}
    return render(
        request, "people/credential_enter.html", shown, status=422 if form.errors else 200
    )
