"""The session's interface for programs: post one event, read the session as it stands."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.record.routes import page, problem
from evenkeel.clinic.session import spool
from evenkeel.clinic.session.actions.record_event import record
from evenkeel.clinic.session.events import kind_of
from evenkeel.clinic.session.queries import session_view
from evenkeel.clinic.session.wire import as_wire

MAX_BYTES: Final = 64 * 1024
_KEYS: Final = frozenset({"id", "kind", "happened_at", "body", "supersedes"})


@require_POST
@page("session.view")
def session_events(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Store one event: 201, or 200 with the same answer where it was stored before.

    Stopping and pausing are taken even where the record cannot be written: 202, ``journalled``.
    """
    refused = _unreadable(request)
    if refused is not None:
        return refused
    sent = read_event(request.body)
    ctx = request.ctx  # type: ignore[attr-defined]
    try:
        with spool.patience(sent["kind"]):
            done = record(ctx, session_id=session_id, **sent)
    except DatabaseError:
        if sent["kind"] not in spool.ALWAYS:
            raise
        spool.journal(ctx, session_id=session_id, **sent)
        request.session.modified = False  # it could not be written either
        return _json({"id": str(sent["event_id"]), "status": "journalled"}, 202)
    event = as_wire(done.event)
    answer = {
        "id": event["id"],
        "position": event["position"],
        "recorded_at": event["recorded_at"],
        "event": event,
        "raised": [as_wire(one) for one in done.raised],
    }
    return _json(answer, 200 if done.replayed else 201)


@require_GET
@page("session.view", readable_when_locked=True)
def session_state(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """The session as it stands: its timeline, its events and the position they reach to."""
    ctx = request.ctx  # type: ignore[attr-defined]
    return _json(session_view(ctx, session_id), 200)


def read_event(raw: bytes) -> dict[str, Any]:
    """What was posted, as the arguments of ``record``. Raises ``Invalid``."""
    try:
        sent = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Invalid("This is not JSON.", fields={"body": "Send JSON."}, code="not_json") from None
    if not isinstance(sent, dict):
        raise Invalid("Send one event as an object.", code="not_an_object")
    wrong = {f"{key!s:.40}": "This field is not known here." for key in sent.keys() - _KEYS}
    wrong |= {key: "This is needed." for key in ("id", "kind", "happened_at") if key not in sent}
    at = _time(sent.get("happened_at"))
    if at is None and "happened_at" in sent:
        wrong["happened_at"] = "Give the time with its offset, like 2026-11-23T14:05:00+00:00."
    if wrong:
        raise Invalid("Some of this cannot be right.", fields=wrong, code="invalid_event")
    return {
        "event_id": sent["id"],
        "kind": kind_of(sent["kind"]).name,
        "happened_at": at,
        "body": sent.get("body", {}),
        "supersedes": sent.get("supersedes"),
    }


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _unreadable(request: HttpRequest) -> HttpResponse | None:
    """A problem document for what is not looked into at all."""
    if request.content_type != "application/json":
        return _problem(415, "media_type", "Send application/json.")
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES or len(request.body) > MAX_BYTES:
        return _problem(413, "too_large", f"At most {MAX_BYTES // 1024} KiB.")
    return None


def _problem(status: int, code: str, detail: str) -> HttpResponse:
    return problem(
        {
            "type": f"urn:evenkeel:problem:{code}",
            "title": "This request cannot be read",
            "status": status,
            "detail": detail,
            "code": code,
        }
    )


def _json(document: dict[str, Any], status: int) -> JsonResponse:
    response = JsonResponse(document, status=status)
    response["Cache-Control"] = "no-store"
    return response
