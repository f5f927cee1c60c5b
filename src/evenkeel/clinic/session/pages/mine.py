"""The bar of a person's own alarms on every page, and the page to watch from with a phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.routes import is_locked, page
from evenkeel.clinic.session.calling import OpenAlarm
from evenkeel.clinic.session.models import Session
from evenkeel.clinic.session.my_alarms import Mine, MyAlarm, my_alarms
from evenkeel.clinic.session.pages.board import answering
from evenkeel.protocol.calling import Called

#: More alarms than this are counted in the bar, and stand one by one on the page to watch from.
MOST_IN_BAR = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """What else waits for a person beside the alarms of sessions, and how often to look again.

    ``find`` yields plain rows: level, name, statement, since, called, sounds, repeat_s, url. Who
    lacks ``permission`` is never asked about it.
    """

    find: Callable[[Context, datetime], list[dict[str, Any]]]
    look_again: timedelta
    permission: str


#: Filled when the later apps start: this one knows none of them.
WAITING: list[Waiting] = []
_PARTS = {"nurse": "you watch", "second": "you are second", "prescriber": "your patient"}


@require_GET
@page("alarm.hear", readable_when_locked=True)
def my_alarms_part(request: HttpRequest) -> HttpResponse:
    """The part of a page that changes; ``?full=1`` for the page to watch from."""
    full = request.GET.get("full") == "1"
    name = "session/watch_part.html" if full else "session/my_alarms.html"
    return render(request, name, _shown(request, full=full))


@require_GET
@page("alarm.hear", readable_when_locked=True)
def watch_here(request: HttpRequest) -> HttpResponse:
    """A page for a phone that is carried along: what concerns this person, large."""
    return render(request, "session/watch_here.html", _shown(request, full=True))


def _shown(request: HttpRequest, *, full: bool) -> dict[str, Any]:
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    now = ctx.clock.now()
    mine = my_alarms(ctx)
    locked = is_locked(request)
    alarms = [_alarm(ctx, one, now) | {"locked": locked} for one in mine.alarms]
    others = [
        row for each in WAITING if ctx.actor.may(each.permission) for row in each.find(ctx, now)
    ]
    sounding = [a for a in (*alarms, *others) if a["sounds"]]
    shown = alarms if full else alarms[:MOST_IN_BAR]
    return {
        "alarms": shown,
        "more": len(alarms) - len(shown),
        "watched": _watched(mine),
        "live": len(mine.watched),
        "loudest": _loudest(sounding),
        "repeat_s": min((a["repeat_s"] for a in sounding), default=0),
        "others": others if full else others[:MOST_IN_BAR],
        "next_at": _next_look(ctx, mine.next_at, now),
        "now": now,
    }


def _next_look(ctx: Context, next_at: datetime | None, now: datetime) -> datetime | None:
    """When to ask again: at the next call, and soon enough for what no stream tells of."""
    soon = [now + each.look_again for each in WAITING if ctx.actor.may(each.permission)]
    return min((at for at in (next_at, *soon) if at is not None), default=None)


def _loudest(sounding: list[dict[str, Any]]) -> str:
    levels = {a["level"] for a in sounding}
    return next((level for level in ("emergency", "hold") if level in levels), "")


def _watched(mine: Mine) -> list[dict[str, Any]]:
    return [
        {
            "session": session,
            "place": _place(session),
            "part": _PARTS[part],
            "no_second": part == "nurse" and session.second_id is None,
        }
        for session, part in mine.watched
    ]


def _place(session: Session) -> str:
    return session.chair.name if session.chair else session.patient.name


def _alarm(ctx: Context, mine: MyAlarm, now: datetime) -> dict[str, Any]:
    alarm, session = mine.open.alarm, mine.open.session
    since = alarm.since or alarm.raised_at
    return {
        "id": alarm.event_id,
        "session_id": str(session.pk),
        "level": alarm.level,
        "statement": alarm.statement,
        "value": alarm.value if alarm.value not in alarm.statement else "",
        "look_at": alarm.look_at,
        "place": _place(session),
        "name": session.patient.name,
        "since": since,
        "since_words": _span(now - since),
        "sounds": mine.sounds,
        "step": mine.step,
        "called": _called(mine.open, mine.step),
        "may_answer": ctx.actor.may("session.acknowledge", session.site_id),
        **answering(session, alarm),
    }


def _span(length: Any) -> str:
    seconds = max(0, int(length.total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02d}"


def _called(one: OpenAlarm, step: Called) -> str:
    """Who has been called so far, in a few words."""
    session = one.session
    nurse = session.nurse.shown_name if session.nurse else ""
    if step is Called.EVERYBODY:
        missing = f" {one.why}" if one.why else ""
        return f"Nobody has answered.{missing} Everybody at the site is called."
    if step is Called.SECOND and session.second is not None:
        return f"{session.second.shown_name} is called; {nurse or 'nobody'} has not answered."
    missing = f" {one.why}" if one.why else ""
    return f"{nurse} is called.{missing}" if nurse else f"No nurse is named.{missing}"


__all__ = ["my_alarms_part", "watch_here"]
