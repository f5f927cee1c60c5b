"""The chair board: every live session of a site at a glance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from evenkeel.clinic.people.models import Chair, Site
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import visible
from evenkeel.clinic.record.errors import NotFound
from evenkeel.clinic.record.routes import is_locked, page
from evenkeel.clinic.session.alarm_story import worst_of_each
from evenkeel.clinic.session.answers import MUST_SAY, choices_for
from evenkeel.clinic.session.models import (
    Appointment,
    AppointmentStatus,
    Session,
    SessionState,
    TrayMessage,
)
from evenkeel.clinic.session.moments import ShownAlarm
from evenkeel.clinic.session.pages.board_cards import Card, card_of, drug_words, empty_card
from evenkeel.clinic.session.queries import board_timelines, live_sessions
from evenkeel.clinic.session.raising import protocol_of
from evenkeel.clinic.session.timeline import Timeline
from evenkeel.clinic.session.watch import WATCHER_SILENT_S
from evenkeel.protocol.calling import SOUNDING, repeat_s
from evenkeel.web.svg import Appointment as Visit
from evenkeel.web.svg import Day, day_timeline

_GONE = frozenset({AppointmentStatus.NO_SHOW, AppointmentStatus.CANCELLED})
#: With more chairs than this each is drawn smaller, and without its small chart.
_ROOMY = 8
_LEVELS = ("inform", "review", "hold", "emergency")


@require_GET
@page("board.view", readable_when_locked=True)
def board(request: HttpRequest) -> HttpResponse:
    """The board of one site; ``?site=`` chooses, ``?part=1`` is the part that changes."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    sites = _sites(ctx)
    site = _chosen(sites, request.GET.get("site", ""))
    with timezone.override(ZoneInfo(site.timezone)):
        shown = board_of(ctx, site)
        shown["sites"] = sites if len(sites) > 1 else []
        shown["locked"] = is_locked(request)
        part = request.GET.get("part") == "1"
        return render(request, "session/board_part.html" if part else "session/board.html", shown)


def _sites(ctx: Context) -> list[Site]:
    held = ctx.actor.sites("board.view")
    rows = Site.objects.filter(active=True).order_by("name")
    return list(rows if held is None else rows.filter(pk__in=held))


def _chosen(sites: Sequence[Site], asked: str) -> Site:
    for site in sites:
        if not asked or str(site.pk) == asked:
            return site
    raise NotFound("There is nothing here with that address.")


def board_of(ctx: Context, site: Site) -> dict[str, Any]:
    """Everything the board of a site shows. Six queries, whatever the number of sessions."""
    now = ctx.clock.now()
    sessions = [s for s in live_sessions(ctx) if s.site_id == site.pk]
    timelines = board_timelines(sessions, now)
    chairs = list(Chair.objects.filter(site=site, active=True).order_by("order", "name"))
    visits = _visits(ctx, site, now)
    dense = len(chairs) > _ROOMY
    cards = _cards(chairs, sessions, timelines, visits, now, draws=not dense)
    tray = visible(ctx, TrayMessage.objects.filter(site=site, state="waiting"), "board.view")
    return {
        "site": site,
        "cards": cards,
        "size": "dense" if dense else "many" if len(cards) > 4 else "",
        **alarm_frame(ctx, site, sessions, timelines, now),
        "day": _day(chairs, visits, sessions, timelines, now),
        "tally": _tally(visits, sessions),
        "waiting_readings": tray.count() if ctx.actor.may("tray.assign", site.pk) else 0,
        "on_duty": _on_duty(sessions, visits),
        "left_early": left_early(visits),
        "to_account": to_account(visits),
        "now": now,
    }


def alarm_frame(
    ctx: Context,
    site: Site,
    sessions: Sequence[Session],
    timelines: dict[UUID, Timeline],
    now: datetime,
) -> dict[str, Any]:
    """What ``session/board_alarms.html`` shows, and what a screen that sounds needs."""
    alarms = alarms_of(sessions, timelines)
    oldest = min((a["raised_at"] for a in alarms), default=None)
    seconds = int((now - oldest).total_seconds()) if oldest else 0
    return {
        "alarms": alarms,
        "may_acknowledge": ctx.actor.may("session.acknowledge", site.pk),
        "loudest": alarms[0]["level"] if alarms else "",
        "repeat_s": alarms[0]["repeat_s"] if alarms else 0,
        "watcher_silent_s": WATCHER_SILENT_S,
        "oldest_alarm_at": oldest,
        "oldest_words": f"{seconds // 60}:{seconds % 60:02d}",
    }


_VISIT = (
    *("kind", "status", "starts_at", "ends_at", "checked_in_at", "chair__name", "course__product"),
    *("patient__given_name", "patient__family_name", "patient__birth_date"),
    *("nurse__full_name", "nurse__credentials", "therapist__full_name", "therapist__credentials"),
    *("session__summary", "session__closed_at", "session__state"),
)


def _visits(ctx: Context, site: Site, now: datetime) -> list[Appointment]:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Appointment.objects.filter(
        site=site, starts_at__gte=midnight, starts_at__lt=midnight + timedelta(days=1)
    )
    rows = rows.exclude(status=AppointmentStatus.MOVED).exclude(kind="follow_up_call")
    return list(
        visible(
            ctx,
            rows.select_related("patient", "course", "chair", "nurse", "therapist", "session").only(
                *_VISIT
            ),
            "board.view",
        ).order_by("starts_at")
    )


def left_early(visits: Sequence[Appointment]) -> list[dict[str, Any]]:
    """Who went before they were ready today: the person, when, what was missing, the note."""
    found = []
    for visit in visits:
        session = getattr(visit, "session", None)
        missing = session.summary.get("left_early") if session is not None else None
        if session is not None and missing is not None:
            found.append(
                {
                    "name": visit.patient.name,
                    "at": session.closed_at,
                    "missing": ", ".join(label.lower() for label in missing),
                    "url": reverse("session_note", args=[session.pk]),
                }
            )
    return found


def to_account(visits: Sequence[Appointment]) -> list[dict[str, Any]]:
    """Who has left today while their drug is still to account for: a calm line, never an alarm."""
    sessions = [getattr(visit, "session", None) for visit in visits]
    return [
        {
            "name": visit.patient.name,
            "at": session.closed_at,
            "url": f"{reverse('session', args=[session.pk])}#account",
        }
        for visit, session in zip(visits, sessions, strict=True)
        if session is not None and session.state == SessionState.ACCOUNTING
    ]


def _cards(
    chairs: Sequence[Chair],
    sessions: Sequence[Session],
    timelines: dict[UUID, Timeline],
    visits: Sequence[Appointment],
    now: datetime,
    *,
    draws: bool,
) -> list[Card]:
    taken: dict[UUID | None, Session] = {s.chair_id: s for s in sessions}
    opened = {s.appointment_id for s in sessions}
    cards = []
    for chair in chairs:
        session = taken.pop(chair.pk, None)
        if session is not None:
            cards.append(card_of(session, timelines[session.pk], now, draws=draws))
            continue
        cards.append(empty_card(chair, _next_visit(chair, visits, opened, now), now))
    # a session whose chair is no longer in use, or that has none, is still a person
    cards += [
        card_of(s, timelines[s.pk], now, draws=draws) for s in sessions if s in taken.values()
    ]
    return cards


def _next_visit(
    chair: Chair, visits: Sequence[Appointment], opened: set[UUID | None], now: datetime
) -> Appointment | None:
    standing = (AppointmentStatus.BOOKED, AppointmentStatus.CHECKED_IN)
    for visit in visits:
        if visit.chair_id != chair.pk or visit.pk in opened or visit.status not in standing:
            continue
        if visit.ends_at > now:
            return visit
    return None


def alarms_of(sessions: Sequence[Session], timelines: dict[UUID, Timeline]) -> list[dict[str, Any]]:
    """The worst open alarm of each kind of these sessions as boxes show them, the gravest first."""
    found = [
        {
            "id": alarm.event_id,
            "level": alarm.level,
            "statement": alarm.statement,
            "value": alarm.value if alarm.value not in alarm.statement else "",
            "raised_at": alarm.raised_at,
            "chair": session.chair.name if session.chair else session.patient.name,
            "name": session.patient.name,
            "calls": alarm.calls,
            "alone": any(call.to == "everybody" for call in alarm.calls),
            **answering(session, alarm),
        }
        for session in sessions
        for alarm in worst_of_each(timelines[session.pk].open_alarms)
    ]
    return sorted(found, key=lambda a: (-_LEVELS.index(a["level"]), a["raised_at"]))


def answering(session: Session, alarm: ShownAlarm) -> dict[str, Any]:
    """What a box with the button that answers an alarm needs beside the alarm itself."""
    sounds = alarm.level in SOUNDING
    return {
        "session_url": reverse("session", args=[session.pk]),
        "events_url": reverse("api_session_events", args=[session.pk]),
        "choices": json.dumps(choices_for(alarm.key)),
        "must_say": alarm.level in MUST_SAY,
        "repeat_s": repeat_s(alarm.level, protocol_of(session)) if sounds else 0,
    }


def _day(
    chairs: Sequence[Chair],
    visits: Sequence[Appointment],
    sessions: Sequence[Session],
    timelines: dict[UUID, Timeline],
    now: datetime,
) -> Any:
    live = {s.appointment_id: timelines[s.pk].phase for s in sessions}
    local = timezone.localtime(now)
    first = local.replace(hour=8, minute=0, second=0, microsecond=0)
    last = first.replace(hour=18)
    start = min([first, *(timezone.localtime(v.starts_at).replace(minute=0) for v in visits)])
    end = max([last, *(timezone.localtime(v.ends_at) for v in visits)])
    lanes = [chair.name for chair in chairs]
    if any(v.chair is None for v in visits):
        lanes.append("Talking")
    drawn = [
        Visit(
            lane=v.chair.name if v.chair else "Talking",
            start=v.starts_at,
            end=v.ends_at,
            name=v.patient.name,
            note=_visit_note(v, live.get(v.pk)),
            state=_visit_state(v, v.pk in live),
        )
        for v in visits
    ]
    return day_timeline(Day(start=start, end=end, lanes=lanes, appointments=drawn, now=now))


def _visit_note(visit: Appointment, phase: str | None) -> str:
    if phase:
        return phase.replace("_", " ")
    if visit.status in _GONE:
        return visit.get_status_display().lower()
    return drug_words(visit.course.product) if visit.kind == "dosing" else ""


def _visit_state(visit: Appointment, is_live: bool) -> Any:
    if is_live:
        return "live"
    if visit.status in _GONE:
        return "gone"
    return "done" if visit.status == AppointmentStatus.DONE else "planned"


def _tally(visits: Sequence[Appointment], sessions: Sequence[Session]) -> str:
    doses = [v for v in visits if v.kind == "dosing"]
    opened = {s.appointment_id for s in sessions}
    counts = {
        "done": sum(v.status == AppointmentStatus.DONE for v in doses),
        "in a chair": len(sessions),
        "to come": sum(
            v.pk not in opened
            and v.status in {AppointmentStatus.BOOKED, AppointmentStatus.CHECKED_IN}
            for v in doses
        ),
        "did not come": sum(v.status == AppointmentStatus.NO_SHOW for v in doses),
    }
    said = ", ".join(f"{count} {words}" for words, count in counts.items() if count)
    planned = f"{len(doses)} {'dose' if len(doses) == 1 else 'doses'} planned"
    return f"{planned}: {said}" if said else planned


def _on_duty(sessions: Sequence[Session], visits: Sequence[Appointment]) -> list[tuple[str, str]]:
    """Who is named on today's sessions and visits, and as what."""
    watching = {s.nurse.shown_name for s in sessions if s.nurse}
    nurses = {v.nurse.shown_name for v in visits if v.nurse} - watching
    therapists = {v.therapist.shown_name for v in visits if v.therapist}
    rows = ((watching, "watching now"), (nurses, "nurse today"), (therapists, "therapist today"))
    return [(", ".join(sorted(names)), words) for names, words in rows if names]
