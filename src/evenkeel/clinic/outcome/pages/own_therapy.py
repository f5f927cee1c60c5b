"""A person's own part of the therapy: getting ready, their journal, what they mean to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.course.models import TouchAgreement
from evenkeel.clinic.outcome.pages.own import Own, own_frame, own_record
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.programs.queries import program_of
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, NotFound, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.therapy.actions.commit import look_at_own_commitment, make_own_commitment
from evenkeel.clinic.therapy.actions.record_talk import read_themes
from evenkeel.clinic.therapy.actions.tick import tick_own
from evenkeel.clinic.therapy.actions.write_journal import change_entry, remove_entry, write_entry
from evenkeel.clinic.therapy.actions.write_set import part_of, write_own_set
from evenkeel.clinic.therapy.models import Commitment, JournalEntry, PreparationTick
from evenkeel.clinic.therapy.pages.frame import seen_version, typed_day
from evenkeel.clinic.therapy.queries import own_journal
from evenkeel.clinic.therapy.set_questions import SCALE, asked_of

_SHOWN_HERE = (Invalid, Refused, Conflict)
#: How it went, as a person says it of themselves.
HOW_IT_WENT = (("kept", "I did it"), ("partly", "Partly"), ("not_kept", "Not this time"))


def _acted(
    request: HttpRequest, do: Callable[[], Any], said: str, there: str
) -> HttpResponse | DomainError:
    """Where to go after the act, or what stopped it."""
    try:
        act_once(request, lambda: {"id": str(do().pk)})
    except _SHOWN_HERE as refused:
        return refused
    messages.success(request, said)
    return HttpResponseRedirect(there, status=303)


def _mine(request: HttpRequest, what: str) -> Own:
    me = own_record(request, what)
    if me.course is None:
        raise NotFound("There is no treatment to get ready for yet.", what_to_do="Ask your clinic.")
    return me


@page("own.prepare")
def own_prepare(request: HttpRequest) -> HttpResponse:
    """Before the sessions: the person's own ticks, and what they bring."""
    me = _mine(request, "own page: before my sessions")
    ctx, course = request.ctx, me.course  # type: ignore[attr-defined]
    assert course is not None
    here, error = reverse("own_prepare"), None
    if request.method == "POST":
        if request.POST.get("do") == "tick":
            item, done = request.POST.get("item", ""), request.POST.get("done") == "yes"
            answer = _acted(
                request,
                lambda: tick_own(ctx, course_id=course.pk, item=item, done=done),
                "Kept.",
                f"{here}#list",
            )
        else:
            given = request.POST.dict()
            answer = _acted(
                request,
                lambda: write_own_set(ctx, course_id=course.pk, given=given),
                "Kept. Your therapist can read it.",
                here,
            )
        if isinstance(answer, HttpResponse):
            return answer
        error = answer
    return _prepare_shown(request, me, error)


def _prepare_shown(request: HttpRequest, me: Own, error: DomainError | None) -> HttpResponse:
    course = me.course
    assert course is not None
    on = program_of(course.pk)
    items = [i for i in on.program.checklist if i.own_words] if on else []
    ticked = set(
        PreparationTick.objects.filter(course=course, side="patient", done=True).values_list(
            "item", flat=True
        )
    )
    part = part_of(course, "patient")
    answers = part.answers if part else {}
    typed = request.POST if error else {}
    context = own_frame(me, "") | {
        "lines": [
            {"item": i, "done": i.id in ticked} for i in items if i.at in ("preparation", "dosing")
        ],
        "ticked": sum(i.id in ticked for i in items if i.at in ("preparation", "dosing")),
        "questions": [
            {
                "q": q,
                "typed": typed.get(q.key, answers.get(q.key, "")),
                "error": error.fields.get(q.key, "") if error else "",
            }
            for q in asked_of("patient")
        ],
        "scale": SCALE,
        "part": part,
        "touch": TouchAgreement.objects.filter(course=course, withdrawn_at=None)
        .order_by("-signed_at")
        .first(),
        "may_write": course.state != "closed",
        "error": error,
    }
    status = error.status if error else 200
    return render(request, "outcome/own_prepare.html", context, status=status)


@page("own.journal")
def own_journal_page(request: HttpRequest) -> HttpResponse:
    """The journal and what the person means to do. Nobody else reads what is not shared."""
    me = _mine(request, "own page: journal")
    course, here = me.course, reverse("own_journal")
    assert course is not None
    error: DomainError | None = None
    if request.method == "POST":
        answer = _acted(request, lambda: _journal_act(request, course), "Kept.", here)
        if isinstance(answer, HttpResponse):
            return answer
        error = answer
    context = own_frame(me, "") | {
        "entries": own_journal(me.patient.pk),
        "commitments": list(Commitment.objects.filter(course=course).order_by("-made_at")),
        "how_it_went": HOW_IT_WENT,
        "sharing": JournalEntry.SHARING,
        "typed": request.POST if error else {},
        "error": error,
        "may_write": course.state != "closed",
    }
    return _private(
        render(request, "outcome/own_journal.html", context, status=error.status if error else 200)
    )


def _journal_act(request: HttpRequest, course: Any) -> Any:
    ctx, said = request.ctx, request.POST  # type: ignore[attr-defined]
    if said.get("do") == "commit":
        return make_own_commitment(
            ctx,
            course_id=course.pk,
            text=said.get("commitment", ""),
            until=typed_day(said.get("until", "")),
        )
    if said.get("do") == "look":
        return look_at_own_commitment(
            ctx, commitment_id=said.get("commitment_id", ""), outcome=said.get("outcome", "")
        )
    return write_entry(ctx, course_id=course.pk, **_entry(request))


def _entry(request: HttpRequest) -> dict[str, Any]:
    said = request.POST
    return {
        "text": said.get("text", ""),
        "themes": read_themes(said.get("themes", "")),
        "sharing": said.get("sharing", "private"),
        "shared_part": said.get("shared_part", ""),
    }


@page("own.journal")
def own_entry(request: HttpRequest, entry_id: Any) -> HttpResponse:
    """One entry: write it anew, share it otherwise, or take it away."""
    me = _mine(request, "own page: journal entry")
    ctx = request.ctx  # type: ignore[attr-defined]
    entry = open_record(
        ctx,
        JournalEntry,
        entry_id,
        "course",
        permission="own.journal",
        what="own journal entry",
    )
    if entry.removed_at is not None:
        raise NotFound("You took this entry away.", what_to_do="Go back to your journal.")
    error: DomainError | None = None
    if request.method == "POST":
        if request.POST.get("do") == "remove":
            answer = _acted(
                request,
                lambda: remove_entry(ctx, entry_id=entry.pk),
                "Taken away.",
                reverse("own_journal"),
            )
        else:
            answer = _acted(
                request,
                lambda: change_entry(
                    ctx, entry_id=entry.pk, seen_version=seen_version(request), **_entry(request)
                ),
                "Kept.",
                reverse("own_journal"),
            )
        if isinstance(answer, HttpResponse):
            return answer
        error = answer
    typed = request.POST if error else {}
    context = own_frame(me, "") | {
        "entry": entry,
        "sharing": JournalEntry.SHARING,
        "typed": {
            "text": typed.get("text", entry.text),
            "themes": typed.get("themes", ", ".join(entry.themes)),
            "sharing": typed.get("sharing", entry.sharing),
            "shared_part": typed.get(
                "shared_part", entry.shared_text if entry.sharing == "part" else ""
            ),
        },
        "error": error,
    }
    return _private(
        render(request, "outcome/own_entry.html", context, status=error.status if error else 200)
    )


def _private(answer: HttpResponse) -> HttpResponse:
    """What is private is not kept by any browser or proxy on the way."""
    answer["Cache-Control"] = "no-store"
    return answer
