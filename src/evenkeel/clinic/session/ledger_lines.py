"""The session's half of the controlled-drug ledger.

What is drawn, wasted and put back here is a line of the ledger in the same act, so that neither
stands without the other. A dose names the container it was drawn from, and waits until something
is drawn; a person never waits because of the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.record.installation import is_demo
from evenkeel.clinic.session.account import (
    COUNTED,
    Account,
    account_of,
    mg_words,
    milligrams,
)
from evenkeel.clinic.session.drug_events import LEDGER_KINDS, SOURCE
from evenkeel.clinic.session.models import Session, SessionEvent, SessionState
from evenkeel.clinic.session.phases import FIRST_DOSE, standing
from evenkeel.clinic.stock import drawing
from evenkeel.clinic.stock.models import LedgerBegun

HERE: Final = drawing.HERE
ELSEWHERE: Final = drawing.ELSEWHERE


def not_begun(site: Site) -> str:
    """Why no session opens at a site whose ledger nobody has begun; empty where one was.

    A demonstration may do without: nothing real is given there.
    """
    if is_demo() or drawing.ledger_mode(site.pk) is not None:
        return ""
    return f"No controlled-drug ledger has been begun at {site.name}."


def kept_in(site_id: Any) -> str:
    """The system in which a site keeps its ledger, by name; empty where that is here."""
    rows = LedgerBegun.objects.filter(site_id=site_id).order_by("-number")
    return rows.values_list("elsewhere", flat=True).first() or ""


def counted_in(session_ids: Iterable[UUID]) -> dict[UUID, list[SessionEvent]]:
    """By session the events that stand and say what was drawn, given, wasted and put back."""
    found: dict[UUID, list[SessionEvent]] = {key: [] for key in session_ids}
    rows = SessionEvent.objects.filter(session_id__in=found, kind__in=(*COUNTED, "void"))
    for event in rows.order_by("position"):
        found[event.session_id].append(event)
    return {key: list(standing(events)) for key, events in found.items()}


def counted_events(session_id: UUID) -> list[SessionEvent]:
    """The same of one session."""
    return counted_in([session_id])[session_id]


def write_line(
    act: Act,
    session: Session,
    event: SessionEvent,
    target: SessionEvent | None,
    witness_id: UUID | None,
) -> None:
    """Write the ledger's line of an event, or the counter-line where it strikes one out.

    Raises ``Refused``, ``Invalid`` or ``NotFound`` as the ledger does; then nothing is stored.
    """
    _refuse_elsewhere(session)
    if event.kind == "void":
        assert target is not None
        move = drawing.void(
            act,
            move_id=target.body["move_id"],
            reason=event.body["reason"],
            witness_id=_witness(witness_id),
        )
        _sign(event, move)
        return
    if target is not None:
        raise Refused(
            "A line of the ledger is not changed.",
            what_to_do="Strike it out with a witness, then enter it again.",
            code="strike_instead",
        )
    move = _WRITE[event.kind](act, session, event, witness_id)
    container = move.container
    event.body.update(
        amount_mg=float(move.stated_mg),
        label=container.label,
        lot=container.lot,
        name=container.item.name,
        expires_on=container.expires_on.isoformat(),
        move_id=str(move.pk),
    )
    _sign(event, move)


def _refuse_elsewhere(session: Session) -> None:
    if session.ledger == HERE:
        return
    raise Refused(
        "The controlled-drug ledger of this session is not kept here.",
        what_to_do="Enter the lot with the dose, and the draw where the ledger is kept.",
        code="ledger_elsewhere",
    )


def _witness(witness_id: UUID | None) -> UUID:
    if witness_id is None:
        raise Invalid(
            "A second person confirms this with their own PIN.",
            fields={"pin": "The witness enters their e-mail and PIN."},
            code="witness_missing",
        )
    return witness_id


def _sign(event: SessionEvent, move: Any) -> None:
    """Keep with the event who witnessed its line."""
    event.body["move_id"] = str(move.pk)
    if move.witness is not None:
        event.body.update(witness_id=str(move.witness_id), witness_name=move.witness.shown_name)


def _said(session: Session, event: SessionEvent) -> dict[str, Any]:
    return {
        "container_id": event.body["container_id"],
        "amount_mg": event.body["amount_mg"],
        "session_id": session.pk,
        "patient_id": session.patient_id,
        "happened_at": event.happened_at,
    }


def _draw(act: Act, session: Session, event: SessionEvent, witness_id: UUID | None) -> Any:
    return drawing.draw(act, witness_id=witness_id, **_said(session, event))


def _waste(act: Act, session: Session, event: SessionEvent, witness_id: UUID | None) -> Any:
    return drawing.waste(
        act,
        witness_id=_witness(witness_id),
        method=event.body["method"],
        given_mg=_given_mg(act, session, event),
        **_said(session, event),
    )


def _put_back(act: Act, session: Session, event: SessionEvent, witness_id: UUID | None) -> Any:
    return drawing.put_back(
        act,
        witness_id=_witness(witness_id),
        given_mg=_given_mg(act, session, event),
        **_said(session, event),
    )


_WRITE = {"drawn": _draw, "wasted": _waste, "put_back": _put_back}


def _given_mg(act: Act, session: Session, event: SessionEvent) -> Decimal:
    """What was or will be given of a container: a running pump counts for all it is set to."""
    account = account_of(counted_events(session.pk), act.now, promised=True)
    line = account.line(event.body["container_id"])
    return line.given_mg if line is not None else milligrams(0)


def name_source(
    session: Session,
    event: SessionEvent,
    target: SessionEvent | None,
    others: Sequence[Any],
    now: datetime,
) -> None:
    """Write beside a dose where it was drawn from; refuse one of which nothing was drawn.

    ``others`` are the standing events without the one corrected. What was kept on paper and what
    is corrected has happened: it is described and never refused. Raises ``Refused``
    (``nothing_drawn``), ``Invalid`` for a container that nothing was drawn from.
    """
    body = event.body
    if event.kind not in FIRST_DOSE:
        return
    if session.ledger != HERE:
        for name in SOURCE.keys() - {"lot"}:
            body.pop(name, None)
        return
    body.pop("lot", None)
    account = account_of(others, now, promised=True)
    if target is not None and "container_id" not in body and "container_id" in target.body:
        body["container_id"] = target.body["container_id"]
    described = target is not None or event.via == "paper" or bool(body.get("given_before_drawn"))
    if not described:
        _refuse_undrawn(account, milligrams(body[_AMOUNT_OF[event.kind]]))
    line = account.line(body["container_id"]) if "container_id" in body else account.next_source
    if line is None and "container_id" in body:
        raise Invalid(
            "Nothing was drawn from this container in this session.",
            fields={"container_id": "Choose a container that was drawn from."},
            code="not_drawn_from",
        )
    if line is not None:
        body.update(container_id=line.container_id, label=line.label, lot=line.lot)


_AMOUNT_OF = {
    "infusion_start": "planned_mg",
    "injection": "dose_mg",
    "oral_dose": "dose_mg",
    "device": "dose_mg",
}


def _refuse_undrawn(account: Account, amount_mg: Decimal) -> None:
    if account.rest_mg >= amount_mg:
        return
    held = mg_words(account.rest_mg) if account.rest_mg > 0 else "Nothing"
    raise Refused(
        f"{held} is drawn and not yet given; this dose takes {mg_words(amount_mg)}.",
        what_to_do="Draw it from a container first. If it was given before it could be written "
        "down, say so: the session then waits until the draw is entered.",
        code="nothing_drawn",
    )


def account_of_session(session: Session, now: datetime) -> Account:
    """The account of a session by its events; two queries with :func:`agrees`."""
    return account_of(counted_events(session.pk), now)


def agrees(session: Session, now: datetime) -> bool:
    """Whether drawn = given + wasted + put back, by the session and by the ledger alike."""
    account = account_of_session(session, now)
    ledger = drawing.session_account(session.pk)
    same = (account.drawn_mg, account.wasted_mg, account.put_back_mg) == (
        ledger.drawn_mg,
        ledger.wasted_mg,
        ledger.put_back_mg,
    )
    return account.agrees and same


def state_after_leaving(session: Session, now: datetime) -> SessionState:
    """The state of a session whose person has left: closed once its drug is accounted for."""
    if session.ledger == HERE and not agrees(session, now):
        return SessionState.ACCOUNTING
    given = session.first_dose_at is not None
    return SessionState.CLOSED if given else SessionState.ABANDONED


__all__ = [
    "ELSEWHERE",
    "HERE",
    "LEDGER_KINDS",
    "account_of_session",
    "agrees",
    "counted_events",
    "counted_in",
    "kept_in",
    "name_source",
    "not_begun",
    "state_after_leaving",
    "write_line",
]
