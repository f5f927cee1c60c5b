"""A meeting of a group is booked, moved or cancelled: for everybody, or for nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinic.groups.actions.manage_group import open_of, read_reason
from evenkeel.clinic.groups.models import GroupMember, GroupPlace, GroupVisit, TherapyGroup
from evenkeel.clinic.groups.queries import view_of
from evenkeel.clinic.groups.seating import CannotSeat, Seat, Seated, seat_everybody, take_common
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.session.actions.book_appointment import book_appointment
from evenkeel.clinic.session.actions.cancel_appointment import cancel_appointment
from evenkeel.clinic.session.actions.move_appointment import move_appointment
from evenkeel.clinic.session.booking import LONGEST_MIN
from evenkeel.clinic.session.models import AppointmentStatus, Session

_KINDS = dict(GroupVisit.KINDS)
_GONE = (AppointmentStatus.CANCELLED, AppointmentStatus.MOVED)


@action("group.book", permission="appointment.manage")
def book_visit(
    act: Act,
    *,
    group_id: Any,
    kind: str,
    starts_at: datetime,
    minutes: int,
    seats: Sequence[Seat],
    room: str = "",
    confirmed: bool = False,
) -> GroupVisit:
    """Book one meeting for a group: an appointment for each member, in one act.

    ``seats`` say for each member the chair and the nurse, who is left out, and for whom what
    stands against it was seen; ``confirmed`` is that of what is asked of all alike. A member
    without a seat is taken as one with no wishes. Raises
    :class:`~evenkeel.clinic.groups.seating.CannotSeat` naming everybody who cannot be booked as it
    stands; then nobody is. Raises ``Invalid``, ``Refused`` (``nobody_left``, ``group_closed``).
    """
    group = open_of(act, group_id)
    room = _read(kind, starts_at, minutes, room)
    view = view_of(group, with_visits=False)
    wanted = {str(seat.member_id): seat for seat in seats}
    pairs = [(m, wanted.pop(str(m.pk), Seat(m.pk))) for m in view.members]
    if wanted:
        raise Invalid("Somebody named here is not in the group.", code="not_a_member")
    lead = view.lead_ids[0] if view.lead_ids else None
    seated = seat_everybody(pairs, kind, starts_at, minutes, therapist_id=lead, now=act.now)
    booked = _all_or_nobody(seated, confirmed=confirmed)
    visit = act.write(
        GroupVisit(
            site=group.site,
            group=group,
            kind=kind,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=minutes),
            room=room or group.room,
        )
    )
    for one in booked:
        _place(act, visit, group, one, minutes, lead)
    _note_answers(act, seated)
    return visit


def _read(kind: str, starts_at: datetime, minutes: int, room: str) -> str:
    wrong: dict[str, str] = {}
    if kind not in _KINDS:
        wrong["kind"] = "Choose what the meeting is for."
    if starts_at.tzinfo is None:
        wrong["starts_at"] = "The time needs a time zone."
    if not 5 <= minutes <= LONGEST_MIN:
        wrong["minutes"] = f"Between 5 and {LONGEST_MIN} minutes."
    room = " ".join(room.split())
    if len(room) > 80 or "\x00" in room:
        wrong["room"] = "At most 80 letters."
    if wrong:
        raise Invalid("The meeting is not complete yet.", fields=wrong)
    return room


def _all_or_nobody(seated: Sequence[Seated], *, confirmed: bool) -> list[Seated]:
    """Those to book. Raises ``CannotSeat`` unless everybody stands, ``Refused`` for nobody."""
    common = take_common(seated)
    if (common and not confirmed) or not all(one.stands for one in seated):
        raise CannotSeat(seated, () if confirmed else common)
    booked = [one for one in seated if not one.seat.leave_out]
    if not booked:
        raise Refused(
            "Nobody is left to book.",
            what_to_do="Take somebody into the group, or choose another time.",
            code="nobody_left",
        )
    return booked


def _note_answers(act: Act, seated: Sequence[Seated]) -> None:
    """Who was left out and for whom a warning was seen, by key: the audit names nobody twice."""
    act.note(
        left_out=[str(one.member.pk) for one in seated if one.seat.leave_out],
        confirmed={str(one.member.pk): one.asks for one in seated if one.asks},
    )


def _place(
    act: Act,
    visit: GroupVisit,
    group: TherapyGroup,
    one: Seated,
    minutes: int,
    lead: Any,
    place: GroupPlace | None = None,
) -> GroupPlace:
    """One member's own appointment, through the action that books any, and their place.

    ``place``: the one they had, whose appointment stands no more.
    """
    member = one.member
    appointment = book_appointment(
        act.ctx,
        course_id=member.course_id,
        kind=visit.kind,
        starts_at=visit.starts_at,
        minutes=minutes,
        chair_id=one.seat.chair_id if visit.kind == "dosing" else None,
        nurse_id=one.seat.nurse_id,
        therapist_id=lead,
        note=f"With the group “{group.name}”.",
        confirmed=True,
    )
    place = place or GroupPlace(
        site=group.site,
        visit=visit,
        member=member,
        course=member.course,
        patient=member.patient,
    )
    place.appointment = appointment
    place.left_at, place.left_reason = None, ""
    return act.write(place)


def _standing(act: Act, visit_id: Any) -> GroupVisit:
    visit = act.open(GroupVisit, visit_id, "group__site", "site")
    if visit.state != "booked":
        raise Refused(
            f"This meeting is {visit.get_state_display().lower()}.",
            what_to_do="Book another.",
            code="no_such_step",
        )
    return visit


def _booked_places(visit: GroupVisit) -> list[GroupPlace]:
    """The places whose appointment still stands as it was booked."""
    rows = GroupPlace.objects.filter(visit=visit, appointment__status=AppointmentStatus.BOOKED)
    return list(
        rows.select_related(
            "appointment", "member__patient", "member__course__patient", "member__course__site"
        )
    )


@action("group.move_visit", permission="appointment.manage")
def move_visit(
    act: Act,
    *,
    visit_id: Any,
    starts_at: datetime,
    minutes: int,
    reason: str,
    confirmed: bool = False,
) -> GroupVisit:
    """Move a meeting with everybody's appointment, or nobody's.

    Chairs, nurses and room stay. What should be seen first is confirmed for all at once. Raises as
    :func:`book_visit`, and ``Refused`` (``begun``) once somebody is here.
    """
    visit = _standing(act, visit_id)
    act.reason = read_reason(reason)
    _read(visit.kind, starts_at, minutes, "")
    _refuse_begun(visit)
    places = _booked_places(visit)
    pairs = []
    for place in places:
        old = place.appointment
        seat = Seat(place.member_id, old.chair_id, old.nurse_id, confirmed=confirmed)
        pairs.append((place.member, seat))
    lead = places[0].appointment.therapist_id if places else None
    _all_or_nobody(
        seat_everybody(
            pairs,
            visit.kind,
            starts_at,
            minutes,
            therapist_id=lead,
            now=act.now,
            replacing={place.member_id: place.appointment for place in places},
            beside=[place.appointment_id for place in places],
        ),
        confirmed=confirmed,
    )
    for place in places:
        old = place.appointment
        place.appointment = move_appointment(
            act.ctx,
            appointment_id=old.pk,
            starts_at=starts_at,
            minutes=minutes,
            chair_id=old.chair_id,
            nurse_id=old.nurse_id,
            therapist_id=old.therapist_id,
            reason=act.reason,
            confirmed=True,
        )
        act.write(place)
    visit.starts_at, visit.ends_at = starts_at, starts_at + timedelta(minutes=minutes)
    visit.reason = act.reason
    return act.write(visit)


def _refuse_begun(visit: GroupVisit) -> None:
    here = GroupPlace.objects.filter(
        visit=visit, appointment__status__in=(AppointmentStatus.CHECKED_IN, AppointmentStatus.DONE)
    )
    if here.exists():
        raise Refused(
            "Somebody is here already, or has been.",
            what_to_do="Move the appointments of the others one by one.",
            code="begun",
        )


@action("group.cancel_visit", permission="appointment.manage")
def cancel_visit(act: Act, *, visit_id: Any, reason: str) -> GroupVisit:
    """Cancel a meeting with every appointment of it that still stands.

    Raises ``Invalid`` without a reason, ``Refused`` (``session_open``) once a session was opened.
    """
    visit = _standing(act, visit_id)
    act.reason = read_reason(reason)
    if Session.objects.filter(appointment__group_place__visit=visit).exists():
        raise Refused(
            "A session of this meeting was opened.",
            what_to_do="End each session in its own screen; others can leave the meeting.",
            code="session_open",
        )
    places = GroupPlace.objects.filter(
        visit=visit,
        appointment__status__in=(AppointmentStatus.BOOKED, AppointmentStatus.CHECKED_IN),
    )
    for place in places:
        cancel_appointment(act.ctx, appointment_id=place.appointment_id, reason=act.reason)
    visit.state, visit.reason = "cancelled", act.reason
    return act.write(visit)


@action("group.add_place", permission="appointment.manage")
def add_place(act: Act, *, visit_id: Any, member_id: Any, seat: Seat) -> GroupPlace:
    """Book a member for a meeting that stands: who joined later, was left out, or comes after all.

    Raises as :func:`book_visit`, and ``Refused`` (``has_place``).
    """
    visit = _standing(act, visit_id)
    member = act.open(GroupMember, member_id, "patient", "course__patient", "course__site")
    if member.group_id != visit.group_id or member.left_at is not None:
        raise Invalid("This person is not in the group.", code="not_a_member")
    place = GroupPlace.objects.filter(visit=visit, member=member).first()
    if place is not None and place.appointment.status not in _GONE:
        raise Refused("This person has a place in the meeting.", code="has_place")
    view = view_of(visit.group, with_visits=False)
    lead = view.lead_ids[0] if view.lead_ids else None
    minutes = int((visit.ends_at - visit.starts_at).total_seconds() // 60)
    wanted = Seat(member.pk, seat.chair_id, seat.nurse_id, False, seat.confirmed)
    seated = seat_everybody(
        [(member, wanted)],
        visit.kind,
        visit.starts_at,
        minutes,
        therapist_id=lead,
        now=act.now,
        beside=list(visit.places.values_list("appointment_id", flat=True)),
    )
    (one,) = _all_or_nobody(seated, confirmed=seat.confirmed)
    _note_answers(act, seated)
    return _place(act, visit, visit.group, one, minutes, lead, place)
