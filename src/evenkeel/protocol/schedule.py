"""When the next vital signs are due, and when they are overdue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .alarms import Alarm
from .pack import Protocol
from .products import PRODUCTS

_JUST_AFTER: Final = timedelta(seconds=1)


def next_due(
    last_vitals_at: datetime | None,
    started_at: datetime,
    ended_at: datetime | None,
    protocol: Protocol,
    *,
    every_min: float | None = None,
) -> datetime:
    """Return when the next set is due.

    During the drug every ``vitals.every_min``, after its end every ``vitals.after_every_min``,
    counted from the last set but never from before the start; and at the protocol's fixed minutes
    from the start, unless a set was taken within ``vitals.fixed_within_min`` of them.
    ``ended_at`` is the end of the drug. ``every_min`` is the session's own interval: during an
    infusion (after it, only where it is the longer), and all along where the drug is given at
    once.
    """
    counted_from = started_at if last_vitals_at is None else max(last_vitals_at, started_at)
    during, after = _intervals(protocol, every_min)
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


def _intervals(protocol: Protocol, every_min: float | None) -> tuple[timedelta, timedelta]:
    """The intervals during and after the drug."""
    during_min = every_min or protocol.number("vitals.every_min")
    after_min = protocol.number("vitals.after_every_min")
    if every_min:
        infused = PRODUCTS[protocol.product].is_infusion
        after_min = max(after_min, every_min) if infused else every_min
    return timedelta(minutes=during_min), timedelta(minutes=after_min)


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
    return Alarm(
        id="vitals.overdue",
        level="hold" if late > _further(due, ended_at, protocol, every_min) else "review",
        statement=f"Vital signs are {late_min} min overdue",
        value=f"{late_min} min",
        look_at="Look at the person, then measure.",
        threshold=grace.key,
        source=grace.source,
        why=f"A set, blood pressure at least, was due; {protocol.number(grace.key):g} min of grace "
        "have passed.",
    )


def _further(
    due: datetime, ended_at: datetime | None, protocol: Protocol, every_min: float | None
) -> timedelta:
    """The whole further interval after which the set that was due is a hold."""
    during, after = _intervals(protocol, every_min)
    return after if ended_at is not None and due > ended_at else during


@dataclass(frozen=True, slots=True)
class Missed:
    """A set that was not taken in time: when it was due, when that was to sound, and the alarm."""

    due: datetime
    at: datetime
    alarm: Alarm


def missed_sets(
    sets: Sequence[datetime],
    started_at: datetime | None,
    ended_at: datetime | None,
    until: datetime,
    protocol: Protocol,
    *,
    every_min: float | None = None,
) -> tuple[Missed, ...]:
    """Return every missed set until ``until``, one entry a set and level, in order of time.

    ``sets`` are the times blood pressure was measured. It asks ``overdue`` at the moments at
    which its answer changes, so a live watcher that asks each second says the same.
    """
    if started_at is None:
        return ()
    found: list[Missed] = []
    last: datetime | None = None
    taken = sorted(at for at in sets if started_at < at <= until)
    for following in [*taken, until]:
        due = next_due(last, started_at, ended_at, protocol, every_min=every_min)
        grace = timedelta(minutes=protocol.number("vitals.grace_min"))
        further = _further(due, ended_at, protocol, every_min)
        for moment in dict.fromkeys((due + grace, due + max(grace, further))):
            if following <= moment:
                continue
            alarm = overdue(
                last, started_at, ended_at, moment + _JUST_AFTER, protocol, every_min=every_min
            )
            if alarm is not None:
                found.append(Missed(due, moment, alarm))
        last = following
    return tuple(found)
