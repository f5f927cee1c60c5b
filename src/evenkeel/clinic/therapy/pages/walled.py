"""Psychotherapy notes: the list without words, one note for those who may open it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.course.queries import CourseSummary, course_summary
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.errors import DomainError, Invalid
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.therapy.actions.wall import (
    change_note,
    may_be_named,
    name_reader,
    unname_reader,
    write_note,
)
from evenkeel.clinic.therapy.models import WalledNote
from evenkeel.clinic.therapy.pages.frame import (
    SHOWN_HERE,
    Acts,
    seen_version,
    therapy_frame,
    therapy_page,
)
from evenkeel.clinic.therapy.queries import Therapy, therapy_of
from evenkeel.clinic.therapy.wall import note_lines, open_note, readers_of


@page("therapy.view")
def walled_notes(request: HttpRequest, course_id: Any) -> HttpResponse:
    """That there are notes, and by whom; the words stand behind the wall."""
    return therapy_page(
        request, course_id, "walled_notes", "list of psychotherapy notes", _ACTS, _shown
    )


def _shown(request: HttpRequest, summary: CourseSummary, found: Therapy) -> dict[str, Any]:
    ctx = request.ctx  # type: ignore[attr-defined]
    return {
        "lines": note_lines(ctx, summary.course.pk),
        "may_write": ctx.actor.may("wall.write", summary.course.site_id),
    }


def _write(request: HttpRequest, course: Any) -> Any:
    return write_note(
        request.ctx,  # type: ignore[attr-defined]
        course_id=course.pk,
        text=request.POST.get("text", ""),
    )


_ACTS: Acts = {"write": (_write, "Kept. Only you can open it.")}


@page("wall.open")
def walled_note(request: HttpRequest, note_id: Any) -> HttpResponse:
    """One note. Opening it is in the audit, and so is being refused."""
    ctx = request.ctx  # type: ignore[attr-defined]
    note = open_note(ctx, note_id)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            said = act_once(request, lambda: _act(request, note))["said"]
        except SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, said)
            return HttpResponseRedirect(reverse("walled_note", args=[note.pk]))
    course = note.course
    timezone.activate(ZoneInfo(note.site.timezone))
    summary = course_summary(course, ctx.clock.now())
    is_own = str(note.author_id) == ctx.actor.id
    readers = readers_of(note)
    named = {str(r.reader_id) for r in readers if r.ended_at is None}
    shown = therapy_frame(request, summary, therapy_of(summary), "walled_notes") | {
        "note": note,
        "is_own": is_own,
        "readers": readers,
        "may_be_named": [a for key, a in may_be_named(note).items() if key not in named]
        if is_own
        else [],
        "typed_text": request.POST.get("text", note.text) if error else note.text,
        "error": error,
    }
    status = error.status if error else 200
    answer = render(request, "therapy/walled_note.html", shown, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def _act(request: HttpRequest, note: WalledNote) -> dict[str, str]:
    ctx, said = request.ctx, request.POST  # type: ignore[attr-defined]
    do = said.get("do", "")
    if do == "change":
        change_note(
            ctx, note_id=note.pk, seen_version=seen_version(request), text=said.get("text", "")
        )
        return {"said": "Kept. What it said before stays in the record, behind the same wall."}
    if do == "name":
        row = name_reader(ctx, note_id=note.pk, account_id=said.get("reader", ""))
        return {"said": f"{row.reader.shown_name} can open this note now."}
    if do == "unname":
        row = unname_reader(ctx, note_id=note.pk, reader_id=said.get("naming", ""))
        return {"said": f"{row.reader.shown_name} cannot open this note any more."}
    raise Invalid("There is no such act.", what_to_do="Reload the page.")
