"""The groups of a site, and one group: who leads it, who is in it, when it meets."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.groups.actions.join_group import leave_group
from evenkeel.clinic.groups.actions.manage_group import choose_therapists, close_group, open_group
from evenkeel.clinic.groups.pages.frame import Acts, frame_of, open_group_page, try_act
from evenkeel.clinic.groups.queries import GroupView, candidates, group_programs, groups_of
from evenkeel.clinic.groups.staffing import staff_missing
from evenkeel.clinic.groups.words import asked_words, kind_words
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.errors import DomainError
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.booking import THERAPISTS, staff_of
from evenkeel.clinic.session.day_queries import sites_for


@page("group.view")
def groups(request: HttpRequest) -> HttpResponse:
    """Every group at the caller's sites, and the form that opens one."""
    ctx = request.ctx  # type: ignore[attr-defined]
    done = try_act(request, {"open": (_open, "The group is open. Now take people into it.")}, None)
    if isinstance(done, HttpResponse):
        return done
    sites = [_site(ctx, site) for site in sites_for(ctx, "group.view")]
    shown = {
        "sites": sites,
        "many": len(sites) > 1,
        "now": ctx.clock.now(),
        "error": done,
        "typed": request.POST if done else {},
        "typed_leads": request.POST.getlist("account_ids") if done else [],
    }
    return render(request, "groups/groups.html", shown, status=done.status if done else 200)


def _site(ctx: Any, site: Site) -> dict[str, Any]:
    views = groups_of(ctx, site)
    now = ctx.clock.now()
    may_open = ctx.actor.may("group.manage", site.pk)
    return {
        "site": site,
        "open": [_line(view, now) for view in views if view.group.closed_at is None],
        "closed": [view for view in views if view.group.closed_at is not None],
        "may_open": may_open,
        "programs": group_programs(site.pk) if may_open else [],
        "staff": list(staff_of(site.pk, THERAPISTS)) if may_open else [],
    }


def _line(view: GroupView, now: Any) -> dict[str, Any]:
    ahead = view.ahead(now)
    return {"view": view, "next": ahead[0] if ahead else None}


def _open(request: HttpRequest, _: Any) -> str:
    said = request.POST
    group = open_group(
        request.ctx,  # type: ignore[attr-defined]
        site_id=said.get("site", ""),
        name=said.get("name", ""),
        program=said.get("program", ""),
        room=said.get("room", ""),
        account_ids=said.getlist("account_ids"),
    )
    return reverse("group", args=[group.pk])


@page("group.view")
def group(request: HttpRequest, group_id: Any) -> HttpResponse:
    """One group: members, therapists, meetings, what its program asks for."""
    view = open_group_page(request, group_id, "group page")
    done = try_act(request, _ACTS, view)
    if isinstance(done, HttpResponse):
        return done
    return render(
        request,
        "groups/group.html",
        _shown(request, view, done),
        status=done.status if done else 200,
    )


def _shown(request: HttpRequest, view: GroupView, error: DomainError | None) -> dict[str, Any]:
    shown = frame_of(request, view, error)
    now = shown["now"]
    ahead = view.ahead(now)
    kinds = [k for k in ("preparation", "dosing", "integration") if view.program.count(k)]
    leads = {account.pk for account in view.therapists}
    return shown | {
        "ahead": ahead,
        "behind": view.behind(now),
        "candidates": candidates(view.group) if shown["may_manage"] and view.free else [],
        "asked": [(kind_words(kind), asked_words(view.program, kind)) for kind in kinds],
        "staff": [(a, a.pk in leads) for a in staff_of(view.group.site_id, THERAPISTS)]
        if shown["may_manage"]
        else [],
        "missing": staff_missing(
            view.program,
            ahead[0].kind,
            view.group.site,
            ahead[0].starts_at,
            _named(ahead[0], leads),
        )
        if ahead
        else [],
    }


def _named(visit: Any, leads: set[Any]) -> set[Any]:
    """Who is named for a meeting: its therapists, and the nurses of its places. One query."""
    nurses = visit.places.filter(left_at=None).values_list("appointment__nurse_id", flat=True)
    return leads | set(nurses)


def _lead(request: HttpRequest, view: GroupView) -> str:
    choose_therapists(
        request.ctx,  # type: ignore[attr-defined]
        group_id=view.group.pk,
        account_ids=request.POST.getlist("account_ids"),
    )
    return _here(view)


def _leave(request: HttpRequest, view: GroupView) -> str:
    leave_group(
        request.ctx,  # type: ignore[attr-defined]
        member_id=request.POST.get("member", ""),
        reason=request.POST.get("reason", ""),
    )
    return _here(view)


def _close(request: HttpRequest, view: GroupView) -> str:
    close_group(
        request.ctx,  # type: ignore[attr-defined]
        group_id=view.group.pk,
        reason=request.POST.get("reason", ""),
    )
    return _here(view)


def _here(view: GroupView) -> str:
    return reverse("group", args=[view.group.pk])


_ACTS: Acts = {
    "lead": (_lead, "Noted who leads the group."),
    "leave": (_leave, "Noted. Their own course goes on; look at what is booked for them."),
    "close": (_close, "The group is closed. Everybody’s own course goes on."),
}
