"""Today: who is expected, who is here, who did not come, and whom to call."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.people.models import Chair, Site
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.errors import Forbidden, NotFound
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.day_queries import (
    DayView,
    day_view,
    draw_day,
    sites_for,
    staff_on,
)
from evenkeel.clinic.session.pages.drug import waiting_at

#: How far the days can be stepped from now. Beyond it a date is a slip.
_FARTHEST = timedelta(days=3 * 365)


def chosen_site(request: HttpRequest, permission: str) -> tuple[Site, list[Site]]:
    """The site asked for, or the first, with all that may be chosen; its time zone is set.

    Raises ``NotFound`` for a site the caller does not work at.
    """
    sites = sites_for(request.ctx, permission)  # type: ignore[attr-defined]
    if not sites:
        raise Forbidden("No site where you work is open.", what_to_do="Ask an administrator.")
    wanted = request.GET.get("site", "")
    site = next((s for s in sites if str(s.pk) == wanted), None) if wanted else sites[0]
    if site is None:
        raise NotFound("There is no such site.")
    timezone.activate(site.timezone)
    return site, sites


def chosen_day(request: HttpRequest) -> date:
    """The day asked for, or today where none or no sensible one is; the zone must be set."""
    now = request.ctx.clock.now()  # type: ignore[attr-defined]
    today = timezone.localtime(now).date()
    try:
        asked = date.fromisoformat(request.GET.get("date", ""))
    except ValueError:
        return today
    return asked if abs(asked - today) <= _FARTHEST else today


@page("appointment.view")
def day(request: HttpRequest) -> HttpResponse:
    """The day as a drawing and as a list."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site, sites = chosen_site(request, "appointment.view")
    on = chosen_day(request)
    staff = staff_on(site, on)
    staff_id = _staff_id(request)
    view = day_view(site, on, ctx.clock.now(), staff_id=staff_id)
    log_read(ctx, f"day list of {on:%Y-%m-%d}", site_id=site.pk)
    chairs = list(Chair.objects.filter(site=site, active=True).order_by("order", "name"))
    may = {
        name: ctx.actor.may(permission, site.pk)
        for name, permission in (
            ("manage", "appointment.manage"),
            ("check_in", "appointment.check_in"),
            ("call", "follow_up.record"),
            ("session", "session.view"),
            ("print", "downtime.print"),
            ("enter", "downtime.enter"),
            ("monitors", "status.view"),
        )
    }
    shown = {
        "view": view,
        "site": site,
        "sites": sites,
        "chairs": chairs,
        "staff": staff,
        "staff_id": str(staff_id or ""),
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1),
        "picture": draw_day(view, chairs, _address) if view.entries else "",
        "may": may,
        "step_query": _query(site, sites, staff_id),
        "is_empty": not any(not e.is_call for e in view.entries),
        "overdue": _overdue(view),
        "to_account": waiting_at(site.pk) if may["session"] else [],
    }
    return render(request, "session/day/day.html", shown)


def _address(appointment: Any) -> str:
    return reverse("appointment", args=[appointment.pk])


def _staff_id(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("staff", ""))
    except ValueError:
        return None


def _query(site: Site, sites: list[Site], staff_id: Any) -> str:
    """What stepping from day to day keeps; ids only."""
    kept = []
    if len(sites) > 1:
        kept.append(f"site={site.pk}")
    if staff_id:
        kept.append(f"staff={staff_id}")
    return "".join(f"&{part}" for part in kept)


def _overdue(view: DayView) -> set[Any]:
    return {call.pk for call in view.calls if call.ends_at < view.now}
