"""When the next vital signs are due, and when they are overdue."""

from __future__ import annotations

from datetime import datetime, timedelta

from .alarms import Alarm
from .pack import Protocol


def next_due(
    last_vitals_at: datetime | None,
    started_at: datetime,
    ended_at: datetime | None,
    protocol: Protocol,
    *,
    every_min: float | None = None,
) -> datetime:
    """Return when the next set is due.

    During the drug every ``vitals.every_min`` (or ``every_min`` where the session has its own),
    after its end every ``vitals.after_every_min``, counted from the last set but never from
    before the start; and at the protocol's fixed minutes from the start, unless a set was taken
    within ``vitals.fixed_within_min`` of them. ``ended_at`` is the end of the drug.
    """
    counted_from = started_at if last_vitals_at is None else max(last_vitals_at, started_at)
    during = timedelta(minutes=every_min or protocol.number("vitals.every_min"))
    after = timedelta(minutes=protocol.number("vitals.after_every_min"))
    over = ended_at is not None and counted_from >= ended_at
    due = counted_from + (after if over else during)
    if ended_at is not None and not over and due > ended_at:
        # The interval lengthens once the drug has ended.
        due = max(due, min(counted_from + after, ended_at + after))
    near = timedelta(minutes=protocol.number("vitals.fixed_within_min"))
    for minute in protocol.numbers("vitals.fixed_min"):
        fixed = started_at + timedelta(minutes=minute)
        if counted_from < fixed - near:
            due = min(due, fixed)
    return due


def overdue(
    last_vitals_at: datetime | None,
    started_at: datetime | None,
    ended_at: datetime | None,
    now: datetime,
    protocol: Protocol,
    *,
    every_min: float | None = None,
) -> Alarm | None:
    """Return an alarm when the next set is late by more than the grace, else None.

    None before the drug has started. ``review`` once late by the grace, ``hold`` once a whole
    further interval has passed without a set.
    """
    if started_at is None:
        return None
    due = next_due(last_vitals_at, started_at, ended_at, protocol, every_min=every_min)
    grace = protocol.threshold("vitals.grace_min")
    late = now - due
    if late <= timedelta(minutes=protocol.number(grace.key)):
        return None
    late_min = int(late.total_seconds() // 60)
    interval = timedelta(minutes=every_min or protocol.number("vitals.every_min"))
    return Alarm(
        id="vitals.overdue",
        level="hold" if late > interval else "review",
        statement=f"Vital signs are {late_min} min overdue",
        value=f"{late_min} min",
        look_at="Look at the person, then measure.",
        threshold=grace.key,
        source=grace.source,
    )
