"""Entering a session that was kept on paper, with its true times."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from evenkeel.clinic.record.act import Act, Context, action
from evenkeel.clinic.record.errors import DomainError, Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.actions.record_event import record_event
from evenkeel.clinic.session.booking import change_status
from evenkeel.clinic.session.models import Appointment, AppointmentStatus, Session
from evenkeel.clinic.session.paper import PaperRow

PAPER = "paper"


@action("downtime.enter", permission="downtime.enter")
def enter_downtime(
    act: Act,
    *,
    appointment_id: Any,
    opened_at: datetime,
    rows: Sequence[PaperRow],
    batch: uuid.UUID,
    kept_by: str,
) -> Session:
    """Store every row of a sheet as an event of the appointment's session, or none of them.

    The session is opened at ``opened_at`` where there is none; a person who was not checked in is
    checked in as the paper says. Rows are given in the order they happened; ``batch`` makes their
    ids, so that the same sheet sent twice is stored once. ``kept_by`` is who kept the paper.

    Raises ``Invalid`` (``paper``) whose fields name the row that was refused and why, ``Refused``
    where no session can be opened or it is closed already.
    """
    appointment = act.open(Appointment, appointment_id, "patient__site", "site")
    if not kept_by.strip() or len(kept_by) > 160 or "\x00" in kept_by:
        raise Invalid("Whose paper is it?", fields={"kept_by": "Enter who kept the paper record."})
    ctx = Context(act.actor, act.ctx.clock, via=PAPER, reason=act.ctx.reason)
    session = Session.objects.filter(appointment=appointment).first()
    if session is None:
        session = _open(act, ctx, appointment, opened_at, kept_by.strip())
    elif session.closed_at is not None:
        raise Refused(
            "The session of this appointment is closed.",
            what_to_do="Add what is missing on the page of the session.",
            code="session_closed",
        )
    for row in rows:
        _store(ctx, session, row, uuid.uuid5(batch, row.key))
    text = f"Entered from the paper record kept by {kept_by.strip()}."
    note = PaperRow("kept_by", "note", rows[-1].happened_at if rows else opened_at, {"text": text})
    _store(ctx, session, note, uuid.uuid5(batch, note.key))
    act.happened_at = opened_at
    act.note(rows=len(rows), kept_by=kept_by.strip())
    return Session.objects.get(pk=session.pk)


def _open(
    act: Act, ctx: Context, appointment: Appointment, opened_at: datetime, kept_by: str
) -> Session:
    if appointment.status in (AppointmentStatus.BOOKED, AppointmentStatus.NO_SHOW):
        appointment.check_in = {
            "at": opened_at.isoformat(),
            "by": kept_by,
            "identity": "on paper",
            "said": {},
            "findings": [],
        }
        appointment.checked_in_at = opened_at
        change_status(act, appointment, AppointmentStatus.CHECKED_IN)
    return open_session(ctx, appointment_id=appointment.pk, opened_at=opened_at)


def _store(ctx: Context, session: Session, row: PaperRow, event_id: uuid.UUID) -> None:
    try:
        record_event(
            ctx,
            session_id=session.pk,
            event_id=event_id,
            kind=row.kind,
            happened_at=row.happened_at,
            body=row.body,
        )
    except (Forbidden, NotFound):
        raise
    except DomainError as refusal:
        said = " ".join(refusal.fields.values()) or f"{refusal.message} {refusal.what_to_do}"
        raise Invalid(
            "Nothing was stored: a line was refused.",
            what_to_do="Put it right and save the whole sheet again.",
            fields={row.key: said.strip()},
            code="paper",
        ) from refusal
