"""Drawing and taking one screen of a questionnaire, by link or in a person's own pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.outcome.actions.answer_question import (
    answer_question,
    begin_answering,
    walk_of,
)
from evenkeel.clinic.outcome.actions.choose_language import choose_language
from evenkeel.clinic.outcome.answer_words import (
    USUAL,
    AnswerWords,
    own_name,
    spoken,
    word_languages,
)
from evenkeel.clinic.outcome.crisis import contacts_of
from evenkeel.clinic.outcome.language_review import is_reviewed
from evenkeel.clinic.outcome.links import can_be_linked, path_of
from evenkeel.clinic.outcome.message_text import languages
from evenkeel.clinic.outcome.models import Ask
from evenkeel.clinic.outcome.offering import form_of_ask
from evenkeel.clinic.outcome.walk import HELP, Screen, Walk
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.clock import system_clock
from evenkeel.clinic.record.errors import Invalid
from evenkeel.instruments import Instrument

#: About 12 seconds a question (assumed), said to people as whole minutes.
_SECONDS_A_QUESTION = 12


def take(ctx: Context, ask: Ask, request: HttpRequest, here: str) -> HttpResponse:
    """Keep what was posted and lead on to the next screen; show the screen again if it is wrong."""
    if request.POST.get("go") == "language":
        choose_language(ctx, ask_id=ask.pk, language=request.POST.get("language", ""))
        return HttpResponseRedirect(here, status=303)
    if request.POST.get("go") == "start":
        begin_answering(ctx, ask_id=ask.pk)
        return HttpResponseRedirect(here, status=303)
    key = request.POST.get("question", "")
    skip = request.POST.get("go") == "skip"
    screen = walk_of(ask).reach(key)
    if screen is None:  # an old tab, or a guess: lead to where the person really is
        return HttpResponseRedirect(here, status=303)
    value = None
    if screen.kind != "help" and not skip:
        value = _posted_value(request.POST.get("answer", ""))
        if value is None:
            return draw(request, ask, screen, here, "choose_or_skip")
    try:
        answer_question(ctx, ask_id=ask.pk, key=key, value=value)
    except Invalid:
        return draw(request, ask, screen, here, "choose_one")
    return HttpResponseRedirect(here, status=303)


def _posted_value(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


def show(request: HttpRequest, ask: Ask, here: str) -> HttpResponse:
    """The screen asked for in ``?q=`` if one may go there, else the next one."""
    if ask.state == "sent":
        return start(request, ask, here)
    walk = walk_of(ask)
    screen = walk.reach(request.GET.get("q", "")) or walk.next_screen
    if screen is None:
        return thanks(request, ask, here)
    return draw(request, ask, screen, here)


def start(request: HttpRequest, ask: Ask, here: str) -> HttpResponse:
    """What is asked and who reads it; nothing about the person."""
    form = form_of_ask(ask)
    count = len(form.items)
    frame = _frame(ask, here)
    words: AnswerWords = frame["words"]
    context = frame | {
        "count_words": words.count("count", count),
        "minutes_words": words.count("minutes", max(1, round(count * _SECONDS_A_QUESTION / 60))),
        "kept": bool(ask.partial),
        "only_in": _only_in(form, words),
        "unreviewed": not is_reviewed(words.language),
    }
    return render(request, "outcome/answer_start.html", context)


def _only_in(form: Instrument, words: AnswerWords) -> str:
    """The name of the language of the questions where it is not the page's, else "".

    Said in the page's language: of English where a word for it stands there, else its own name.
    """
    language = form.languages[0].partition("-")[0]
    if language == words.language:
        return ""
    return words.say("english_here") if language == USUAL else own_name(language)


def draw(
    request: HttpRequest, ask: Ask, screen: Screen, here: str, error: str = ""
) -> HttpResponse:
    """One screen; ``error`` is the key of what is wrong with what was posted."""
    walk = walk_of(ask)
    frame = _frame(ask, here)
    words: AnswerWords = frame["words"]
    said_error = words.say(error) if error else ""
    context = frame | {"error": said_error, "back": _back(walk, screen, here)}
    if screen.kind == "help":
        context |= {"worry": True, "grave": _is_grave(walk)}
        return render(request, "outcome/answer_help.html", context | {"key": HELP})
    item = screen.item
    assert item is not None  # every kind but help carries one
    follow_up = screen.kind == "follow_up"
    place, of = walk.place(screen)
    said = walk.said.follow_up if follow_up else walk.said.answers
    form = walk.follow_up if follow_up else walk.instrument
    context |= {
        "key": screen.key,
        "lead_in": item.lead_in,
        "spoken_in": form.languages[0],
        "only_in": _only_in(form, words) if place == 1 else "",
        "show_lead_in": not follow_up or place == 1,
        "question": item.text,
        "options": [(value, text, said.get(screen.key) == value) for value, text in item.options],
        "place": place,
        "of": of,
        "parts": [n <= place for n in range(1, of + 1)],
        "follow_up": follow_up,
        "title": words.say("follow_up_title") if follow_up else form.title,
        "titled_in": words.language if follow_up else form.languages[0],
        "last": _is_last(walk, screen),
    }
    return render(request, "outcome/answer_question.html", context, status=422 if error else 200)


def thanks(request: HttpRequest, ask: Ask, here: str) -> HttpResponse:
    """The end: what happens now, and whom to call meanwhile."""
    walk = walk_of(ask)
    shown = {"worried": bool(walk.worry), "grave": _is_grave(walk), "next": next_of(ask, here)}
    return render(request, "outcome/answer_thanks.html", _frame(ask, here) | shown)


def next_of(ask: Ask, here: str) -> str:
    """Where the next set of the same person's scheduled questions is answered, or "".

    A message carries one link however many sets wait; so the end of one leads on to the next.
    """
    if not ask.occasion_key:
        return ""
    waiting = Ask.objects.filter(
        patient_id=ask.patient_id,
        occasion_key__isnull=False,
        finished_at=None,
        state__in=("sent", "begun"),
        expires_at__gt=system_clock().now(),
    ).exclude(pk=ask.pk)
    found = next((each for each in waiting.order_by("due_at", "pk") if can_be_linked(each)), None)
    if found is None:
        return ""
    own = here == reverse("own_answer", args=[ask.pk])
    return reverse("own_answer", args=[found.pk]) if own else path_of(found)


def stop_page(request: HttpRequest, ask: Ask, here: str, *, stopped: bool = False) -> HttpResponse:
    """No more messages: asked once, and said when it is done."""
    return render(request, "outcome/answer_stop.html", _frame(ask, here) | {"stopped": stopped})


def _is_grave(walk: Walk) -> bool:
    """Whether the worry is about death or harm: a sore bladder is met in other words."""
    kinds = {rule.link_id: rule.kind for rule in walk.instrument.scoring.safety}
    return any(kinds[link_id] == "thoughts_of_death" for link_id in walk.worries)


def _frame(ask: Ask, here: str) -> dict[str, Any]:
    words = spoken(ask.language)
    others = (spoken(name) for name in languages() if name in word_languages())
    return {
        "here": here,
        "words": words,
        "others": [other for other in others if other.language != words.language],
        "own": here == reverse("own_answer", args=[ask.pk]),
        "help_url": f"{here}?q=help",
        "contacts": contacts_of(ask.site, words),
        "clinic": ask.site.name,
        "today": timezone.localdate(),
    }


def _back(walk: Walk, screen: Screen, here: str) -> str:
    before = walk.before(screen)
    return f"{here}?q={before.key}" if before else ""


def _is_last(walk: Walk, screen: Screen) -> bool:
    return bool(walk.screens) and walk.screens[-1].key == screen.key


def help_page(request: HttpRequest, ask: Ask, here: str) -> HttpResponse:
    """Whom to call, reached from every screen; what was answered stays."""
    return render(
        request, "outcome/answer_help.html", _frame(ask, here) | {"worry": False, "back": here}
    )
