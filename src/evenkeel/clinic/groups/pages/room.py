"""The room of a group on its dosing day: everybody's own session, and the room, said once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.groups.actions.record_setting import (
    correct_setting,
    record_setting,
    strike_setting,
)
from evenkeel.clinic.groups.models import GroupPlace, GroupSetting, GroupVisit
from evenkeel.clinic.groups.pages.frame import (
    Acts,
    frame_of,
    open_group_page,
    try_act,
    typed_count,
    visit_in,
)
from evenkeel.clinic.groups.queries import GroupView, places_of
from evenkeel.clinic.groups.staffing import staff_missing
from evenkeel.clinic.programs.parts import Program
from evenkeel.clinic.record.errors import DomainError, Invalid, NotFound
from evenkeel.clinic.record.routes import is_locked, page
from evenkeel.clinic.session.booking import NeedsConfirmation
from evenkeel.clinic.session.day_queries import Entry, entry_of
from evenkeel.clinic.session.models import LIVE_STATES
from evenkeel.clinic.session.pages.board import alarm_frame
from evenkeel.clinic.session.pages.board_cards import Card, Line, card_of, drug_words
from evenkeel.clinic.session.queries import board_timelines, sessions_at
from evenkeel.clinic.session.setting_events import (
    INTERVENTIONS,
    MUSIC_ACTS,
    PERSON_ROLES,
    setting_words,
)
from evenkeel.clinic.session.setting_items import setting_list
from evenkeel.web.wording import clock_text

#: With more tiles than this each is drawn smaller.
_ROW = 4


@page("group.view", readable_when_locked=True)
def group_room(request: HttpRequest, group_id: Any, visit_id: Any) -> HttpResponse:
    """The day of a group; ``?part=1`` is the part that changes, drawn anew like the board."""
    part = request.method == "GET" and request.GET.get("part") == "1"
    view = open_group_page(request, group_id, "room of a group", with_visits=False, again=part)
    visit = visit_in(view.group, visit_id)
    if visit.kind != "dosing":
        raise NotFound("This meeting is no dosing day.", what_to_do="Look at the meeting itself.")
    done = try_act(request, _ACTS, visit)
    if isinstance(done, HttpResponse):
        return done
    shown = _part(request, view, visit)
    if part:
        return render(request, "groups/room_part.html", shown)
    shown |= frame_of(request, view, done) | _said(visit, view.program, done)
    return render(request, "groups/room.html", shown, status=done.status if done else 200)


def _part(request: HttpRequest, view: GroupView, visit: GroupVisit) -> dict[str, Any]:
    """The tiles, the alarms and who is missing; the same number of queries for any number."""
    ctx = request.ctx  # type: ignore[attr-defined]
    now = ctx.clock.now()
    places = places_of(visit)
    sessions = {s.appointment_id: s for s in sessions_at([p.appointment_id for p in places])}
    live = [s for s in sessions.values() if s.state in LIVE_STATES]
    timelines = board_timelines(live, now)
    cards = []
    for place in sorted(places, key=_by_chair):
        session = sessions.get(place.appointment_id)
        if session is not None and session.pk in timelines:
            card = card_of(session, timelines[session.pk], now)
        else:
            card = waiting_card(place, entry_of(place.appointment, now))
        cards.append(_in_group(card, place))
    named = {*view.lead_ids, *(p.appointment.nurse_id for p in places if p.left_at is None)}
    return {
        "group": view.group,
        "visit": visit,
        "cards": cards,
        "size": "many" if len(cards) > _ROW else "few",
        "missing": staff_missing(view.program, "dosing", view.group.site, now, named)
        if visit.state == "booked"
        else [],
        "settings": _entries(visit),
        "may_correct": ctx.actor.may("session.record", view.group.site_id),
        "locked": is_locked(request),
        "now": now,
        **alarm_frame(ctx, view.group.site, live, timelines, now),
    }


def _by_chair(place: GroupPlace) -> tuple[int, str]:
    chair = place.appointment.chair
    return (chair.order, chair.name) if chair else (10_000, place.patient.name)


def waiting_card(place: GroupPlace, entry: Entry) -> Card:
    """The tile of somebody whose session is not open yet, or over."""
    appointment = place.appointment
    card = Card(
        chair=appointment.chair.name if appointment.chair else "No chair",
        state=entry.word,
        name=place.patient.name,
        plan=drug_words(place.course.product),
        appointment_id=appointment.pk,
        session_id=entry.session_id,
        button="Open session" if entry.session_id else "Appointment",
    )
    if entry.place == "expected":
        card.lines = [Line("Expected", "", clock_text(appointment.starts_at))]
        if entry.late_min:
            card.lines = [Line(f"{entry.late_min} min late", "missing", "")]
    elif entry.place == "here":
        card.lines = [Line("Here since", "done", clock_text(appointment.checked_in_at))]
        if entry.open_findings:
            card.lines.append(Line(entry.settle_words, "missing", "from the check-in"))
    watches = appointment.nurse.shown_name if appointment.nurse else "nobody named"
    if entry.place in ("expected", "here"):
        card.lines.append(Line("Watches", "", watches))
    return card


def _in_group(card: Card, place: GroupPlace) -> Card:
    """A tile with what the group adds: that the person has left the meeting."""
    if place.left_at is not None:
        card.aside = f"left the group {clock_text(place.left_at)}"
        card.lines.insert(0, Line("Left the group", "", place.left_reason))
    return card


def _entries(visit: GroupVisit) -> list[dict[str, Any]]:
    """What was said of the room, the newest first; one query."""
    rows = GroupSetting.objects.filter(visit=visit).select_related("said_by")
    items = setting_list().in_words
    return [
        {
            "row": row,
            "words": setting_words(row.kind, row.body),
            "text": _main_text(row),
            "label": _MAIN[row.kind][1],
            "items": [(i, row.body.get("items", {}).get(i.id, "")) for i in items],
        }
        for row in rows.order_by("-happened_at", "-created_at")
        if row.kind != "guide_step"
    ]


#: By kind the field that a correction of a few words is about, and what it is called.
_MAIN: dict[str, tuple[str, str]] = {
    "setting": ("note", "What is so"),
    "music": ("title", "What is played"),
    "person_entered": ("name", "Who"),
    "person_left": ("name", "Who"),
    "intervention": ("note", "In a few words"),
    "disturbance": ("what", "What disturbed"),
    "guide_step": ("step", "Step"),
}


def _main_text(row: GroupSetting) -> str:
    return str(row.body.get(_MAIN[row.kind][0], ""))


#: What can be said here, in the order in which a room is used.
_SAY_KINDS = (
    ("music", "Music"),
    ("person_entered", "Somebody came in"),
    ("person_left", "Somebody left"),
    ("intervention", "What was done for all"),
    ("disturbance", "Disturbance"),
    ("setting", "Describe the room"),
)


def _said(visit: GroupVisit, program: Program, error: DomainError | None) -> dict[str, Any]:
    """What the forms beside the tiles are drawn from; one query."""
    steps = GroupSetting.objects.filter(visit=visit, kind="guide_step", struck_at=None)
    done: dict[str, datetime] = {}
    for row in steps.order_by("happened_at", "created_at"):
        done.pop(row.body["step"], None)
        if row.body["done"]:
            done[row.body["step"]] = row.happened_at
    return {
        "steps": [{"step": step, "at": done.get(step.id)} for step in program.steps],
        "say_kinds": _SAY_KINDS,
        "volumes": ("low", "middle", "loud"),
        "setting_list": setting_list(),
        "music_acts": MUSIC_ACTS,
        "person_roles": {k: v for k, v in PERSON_ROLES.items() if k != "family"},
        "interventions": INTERVENTIONS,
        "asks_to_confirm": isinstance(error, NeedsConfirmation),
    }


def _typed_at(request: HttpRequest, visit: GroupVisit) -> datetime:
    """The time of day that was typed, on the meeting's day; now where none was."""
    now = request.ctx.clock.now()  # type: ignore[attr-defined]
    text = request.POST.get("time", "").strip()
    if not text:
        return now  # type: ignore[no-any-return]
    local = timezone.localtime(now, ZoneInfo(visit.site.timezone))
    try:
        hour, minute = (int(part) for part in text.split(":")[:2])
        return local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError:
        raise Invalid(
            "The time cannot be read.", fields={"time": "Enter a time like 14:05."}
        ) from None


def _body(said: Any, kind: str) -> dict[str, Any]:
    """The fields of one kind as typed; what was left empty is not said."""
    names: dict[str, Sequence[str]] = {
        "music": ("what", "title", "volume"),
        "person_entered": ("name", "role"),
        "person_left": ("name",),
        "intervention": ("what", "note"),
        "disturbance": ("what", "reaction"),
        "setting": ("note",),
        "guide_step": ("step",),
    }
    body: dict[str, Any] = {
        n: said[n].strip() for n in names.get(kind, ()) if said.get(n, "").strip()
    }
    if kind == "setting":
        items = {i.id: said.get(i.id, "").strip() for i in setting_list().in_words}
        body |= {"items": {key: text for key, text in items.items() if text}}
    if kind == "guide_step":
        body["done"] = said.get("done") == "yes"
    return body


def _record(request: HttpRequest, visit: GroupVisit) -> str:
    said = request.POST
    kind = said.get("kind", "")
    record_setting(
        request.ctx,  # type: ignore[attr-defined]
        visit_id=visit.pk,
        kind=kind,
        happened_at=_typed_at(request, visit),
        body=_body(said, kind),
        confirmed=said.get("confirmed") == "yes",
    )
    return _here(visit)


def _correct(request: HttpRequest, visit: GroupVisit) -> str:
    said = request.POST
    row = GroupSetting.objects.filter(pk=_key(said), visit=visit).first()
    if row is None:
        raise NotFound("There is nothing here with that address.")
    name, text = _MAIN[row.kind][0], said.get("text", "").strip()
    body = {key: value for key, value in row.body.items() if key != name}
    if row.kind == "setting":
        body, text = _body(said, "setting"), ""
    correct_setting(
        request.ctx,  # type: ignore[attr-defined]
        setting_id=row.pk,
        seen_version=typed_count(said.get("seen_version", "")),
        happened_at=_typed_at(request, visit) if said.get("time") else row.happened_at,
        body=body | ({name: text} if text else {}),
        confirmed=said.get("confirmed") == "yes",
    )
    return _here(visit)


def _strike(request: HttpRequest, visit: GroupVisit) -> str:
    said = request.POST
    strike_setting(
        request.ctx,  # type: ignore[attr-defined]
        setting_id=_key(said),
        seen_version=typed_count(said.get("seen_version", "")),
        reason=said.get("reason", ""),
    )
    return _here(visit)


def _key(said: Any) -> str:
    return str(said.get("entry", ""))


def _here(visit: GroupVisit) -> str:
    return reverse("group_room", args=[visit.group_id, visit.pk])


_ACTS: Acts = {
    "say": (_record, "Written into everybody’s session."),
    "correct": (_correct, "Corrected in everybody’s session."),
    "strike": (_strike, "Struck out in everybody’s session."),
}
