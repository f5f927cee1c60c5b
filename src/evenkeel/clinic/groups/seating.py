"""Whether each member of a group can be booked for a meeting, and if not, why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.queries import against_dosing, course_summary
from evenkeel.clinic.groups.models import GroupMember
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.session.booking import (
    STANDING,
    Slot,
    check_bookable,
    check_free,
    read_slot,
)
from evenkeel.clinic.session.models import Appointment, AppointmentStatus

_SEVERAL: Final = 2


@dataclass(frozen=True, slots=True)
class Seat:
    """What is wanted for one member. ``confirmed``: booked although something speaks against it."""

    member_id: Any
    chair_id: Any = None
    nurse_id: Any = None
    leave_out: bool = False
    confirmed: bool = False


@dataclass(slots=True)
class Seated:
    """One member's place as it would be. ``cannot`` forbids it, ``asks`` wants to be seen first."""

    member: GroupMember
    seat: Seat
    slot: Slot | None = None
    cannot: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)

    @property
    def stands(self) -> bool:
        """Whether it may be booked, or is left out on purpose."""
        if self.seat.leave_out:
            return True
        return not self.cannot and (self.seat.confirmed or not self.asks)

    @property
    def words(self) -> list[str]:
        """Everything against it."""
        return [*self.cannot, *self.asks]


class CannotSeat(Refused):
    """Somebody of the group cannot be booked as it stands; nobody was.

    ``seated`` says who; ``common`` is what is to be seen of the meeting itself.
    """

    code = "cannot_seat"

    def __init__(self, seated: Sequence[Seated], common: Sequence[str] = ()) -> None:
        self.seated, self.common = list(seated), list(common)
        open_ = [one for one in seated if not one.stands]
        said = {f"seat_{one.member.pk}": _line(one) for one in open_}
        if self.common:
            said["confirmed"] = " ".join(self.common)
        super().__init__(
            "Nobody was booked: something stands against it.",
            what_to_do="Leave people out, choose another time, or say that it is meant.",
            fields=said,
        )


def _line(one: Seated) -> str:
    return f"{one.member.patient.name}: {' '.join(one.words)}"


def seat_everybody(
    seats: Iterable[tuple[GroupMember, Seat]],
    kind: str,
    starts_at: datetime,
    minutes: int,
    *,
    therapist_id: Any,
    now: datetime,
    replacing: Mapping[Any, Appointment] | None = None,
    beside: Collection[Any] = (),
) -> list[Seated]:
    """Each member with what stands against booking them then.

    ``replacing``: appointments that are moved, by key of member; ``beside``: keys of those of the
    same meeting, which share its staff.
    """
    wanted = _Wanted(kind, starts_at, minutes, therapist_id, now, replacing or {}, beside)
    found = [_seated(member, seat, wanted) for member, seat in seats]
    taken = Counter(s.slot.chair.pk for s in found if s.slot and s.slot.chair)
    for one in found:
        if one.slot and one.slot.chair and taken[one.slot.chair.pk] > 1:
            one.cannot.append(f"{one.slot.chair.name} is chosen for two people.")
    return found


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The meeting that everybody is to be booked for."""

    kind: str
    starts_at: datetime
    minutes: int
    therapist_id: Any
    now: datetime
    replacing: Mapping[Any, Appointment]
    beside: Collection[Any]


def take_common(seated: Sequence[Seated]) -> list[str]:
    """What is asked of everybody alike, such as the hour: taken off each and asked once."""
    booked = [one for one in seated if not one.seat.leave_out and not one.cannot]
    if len(booked) < _SEVERAL:
        return []
    common = [words for words in booked[0].asks if all(words in one.asks for one in booked)]
    for one in booked:
        one.asks = [words for words in one.asks if words not in common]
    return common


def _seated(member: GroupMember, seat: Seat, wanted: _Wanted) -> Seated:
    found = Seated(member, seat)
    if seat.leave_out:
        return found
    course, kind, now = member.course, wanted.kind, wanted.now
    old = wanted.replacing.get(member.pk)
    try:
        check_bookable(course)
        found.slot = read_slot(
            course,
            kind,
            starts_at=wanted.starts_at,
            minutes=wanted.minutes,
            chair_id=seat.chair_id if kind == "dosing" else None,
            nurse_id=seat.nurse_id,
            therapist_id=wanted.therapist_id,
        )
        found.asks = check_free(
            course, kind, found.slot, now=now, replacing=old, beside=wanted.beside
        )
    except Invalid as wrong:
        found.cannot = list(wrong.fields.values()) or [wrong.message]
    except (Refused, Conflict) as wrong:
        found.cannot = [wrong.message]
    if kind == "dosing" and not found.cannot:
        found.asks = list(dict.fromkeys([*found.asks, *_against_dose(course, now, old)]))
    return found


def _against_dose(course: Course, now: datetime, replacing: Appointment | None) -> list[str]:
    """What stands against a dose of this course as it is now, and whether the plan has one left."""
    summary = course_summary(course, now)
    found = [refusal.message for refusal in against_dosing(summary)]
    if summary.plan is None:
        return found
    counted = (
        Appointment.objects.filter(
            course=course, kind="dosing", status__in=(*STANDING, AppointmentStatus.DONE)
        )
        .exclude(pk=replacing.pk if replacing else None)
        .count()
    )
    planned = summary.plan.sessions_planned
    if counted >= planned:
        found.append(f"All {planned} sessions of the plan are given or booked.")
    return found
