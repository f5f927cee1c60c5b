"""Raises alarms: what a reading sets off becomes an event of its own, in the same transaction."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from evenkeel.clinic.protocols.queries import protocol_under
from evenkeel.clinic.record.act import Act, Context, action, system_actor
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.record.prepared import Prepared
from evenkeel.clinic.session.alarm_story import answers_among
from evenkeel.clinic.session.announce import announce
from evenkeel.clinic.session.events import QUANTITIES
from evenkeel.clinic.session.models import Session, SessionEvent
from evenkeel.protocol.alarms import ALARM_LEVELS, Alarm, Reading
from evenkeel.protocol.findings import source_document
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.watching import LOOK_BACK, alarms_for, asks_history

NAMESPACE: Final = uuid.UUID("8f0a6c2e-5c0b-4c0e-9a53-2f6f1b0f7a11")
#: How long an acknowledged alarm keeps quiet while nothing gets worse. Clinic policy.
QUIET_MIN: Final[dict[str, float]] = {"review": 5.0, "hold": 2.0, "emergency": 1.0}
#: A reading older than this is charted, but no longer sounds. Clinic policy.
TOO_OLD_TO_SOUND: Final = timedelta(minutes=60)
_SOUNDING: Final = frozenset(
    {
        "sbp_mmhg",
        "dbp_mmhg",
        "heart_rate_bpm",
        "spo2_percent",
        "respiratory_rate_per_min",
        "moaas",
        "dissociation_0_10",
        "symptoms",
    }
)


def protocol_of(session: Session) -> Protocol:
    """The protocol under which the session was opened, whatever was signed since."""
    return protocol_under(session)


def alarm_key(alarm: Alarm) -> str:
    """What counts as the same alarm: its subject, whatever its level."""
    return alarm.subject


def alarm_event_id(trigger: Any, alarm_id: str) -> uuid.UUID:
    """The id of the event of an alarm: the same trigger and alarm make the same id."""
    return uuid.uuid5(NAMESPACE, f"{trigger}|{alarm_id}")


def rank(level: str) -> int:
    """How bad a level is."""
    return ALARM_LEVELS.index(level)  # type: ignore[arg-type]


def raise_for(ctx: Context, session: Session, event: SessionEvent) -> list[SessionEvent]:
    """Raise what an observation sets off; returns the new alarm events, worst first.

    Nothing is raised for a closed session, for what was entered from paper afterwards, or for a
    reading too old to act on.
    """
    if session.closed_at is not None or event.via == "paper":
        return []
    if event.recorded_at - event.happened_at > TOO_OLD_TO_SOUND:
        return []
    if not event.body.keys() & _SOUNDING:
        return []
    alarms = alarms_of(session, event)
    if not alarms:
        return []
    opened = open_alarms(session)
    raised = []
    for alarm in alarms:
        if not is_news(alarm_key(alarm), alarm.level, opened, event.recorded_at):
            continue
        body = alarm_body(alarm)
        raised.append(
            raise_alarm(
                ctx,
                session=session,
                event_id=alarm_event_id(event.pk, alarm.id),
                happened_at=event.happened_at,
                body=body,
                trigger_id=event.pk,
            )
        )
        opened.append((body["key"], alarm.level, None))
    return raised


def raise_alarm(
    ctx: Context,
    *,
    session: Session,
    event_id: uuid.UUID,
    happened_at: datetime,
    body: dict[str, Any],
    trigger_id: uuid.UUID | None = None,
) -> SessionEvent:
    """Store one alarm as the system's own act."""
    watcher = Context(system_actor("watcher"), ctx.clock, via="watcher")
    return _raise(
        watcher,
        session=session,
        event_id=event_id,
        happened_at=happened_at,
        body=body,
        trigger_id=trigger_id,
    )


@action("alarm.raise", permission="session.watch")
def _raise(
    act: Act,
    *,
    session: Session,
    event_id: uuid.UUID,
    happened_at: datetime,
    body: dict[str, Any],
    trigger_id: uuid.UUID | None,
) -> SessionEvent:
    event = SessionEvent(
        id=event_id,
        site_id=session.site_id,
        session=session,
        patient_id=session.patient_id,
        kind="alarm_raised",
        happened_at=happened_at,
        recorded_at=act.now,
        actor_id=act.actor.id,
        actor_name=act.actor.name,
        via="watcher",
        trigger_id=trigger_id,
        body=body,
        body_digest=digest(canonical(body)),
    )
    act.happened_at = happened_at
    act.append(event)
    announce()
    return event


def alarm_body(alarm: Alarm) -> dict[str, Any]:
    """An alarm as the body of its event."""
    return {
        "alarm": alarm.id,
        "key": alarm_key(alarm),
        "level": alarm.level,
        "statement": alarm.statement,
        "value": alarm.value,
        "look_at": alarm.look_at,
        "threshold": alarm.threshold,
        "source": source_document(alarm.source),
    }


def open_alarms(session: Session) -> list[tuple[str, str, datetime | None]]:
    """Alarms of a session as (key, level, when acknowledged or ``None``), oldest first."""
    rows = list(
        SessionEvent.objects.filter(
            session=session, kind__in=("alarm_raised", "alarm_acknowledged", "void")
        )
        .order_by("position")
        .only("kind", "body", "recorded_at", "happened_at", "position", "supersedes_id")
    )
    stand = {answer.first.pk for answer in answers_among(rows) if answer.stands}
    raised: dict[str, tuple[str, str, datetime | None]] = {}
    for event in rows:
        body, recorded_at = event.body, event.recorded_at
        if event.kind == "alarm_raised":
            raised[str(event.pk)] = (body["key"], body["level"], None)
            continue
        if event.pk not in stand:
            continue
        named = raised.get(body["alarm_event"])
        if named is None:
            continue
        # Who acknowledges an alarm has seen all that was raised of its kind and is no worse.
        for other, (key, level, done) in list(raised.items()):
            if done is None and key == named[0] and rank(level) <= rank(named[1]):
                raised[other] = (key, level, recorded_at)
    return list(raised.values())


def unresolved(session: Session) -> list[str]:
    """What stands against more drug until somebody has looked: unanswered holds, emergencies and
    marked sedation, in words."""
    alarms = open_alarms(session)
    if not alarms:
        return []
    rows = SessionEvent.objects.filter(session=session, kind="alarm_raised").order_by("position")
    statements = [body["statement"] for body in rows.values_list("body", flat=True)]
    return [
        statement
        for (key, level, done), statement in zip(alarms, statements, strict=True)
        if done is None and (rank(level) >= rank("hold") or key == "sedation")
    ]


def is_news(
    key: str, level: str, alarms: list[tuple[str, str, datetime | None]], now: datetime
) -> bool:
    """Whether an alarm says more than those that are open, or were acknowledged a moment ago."""
    quiet = timedelta(minutes=QUIET_MIN.get(level, 0.0))
    return not any(
        known == key and rank(known_level) >= rank(level) and (done is None or now - done < quiet)
        for known, known_level, done in alarms
    )


def alarms_of(session: Session, event: SessionEvent) -> list[Alarm]:
    """What an observation would sound by itself, worst first; what is only to be shown left out."""
    protocol = protocol_of(session)
    reading = reading_of(event.happened_at, event.body)
    baseline = None
    if reading.sbp_mmhg is not None or reading.dbp_mmhg is not None:
        baseline = baseline_of(session)
    keys = asks_history(reading, protocol).keys()
    history = _earlier(session, event, list(keys)) if keys else []
    found = alarms_for(
        reading,
        baseline,
        history,
        protocol,
        session.conditions,
        started_at=session.first_dose_at,
    )
    return [alarm for alarm in found if alarm.level != "inform"]


def reading_of(at: datetime, body: dict[str, Any]) -> Reading:
    """An observation's body as the protocol reads it."""
    names = _SOUNDING - {"symptoms"}
    return Reading(
        at=at,
        symptoms=tuple(body.get("symptoms", ())),
        **{name: body.get(name) for name in names if name in QUANTITIES},
    )


def baseline_of(session: Session) -> Reading | None:
    """The last blood pressure before the first dose, once there was one."""
    if session.first_dose_at is None:
        return None
    found = last_pressure(session, session.first_dose_at)
    if found is None:
        return None
    return Reading(at=found[0], sbp_mmhg=found[1], dbp_mmhg=found[2])


def age_in(session: Session, at: datetime) -> int:
    """The person's completed years on the day of ``at`` where the session is held."""
    day = at.astimezone(ZoneInfo(session.site.timezone)).date()
    return session.patient.age_years(day)


def last_pressure(session: Session, at: datetime) -> tuple[datetime, float, float] | None:
    """The newest full blood pressure at or before ``at``: when, systolic, diastolic."""
    row = _LAST_PRESSURE.first(session.pk, at)
    return None if row is None else (row[0], row[1]["sbp_mmhg"], row[1]["dbp_mmhg"])


#: Asked for every reading that carries a pressure.
_LAST_PRESSURE: Final = Prepared(
    lambda session_id, at: (
        _observations(session_id)
        .filter(happened_at__lte=at, body__has_keys=["sbp_mmhg", "dbp_mmhg"])
        .order_by("-happened_at")
        .values_list("happened_at", "body")[:1]
    ),
    lambda: [Session._meta.pk, SessionEvent._meta.get_field("happened_at")],
)


def _earlier(session: Session, event: SessionEvent, keys: list[str]) -> list[Reading]:
    """The newest readings at or before an event that hold any of ``keys``."""
    rows = (
        _observations(session.pk)
        .filter(happened_at__lte=event.happened_at, body__has_any_keys=keys)
        .exclude(pk=event.pk)
        .order_by("-happened_at")
        .values_list("happened_at", "body")[:LOOK_BACK]
    )
    return [reading_of(at, body) for at, body in rows]


def _observations(session_id: Any) -> Any:
    corrected = SessionEvent.objects.filter(supersedes=OuterRef("pk"))
    return SessionEvent.objects.filter(session_id=session_id, kind="observation").filter(
        ~Exists(corrected)
    )
