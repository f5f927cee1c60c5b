"""The long-term watch of a course: what is due, what was found, and writing answers down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.course.pages.frame import course_frame, open_course_page
from evenkeel.clinic.course.queries import CourseSummary, protocol_for
from evenkeel.clinic.outcome.actions.record_watch import (
    choice_of,
    correct_watch,
    record_watch,
    review_watch,
)
from evenkeel.clinic.outcome.long_term import LongTermWatch, long_term_watch, standing
from evenkeel.clinic.outcome.models import WatchEntry
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.act import together
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.protocol.long_term import REQUEST, TALKED_OVER
from evenkeel.protocol.long_term_items import WatchQuestion, questions_for, watch_questions

_SHOWN: Final = 40
#: How a line's state is drawn: state -> (alarm level, word); a concern takes its own level.
_TAGS: Final = {
    "fine": ("ok", "In order"),
    "due": ("inform", "Due"),
    "drifting": ("review", "Ask"),
}
_OTHER_LABELS: Final = {
    REQUEST: "Asked for a higher dose",
    "early_return": "Talk about coming earlier",
    "dose_requests": "Talk about a higher dose",
    "blood_pressure": "Talk about the pressure",
    "exposure": "Talk about the amount given",
    "frequency": "Talk about the spacing",
}


@page("outcome.view")
def long_term(request: HttpRequest, course_id: Any) -> HttpResponse:
    """The watch of one person; POST writes answers down, corrects or reviews them."""
    summary = open_course_page(
        request, course_id, permission="outcome.view", what="long-term watch"
    )
    error: DomainError | None = None
    if request.method == "POST":
        do = _DO.get(request.POST.get("do", ""))
        try:
            said = act_once(request, lambda: do(request, summary)) if do else None
        except (Invalid, Refused, Conflict) as refusal:
            error = refusal
        else:
            if said:
                messages.success(request, said)
            return HttpResponseRedirect(reverse("long_term", args=[summary.course.pk]), status=303)
    context = course_frame(request, summary, "long_term") | _context(request, summary, error)
    return render(request, "outcome/long_term.html", context, status=error.status if error else 200)


def _context(
    request: HttpRequest, summary: CourseSummary, error: DomainError | None
) -> dict[str, Any]:
    may, course = request.ctx.actor.may, summary.course  # type: ignore[attr-defined]
    watch = long_term_watch(summary)
    protocol = protocol_for(course, at=summary.now)
    typed = request.POST if error else {}
    questions = questions_for(protocol) if protocol else ()
    return {
        "watch": watch,
        "lines": [_line(item) for item in watch.items],
        "questions": [_question(one, typed) for one in questions],
        "to_review": [_shown(entry) for entry in watch.open_entries],
        "entries": _history(watch),
        "earlier": max(0, len(watch.entries) - _SHOWN),
        "typed": typed,
        "error": error,
        "may_record": may("watch.record", course.site_id) and course.state != "closed",
        "may_review": may("watch.review", course.site_id),
    }


def _line(item: Any) -> dict[str, Any]:
    level, word = _TAGS.get(item.state, (item.level, ""))
    talk = item.id in TALKED_OVER and item.state in ("drifting", "concerning")
    return {"item": item, "level": level, "word": word, "talk": talk}


def _question(question: WatchQuestion, typed: Any) -> dict[str, Any]:
    low, high = question.scale or (0, 0)
    options = [(one.code, one.label) for one in question.answers] or [
        (str(n), str(n)) for n in range(low, high + 1)
    ]
    name = f"answer-{question.id}"
    return {
        "question": question,
        "name": name,
        "options": [(code, label, typed.get(name) == code) for code, label in options],
    }


def _label(item: str) -> str:
    question = watch_questions().get(item)
    return question.label if question else _OTHER_LABELS.get(item, item.replace("_", " "))


def _answer(entry: WatchEntry) -> str:
    question = watch_questions().get(entry.item)
    if question is None:
        return ""
    choice = question.choice(entry.value)
    if choice is not None:
        return choice.label
    return f"{entry.value} of {question.scale[1]}" if question.scale else entry.value


def _shown(entry: WatchEntry) -> dict[str, Any]:
    return {
        "entry": entry,
        "label": _label(entry.item),
        "answer": _answer(entry),
        "choice": choice_of(entry),
    }


def _history(watch: LongTermWatch) -> list[dict[str, Any]]:
    """The entries as a list, the newest first, each with what became of it."""
    stands = {entry.pk for entry in standing(watch.entries)}
    rows = []
    for entry in watch.entries[:_SHOWN]:
        question = watch_questions().get(entry.item)
        options = _question(question, {})["options"] if question else []
        rows.append(
            _shown(entry) | {"stands": entry.pk in stands, "options": options, "item": question}
        )
    return rows


def _record(request: HttpRequest, summary: CourseSummary) -> str:
    """Every question that was answered, in one act of writing; those left open stay open."""
    post = request.POST
    chosen = {
        name: post[f"answer-{name}"] for name in watch_questions() if post.get(f"answer-{name}")
    }
    if not chosen:
        raise Invalid(
            "Nothing was answered.", what_to_do="Answer at least one question, or leave the page."
        )
    ctx = request.ctx  # type: ignore[attr-defined]
    with together():
        for name, value in chosen.items():
            record_watch(
                ctx,
                course_id=summary.course.pk,
                item=name,
                value=value,
                note=post.get(f"note-{name}", ""),
            )
    count = len(chosen)
    return f"{count} {'answer is' if count == 1 else 'answers are'} written down."


def _talk(request: HttpRequest, summary: CourseSummary) -> str:
    """A talk about what the sessions showed, or a request for a higher dose."""
    record_watch(
        request.ctx,  # type: ignore[attr-defined]
        course_id=summary.course.pk,
        item=request.POST.get("item", ""),
        note=request.POST.get("note", ""),
    )
    return "It is written down."


def _correct(request: HttpRequest, summary: CourseSummary) -> str:
    correct_watch(
        request.ctx,  # type: ignore[attr-defined]
        entry_id=request.POST.get("entry", ""),
        reason=request.POST.get("reason", ""),
        value=request.POST.get("value", ""),
        note=request.POST.get("note", ""),
        taken_back=request.POST.get("taken_back") == "yes",
    )
    return "Corrected; both stay on the record."


def _review(request: HttpRequest, summary: CourseSummary) -> str:
    review_watch(
        request.ctx,  # type: ignore[attr-defined]
        entry_id=request.POST.get("entry", ""),
        note=request.POST.get("note", ""),
    )
    return "Reviewed under your name."


_DO: Final[dict[str, Callable[[HttpRequest, CourseSummary], str]]] = {
    "record": _record,
    "talk": _talk,
    "correct": _correct,
    "review": _review,
}
