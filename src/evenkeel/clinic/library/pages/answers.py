"""The questions people ask, for everybody the clinic lets read them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.library.actions.open_library import open_library
from evenkeel.clinic.library.actions.review_answer import MEANING, review_answer, withdraw_review
from evenkeel.clinic.library.certainty import boxes
from evenkeel.clinic.library.mechanism import mechanism_panels
from evenkeel.clinic.library.models import Opening
from evenkeel.clinic.library.queries import is_public, reviews_of
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.errors import Conflict, Invalid, NotFound, Refused
from evenkeel.clinic.record.permissions import PUBLIC
from evenkeel.clinic.record.routes import page
from evenkeel.evidence.answer_search import LONGEST_QUERY, search_answers
from evenkeel.evidence.answering import answer as answer_to
from evenkeel.evidence.answering import in_words
from evenkeel.evidence.plain_answers import plain_answers
from evenkeel.web.svg import forecast_band

#: The order in which somebody new would ask; what is in none of the groups comes last.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "What it is",
        (
            "what-is-ketamine",
            "how-does-it-work",
            "how-fast",
            "how-long",
            "different",
            "is-it-legal",
        ),
    ),
    (
        "Does it help",
        (
            "does-it-work",
            "placebo",
            "treatment-resistant",
            "ect-or-quetiapine",
            "other-conditions",
            "suicidal-thoughts",
        ),
    ),
    ("What it costs", ("side-effects", "long-term", "is-it-addictive", "who-should-not")),
    (
        "How it goes",
        (
            "session-feel",
            "set-and-setting",
            "therapy",
            "how-much-how-often",
            "the-day",
            "at-home",
        ),
    ),
)


def may_read(request: HttpRequest) -> HttpResponse | None:
    """``None`` for whoever may read; others are sent to sign in."""
    if getattr(request, "ctx", None) or is_public():
        return None
    return HttpResponseRedirect(f"{reverse('account_login')}?next={quote(request.path)}")


def frame(request: HttpRequest) -> dict[str, Any]:
    """Patients read in the frame of their own pages, everybody else in the clinic's."""
    ctx = getattr(request, "ctx", None)
    own = bool(ctx) and ctx.actor.patient_id is not None
    return {"frame": "web/phone.html" if own else "web/base.html", "is_own": own}


@page(PUBLIC)
def answers(request: HttpRequest) -> HttpResponse:
    """Every question, or those that fit the words looked for.

    The words are posted: what somebody asks may say something about them, and addresses are kept.
    """
    if (elsewhere := may_read(request)) is not None:
        return elsewhere
    every = plain_answers()
    ctx = getattr(request, "ctx", None)
    query = request.POST.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY]
    found = search_answers(query) if query else None
    shown = {
        **frame(request),
        "groups": [(title, [every[one] for one in ids]) for title, ids in GROUPS],
        "query": query,
        "found": found,
        "longest": LONGEST_QUERY,
        "is_public": is_public(),
        "may_open": bool(ctx) and ctx.actor.may("library.open"),
    }
    return render(request, "library/answers.html", shown)


@page(PUBLIC)
def answer(request: HttpRequest, answer_id: str) -> HttpResponse:
    """One answer, with its sources, what is not known, and who stands for it."""
    if (elsewhere := may_read(request)) is not None:
        return elsewhere
    return render(request, "library/answer.html", _answer_shown(request, answer_id))


def _answer_shown(request: HttpRequest, answer_id: str) -> dict[str, Any]:
    every = plain_answers()
    item = every.get(answer_id)
    if item is None:
        raise NotFound("There is no such answer.", what_to_do="Look in the list of questions.")
    sources = item.sources
    numbered = {source: number for number, source in enumerate(sources, 1)}
    ctx = getattr(request, "ctx", None)
    return {
        **frame(request),
        "item": item,
        "passages": [(p, [numbered[s] for s in p.sources]) for p in item.body],
        "countries": [(c, numbered.get(c.source)) for c in item.countries],
        "sources": list(enumerate(sources, 1)),
        "numbers": [_number(one) for one in item.numbers],
        "panels": _panels(item.picture),
        "others": [every[other] for other in item.see_also],
        "review": reviews_of({item.id: item}).get(item.id),
        "may_review": bool(ctx) and ctx.actor.may("library.review"),
        "meaning": MEANING,
    }


def _number(question_id: str) -> dict[str, Any]:
    """One question of the evidence, worked out now."""
    found = answer_to(question_id)
    level = found.certainty.level
    return {
        "question": found.question,
        "words": in_words(found),
        "level": level,
        "boxes": boxes(level),
        "statements": found.question.statements if found.pooled is None else (),
    }


def _panels(picture: str) -> list[dict[str, Any]]:
    if picture != "mechanism":
        return []
    return [{"panel": panel, "drawing": forecast_band(panel.band)} for panel in mechanism_panels()]


@page("library.review")
def review(request: HttpRequest, answer_id: str) -> HttpResponse:
    """Stand for an answer, or take that back."""
    ctx = request.ctx  # type: ignore[attr-defined]
    back = reverse("library_answer", args=[answer_id])
    if request.method != "POST":
        return HttpResponseRedirect(back)

    def do() -> dict[str, bool]:
        if request.POST.get("do") == "withdraw":
            withdraw_review(
                ctx,
                review_id=request.POST.get("review", ""),
                reason=request.POST.get("reason", ""),
            )
        else:
            review_answer(
                ctx,
                site_id=_own_site(request, "library.review").pk,
                answer_id=answer_id,
                content_digest=request.POST.get("digest", ""),
                agreed=request.POST.get("agreed") == "on",
            )
        return {"done": True}

    try:
        act_once(request, do)
    except (Conflict, Invalid, Refused) as refused:
        shown = {**_answer_shown(request, answer_id), "error": refused}
        return render(request, "library/answer.html", shown, status=refused.status)
    messages.success(request, "Your name stands on the record of this answer.")
    return HttpResponseRedirect(back)


def _own_site(request: HttpRequest, permission: str) -> Site:
    """The site at which the caller acts: the first, by name, where they hold the permission."""
    sites = request.ctx.actor.sites(permission)  # type: ignore[attr-defined]
    rows = Site.objects.filter(active=True).order_by("name")
    found = rows.first() if sites is None else rows.filter(pk__in=sites).first()
    if found is None:
        raise Refused("There is no open site to act for.", code="no_site")
    return found


@page("library.open")
def opening(request: HttpRequest) -> HttpResponse:
    """Whether anybody may read the answers without signing in, site by site."""
    ctx = request.ctx  # type: ignore[attr-defined]
    if request.method == "POST":

        def do() -> dict[str, bool]:
            open_library(
                ctx,
                site_id=request.POST.get("site", ""),
                is_public=request.POST.get("is_public") == "yes",
            )
            return {"done": True}

        act_once(request, do)
        messages.success(request, "Done.")
        return HttpResponseRedirect(reverse("setup_library"))
    sites = ctx.actor.sites("library.open")
    rows = Site.objects.filter(active=True).order_by("name")
    if sites is not None:
        rows = rows.filter(pk__in=sites)
    open_at = set(Opening.objects.filter(is_public=True).values_list("site_id", flat=True))
    shown = {
        "sites": [(site, site.pk in open_at) for site in rows],
        "address": request.build_absolute_uri(reverse("library")),
    }
    return render(request, "library/opening.html", shown)
