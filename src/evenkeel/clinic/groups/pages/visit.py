"""A meeting of a group: booked for everybody at once, who came, what the group talked about."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.groups.actions.book_visit import (
    add_place,
    book_visit,
    cancel_visit,
    move_visit,
)
from evenkeel.clinic.groups.actions.hold_visit import Held, correct_visit, hold_visit
from evenkeel.clinic.groups.actions.leave_visit import leave_visit, return_to_visit
from evenkeel.clinic.groups.models import GroupPlace, GroupVisit
from evenkeel.clinic.groups.pages.frame import (
    Acts,
    frame_of,
    open_group_page,
    try_act,
    typed_count,
    typed_moment,
    visit_in,
)
from evenkeel.clinic.groups.queries import GroupView, places_of
from evenkeel.clinic.groups.seating import CannotSeat, Seat
from evenkeel.clinic.groups.staffing import staff_missing
from evenkeel.clinic.groups.words import asked_words
from evenkeel.clinic.people.models import Chair
from evenkeel.clinic.programs.parts import Program
from evenkeel.clinic.record.errors import DomainError
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.booking import MINUTES, NURSES, NeedsConfirmation, staff_of
from evenkeel.clinic.session.day_queries import entry_of
from evenkeel.clinic.therapy.actions.record_talk import read_themes
from evenkeel.clinic.therapy.models import THERAPIES


@page("group.view")
def group_book(request: HttpRequest, group_id: Any) -> HttpResponse:
    """Book one meeting for the whole group."""
    view = open_group_page(request, group_id, "booking page of a group")
    done = try_act(request, {"book": (_book, "Booked for everybody.")}, view)
    if isinstance(done, HttpResponse):
        return done
    shown = frame_of(request, view, done)
    kind = request.POST.get("kind") or request.GET.get("kind") or _next_kind(view)
    shown |= {
        "kinds": GroupVisit.KINDS,
        "kind": kind,
        "minutes": request.POST.get("minutes") or _minutes(view.program, kind),
        "on": request.POST.get("on") or request.GET.get("on") or _today(shown["now"]),
        "seats": _seats(request, view, done),
        "chairs": _chairs(view),
        "nurses": list(staff_of(view.group.site_id, NURSES)),
        "asked": [(words, asked_words(view.program, k)) for k, words in GroupVisit.KINDS],
        "cannot": isinstance(done, CannotSeat),
        "common": done.common if isinstance(done, CannotSeat) else [],
    }
    return render(request, "groups/book.html", shown, status=done.status if done else 200)


def _today(now: Any) -> date:
    return timezone.localtime(now).date()


def _next_kind(view: GroupView) -> str:
    """The kind of the first visit of the way that was neither held nor booked."""
    taken = [v.kind for v in view.visits if v.state != "cancelled"]
    for visit in view.program.visits:
        if visit.kind in taken:
            taken.remove(visit.kind)
        else:
            return visit.kind
    return "integration"


def _minutes(program: Program, kind: str) -> int:
    found = next((v.minutes for v in program.visits if v.kind == kind), None)
    return found or MINUTES.get(kind, 60)


def _chairs(view: GroupView) -> list[Chair]:
    return list(
        Chair.objects.filter(site_id=view.group.site_id, active=True).order_by("order", "name")
    )


def _seats(
    request: HttpRequest, view: GroupView, error: DomainError | None
) -> list[dict[str, Any]]:
    """A line for each member: what was typed, and what stands against it."""
    said, chairs = request.POST, _chairs(view)
    against = {}
    if isinstance(error, CannotSeat):
        against = {one.member.pk: one for one in error.seated}
    found = []
    for number, member in enumerate(view.members):
        key = str(member.pk)
        usual = str(chairs[number].pk) if number < len(chairs) else ""
        found.append(
            {
                "member": member,
                "chair": said.get(f"chair_{key}", usual),
                "nurse": said.get(f"nurse_{key}", ""),
                "choice": said.get(f"seat_{key}", "book"),
                "against": against.get(member.pk),
            }
        )
    return found


def _seat(said: Any, key: str) -> Seat:
    choice = said.get(f"seat_{key}", "book")
    return Seat(
        key,
        said.get(f"chair_{key}") or None,
        said.get(f"nurse_{key}") or None,
        leave_out=choice == "leave_out",
        confirmed=choice == "anyway",
    )


def _book(request: HttpRequest, view: GroupView) -> str:
    said, group = request.POST, view.group
    visit = book_visit(
        request.ctx,  # type: ignore[attr-defined]
        group_id=group.pk,
        kind=said.get("kind", ""),
        starts_at=typed_moment(
            said.get("on", ""), said.get("at", ""), ZoneInfo(group.site.timezone)
        ),
        minutes=typed_count(said.get("minutes", "")),
        room=said.get("room", ""),
        seats=[_seat(said, str(member.pk)) for member in view.members],
        confirmed=said.get("confirmed") == "yes",
    )
    return _address(visit)


def _address(visit: GroupVisit) -> str:
    return reverse("group_visit", args=[visit.group_id, visit.pk])


@page("group.view")
def group_visit(request: HttpRequest, group_id: Any, visit_id: Any) -> HttpResponse:
    """One meeting: everybody's place in it, what was said, moving and cancelling it."""
    view = open_group_page(request, group_id, "meeting of a group", with_visits=False)
    visit = visit_in(view.group, visit_id)
    done = try_act(request, _ACTS, (view, visit))
    if isinstance(done, HttpResponse):
        return done
    shown = _shown(request, view, visit, done)
    return render(request, "groups/visit.html", shown, status=done.status if done else 200)


def _shown(
    request: HttpRequest, view: GroupView, visit: GroupVisit, error: DomainError | None
) -> dict[str, Any]:
    shown = frame_of(request, view, error)
    now, typed = shown["now"], shown["typed"]
    places = [_place(place, now, typed) for place in places_of(visit)]
    seated = {place["row"].member_id for place in places if place["is_expected"]}
    named = {*view.lead_ids, *(p["row"].appointment.nurse_id for p in places if p["is_in"])}
    local = timezone.localtime(visit.starts_at)
    started = visit.starts_at <= now
    return shown | {
        "visit": visit,
        "places": places,
        "came_count": sum(place["row"].attendance == "came" for place in places),
        "is_dosing": visit.kind == "dosing",
        "missing": staff_missing(view.program, visit.kind, view.group.site, visit.starts_at, named)
        if visit.state == "booked"
        else [],
        "asked": asked_words(view.program, visit.kind),
        "without_place": [m for m in view.members if m.pk not in seated],
        "chairs": _chairs(view) if visit.kind == "dosing" else [],
        "nurses": list(staff_of(view.group.site_id, NURSES)),
        "therapies": THERAPIES,
        "items": view.program.items_at(visit.kind),
        "can": {
            "hold": shown["may_record"]
            and visit.kind != "dosing"
            and visit.state == "booked"
            and started,
            "correct": shown["may_record"] and visit.state == "held",
            "change": shown["may_book"] and visit.state == "booked",
            "leave": shown["may_say"] and visit.state == "booked",
        },
        "move_on": local.date(),
        "move_at": local.time(),
        "move_minutes": int((visit.ends_at - visit.starts_at).total_seconds() // 60),
        "asks_to_confirm": isinstance(error, NeedsConfirmation),
        "cannot": error.seated if isinstance(error, CannotSeat) else [],
    }


def _place(place: GroupPlace, now: Any, typed: Any) -> dict[str, Any]:
    """One place as the page shows it."""
    appointment = place.appointment
    entry = entry_of(appointment, now)
    talk = getattr(appointment, "talk", None)
    key = str(place.pk)
    if typed:
        came = key in typed.getlist("came")
    else:
        came = place.attendance != "absent"
    return {
        "row": place,
        "entry": entry,
        "talk": talk if talk is not None and talk.struck_at is None else None,
        "is_in": place.left_at is None and entry.place not in ("gone", "did_not_come"),
        "is_expected": entry.place != "gone",
        "came": came,
        "own": typed.get(f"own_{key}", "") if typed else "",
        "session_id": entry.session_id,
    }


def _held(request: HttpRequest, visit: GroupVisit) -> Held:
    said = request.POST
    zone = ZoneInfo(visit.site.timezone)
    return Held(
        held_at=typed_moment(said.get("held_on", ""), said.get("held_time", ""), zone),
        minutes=typed_count(said.get("minutes", "")),
        therapy=said.get("therapy", ""),
        therapy_other=said.get("therapy_other", ""),
        themes=read_themes(said.get("themes", "")),
        note=said.get("note", ""),
        came=said.getlist("came"),
        own={key[4:]: text for key, text in said.items() if key.startswith("own_")},
        confirmed=said.get("confirmed") == "yes",
    )


def _hold(request: HttpRequest, subject: Any) -> str:
    _, visit = subject
    return _address(
        hold_visit(request.ctx, visit_id=visit.pk, held=_held(request, visit))  # type: ignore[attr-defined]
    )


def _correct(request: HttpRequest, subject: Any) -> str:
    _, visit = subject
    done = correct_visit(
        request.ctx,  # type: ignore[attr-defined]
        visit_id=visit.pk,
        seen_version=typed_count(request.POST.get("seen_version", "")),
        reason=request.POST.get("reason", ""),
        held=_held(request, visit),
    )
    return _address(done)


def _move(request: HttpRequest, subject: Any) -> str:
    view, visit = subject
    said = request.POST
    zone = ZoneInfo(view.group.site.timezone)
    done = move_visit(
        request.ctx,  # type: ignore[attr-defined]
        visit_id=visit.pk,
        starts_at=typed_moment(said.get("on", ""), said.get("at", ""), zone),
        minutes=typed_count(said.get("minutes", "")),
        reason=said.get("reason", ""),
        confirmed=said.get("confirmed") == "yes",
    )
    return _address(done)


def _cancel(request: HttpRequest, subject: Any) -> str:
    _, visit = subject
    reason = request.POST.get("reason", "")
    return _address(cancel_visit(request.ctx, visit_id=visit.pk, reason=reason))  # type: ignore[attr-defined]


def _add(request: HttpRequest, subject: Any) -> str:
    _, visit = subject
    key = request.POST.get("member", "")
    seat = _seat(request.POST, key)
    add_place(request.ctx, visit_id=visit.pk, member_id=key, seat=seat)  # type: ignore[attr-defined]
    return _address(visit)


def _leave(request: HttpRequest, subject: Any) -> str:
    _, visit = subject
    said = request.POST
    leave_visit(request.ctx, place_id=said.get("place", ""), reason=said.get("reason", ""))  # type: ignore[attr-defined]
    return _address(visit)


def _return(request: HttpRequest, subject: Any) -> str:
    _, visit = subject
    return_to_visit(request.ctx, place_id=request.POST.get("place", ""))  # type: ignore[attr-defined]
    return _address(visit)


_ACTS: Acts = {
    "hold": (_hold, "Recorded. Each who came has a talk in their own record."),
    "correct": (_correct, "Corrected. What it said before stays in the record."),
    "move": (_move, "Moved for everybody."),
    "cancel": (_cancel, "Cancelled for everybody."),
    "add": (_add, "Booked."),
    "leave_visit": (_leave, "Noted. Nobody else’s record changed."),
    "return": (_return, "Back in the meeting."),
}
