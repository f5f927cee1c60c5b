"""The languages in which people are asked: every word beside the English, and who stands for it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.library.actions.review_answer import withdraw_review
from evenkeel.clinic.outcome.actions.review_language import MEANING, review_language
from evenkeel.clinic.outcome.answer_words import USUAL, spoken, word_languages
from evenkeel.clinic.outcome.language_review import standing_review, words_digest
from evenkeel.clinic.outcome.message_text import message_text
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, NotFound, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.instruments import Instrument, for_a_person, load, load_in, shelved

#: Keys of a file of words that name the language and are no sentences of a page.
_NAMES = ("language", "name", "english_name")
_OF_A_MESSAGE = ("subject", "first", "reminder", "until", "stop", "help")


@page("instrument.view")
def languages(request: HttpRequest) -> HttpResponse:
    """Every language beside English; a clinician signs its words, or takes that back."""
    ctx = request.ctx  # type: ignore[attr-defined]
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _act(request))
        except (Conflict, Invalid, NotFound, Refused) as refused:
            error = refused
        else:
            messages.success(request, "Your name stands on the record of these words.")
            return HttpResponseRedirect(reverse("instrument_languages"), status=303)
    shown = {
        "languages": [_shown(name) for name in word_languages() if name != USUAL],
        "may_review": ctx.actor.may("library.review"),
        "meaning": MEANING,
        "error": error,
    }
    return render(request, "outcome/languages.html", shown, status=error.status if error else 200)


def _shown(language: str) -> dict[str, Any]:
    words, english = spoken(language), spoken(USUAL)
    pages = [
        (key, english.texts[key], text) for key, text in words.texts.items() if key not in _NAMES
    ]
    texts, usual = message_text(language), message_text(USUAL)
    return {
        "language": language,
        "words": words,
        "digest": words_digest(language),
        "review": standing_review(language),
        "sentences": pages,
        "messages": [(name, getattr(usual, name), getattr(texts, name)) for name in _OF_A_MESSAGE],
        "own_messages": texts.language == language,
        "questionnaires": [
            (load(name).title, found, list(_pairs(load(name), found)))
            for name in shelved()
            if (found := load_in(name, language)) is not None
        ],
        "only_english": [
            load(name).title
            for name in shelved()
            if load(name).text_ships
            and for_a_person(load(name))
            and load_in(name, language) is None
        ],
    }


def _pairs(base: Instrument, found: Instrument) -> Any:
    """Each text of a questionnaire in English and in the other language, each once."""
    seen = set()
    for ours, theirs in zip(base.items, found.items, strict=True):
        answers = tuple(
            (here, there)
            for (_, here), (_, there) in zip(ours.options, theirs.options, strict=True)
        )
        for pair in ((ours.lead_in, theirs.lead_in), (ours.text, theirs.text), *answers):
            if pair[0] and pair not in seen:
                seen.add(pair)
                yield pair


def _act(request: HttpRequest) -> dict[str, bool]:
    ctx = request.ctx  # type: ignore[attr-defined]
    if request.POST.get("do") == "withdraw":
        withdraw_review(
            ctx,
            review_id=request.POST.get("review", ""),
            reason=request.POST.get("reason", ""),
        )
        return {"done": True}
    sites = ctx.actor.sites("library.review")
    rows = Site.objects.filter(active=True).order_by("name")
    site = rows.first() if sites is None else rows.filter(pk__in=sites).first()
    if site is None:
        raise Refused("There is no open site to act for.", code="no_site")
    review_language(
        ctx,
        site_id=site.pk,
        language=request.POST.get("language", ""),
        content_digest=request.POST.get("digest", ""),
        agreed=request.POST.get("agreed") == "on",
    )
    return {"done": True}
