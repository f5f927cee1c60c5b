"""What the pages of groups share: how one is opened, its frame, how its forms are acted on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from evenkeel.clinic.groups.models import GroupVisit, TherapyGroup
from evenkeel.clinic.groups.queries import GroupView, view_of
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.act import check_access, find
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
)

SHOWN_HERE: Final = (Invalid, Refused, Conflict, Forbidden)
#: An act of a form: what it does and gives back an address to go on at, and what is said after it.
Acts = dict[str, tuple[Callable[[HttpRequest, Any], str], str]]


def open_group_page(
    request: HttpRequest, group_id: Any, what: str, *, with_visits: bool = True, again: bool = False
) -> GroupView:
    """The group behind a page; the reading is logged, and times are shown as at its site.

    ``again``: a part of a page that is open is drawn anew, every few seconds; who may not see it
    is still refused, but no line is written for each time.
    """
    ctx = request.ctx  # type: ignore[attr-defined]
    related = ("site", "used", "opened_by", "closed_by")
    if again:
        group = find(TherapyGroup, group_id, *related)
        check_access(ctx.actor, group, "group.view")
    else:
        group = open_record(
            ctx, TherapyGroup, group_id, *related, permission="group.view", what=what
        )
    timezone.activate(ZoneInfo(group.site.timezone))
    return view_of(group, with_visits=with_visits)


def visit_in(group: TherapyGroup, visit_id: Any) -> GroupVisit:
    """A meeting of this very group. Raises ``NotFound`` for any other."""
    found = GroupVisit.objects.filter(pk=visit_id, group=group).select_related("held_by").first()
    if found is None:
        raise NotFound("There is nothing here with that address.")
    return found


def try_act(request: HttpRequest, acts: Acts, subject: Any) -> HttpResponse | DomainError | None:
    """Do what a form asks: where to go on, what stopped it, or ``None`` for a page only read."""
    if request.method != "POST":
        return None
    do, said = acts.get(request.POST.get("do", ""), (None, ""))
    try:
        if do is None:
            raise Invalid("There is no such act.", what_to_do="Reload the page.")
        reply = act_once(request, lambda: {"url": do(request, subject)})
    except SHOWN_HERE as refused:
        return refused
    if said:
        messages.success(request, said)
    return HttpResponseRedirect(reply["url"], status=303)


def frame_of(request: HttpRequest, view: GroupView, error: DomainError | None) -> dict[str, Any]:
    """The context of ``groups/group_base.html``."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site_id = view.group.site_id
    is_open = view.group.closed_at is None
    return {
        "view": view,
        "group": view.group,
        "program": view.program,
        "now": ctx.clock.now(),
        "error": error,
        "typed": request.POST if error else {},
        "may_manage": is_open and ctx.actor.may("group.manage", site_id),
        "may_book": is_open and ctx.actor.may("appointment.manage", site_id),
        "may_record": ctx.actor.may("therapy.record", site_id),
        "may_say": ctx.actor.may("session.record", site_id),
    }


def typed_moment(day: str, time: str, zone: ZoneInfo) -> datetime:
    """A local day and time as typed. Raises ``Invalid`` where it is none."""
    try:
        return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=zone)
    except ValueError:
        raise Invalid(
            "The time cannot be read.", fields={"starts_at": "Enter a day and a time."}
        ) from None


def typed_count(text: str) -> int:
    """A whole number as typed; 0, which no limit lets through, where it is none."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 6 else 0
