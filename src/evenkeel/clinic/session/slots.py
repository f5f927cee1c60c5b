"""Proposing when the next doses could be: the plan's spacing, laid over what is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.course.queries import protocol_for
from evenkeel.clinic.people.models import Chair
from evenkeel.clinic.session.booking import (
    CLOSES,
    OPEN_DAYS,
    OPENS,
    STANDING,
    dosing_minutes,
)
from evenkeel.clinic.session.models import Appointment, AppointmentStatus

#: How far a proposal may slip from the day the spacing asks for. Assumed.
SLIP_DAYS: Final = 3
_STEP: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A free time for a dose. ``day_offset``: days off the plan's spacing, later is positive."""

    starts_at: datetime
    minutes: int
    chair: Chair
    day_offset: int


def propose_slots(
    course: Course, plan: Plan | None, now: datetime, most: int = 4
) -> list[Proposal]:
    """The next ``most`` doses of a signed plan, each on a free chair; three queries.

    Counted on from the last dose given or booked, at its time of day; without one from tomorrow.
    Never beyond the number of sessions planned. A day without a free chair slips by up to
    :data:`SLIP_DAYS`, or is left out.
    """
    if plan is None:
        return []
    zone = ZoneInfo(course.site.timezone)
    earlier = list(
        Appointment.objects.filter(
            course=course, kind="dosing", status__in=(*STANDING, AppointmentStatus.DONE)
        )
        .order_by("starts_at")
        .values_list("starts_at", flat=True)
    )
    wanted = min(most, plan.sessions_planned - len(earlier))
    if wanted <= 0:
        return []
    days = _days(plan, earlier, now, zone, wanted)
    minutes = dosing_minutes(plan, protocol_for(course, at=now))
    at = earlier[-1].astimezone(zone).time() if earlier else time(10)
    chairs = list(Chair.objects.filter(site_id=course.site_id, active=True).order_by("order"))
    taken = _taken(course, days, zone)
    found: list[Proposal] = []
    for day in days:
        proposal = _free_near(day, at, minutes, chairs, taken, zone, now)
        if proposal is not None:
            found.append(proposal)
            taken.append((proposal.chair.pk, proposal.starts_at, _end(proposal)))
            taken.append((None, proposal.starts_at, _end(proposal)))
    return found


def _end(proposal: Proposal) -> datetime:
    return proposal.starts_at + timedelta(minutes=proposal.minutes)


def _days(
    plan: Plan, earlier: Sequence[datetime], now: datetime, zone: ZoneInfo, wanted: int
) -> list[date]:
    spacing = timedelta(days=float(plan.spacing_days))
    tomorrow = (now.astimezone(zone) + timedelta(days=1)).date()
    if earlier:
        base = earlier[-1].astimezone(zone)
        first = base + spacing
        if first.date() < tomorrow:  # the person is late: as soon as can be
            first = datetime.combine(tomorrow, base.time(), tzinfo=zone)
    else:
        first = datetime.combine(tomorrow, time(10), tzinfo=zone)
    return [(first + n * spacing).date() for n in range(wanted)]


_Taken = list[tuple[object, datetime, datetime]]


def _taken(course: Course, days: Sequence[date], zone: ZoneInfo) -> _Taken:
    """Chairs (and, under ``None``, the person) with the times they are taken."""
    first = datetime.combine(days[0] - timedelta(days=1), time(0), tzinfo=zone)
    last = datetime.combine(days[-1] + timedelta(days=SLIP_DAYS + 2), time(0), tzinfo=zone)
    rows = Appointment.objects.filter(
        site_id=course.site_id, status__in=STANDING, starts_at__lt=last, ends_at__gt=first
    ).values_list("chair_id", "patient_id", "starts_at", "ends_at")
    taken: _Taken = []
    for chair_id, patient_id, start, end in rows:
        if chair_id is not None:
            taken.append((chair_id, start, end))
        if patient_id == course.patient_id:
            taken.append((None, start, end))
    return taken


def _free_near(
    day: date,
    at: time,
    minutes: int,
    chairs: Sequence[Chair],
    taken: _Taken,
    zone: ZoneInfo,
    now: datetime,
) -> Proposal | None:
    for offset in range(SLIP_DAYS + 1):
        on = day + timedelta(days=offset)
        if on.weekday() not in OPEN_DAYS:
            continue
        for start in _starts(on, at, minutes, zone):
            end = start + timedelta(minutes=minutes)
            busy = {key for key, begins, ends in taken if begins < end and ends > start}
            if None in busy or start <= now:
                continue
            chair = next((c for c in chairs if c.pk not in busy), None)
            if chair is not None:
                return Proposal(start, minutes, chair, offset)
    return None


def _starts(on: date, at: time, minutes: int, zone: ZoneInfo) -> list[datetime]:
    """Times within opening hours, those nearest to ``at`` first."""
    opens = datetime.combine(on, OPENS, tzinfo=zone)
    last = datetime.combine(on, CLOSES, tzinfo=zone) - timedelta(minutes=minutes)
    wanted = datetime.combine(on, at, tzinfo=zone)
    starts = [wanted] if opens <= wanted <= last else []
    moment = opens
    while moment <= last:
        if moment != wanted:
            starts.append(moment)
        moment += _STEP
    return sorted(starts, key=lambda start: (abs(start - wanted), start))
