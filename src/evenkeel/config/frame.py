"""What the frame of every page shows: the ways one may go, who is here, what time it is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.people.pages.bars import bars_of
from evenkeel.clinic.record.clock import system_clock
from evenkeel.clinic.record.installation import is_demo
from evenkeel.clinic.record.models import Heartbeat
from evenkeel.clinic.record.permissions import ROLE_LABELS
from evenkeel.clinic.session.watch import WATCHER_SILENT_S

#: (label, route name, permission, path prefixes that count as this place)
PLACES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("Board", "board", "board.view", ("/board", "/sessions")),
    ("Today", "day", "appointment.view", ("/day", "/appointments")),
    ("People", "people", "people.view", ("/people", "/courses", "/groups")),
    ("Answers", "library", "library.view", ("/answers", "/evidence", "/results")),
    ("Protocols", "protocols", "protocol.view", ("/protocols", "/programs")),
    ("Oversight", "oversight", "oversight.view", ("/oversight", "/stock")),
    ("Set up", "setup", "setup.manage", ("/setup",)),
)

#: What stands in the menu under one's own name: (label, route name, permission).
MENU: tuple[tuple[str, str, str], ...] = (
    ("Safety signals", "safety_signals", "outcome.view"),
    ("Questions from patients", "team_questions", "team_question.view"),
    ("Questionnaires", "instruments", "instrument.view"),
    ("Groups", "groups", "group.view"),
    ("Who is on duty", "duty", "duty.view"),
    ("Emergency access", "emergency_open", "emergency.open"),
    ("My credentials", "own_credentials", "credential.own"),
    ("Write down a complaint", "complaint_new", "complaint.file"),
    ("Shelves", "stock", "stock.view"),
)


def _filling() -> dict[str, int] | None:
    """How far a demonstration's older history is, while it is still being filled in."""
    row = Heartbeat.objects.filter(pk="demo-history").first()
    if row is None or row.detail.get("done", 0) >= row.detail.get("of", 0):
        return None
    return {"done": row.detail["done"], "of": row.detail["of"]}


def _alarm_bar(caller_id: str) -> dict[str, str]:
    """Where the bar of one's own alarms gets them from."""
    return {
        "part": reverse("my_alarms"),
        "stream": "/live/alarms",
        "unlock": reverse("unlock"),
        "watch": reverse("watch_here"),
        "who": caller_id,
        "watcher_silent_s": str(WATCHER_SILENT_S),
    }


def frame(request: HttpRequest) -> dict[str, Any]:
    """A context processor; costs one query for a signed-in caller who was not looked up yet."""
    clock = system_clock()
    now = clock.now()
    demo = is_demo()
    shown: dict[str, Any] = {
        "demo": demo,
        "demo_filling": _filling() if demo else None,
        "server_now": timezone.localtime(now),
        "clock_speed": clock.speed,
        "home_url": "/",
    }
    ctx = getattr(request, "ctx", None)
    if not ctx:
        return shown
    path = request.path
    # until the second factor is there the stream of alarms refuses them
    hears = ctx.actor.may("alarm.hear") and not request.needs_second_factor  # type: ignore[attr-defined]
    shown["bars"] = bars_of(request.user, ctx)
    shown["alarm_bar"] = _alarm_bar(ctx.actor.id) if hears else None
    shown["nav"] = [
        {"label": label, "url": reverse(route), "current": path.startswith(prefixes)}
        for label, route, permission, prefixes in PLACES
        if ctx.actor.may(permission)
    ]
    roles = sorted({ROLE_LABELS[role] for _, role in ctx.actor.grants})
    shown["who"] = {"name": ctx.actor.name, "role": ", ".join(roles)}
    shown["signout_url"] = reverse("account_logout")
    shown["menu_links"] = [{"label": "Sign-in and PIN", "url": reverse("own_sign_in")}]
    shown["menu_links"] = [
        {"label": label, "url": reverse(route)}
        for label, route, permission in MENU
        if ctx.actor.may(permission)
    ] + shown["menu_links"]
    if hears:
        shown["menu_links"].insert(0, {"label": "Watch from here", "url": reverse("watch_here")})
    return shown
