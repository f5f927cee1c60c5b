"""The session's pages about its drug: drawing and wasting, and the sessions that wait for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evenkeel.clinic.people.second_person import second_person
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import log_read, open_record, visible
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.account import Account, account_of
from evenkeel.clinic.session.actions.record_event import record
from evenkeel.clinic.session.drug_events import LEDGER_KINDS
from evenkeel.clinic.session.ledger_lines import HERE, counted_events, counted_in
from evenkeel.clinic.session.models import Session, SessionState
from evenkeel.clinic.session.pages.api import read_event
from evenkeel.clinic.session.wire import as_wire
from evenkeel.clinic.stock import drawing
from evenkeel.protocol.products import PRODUCTS

#: How drug that was drawn is made irretrievable; another way may be written. Clinic policy.
METHODS: Final = (
    "Denaturing container",
    "Pharmaceutical waste container",
    "Absorbed and denatured in a pouch",
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A session whose person has left and whose drug is not accounted for."""

    session: Session
    account: Account


@require_POST
@page("session.draw")
def session_ledger(request: HttpRequest, session_id: Any) -> HttpResponse:
    """Draw, waste, put back, or strike such a line out: the caller's act, before a witness.

    ``email`` and ``pin`` are the witness's, who types them at this screen; a draw needs none.
    Raises ``Invalid`` for a wrong PIN and for the very person who is signed in here.
    """
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Invalid("This is not JSON.", code="not_json") from None
    if not isinstance(sent, dict):
        raise Invalid("Send one event as an object.", code="not_an_object")
    email, pin = str(sent.pop("email", "") or ""), str(sent.pop("pin", "") or "")
    event = read_event(json.dumps(sent).encode())
    if event["kind"] not in LEDGER_KINDS | {"void"}:
        raise Invalid("Only lines of the ledger are entered here.", code="unknown_kind")
    witness = second_person(ctx, email, pin) if email or pin else None
    done = record(ctx, session_id=session_id, witness_id=witness.pk if witness else None, **event)
    answer = {"event": as_wire(done.event), "raised": []}
    return JsonResponse(answer, status=200 if done.replayed else 201)


@require_GET
@page("session.draw")
def session_containers(request: HttpRequest, session_id: Any) -> HttpResponse:
    """The containers that this session may draw from now, the one to use first first."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    session = open_record(
        ctx, Session, session_id, permission="session.draw", what="containers to draw from"
    )
    found = []
    if session.ledger == HERE:
        found = drawing.containers_for(session.site_id, session.product, ctx.clock.now())
    rows = [
        {
            "id": str(one.pk),
            "label": one.label,
            "name": one.item.name,
            "lot": one.lot,
            "expires_on": one.expires_on.isoformat(),
            "is_open": one.opened_at is not None,
            "remaining_mg": float(one.remaining_mg),
            "unit_mg": None if one.item.is_measured else float(one.item.unit_mg),
            "strength_mg_per_ml": None
            if one.item.strength_mg_per_ml is None
            else float(one.item.strength_mg_per_ml),
        }
        for one in found
    ]
    account = account_of(counted_events(session.pk), ctx.clock.now(), promised=True)
    response = JsonResponse({"containers": rows, "account": account.as_dict()})
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@page("session.view")
def to_account(request: HttpRequest) -> HttpResponse:
    """Every session that waits until its drug is accounted for, the longest wait first."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    now = ctx.clock.now()
    rows = visible(ctx, Session.objects.filter(state=SessionState.ACCOUNTING), "session.view")
    sessions = list(
        rows.select_related("patient", "nurse", "site").order_by("closed_at", "opened_at")[:200]
    )
    for site_id in {session.site_id for session in sessions}:
        log_read(ctx, "sessions with drug to account for", site_id=site_id)
    events = counted_in(session.pk for session in sessions)
    waiting = [Waiting(one, account_of(events[one.pk], now)) for one in sessions]
    shown = {
        "waiting": waiting,
        "many_sites": len({session.site_id for session in sessions}) > 1,
        "products": PRODUCTS,
        "may_draw": ctx.actor.may("session.draw"),
        "now": timezone.localtime(now),
    }
    return render(request, "session/to_account.html", shown)


def waiting_at(site_id: Any) -> list[dict[str, Any]]:
    """The sessions of a site that wait, in a line each; one query."""
    rows = Session.objects.filter(site_id=site_id, state=SessionState.ACCOUNTING)
    return [
        {"id": row.pk, "name": row.patient.name, "number": row.number, "left_at": row.closed_at}
        for row in rows.select_related("patient").order_by("closed_at")[:50]
    ]
