"""File what a bedside monitor sent: into the one session it belongs to, or into the tray."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.record.act import Act, Context, action, together
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.session.announce import announce
from evenkeel.clinic.session.events import FLAGS, QUANTITIES, kind_of, read_body
from evenkeel.clinic.session.matching import Match, match
from evenkeel.clinic.session.models import MonitorStatus, Session, SessionEvent, TrayMessage
from evenkeel.clinic.session.monitor_batch import FiledReading, Filing, MonitorBatch
from evenkeel.clinic.session.raising import NAMESPACE, raise_for
from evenkeel.clinic.session.timeline import OLD_AFTER

#: While a device cannot be matched, its repeated sweeps wait in the tray at most this often;
#: measurements made once (a cuff) all wait there. Clinic policy.
SWEEP_EVERY: Final = timedelta(seconds=60)
_MAX_RAW: Final = 65_536
#: How fast the usual interval of a device follows the newest one. [assumed]
_FOLLOW: Final = 0.2


@action("monitor.file_readings", permission="session.file_reading")
def file_readings(act: Act, batch: MonitorBatch) -> Filing:
    """File one message in one act; returns what became of it. Filing it again changes nothing.

    In demonstration mode nothing is charted. Readings from before the session was opened are not
    charted into it; those measured a while ago stand at their own time, flagged ``old``.
    """
    _count(batch)
    act.happened_at = batch.received_at
    act.note(device=batch.device, digest=batch.digest)
    if batch.demonstration:
        return Filing("demo", "demonstration mode")
    if not batch.readings:
        return Filing("nothing", "no readings")
    found = match(batch)
    if found.session is None:
        return _wait(act, batch, found)
    act.check(found.session)
    extra = () if found.known_patient or not batch.patient_ids else ("patient_id_unknown",)
    device_id = found.monitor.pk if found.monitor else None
    events = chart(
        act, found.session, batch.readings, batch.received_at, device_id=device_id, extra=extra
    )
    if events:
        return Filing("filed", "", len(events))
    return Filing("duplicate" if _after_opening(found.session, batch.readings) else "nothing")


def file_batches(ctx: Context, batches: Iterable[MonitorBatch]) -> list[Filing]:
    """File several messages in one transaction, in their order."""
    with together():
        return [file_readings(ctx, batch) for batch in batches]


def _after_opening(session: Session, readings: Sequence[FiledReading]) -> bool:
    return any(one.measured_at >= session.opened_at for one in readings)


def chart(
    act: Act,
    session: Session,
    readings: Sequence[FiledReading],
    received_at: datetime,
    *,
    device_id: uuid.UUID | None = None,
    extra: Sequence[str] = (),
    earliest: datetime | None = None,
) -> list[SessionEvent]:
    """Store readings as observations of a session, each once; returns those that were new.

    ``earliest`` is the first time that may be charted, the session's opening unless given.
    """
    first = earliest or session.opened_at
    wanted = {event_id(session, r): r for r in readings if r.measured_at >= first}
    known = set(SessionEvent.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    stored = []
    for key, reading in wanted.items():
        body = None if key in known else _body(reading, received_at, extra)
        if body is None:
            continue
        event = SessionEvent(
            id=key,
            site_id=session.site_id,
            session=session,
            patient_id=session.patient_id,
            kind="observation",
            # what was measured is never charted for a time that has not come
            happened_at=min(reading.measured_at, act.now),
            recorded_at=act.now,
            raw_time=reading.raw_time[:40],
            actor_id=act.actor.id,
            actor_name=act.actor.name,
            via="monitor",
            device_id=device_id,
            body=body,
            body_digest=digest(canonical(body)),
        )
        stored.append(act.append(event))
    if stored:
        announce()
    for event in stored:
        raise_for(act.ctx, session, event)
    return stored


def event_id(session: Session, reading: FiledReading) -> uuid.UUID:
    """The id of a reading's event: the same measurement in the same session is the same event."""
    return uuid.uuid5(NAMESPACE, f"{session.pk}|{reading.identity}")


def _body(
    reading: FiledReading, received_at: datetime, extra: Sequence[str]
) -> dict[str, Any] | None:
    """The observation, or ``None`` where nothing in it can be true."""
    values = {n: _number(v) for n, v in reading.values.items() if n in QUANTITIES}
    pulse = reading.values.get("pulse_bpm")
    if pulse is not None and "heart_rate_bpm" not in values:
        values["heart_rate_bpm"] = _number(pulse)
    schema = kind_of("observation")
    while values:
        try:
            body = read_body(schema, values)
            break
        except Invalid as wrong:
            impossible = wrong.fields.keys() & values.keys() or values.keys()
            values = {n: v for n, v in values.items() if n not in impossible}
    else:
        return None
    flags = {*body.get("flags", ()), *(reading.flags & FLAGS), *extra}
    flags.add("periodic" if reading.is_periodic else "aperiodic")
    if received_at - reading.measured_at > OLD_AFTER:
        flags.add("old")
    body["flags"] = sorted(flags)
    return body


def _number(value: Any) -> float | int:
    number = float(value)
    return int(number) if number.is_integer() else number


def _wait(act: Act, batch: MonitorBatch, found: Match) -> Filing:
    """Keep an unmatched message for a person to assign; the same one waits once."""
    act.site_id = found.site_id
    if TrayMessage.objects.filter(digest=batch.digest).exists():
        return Filing("duplicate", found.why)
    if all(r.is_periodic for r in batch.readings) and _waits_lately(batch):
        return Filing("tray", "a sweep like it waits already")
    act.write(
        TrayMessage(
            site_id=found.site_id,
            device_identifier=batch.device,
            location=" / ".join(batch.places)[:80],
            patient_ids=list(batch.patient_ids),
            received_at=batch.received_at,
            measured_from=min(r.measured_at for r in batch.readings),
            readings=[r.as_document() for r in batch.readings],
            raw=batch.raw[:_MAX_RAW].replace("\x00", ""),
            digest=batch.digest,
            why=found.why,
        )
    )
    announce()
    return Filing("tray", found.why)


def _waits_lately(batch: MonitorBatch) -> bool:
    since = batch.received_at - SWEEP_EVERY
    return TrayMessage.objects.filter(
        device_identifier=batch.device, state="waiting", received_at__gt=since
    ).exists()


def _count(batch: MonitorBatch) -> None:
    """What is shown of the device: when it was heard, its clock, its mode. No clinical record."""
    row = MonitorStatus.objects.filter(pk=batch.device).first()
    if row is None:
        row = MonitorStatus(identifier=batch.device, last_heard_at=batch.received_at)
    counters = dict(row.counters)
    gap_s = (batch.received_at - row.last_heard_at).total_seconds()
    if row.messages and 0 < gap_s < 3600:
        usual = counters.get("usual_gap_s", gap_s)
        counters["usual_gap_s"] = round(usual + _FOLLOW * (gap_s - usual), 2)
    if batch.demonstration:
        counters["demonstration"] = counters.get("demonstration", 0) + 1
    if batch.kept_aside:
        counters["kept_aside"] = counters.get("kept_aside", 0) + batch.kept_aside
    row.last_heard_at = max(row.last_heard_at, batch.received_at)
    row.clock_offset_s = batch.clock_offset_s
    row.demonstration = batch.demonstration
    row.peer = batch.peer[:64]
    row.messages += 1
    row.counters = counters
    row.save()
