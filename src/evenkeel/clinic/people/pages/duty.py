"""The roster: who is on duty at a site on a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from evenkeel.clinic.people.actions.plan_duty import plan_duty
from evenkeel.clinic.people.duty import OnDuty, rostered, staff_of
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.people.queries import as_date
from evenkeel.clinic.record.door import visible
from evenkeel.clinic.record.errors import NotFound
from evenkeel.clinic.record.permissions import Role
from evenkeel.clinic.record.routes import page

_WEEK = timedelta(days=7)
#: Who stands first on the roster: those a session cannot do without.
_FIRST = (Role.SESSION_NURSE, Role.PRESCRIBER, Role.MEDICAL_DIRECTOR, Role.THERAPIST)


@page("duty.view")
@require_GET
def duty(request: HttpRequest) -> HttpResponse:
    """One day's roster; who may make it ticks who is here and saves all at once."""
    ctx = request.ctx  # type: ignore[attr-defined]
    sites = list(visible(ctx, Site.objects.filter(active=True).order_by("name"), "duty.view"))
    site, day, here = _asked(request, sites)
    ticked = rostered(site.pk, day)
    copied = not ticked and "last_week" in request.GET
    if copied:
        ticked = rostered(site.pk, day - _WEEK)
    staff = staff_of(site.pk)
    today = timezone.localdate(ctx.clock.now())
    shown = {
        "site": site,
        "sites": sites,
        "day": day,
        "is_today": day == today,
        "days": _days(day, today, site),
        "staff": [
            {"one": one, "here": one.account.pk in ticked} for one in sorted(staff, key=_order)
        ],
        "here": sum(one.account.pk in ticked for one in staff),
        "copied": copied,
        "empty": not ticked,
        "may_plan": ctx.actor.may("duty.manage", site.pk),
        "last_week_url": f"{here}&last_week=1",
    }
    return render(request, "people/duty.html", shown)


@page("duty.manage")
def duty_plan(request: HttpRequest) -> HttpResponse:
    """Save the roster of a day."""
    ctx = request.ctx  # type: ignore[attr-defined]
    sites = list(visible(ctx, Site.objects.filter(active=True), "duty.manage"))
    site, day, here = _asked(request, sites)
    if request.method == "POST":
        wanted = request.POST.getlist("here")
        act_once(
            request,
            lambda: {"n": len(plan_duty(ctx, site_id=site.pk, day=day, account_ids=wanted))},
        )
        messages.success(request, "The roster of the day is saved.")
    return HttpResponseRedirect(here)


def _asked(request: HttpRequest, sites: list[Site]) -> tuple[Site, date, str]:
    """The site and day asked for, and the address that shows them. Raises ``NotFound``."""
    asked = request.POST if request.method == "POST" else request.GET
    wanted = asked.get("site", "") or (str(sites[0].pk) if sites else "")
    site = next((one for one in sites if str(one.pk) == wanted), None)
    if site is None:
        raise NotFound("There is no such site.")
    timezone.activate(site.timezone)
    now = request.ctx.clock.now()  # type: ignore[attr-defined]
    day = as_date(asked.get("day", "")[:20]) or timezone.localdate(now)
    return site, day, f"{reverse('duty')}?day={day.isoformat()}&site={site.pk}"


def _order(one: OnDuty) -> tuple[int, str]:
    held = [n for n, role in enumerate(_FIRST) if role.value in one.roles]
    return (min(held, default=len(_FIRST)), one.account.full_name)


def _days(day: date, today: date, site: Site) -> list[dict[str, Any]]:
    """A week around the day to go to."""
    first = day - timedelta(days=day.weekday())
    return [
        {
            "day": one,
            "url": f"{reverse('duty')}?day={one.isoformat()}&site={site.pk}",
            "current": one == day,
            "today": one == today,
        }
        for one in (first + timedelta(days=n) for n in range(-1, 8))
    ]
