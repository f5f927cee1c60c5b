"""Bedside monitors, where messages may come from, and the tray of what nobody could match."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.people.models import Chair, Site
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.door import log_read, visible
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, Refused
from evenkeel.clinic.record.models import Heartbeat
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.actions.manage_monitors import (
    allow_source,
    close_source,
    place_monitor,
    retire_monitor,
)
from evenkeel.clinic.session.actions.tray import assign_message, discard_message
from evenkeel.clinic.session.events import QUANTITIES
from evenkeel.clinic.session.models import (
    LIVE_STATES,
    Monitor,
    MonitorSource,
    MonitorStatus,
    Session,
    TrayMessage,
)
from evenkeel.clinic.session.pages.day import chosen_site

#: A monitor's clock may be this far off before it is shown.
OFFSET_SHOWN_S = 120
#: A monitor not heard for this long is shown as silent. Assumed.
SILENT_S = 300
#: Under this name the listener leaves its signs of life, with its counts since the start.
LISTENER = "listener"
_SHORT = {
    "sbp_mmhg": "systolic",
    "dbp_mmhg": "diastolic",
    "map_mmhg": "mean",
    "heart_rate_bpm": "pulse",
    "spo2_percent": "SpO₂",
    "respiratory_rate_per_min": "breaths",
    "temperature_c": "temperature",
    "etco2_mmhg": "EtCO₂",
}


@page("status.view")
def monitors(request: HttpRequest) -> HttpResponse:
    """Every monitor that is registered or was heard, and the addresses that may send."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site, sites = chosen_site(request, "status.view")
    error: Invalid | Refused | Conflict | None = None
    if request.method == "POST":
        try:
            reply = act_once(request, lambda: _manage(ctx, site, request.POST))
        except (Invalid, Refused, Conflict) as refusal:
            error = refusal
        else:
            messages.success(request, reply["said"])
            return HttpResponseRedirect(request.get_full_path())
    now = ctx.clock.now()
    statuses = {row.pk: row for row in MonitorStatus.objects.order_by("pk")}
    known = list(Monitor.objects.select_related("chair", "site").order_by("identifier"))
    here = [m for m in known if m.site_id == site.pk and m.active]
    names = {m.identifier for m in known if m.active}
    counts = Heartbeat.objects.filter(pk=LISTENER).values_list("detail", flat=True).first() or {}
    shown = {
        "site": site,
        "sites": sites,
        "rows": [_row(m, statuses.get(m.identifier), now) for m in here],
        "strangers": [_row(None, s, now) for name, s in statuses.items() if name not in names],
        "chairs": Chair.objects.filter(site=site, active=True).order_by("order", "name"),
        "sources": MonitorSource.objects.filter(active=True, site=site).order_by("address"),
        "refused": sorted(counts.get("refused", {}).items(), key=lambda pair: -pair[1]),
        "malformed": sorted(counts.get("malformed", {}).items(), key=lambda pair: -pair[1]),
        "waiting": visible(ctx, TrayMessage.objects.filter(state="waiting"), "status.view").count(),
        "may_manage": ctx.actor.may("device.manage", site.pk),
        "may_assign": ctx.actor.may("tray.assign", site.pk),
        "error": error,
        "typed": request.POST if error else {},
        "now": now,
    }
    status = error.status if error else 200
    return render(request, "session/day/monitors.html", shown, status=status)


def _row(monitor: Monitor | None, status: MonitorStatus | None, now: Any) -> dict[str, Any]:
    offset_s = status.clock_offset_s if status else None
    heard = status.last_heard_at if status else None
    counters = dict(status.counters) if status else {}
    counters.pop("usual_gap_s", None)
    return {
        "monitor": monitor,
        "identifier": monitor.identifier if monitor else status.pk if status else "",
        "heard": heard,
        "is_silent": heard is None or (now - heard).total_seconds() > SILENT_S,
        "offset_s": offset_s,
        "offset_words": offset_words(offset_s),
        "demonstration": bool(status and status.demonstration),
        "messages": status.messages if status else 0,
        "peer": status.peer if status else "",
        "counters": [(name.replace("_", " "), count) for name, count in sorted(counters.items())],
    }


def offset_words(offset_s: float | None) -> str:
    """How far a monitor's clock is off, in words; empty up to two minutes.

    The offset is its time less ours: a positive one means that it is ahead.
    """
    if offset_s is None or abs(offset_s) <= OFFSET_SHOWN_S:
        return ""
    minutes = abs(offset_s) / 60
    size = f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
    return f"clock {size} {'ahead' if offset_s > 0 else 'behind'}"


def _manage(ctx: Any, site: Site, post: Any) -> dict[str, str]:
    what = post.get("do", "")
    if not ctx.actor.may("device.manage", site.pk):
        raise Forbidden(
            "Your role does not change monitors.", what_to_do="Ask a nurse or an administrator."
        )
    if what == "place":
        monitor = place_monitor(
            ctx,
            site_id=site.pk,
            identifier=post.get("identifier", ""),
            chair_id=post.get("chair_id") or None,
            timezone=post.get("timezone", "").strip(),
        )
        where = f"at {monitor.chair.name}" if monitor.chair else "at no chair"
        return {"said": f"{monitor.identifier} stands {where}."}
    if what == "retire":
        return {"said": f"{retire_monitor(ctx, monitor_id=post.get('id')).identifier} is retired."}
    if what == "allow":
        source = allow_source(
            ctx,
            site_id=site.pk,
            address=post.get("address", ""),
            label=post.get("label", ""),
        )
        return {"said": f"Messages from {source.address} are taken."}
    if what == "close":
        return {"said": f"{close_source(ctx, source_id=post.get('id')).address} is closed."}
    raise Invalid("There is nothing of that name to do.")


@page("tray.assign")
def tray(request: HttpRequest) -> HttpResponse:
    """Messages nobody could match: a named person gives each to a session, or discards it."""
    ctx = request.ctx  # type: ignore[attr-defined]
    error: Invalid | Refused | Conflict | None = None
    if request.method == "POST":
        try:
            reply = act_once(request, lambda: _deal_with(ctx, request.POST))
        except (Invalid, Refused, Conflict) as refusal:
            error = refusal
        else:
            messages.success(request, reply["said"])
            return HttpResponseRedirect(reverse("tray"))
    waiting = visible(ctx, TrayMessage.objects.filter(state="waiting"), "tray.assign")
    lately = visible(ctx, TrayMessage.objects.exclude(state="waiting"), "tray.assign")
    sessions = visible(
        ctx,
        Session.objects.filter(state__in=LIVE_STATES).select_related("patient", "chair"),
        "tray.assign",
    ).order_by("chair__order", "opened_at")
    log_read(ctx, "tray of unmatched readings")
    shown = {
        "rows": [_tray_row(m) for m in waiting.order_by("-received_at")[:50]],
        "counts": waiting.aggregate(n=Count("pk"))["n"],
        "sessions": list(sessions),
        "lately": lately.select_related("session__patient").order_by("-updated_at")[:10],
        "error": error,
        "error_id": request.POST.get("id", "") if error else "",
        "typed_reason": request.POST.get("reason", "") if error else "",
        "now": ctx.clock.now(),
    }
    status = error.status if error else 200
    return render(request, "session/day/tray.html", shown, status=status)


def _deal_with(ctx: Any, post: Any) -> dict[str, str]:
    if post.get("do") == "discard":
        discard_message(ctx, message_id=post.get("id"), reason=post.get("reason", ""))
        return {"said": "Discarded. It stays on the record."}
    if not post.get("session"):
        raise Invalid("Choose the session.", fields={"session": "Choose who was measured."})
    count = assign_message(ctx, message_id=post.get("id"), session_id=post.get("session"))
    return {"said": f"Assigned: {count} reading{'' if count == 1 else 's'} charted."}


def _tray_row(message: TrayMessage) -> dict[str, Any]:
    values: dict[str, tuple[str, Any, str]] = {}
    for reading in message.readings:
        for name, value in reading.get("values", {}).items():
            unit = QUANTITIES[name].unit if name in QUANTITIES else ""
            values[name] = (_SHORT.get(name, name.replace("_", " ")), value, unit)
    return {
        "message": message,
        "values": list(values.values()),
        "count": len(message.readings),
    }
