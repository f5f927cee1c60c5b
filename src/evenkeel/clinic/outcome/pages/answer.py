"""The public page behind a one-time link: /q/<token>.

The token is the only authority here, and it stands in the address. So nothing on these pages may
carry the address away: no log line, no referrer, no cache. No cookie counts either, which is why
the forms need no token against forgery: whoever could forge one would have to know the link.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from evenkeel.clinic.outcome.actions.answer_question import context_of, is_open
from evenkeel.clinic.outcome.actions.choose_contact import choose_contact
from evenkeel.clinic.outcome.answer_words import spoken, words_for_browser
from evenkeel.clinic.outcome.crisis import contacts_anywhere
from evenkeel.clinic.outcome.models import Ask
from evenkeel.clinic.outcome.pages import answering
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.sign_in import token_hash
from evenkeel.clinic.people.throttle import Throttle, TooMany, caller_address
from evenkeel.clinic.record.clock import system_clock
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.record.permissions import PUBLIC
from evenkeel.clinic.record.routes import page

log = logging.getLogger("evenkeel.outcome")

#: Links that opened nothing, by the caller's address. Clinic policy, assumed: a mistyped link is
#: tried a few times; a token has 256 bits, so this is a second lock.
WRONG_LINKS: Final = Throttle("answer_link", 30, timedelta(minutes=15))
#: How long a finished link still says thank you instead of nothing, for a reload.
THANKS_FOR: Final = timedelta(minutes=30)


_PLAIN: Final = "Something broke on our side. If you need help now, call your emergency number."


def discreet(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Keep the address out of logs, referrers and caches, whatever happens."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        try:
            response = view(request, token)
        except (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError):
            response = dead_end(request, status=400)
        except Exception as error:
            # logged by kind alone: a traceback or the usual line would hold the address
            log.error("the page of a questionnaire link failed: %s", type(error).__name__)
            response = _even_that_failed(request)
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        # Django writes the path of every answer from 400 on into its log unless told it was done
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    return guarded


@csrf_exempt
@page(PUBLIC)
@discreet
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Show or take one screen of the questionnaire behind this link."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
    now = system_clock().now()
    ask = (
        Ask.objects.filter(token_hash=token_hash(token))
        .select_related("patient", "site", "course")
        .first()
    )
    if ask is None:
        return _nothing(request, now)
    with timezone.override(ask.site.timezone):
        here = reverse("answer", args=[token])
        if not is_open(ask, now):
            just_now = ask.finished_at is not None and now - ask.finished_at < THANKS_FOR
            if just_now and ask.state != "withdrawn":
                return answering.thanks(request, ask, here)
            on = answering.next_of(ask, here) if ask.finished_at is not None else ""
            if on and now < ask.expires_at:  # the message's one link, opened again for the rest
                return HttpResponseRedirect(on, status=303)
            return dead_end(request, language=ask.language)
        if request.method == "POST":
            if request.POST.get("go") == "stop":
                choose_contact(context_of(ask), patient_id=ask.patient_id, channel="none")
                return answering.stop_page(request, ask, here, stopped=True)
            try:
                return answering.take(context_of(ask), ask, request, here)
            except Refused:  # closed between our look and the act
                return dead_end(request, language=ask.language)
            except Invalid:  # a language that is not there, or not any more
                return HttpResponseRedirect(here, status=303)
        if request.GET.get("q") == "help":
            return answering.help_page(request, ask, here)
        if request.GET.get("q") == "stop":
            return answering.stop_page(request, ask, here)
        return answering.show(request, ask, here)


def _nothing(request: HttpRequest, now: datetime) -> HttpResponse:
    """No such link; counted by address, and said otherwise where there were too many.

    A right link is never held up: people in one building share an address, and somebody who
    needs these questions must reach them.
    """
    address = caller_address(request)
    try:
        WRONG_LINKS.refuse_if_exceeded(address, now)
    except TooMany:
        return dead_end(request, status=429)
    WRONG_LINKS.count(address, now)
    return dead_end(request)


def _even_that_failed(request: HttpRequest) -> HttpResponse:
    """The page for an error nobody foresaw; plain words where the page itself cannot be drawn."""
    try:
        return dead_end(request, status=500)
    except Exception as error:
        log.error("the page for a failed link failed: %s", type(error).__name__)
        return HttpResponse(_PLAIN, status=500, content_type="text/plain; charset=utf-8")


def dead_end(request: HttpRequest, status: int = 404, language: str | None = None) -> HttpResponse:
    """One page for every link that opens nothing: unknown, used, expired and withdrawn alike.

    In the language the link was made for; else in the first one that the browser asks for.
    """
    sites = Site.objects.filter(active=True).order_by("created_at")
    accepts = request.headers.get("Accept-Language", "")
    words = spoken(language) if language else words_for_browser(accepts)
    return render(
        request,
        "outcome/answer_closed.html",
        {
            "words": words,
            "contacts": contacts_anywhere(sites, words),
            "help_url": "#help",
            "later": status == 429,
            "broke": status >= 500,
        },
        status=status,
    )
