"""What happens in the room of a group, said once and written into every session it is about."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from evenkeel.clinic.groups.actions.manage_group import read_reason
from evenkeel.clinic.groups.models import GroupPlace, GroupSetting, GroupVisit
from evenkeel.clinic.groups.naming import refuse_naming, words_of
from evenkeel.clinic.groups.queries import once_members
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.session.actions.record_event import FUTURE_GRACE, record
from evenkeel.clinic.session.events import kind_of, read_body
from evenkeel.clinic.session.models import Session, SessionEvent

#: What can be said of a group's room. Touch and the stop word are one person's own.
SHARED_KINDS: Final = (
    "setting",
    "music",
    "person_entered",
    "person_left",
    "intervention",
    "disturbance",
    "guide_step",
)
#: What still holds for somebody whose session is opened after it was said.
_LASTS: Final = frozenset({"setting", "music", "person_entered", "person_left", "guide_step"})


@action("group.record_setting", permission="session.record")
def record_setting(
    act: Act,
    *,
    visit_id: Any,
    kind: str,
    happened_at: datetime,
    body: dict[str, Any],
    confirmed: bool = False,
) -> GroupSetting:
    """Say something of the room once; it becomes an event of each session it is about.

    All of them or none. It is about a session that is open then, of somebody who has not left the
    meeting; what lasts also reaches a session opened later (:func:`carry_over`). Raises ``Invalid``
    as :func:`evenkeel.clinic.session.actions.record_event.record` does, ``Refused``
    (``no_dosing_day``), and asks to confirm where the words seem to name a member.
    """
    visit = act.open(GroupVisit, visit_id, "group", "site")
    if visit.kind != "dosing" or visit.state == "cancelled":
        raise Refused("A room is described for a dosing day that stands.", code="no_dosing_day")
    clean = _read(act, visit, kind, happened_at, body, confirmed=confirmed)
    act.happened_at = min(happened_at, act.now)
    row = act.write(
        GroupSetting(
            site=visit.site,
            visit=visit,
            kind=kind,
            body=clean,
            happened_at=act.happened_at,
            said_by=signer(act),
        )
    )
    for session, place in _sessions(visit):
        if _is_about(row, session, place):
            _write(act, row, session.pk)
    return row


@action("group.correct_setting", permission="session.record")
def correct_setting(
    act: Act,
    *,
    setting_id: Any,
    seen_version: int,
    happened_at: datetime,
    body: dict[str, Any],
    confirmed: bool = False,
) -> GroupSetting:
    """Say it otherwise, in every session it stands in.

    Where it was corrected in a person's own session meanwhile, that correction stays. Raises as
    :func:`record_setting`, and ``Conflict`` where somebody changed it meanwhile.
    """
    row = _entry(act, setting_id, seen_version)
    visit = row.visit
    row.body = _read(act, visit, row.kind, happened_at, body, confirmed=confirmed)
    row.happened_at = min(happened_at, act.now)
    stands, own = _standing(row)
    act.write(row)
    for session, place in _sessions(visit):
        if session.pk in own:
            continue
        if _is_about(row, session, place):
            _write(act, row, session.pk, stands.get(session.pk))
        elif session.pk in stands:
            _void(act, row, session.pk, stands[session.pk], "It was about another time.")
    act.note(kept_as_corrected=sorted(str(key) for key in own))
    return row


@action("group.strike_setting", permission="session.record")
def strike_setting(act: Act, *, setting_id: Any, seen_version: int, reason: str) -> GroupSetting:
    """Strike it out in every session it stands in; it stays in the record."""
    row = _entry(act, setting_id, seen_version)
    row.reason = act.reason = read_reason(reason)
    stands, _ = _standing(row)
    row.struck_at = act.now
    act.write(row)
    for session_id, event_id in stands.items():
        _void(act, row, session_id, event_id, row.reason)
    return row


def carry_over(act: Act, session: Session) -> None:
    """Somebody of a group came: what lasts in its room goes into the session just opened."""
    place = (
        GroupPlace.objects.filter(appointment_id=session.appointment_id)
        .select_related("visit")
        .first()
    )
    if place is None:
        return
    place.attendance = "came"
    act.write(place)
    rows = GroupSetting.objects.filter(visit=place.visit, struck_at=None).order_by("happened_at")
    for row in rows:
        if _is_about(row, session, place):
            _write(act, row, session.pk)


def _read(
    act: Act,
    visit: GroupVisit,
    kind: str,
    happened_at: datetime,
    body: dict[str, Any],
    *,
    confirmed: bool,
) -> dict[str, Any]:
    """The body as it is stored. Raises ``Invalid``, or asks to confirm where it names a member."""
    if kind not in SHARED_KINDS:
        raise Invalid(
            "This is written in a person’s own session.",
            fields={"kind": "Use one of: " + ", ".join(SHARED_KINDS)},
        )
    clean = read_body(kind_of(kind), body)
    if clean.get("role") == "family":
        raise Invalid(
            "Who belongs to one person is written in that person’s own session.",
            fields={"role": "Choose what they do in the room."},
        )
    if happened_at.tzinfo is None or happened_at - act.now > FUTURE_GRACE:
        raise Invalid(
            "Nothing can be entered for a time that has not come.",
            fields={"happened_at": "This is in the future."},
            code="in_the_future",
        )
    if refuse_naming(words_of(clean), once_members(visit.group_id), confirmed=confirmed):
        act.note(words_like_a_name=True)
    return clean


def _entry(act: Act, setting_id: Any, seen_version: int) -> GroupSetting:
    row = act.open(GroupSetting, setting_id, "visit__group", "site")
    if row.struck_at is not None:
        raise Refused("This was struck out.", code="struck")
    if row.version != seen_version:
        raise Conflict("Somebody else changed this meanwhile.", code="changed_meanwhile")
    return row


def _sessions(visit: GroupVisit) -> list[tuple[Session, GroupPlace]]:
    """The sessions opened for a meeting, each with its place."""
    places = GroupPlace.objects.filter(visit=visit, appointment__session__isnull=False)
    return [
        (place.appointment.session, place)
        for place in places.select_related("appointment__session")
    ]


def _is_about(row: GroupSetting, session: Session, place: GroupPlace) -> bool:
    at = row.happened_at
    if place.left_at is not None and at >= place.left_at:
        return False
    if session.closed_at is not None and at > session.closed_at:
        return False
    return row.kind in _LASTS or at >= session.opened_at


def _event_id(row: GroupSetting, session_id: Any, version: int) -> uuid.UUID:
    return uuid.uuid5(row.pk, f"{session_id}|{version}")


def _write(act: Act, row: GroupSetting, session_id: Any, supersedes: Any = None) -> None:
    record(
        act.ctx,
        session_id=session_id,
        event_id=_event_id(row, session_id, row.version),
        kind=row.kind,
        happened_at=row.happened_at,
        body=_body(row.body),
        supersedes=supersedes,
    )


def _body(body: Mapping[str, Any]) -> dict[str, Any]:
    return dict(body)


def _void(act: Act, row: GroupSetting, session_id: Any, event_id: Any, reason: str) -> None:
    record(
        act.ctx,
        session_id=session_id,
        event_id=_event_id(row, session_id, row.version),
        kind="void",
        happened_at=act.now,
        body={"reason": reason[:400]},
        supersedes=event_id,
    )


def _standing(row: GroupSetting) -> tuple[dict[Any, Any], set[Any]]:
    """By session the event of this entry that stands, and the sessions that have their own say.

    Two queries.
    """
    sessions = list(Session.objects.filter(appointment__group_place__visit=row.visit_id))
    keys = {
        _event_id(row, session.pk, version): session.pk
        for session in sessions
        for version in range(1, row.version + 1)
    }
    mine: Sequence[Any] = list(
        SessionEvent.objects.filter(pk__in=keys).order_by("position").values_list("pk", "kind")
    )
    after = dict(
        SessionEvent.objects.filter(supersedes__in=keys).values_list("supersedes_id", "pk")
    )
    stands: dict[Any, Any] = {}
    own: set[Any] = set()
    for key, kind in mine:
        session_id = keys[key]
        follower = after.get(key)
        if follower is None and kind != "void":
            stands[session_id] = key
        elif follower is not None and follower not in keys:
            own.add(session_id)
    for session_id in own:
        stands.pop(session_id, None)
    return stands, own
