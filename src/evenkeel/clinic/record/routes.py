"""What stands between the network and a view: permission, second factor, idle lock, errors."""

from __future__ import annotations

import functools
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.record.errors import DomainError, Locked
from evenkeel.clinic.record.permissions import PERMISSIONS, PUBLIC, SIGNED_IN

log = logging.getLogger("evenkeel.record")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LAST_ACT = "last_act_s"
_TOUCH_EVERY_S = 30
#: Asked of a sign-in that was idle for long: whether something goes on that its displays are
#: needed for. Filled when the later apps start; a live session is what they know of.
STILL_NEEDED: list[Callable[[Any], bool]] = []


def page(
    permission: str, *, readable_when_locked: bool = False, without_second_factor: bool = False
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Declare a route's permission and put the door in front of its view.

    The view finds its caller as ``request.ctx``. A route marked ``readable_when_locked`` keeps
    showing when the sign-in has been idle (the display of a live session); acting never does.
    Domain errors become a page, or an RFC 9457 problem document for callers that ask for JSON.
    """
    if permission not in {PUBLIC, SIGNED_IN} and permission not in PERMISSIONS:
        raise ValueError(f"unknown permission {permission}")

    def declare(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                if permission != PUBLIC:
                    answer = _admit(
                        request, permission, readable_when_locked, without_second_factor
                    )
                    if answer is not None:
                        return answer
                return view(request, *args, **kwargs)
            except DomainError as error:
                return error_response(request, error)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return declare


def _admit(
    request: HttpRequest, permission: str, readable_when_locked: bool, without_second_factor: bool
) -> HttpResponse | None:
    """``None`` to go on, or the answer that sends the caller elsewhere."""
    ctx = getattr(request, "ctx", None)
    if not ctx:  # a lazy caller: absent where nobody is signed in
        if wants_json(request):
            return problem(
                {
                    "type": "urn:evenkeel:problem:sign_in",
                    "title": "Sign in first",
                    "status": 401,
                    "detail": "This address needs a sign-in.",
                    "code": "sign_in",
                }
            )
        return _send_to("account_login", request.get_full_path())
    # From here on the caller itself: a lazy one would be looked through hundreds of times.
    ctx = request.ctx = getattr(ctx, "_wrapped", ctx)  # type: ignore[attr-defined]
    if not without_second_factor and request.needs_second_factor:  # type: ignore[attr-defined]
        return HttpResponseRedirect(reverse("second_factor"))
    acting = request.method not in SAFE_METHODS
    if has_ended(request, ctx):
        request.session.flush()
        if acting or wants_json(request):
            raise Locked(
                "This sign-in has ended: nobody used it for long.",
                what_to_do="Sign in again.",
                code="sign_in",
            )
        return _send_to("account_login", request.get_full_path())
    if is_locked(request):
        if acting or not readable_when_locked:
            if acting or wants_json(request):
                raise Locked("This sign-in has been idle.", what_to_do="Enter your PIN to go on.")
            return _send_to("unlock", request.get_full_path())
    elif acting or not readable_when_locked:
        touch(request)
    if permission != SIGNED_IN and not ctx.actor.may(permission):
        raise ctx.actor.refusal(permission, what="Your role does not open this page.")
    return None


def is_locked(request: HttpRequest) -> bool:
    """Whether nobody has acted under this sign-in for longer than the idle limit."""
    last = request.session.get(LAST_ACT)
    return last is not None and time.time() - last > settings.IDLE_LOCK_S


def has_ended(request: HttpRequest, ctx: Any) -> bool:
    """Whether nobody has acted for so long that the PIN is not enough any more.

    Not while something goes on where the caller works that its displays are needed for.
    """
    last = request.session.get(LAST_ACT)
    if last is None or time.time() - last <= settings.IDLE_END_S:
        return False
    return not any(needed(ctx) for needed in STILL_NEEDED)


def touch(request: HttpRequest, *, now_s: float | None = None) -> None:
    """Note that somebody acted; stored at most every half minute."""
    now_s = time.time() if now_s is None else now_s
    if now_s - request.session.get(LAST_ACT, 0) > _TOUCH_EVERY_S:
        request.session[LAST_ACT] = now_s


def wants_json(request: HttpRequest) -> bool:
    """Whether the caller is a program rather than a page."""
    return "json" in request.headers.get("Accept", "") or request.path.startswith("/api/")


def problem(document: dict[str, Any]) -> JsonResponse:
    """An RFC 9457 problem document."""
    status = int(document.get("status", 400))
    response = JsonResponse(document, status=status, content_type="application/problem+json")
    response["Cache-Control"] = "no-store"
    return response


def error_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A domain error as the caller can best use it."""
    if wants_json(request):
        return problem(error.as_problem())
    if isinstance(error, Locked) and error.code == "sign_in":
        return _send_to("account_login", _referring(request))
    if isinstance(error, Locked):
        # a form posted from a locked page: the PIN page leads back to where it was
        safe = request.method in SAFE_METHODS
        return _send_to("unlock", request.get_full_path() if safe else _referring(request))
    return render(
        request,
        "web/error.html",
        {
            "status": error.status,
            "heading": error.title,
            "what": error.message,
            "todo": [error.what_to_do] if error.what_to_do else [],
        },
        status=error.status,
    )


def _send_to(route: str, back: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse(route)}?next={quote(back)}")


def _referring(request: HttpRequest) -> str:
    return urlsplit(request.headers.get("Referer", "/")).path or "/"


def unexpected(request: HttpRequest) -> HttpResponse:
    """The page for an error nobody foresaw; carries a reference, never the error itself."""
    reference = uuid.uuid4().hex[:10]
    log.error("unexpected error, reference %s, path %s", reference, request.path)
    if wants_json(request):
        return problem(
            {
                "type": "urn:evenkeel:problem:unexpected",
                "title": "Something broke",
                "status": 500,
                "detail": "Nothing of this request was stored.",
                "code": "unexpected",
                "reference": reference,
            }
        )
    return render(
        request,
        "web/error.html",
        {
            "status": 500,
            "heading": "Something broke",
            "what": "Nothing of this request was stored.",
            "todo": ["Try again.", "If it happens again, report it with the reference below."],
            "reference": reference,
        },
        status=500,
    )
