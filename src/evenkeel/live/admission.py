"""Who may open a stream: the same sign-in as for pages, looked at without the pages' machinery.

The synchronous middleware would hold a thread for every step of every opening, so a stream asks
only what matters here: is this host ours, whose sign-in is it, has it its second factor, may it
read this. All of this runs in a thread, and is asked again at every heartbeat.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpResponse

from evenkeel.clinic.people.middleware import CallerMiddleware
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.door import log_read, open_record
from evenkeel.clinic.record.errors import DomainError, Forbidden, Locked
from evenkeel.clinic.record.routes import has_ended
from evenkeel.clinic.session.models import Session

#: For how long an answer about one sign-in serves other streams of the same sign-in.
REMEMBER_S: Final = 4.0
_store: Final = import_module(settings.SESSION_ENGINE).SessionStore
_remembered: dict[str, tuple[float, Context | None]] = {}


class BadRequest(DomainError):
    """The request itself cannot be taken."""

    code = "bad_request"
    status = 400
    title = "This request cannot be taken"


@dataclass(frozen=True, slots=True)
class Admitted:
    """An open door: who looks, by which permission, at which session (``None``: at every one of
    their sites)."""

    cookie: str
    actor: Actor
    permission: str
    session_id: UUID | None
    site_id: UUID | None


def read_request(scope: dict[str, Any]) -> ASGIRequest:
    """The request of a scope, its host checked. Raises ``BadRequest``."""
    request = ASGIRequest({**scope, "method": scope.get("method", "GET")}, BytesIO())
    try:
        request.get_host()
    except DisallowedHost:
        raise BadRequest("This host is not served here.") from None
    return request


def caller(cookie: str, *, fresh: bool = False) -> Context | None:
    """Whose sign-in this is now; ``None`` where there is none, or not a complete one."""
    known = _remembered.get(cookie)
    now_s = time.monotonic()
    if known is not None and not fresh and now_s - known[0] < REMEMBER_S:
        return known[1]
    request: Any = ASGIRequest(
        {"type": "http", "method": "GET", "path": "/", "headers": []}, BytesIO()
    )
    request.session = _store(cookie)
    request.user = get_user(request)
    CallerMiddleware(lambda _: HttpResponse())(request)
    found: Context | None = None
    if request.ctx and not request.needs_second_factor and not has_ended(request, request.ctx):
        found = Context(request.ctx.actor, request.ctx.clock, via="stream")
    if len(_remembered) > 2000:
        _remembered.clear()
    _remembered[cookie] = (now_s, found)
    return found


def admit(scope: dict[str, Any], permission: str, session_id: UUID | None) -> Admitted:
    """Open the door once: check, and log the reading. Raises a ``DomainError``.

    The stream of one's own alarms is not logged: it says that something changed and nothing else.
    """
    close_old_connections()
    request = read_request(scope)
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    ctx = caller(cookie, fresh=True) if cookie else None
    if ctx is None:
        raise Locked("This address needs a sign-in.", code="sign_in")
    if session_id is None:
        if not ctx.actor.may(permission):
            raise Forbidden("Your role does not open this stream.")
        if permission == "board.view":
            log_read(ctx, "chair board stream")
        return Admitted(cookie, ctx.actor, permission, None, None)
    session = open_record(
        ctx, Session, session_id, permission=permission, what="live session stream"
    )
    return Admitted(cookie, ctx.actor, permission, session.pk, session.site_id)


def still_admitted(admitted: Admitted) -> Actor | None:
    """The actor as it is now, or ``None`` where the door has closed meanwhile."""
    close_old_connections()
    ctx = caller(admitted.cookie)
    if ctx is None:
        return None
    return ctx.actor if ctx.actor.may(admitted.permission, admitted.site_id) else None
