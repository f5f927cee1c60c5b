"""Somebody leaves a meeting before its end, or is not well enough to take part that day."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.groups.actions.manage_group import read_reason
from evenkeel.clinic.groups.models import GroupPlace
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Refused


@action("group.leave_visit", permission="session.record")
def leave_visit(act: Act, *, place_id: Any, reason: str) -> GroupPlace:
    """Take one person out of a meeting; nobody else's record changes.

    Their own session goes on in its own screen where one is open, and what is said of the group's
    room from now on is not written into it. Their appointment is theirs to cancel or to move.
    Raises ``Invalid`` without a reason, ``Refused`` (``left_already``).
    """
    place = act.open(GroupPlace, place_id, "visit", "appointment")
    if place.left_at is not None:
        raise Refused("This person has left the meeting already.", code="left_already")
    if place.visit.state == "cancelled":
        raise Refused("This meeting was cancelled.", code="no_such_step")
    place.left_at, place.left_reason = act.now, read_reason(reason)
    act.reason = place.left_reason
    return act.write(place)


@action("group.return_to_visit", permission="session.record")
def return_to_visit(act: Act, *, place_id: Any) -> GroupPlace:
    """Take somebody back into a meeting who had left it; that they had stays in the record.

    Raises ``Refused`` (``no_such_step``) for somebody who is in it.
    """
    place = act.open(GroupPlace, place_id, "visit")
    if place.left_at is None:
        raise Refused("This person is in the meeting.", code="no_such_step")
    act.note(had_left_at=place.left_at.isoformat(), reason=place.left_reason)
    place.left_at, place.left_reason = None, ""
    return act.write(place)
