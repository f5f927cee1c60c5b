"""A meeting took place: who came, what the group talked about, and a talk in each record."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evenkeel.clinic.groups.actions.manage_group import read_reason
from evenkeel.clinic.groups.models import GroupPlace, GroupVisit
from evenkeel.clinic.groups.naming import refuse_naming
from evenkeel.clinic.groups.queries import once_members
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.session.actions.mark_no_show import mark_no_show
from evenkeel.clinic.session.models import AppointmentStatus
from evenkeel.clinic.therapy.actions.record_talk import correct_talk, record_talk, strike_talk
from evenkeel.clinic.therapy.models import Talk


@dataclass(frozen=True, slots=True)
class Held:
    """What is said of a meeting. ``themes`` and ``note`` are about the group and name nobody.

    ``came`` are keys of places; ``own`` by key of place what stands in that person's own talk.
    ``confirmed``: a word that is also a member's name means nobody.
    """

    held_at: datetime | None
    minutes: int | None
    therapy: str
    therapy_other: str = ""
    themes: Sequence[str] = ()
    note: str = ""
    came: Collection[str] = ()
    own: Mapping[str, str] = field(default_factory=dict)
    confirmed: bool = False


@action("group.hold", permission="therapy.record")
def hold_visit(act: Act, *, visit_id: Any, held: Held) -> GroupVisit:
    """Record that a preparation or an integration of a group took place.

    Each who came gets a talk of their own with the shared themes and their own note; each who did
    not is noted so on their appointment, with a call to ask how they are. Raises ``Invalid`` by
    field, ``Refused`` before its time or for a dosing day, and asks to confirm where shared words
    seem to name a member.
    """
    visit = _open(act, visit_id)
    if visit.state != "booked":
        raise Refused(
            f"This meeting is {visit.get_state_display().lower()} already.", code="no_such_step"
        )
    if visit.starts_at > act.now:
        raise Refused("The time of this meeting has not come.", code="too_early")
    places = _places(visit)
    came = _came(held, places)
    _put(act, visit, held)
    for place in places:
        if str(place.pk) in came:
            _record(act, place, visit, held)
        else:
            _miss(act, place)
    visit.state = "held"
    return act.write(visit)


@action("group.correct_visit", permission="therapy.record")
def correct_visit(
    act: Act, *, visit_id: Any, seen_version: int, reason: str, held: Held
) -> GroupVisit:
    """Say otherwise what took place; what was said before stays in the record.

    A talk follows where it still says what the meeting said; what was written in a person's own
    record stays. Who did not come after all has the talk struck out; who came after all gets one.
    """
    visit = _open(act, visit_id)
    if visit.state != "held":
        raise Refused("Nothing was recorded of this meeting yet.", code="no_such_step")
    if visit.version != seen_version:
        raise Conflict("Somebody else changed this meeting meanwhile.", code="changed_meanwhile")
    act.reason = visit.reason = read_reason(reason)
    before = list(visit.themes)
    places = _places(visit)
    came = _came(held, places)
    _put(act, visit, held)
    for place in places:
        talk = getattr(place.appointment, "talk", None)
        if str(place.pk) in came:
            if talk is None:
                _record(act, place, visit, held)
            elif talk.struck_at is None:
                _correct(act, talk, visit, before)
        elif talk is not None and talk.struck_at is None:
            strike_talk(act.ctx, talk_id=talk.pk, seen_version=talk.version, reason=act.reason)
            _mark(act, place, "absent")
    return act.write(visit)


def _open(act: Act, visit_id: Any) -> GroupVisit:
    visit = act.open(GroupVisit, visit_id, "group", "site")
    if visit.kind == "dosing":
        raise Refused("A dosing day is recorded in each person’s own session.", code="no_such_step")
    return visit


def _places(visit: GroupVisit) -> list[GroupPlace]:
    """Those who are expected: who has no appointment in this meeting any more is not."""
    rows = GroupPlace.objects.filter(visit=visit).exclude(
        appointment__status__in=(AppointmentStatus.CANCELLED, AppointmentStatus.MOVED)
    )
    return list(rows.select_related("appointment__talk", "course", "patient"))


def _came(held: Held, places: Sequence[GroupPlace]) -> set[str]:
    came = {str(key) for key in held.came}
    if not came:
        raise Invalid(
            "Nobody came.",
            what_to_do="Cancel the meeting instead.",
            fields={"came": "Tick who came."},
        )
    if came - {str(place.pk) for place in places}:
        raise Invalid("Somebody ticked here has no place in the meeting.", code="no_place")
    return came


def _put(act: Act, visit: GroupVisit, held: Held) -> None:
    """Write what was said into the row. Raises ``Invalid`` or asks to confirm."""
    wrong: dict[str, str] = {}
    if len(held.note) > 6000 or "\x00" in held.note:
        wrong["note"] = "At most 6000 characters."
    if any(len(text) > 6000 or "\x00" in text for text in held.own.values()):
        wrong["own"] = "At most 6000 characters for each person."
    if held.minutes is None or not 5 <= held.minutes <= 480:
        wrong["minutes"] = "From 5 to 480 minutes."
    if wrong:
        raise Invalid("This cannot be kept as it stands.", fields=wrong)
    shared = " ".join((*held.themes, held.note, held.therapy_other))
    found = refuse_naming(shared, once_members(visit.group_id), confirmed=held.confirmed)
    if found:
        act.note(words_like_a_name=len(found))
    visit.held_at = held.held_at or visit.starts_at
    visit.minutes, visit.therapy = held.minutes, held.therapy
    visit.therapy_other = held.therapy_other.strip()
    visit.themes, visit.note = list(held.themes), held.note.strip()
    visit.held_by = visit.held_by or signer(act)


def _record(act: Act, place: GroupPlace, visit: GroupVisit, held: Held) -> None:
    record_talk(
        act.ctx,
        course_id=place.course_id,
        kind=visit.kind,
        held_at=visit.held_at,
        minutes=visit.minutes,
        therapy=visit.therapy,
        therapy_other=visit.therapy_other,
        themes=visit.themes,
        note=held.own.get(str(place.pk), ""),
        appointment_id=place.appointment_id,
    )
    _mark(act, place, "came")


def _correct(act: Act, talk: Talk, visit: GroupVisit, before: list[str]) -> None:
    correct_talk(
        act.ctx,
        talk_id=talk.pk,
        seen_version=talk.version,
        reason=act.reason,
        held_at=visit.held_at,
        minutes=visit.minutes,
        therapy=visit.therapy,
        therapy_other=visit.therapy_other,
        themes=visit.themes if talk.themes == before else talk.themes,
        note=talk.note,
    )


def _miss(act: Act, place: GroupPlace) -> None:
    appointment = place.appointment
    if appointment.status == AppointmentStatus.BOOKED:
        mark_no_show(act.ctx, appointment_id=appointment.pk, reason="Did not come to the group.")
    _mark(act, place, "absent")


def _mark(act: Act, place: GroupPlace, attendance: str) -> None:
    row = GroupPlace.objects.get(pk=place.pk)
    row.attendance = attendance
    act.write(row)
