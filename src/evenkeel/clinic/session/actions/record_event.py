"""Record one event of a session: checked, stored once, its effects and alarms in the same act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from evenkeel.clinic.record.act import Act, Context, action, check_access
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.record.prepared import find_row
from evenkeel.clinic.session import effects
from evenkeel.clinic.session.announce import announce
from evenkeel.clinic.session.drug_events import LEDGER_KINDS
from evenkeel.clinic.session.events import KINDS, Kind, kind_of, read_body
from evenkeel.clinic.session.models import Session, SessionEvent, SessionState
from evenkeel.clinic.session.raising import raise_for
from evenkeel.clinic.session.setting_events import SETTING_KINDS

#: A client's clock may be this far ahead of ours; what it dates later than now happens now.
FUTURE_GRACE: Final = timedelta(seconds=60)
#: How long before a session was opened something may have happened that belongs to it.
BEFORE_OPENING: Final = timedelta(hours=12)
#: What may still be entered once a session is closed; corrections may as well.
AFTER_CLOSING: Final = frozenset({"observation", "note"}) | SETTING_KINDS


@dataclass(frozen=True, slots=True)
class Draft:
    """An event as sent, checked in itself but not yet against the record."""

    id: UUID
    session_id: UUID
    kind: Kind
    happened_at: datetime
    body: dict[str, Any]
    supersedes: UUID | None
    digest: str
    witness_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an event. ``replayed``: it had been stored before, with this content."""

    event: SessionEvent
    raised: list[SessionEvent]
    replayed: bool


class _Stored(Exception):
    """Ends the act without a trace: an event with this id is there already."""

    def __init__(self, event: SessionEvent) -> None:
        self.event = event


def record_event(
    ctx: Context,
    *,
    session_id: Any,
    event_id: Any,
    kind: str,
    happened_at: datetime,
    body: dict[str, Any],
    supersedes: Any = None,
    witness_id: UUID | None = None,
) -> SessionEvent:
    """Store one event and return it; see :func:`record` for what it sets off."""
    return record(
        ctx,
        session_id=session_id,
        event_id=event_id,
        kind=kind,
        happened_at=happened_at,
        body=body,
        supersedes=supersedes,
        witness_id=witness_id,
    ).event


def record(
    ctx: Context,
    *,
    session_id: Any,
    event_id: Any,
    kind: str,
    happened_at: datetime,
    body: dict[str, Any],
    supersedes: Any = None,
    witness_id: UUID | None = None,
) -> Recorded:
    """Store one event of a session once, with its effects and the alarms it raises.

    ``witness_id`` is the account that confirmed this with its own PIN; whoever calls has seen to
    that. The same id with the same content again returns what was stored. Raises ``Invalid`` (with
    a message by field), ``Refused`` (the session does not allow it now), ``Conflict`` (the id was
    used for something else, or the event was corrected meanwhile), ``Forbidden``, ``NotFound``.
    """
    draft = read_draft(
        session_id=session_id,
        event_id=event_id,
        kind=kind,
        happened_at=happened_at,
        body=body,
        supersedes=supersedes,
        witness_id=witness_id,
    )
    permission = draft.kind.permission
    if draft.kind.name == "void":
        permission = _voided_permission(draft)
    try:
        return _ACTS[permission](ctx, draft)
    except _Stored as found:
        return _replay(ctx, draft, found.event)


def read_draft(
    *,
    session_id: Any,
    event_id: Any,
    kind: Any,
    happened_at: Any,
    body: Any,
    supersedes: Any = None,
    witness_id: UUID | None = None,
) -> Draft:
    """Check an event in itself. Raises ``Invalid``."""
    wrong: dict[str, str] = {}
    key = _key(event_id, "id", wrong)
    session_key = _key(session_id, "session", wrong)
    old = None if supersedes is None else _key(supersedes, "supersedes", wrong)
    if not isinstance(happened_at, datetime) or happened_at.tzinfo is None:
        wrong["happened_at"] = "Give the time with its offset, like 2026-11-23T14:05:00+00:00."
    schema = kind_of(kind)
    if schema.name == "void" and supersedes is None:
        wrong["supersedes"] = "Name the event to void."
    if supersedes is not None and not (schema.correctable or schema.name == "void"):
        wrong["supersedes"] = "An event of this kind cannot be corrected."
    if wrong or key is None or session_key is None:
        raise Invalid("Some of this cannot be right.", fields=wrong, code="invalid_event")
    clean = read_body(schema, body)
    at = happened_at.astimezone(UTC)
    said = [session_key, schema.name, at, clean, old]
    if witness_id is not None:
        said.append(witness_id)
    return Draft(key, session_key, schema, at, clean, old, digest(canonical(said)), witness_id)


def _key(value: Any, name: str, wrong: dict[str, str]) -> UUID | None:
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        wrong[name] = "This is not an id (a UUID)."
        return None


def _voided_permission(draft: Draft) -> str:
    """Voiding needs the permission of what is voided."""
    kind = (
        SessionEvent.objects.filter(pk=draft.supersedes, session_id=draft.session_id)
        .values_list("kind", flat=True)
        .first()
    )
    return KINDS[kind].permission if kind in KINDS else draft.kind.permission


def _replay(ctx: Context, draft: Draft, stored: SessionEvent) -> Recorded:
    if stored.session_id != draft.session_id or stored.body_digest != draft.digest:
        raise Conflict(
            "This id was already used for a different event.",
            what_to_do="Reload the page and enter it again.",
            code="id_reused",
        )
    check_access(ctx.actor, stored, "session.view")
    raised = SessionEvent.objects.filter(trigger_id=stored.pk, session_id=stored.session_id)
    return Recorded(stored, list(raised.order_by("position")), replayed=True)


def file_event(act: Act, draft: Draft) -> Recorded:
    """Store a draft inside an act whose permission fits its kind."""
    stored = find_row(SessionEvent, draft.id)
    if stored is not None:
        raise _Stored(stored)
    session = act.open(Session, draft.session_id)
    _check_time(draft, session, act.now)
    target = _target(draft) if draft.supersedes else None
    _check_open(draft, session, target)
    late = draft.happened_at > act.now
    event = SessionEvent(
        id=draft.id,
        site_id=session.site_id,
        session=session,
        patient_id=session.patient_id,
        kind=draft.kind.name,
        happened_at=act.now if late else draft.happened_at,
        recorded_at=act.now,
        raw_time=draft.happened_at.isoformat() if late else "",
        actor_id=act.actor.id,
        actor_name=act.actor.name,
        via=act.ctx.via[:12],
        body=dict(draft.body),
        body_digest=draft.digest,
        supersedes=target,
    )
    apply = effects.prepare(act, session, event, target, draft.witness_id)
    act.happened_at = event.happened_at
    act.append(event)
    if apply is not None:
        apply()
    effects.refresh_closed(act, session, event, target)
    announce()
    raised = raise_for(act.ctx, session, event) if event.kind == "observation" else []
    return Recorded(event, raised, replayed=False)


def _check_time(draft: Draft, session: Session, now: datetime) -> None:
    if draft.happened_at - now > FUTURE_GRACE:
        raise Invalid(
            "Nothing can be entered for a time that has not come.",
            fields={"happened_at": "This is in the future; check the clock of your device."},
            code="in_the_future",
        )
    if draft.happened_at < session.opened_at - BEFORE_OPENING:
        raise Invalid(
            "This is long before the session.",
            fields={"happened_at": "Not more than 12 hours before the session was opened."},
            code="before_session",
        )


def _target(draft: Draft) -> SessionEvent:
    """The event to correct or void; the newest of its line. Raises ``Invalid`` or ``Conflict``."""
    target = SessionEvent.objects.filter(pk=draft.supersedes, session_id=draft.session_id).first()
    if target is None:
        raise Invalid(
            "The event to correct is not in this session.",
            fields={"supersedes": "There is no such event here."},
            code="nothing_to_correct",
        )
    if draft.kind.name != "void" and target.kind != draft.kind.name:
        raise Invalid(
            "A correction is of the same kind as what it corrects.",
            fields={"kind": f"This would correct an event of kind {target.kind}."},
            code="other_kind",
        )
    if not KINDS[target.kind].correctable:
        raise Refused("An event of this kind cannot be taken back.", code="not_correctable")
    if SessionEvent.objects.filter(supersedes=target).exists():
        raise Conflict(
            "This event was corrected meanwhile.",
            what_to_do="Look at the newest version and correct that.",
            code="corrected_meanwhile",
        )
    return target


def _check_open(draft: Draft, session: Session, target: SessionEvent | None) -> None:
    if session.closed_at is None or target is not None or draft.kind.name in AFTER_CLOSING:
        return
    if session.state == SessionState.ACCOUNTING and draft.kind.name in LEDGER_KINDS:
        return
    raise Refused(
        "This session is closed.",
        what_to_do="Observations, notes and corrections can still be entered.",
        code="session_closed",
    )


def _declare(name: str, permission: str) -> Callable[[Context, Draft], Recorded]:
    @action(name, permission=permission)
    def act_on(act: Act, draft: Draft) -> Recorded:
        return file_event(act, draft)

    return act_on


_ACTS: Final[dict[str, Callable[[Context, Draft], Recorded]]] = {
    "session.record": _declare("session.observe", "session.record"),
    "session.check_dose": _declare("session.check_dose", "session.check_dose"),
    "session.administer": _declare("session.administer", "session.administer"),
    "session.draw": _declare("session.draw", "session.draw"),
    "session.stop": _declare("session.stop_drug", "session.stop"),
    "session.acknowledge": _declare("session.acknowledge_alarm", "session.acknowledge"),
    "session.hand_over": _declare("session.hand_over", "session.hand_over"),
    "session.discharge": _declare("session.discharge", "session.discharge"),
}
