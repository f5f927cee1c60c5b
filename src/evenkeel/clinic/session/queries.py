"""What is asked of sessions. A page about one person goes through the door and is logged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models.expressions import RawSQL

from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import open_record, visible
from evenkeel.clinic.session.models import LIVE_STATES, Session, SessionEvent
from evenkeel.clinic.session.moments import SessionMeta
from evenkeel.clinic.session.raising import protocol_of
from evenkeel.clinic.session.rules import Sheet
from evenkeel.clinic.session.timeline import Timeline, read_timeline
from evenkeel.clinic.session.wire import as_wire

#: How many of the newest observations of each sort of each session the board reads, and how many
#: of those from before the first dose.
BOARD_OBSERVATIONS: Final = 12
BASELINE_OBSERVATIONS: Final = 3


def count_given(course_id: UUID) -> int:
    """How many sessions of a course had drug given."""
    return Session.objects.filter(course_id=course_id, first_dose_at__isnull=False).count()


def prescribers(session_ids: set[UUID]) -> dict[UUID, str]:
    """By session who signed the plan it was given under."""
    rows = Session.objects.filter(pk__in=session_ids, plan__signed_by__isnull=False)
    return {row.pk: row.plan.signed_by.shown_name for row in rows.select_related("plan__signed_by")}


def meta_of(session: Session) -> SessionMeta:
    """What a timeline needs of the session's row; reads ``nurse`` and ``second``."""
    sheet = Sheet.of(session.dose_sheet)
    nurse, second = session.nurse, session.second
    return SessionMeta(
        product=session.product,
        opened_at=session.opened_at,
        planned_mg=sheet.dose_mg,
        concentration_mg_ml=sheet.concentration_mg_ml,
        nurse_id=str(nurse.pk) if nurse else "",
        nurse_name=nurse.shown_name if nurse else "",
        second_id=str(second.pk) if second else "",
        second_name=second.shown_name if second else "",
        ledger=session.ledger or "",
    )


def events_of(session_id: Any) -> list[SessionEvent]:
    """Every event of a session, in the order it was recorded."""
    rows = SessionEvent.objects.filter(session_id=session_id)
    return list(rows.order_by("position", "happened_at", "pk"))


def timeline_of(session: Session, now: datetime, events: Iterable[Any] | None = None) -> Timeline:
    """The session at ``now``; one query, none where ``events`` are given."""
    found = events_of(session.pk) if events is None else events
    return read_timeline(meta_of(session), found, now, protocol_of(session))


def session_view(ctx: Context, session_id: Any) -> dict[str, Any]:
    """A session as plain JSON: ``session``, ``timeline``, ``events``, ``position``.

    The reading is logged. Raises ``NotFound`` or ``Forbidden``.
    """
    session = open_record(
        ctx, Session, session_id, "nurse", "second", permission="session.view", what="live session"
    )
    events = events_of(session.pk)
    timeline = timeline_of(session, ctx.clock.now(), events)
    return {
        "session": {
            "id": str(session.pk),
            "number": session.number,
            "state": session.state,
            "product": session.product,
            "protocol": {"name": session.protocol_name, "version": session.protocol_version},
            "dose_sheet": session.dose_sheet,
            "opened_at": session.opened_at.isoformat(),
            "closed_at": session.closed_at.isoformat() if session.closed_at else None,
        },
        "timeline": timeline.as_dict(),
        "events": [as_wire(event) for event in events],
        "position": timeline.position,
    }


def live_sessions(ctx: Context) -> list[Session]:
    """The live sessions whose board the caller may see, by chair, with what a card shows."""
    rows = (
        Session.objects.filter(state__in=LIVE_STATES)
        .select_related("patient", "chair", "nurse", "second", "plan")
        .only(*_CARD)
    )
    return list(visible(ctx, rows, "board.view").order_by("chair__order", "opened_at"))


def sessions_at(appointment_ids: Iterable[Any]) -> list[Session]:
    """The sessions opened for these appointments, with what a card shows; one query.

    Whoever calls has seen to it that the caller may see them.
    """
    return list(
        Session.objects.filter(appointment_id__in=appointment_ids)
        .select_related("patient", "chair", "nurse", "second", "plan")
        .only(*_CARD)
    )


_CARD: Final = (
    *("site_id", "number", "state", "product", "protocol_name", "dose_sheet", "appointment_id"),
    *("protocol_used_id", "protocol_hash", "protocol_version"),
    *(
        "opened_at",
        "first_dose_at",
        "ledger",
        "plan__sessions_planned",
        "chair__name",
        "chair__order",
    ),
    *("patient__given_name", "patient__family_name", "patient__birth_date"),
    *("nurse__full_name", "nurse__credentials", "second__full_name", "second__credentials"),
)


def board_timelines(sessions: Sequence[Session], now: datetime) -> dict[UUID, Timeline]:
    """The timelines of many live sessions; two queries whatever their number.

    Their series hold only the newest observations (and pressures from before the first dose), so
    charts and peaks belong to :func:`timeline_of`; phase, doses, alarms and last values are whole.
    """
    ids = [session.pk for session in sessions]
    if not ids:
        return {}
    found: dict[UUID, list[Any]] = {pk: [] for pk in ids}
    acts = SessionEvent.objects.filter(session_id__in=ids).exclude(kind="observation")
    for event in (*_lines(acts), *_newest_observations(sessions)):
        found[event.session_id].append(event)
    return {s.pk: timeline_of(s, now, found[s.pk]) for s in sessions}


def _lines(rows: Any) -> Any:
    """What a timeline reads of events, without the cost of whole rows: a board has hundreds."""
    return rows.values_list(*_READ, named=True)


_READ: Final = (
    "pk",
    "session_id",
    "position",
    "kind",
    "happened_at",
    "recorded_at",
    "raw_time",
    "actor_id",
    "actor_name",
    "via",
    "body",
    "supersedes_id",
)


def _newest_observations(sessions: Sequence[Session]) -> Any:
    """What a board needs of the observations of each session.

    The newest of all; the newest with a pressure and the newest entered by hand, for a monitor that
    speaks every few seconds must not push them out; and the same of the time before the first dose,
    for the baseline. One statement: each part is a short walk down an index, so that the board
    costs about the same however long the sessions have run.
    """
    table = SessionEvent._meta.db_table
    parts: list[str] = []
    values: list[Any] = []
    prepare = SessionEvent._meta.get_field("session").get_db_prep_value
    moment = SessionEvent._meta.get_field("happened_at").get_db_prep_value
    for session in sessions:
        key = prepare(session.pk, connection)
        for more in _CHOSEN[connection.vendor]:
            parts.append(_PART.format(table=table, more=more))
            values += [key, BOARD_OBSERVATIONS]
            if session.first_dose_at is not None:
                parts.append(_PART.format(table=table, more=f"{more} AND happened_at <= %s"))
                values += [key, moment(session.first_dose_at, connection), BASELINE_OBSERVATIONS]
    statement = " UNION ".join(parts)
    return _lines(SessionEvent.objects.filter(pk__in=RawSQL(statement, values)))  # noqa: S611


_BY_HAND: Final = "AND via <> 'monitor'"
#: Which observations, in the words of each database.
_CHOSEN: Final = {
    "sqlite": ("", _BY_HAND, "AND json_type(body, '$.sbp_mmhg') IS NOT NULL"),
    "postgresql": ("", _BY_HAND, "AND jsonb_exists(body, 'sbp_mmhg')"),
}
_PART: Final = (
    "SELECT id FROM (SELECT id FROM {table} WHERE session_id = %s AND kind = 'observation' "
    "{more} ORDER BY happened_at DESC LIMIT %s) AS newest"
)


def is_live_where(ctx: Context) -> bool:
    """Whether a session is live at a site whose sessions the caller may see. One query."""
    rows = Session.objects.filter(state__in=LIVE_STATES)
    sites = ctx.actor.sites("session.view")
    return bool((rows if sites is None else rows.filter(site_id__in=sites)).exists())
