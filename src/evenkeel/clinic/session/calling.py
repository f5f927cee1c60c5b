"""Who may answer an alarm, who is called second, and which calls are due: asked of the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.people.models import Account, Membership
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.record.permissions import roles_for
from evenkeel.clinic.session.alarm_story import worst_of_each
from evenkeel.clinic.session.models import Session
from evenkeel.clinic.session.moments import ShownAlarm
from evenkeel.clinic.session.raising import protocol_of
from evenkeel.protocol.calling import Call, Called, calls, reached

NO_SECOND = "No second person is named."
SECOND_GONE = "The second person no longer works here."


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """An open alarm of a live session with every call that belongs to it, due or still to come."""

    session: Session
    alarm: ShownAlarm
    calls: tuple[Call, ...]
    why: str = ""

    def step(self, now: datetime) -> Called:
        """How far it has gone at ``now``, written down already or not."""
        return reached(self.calls, now)


def _memberships(site_ids: Iterable[Any]) -> Any:
    return Membership.objects.filter(
        site_id__in=set(site_ids),
        ended_at=None,
        account__is_active=True,
        account__patient=None,
        role__in=[role.value for role in roles_for("session.acknowledge")],
    )


def answering_staff(site_id: Any) -> dict[str, Account]:
    """Who may answer an alarm at a site, by id, in order of name. One query."""
    held = _memberships([site_id]).select_related("account").order_by("account__full_name")
    return {str(m.account_id): m.account for m in held}


def usual_second(course: Course, plan: Plan | None, staff: Mapping[str, Account]) -> Account | None:
    """The course's prescriber, else who signed the plan, where one of them is among ``staff``."""
    usual = (course.prescriber_id, plan.signed_by_id if plan else None)
    return next((staff[str(key)] for key in usual if str(key) in staff), None)


def default_second(session: Session, nurse_id: Any) -> Account | None:
    """Who is second person unless somebody is chosen, with this nurse watching."""
    staff = answering_staff(session.site_id)
    staff.pop(str(nurse_id), None)
    return usual_second(session.course, session.plan, staff)


def chosen_second(second_id: Any, site_id: Any, nurse_id: Any) -> Account:
    """The account named as second person. Raises ``Invalid`` where it cannot be that one."""
    found = answering_staff(site_id).get(str(second_id))
    if found is None:
        raise Invalid(
            "The second person must be able to answer an alarm here.",
            fields={"second_id": "Choose a nurse, prescriber or director of this site."},
            code="cannot_be_second",
        )
    if found.pk == nurse_id:
        raise Invalid(
            "The second person must be somebody else than the nurse who watches.",
            fields={"second_id": "This is the person who watches the session."},
            code="same_person",
        )
    return found


def with_calls(pairs: Sequence[tuple[Session, Sequence[ShownAlarm]]]) -> list[OpenAlarm]:
    """The open alarms of live sessions, the worst of each kind, with their calls.

    ``pairs``: session (with ``nurse`` and ``second``) and its open alarms, worst first. One query
    where there is any alarm, none otherwise.
    """
    open_now = [(s, worst_of_each(alarms)) for s, alarms in pairs if alarms]
    if not open_now:
        return []
    able: set[tuple[UUID, UUID]] = set(
        _memberships(s.site_id for s, _ in open_now).values_list("site_id", "account_id")
    )
    found = []
    for session, alarms in open_now:
        has_nurse = (session.site_id, session.nurse_id) in able
        has_second = (session.site_id, session.second_id) in able
        why = "" if has_second else SECOND_GONE if session.second_id else NO_SECOND
        protocol = protocol_of(session)
        for alarm in alarms:
            since = alarm.since or alarm.raised_at
            due = calls(
                alarm.level, since, has_nurse=has_nurse, has_second=has_second, protocol=protocol
            )
            found.append(OpenAlarm(session, alarm, due, why))
    return found


__all__ = [
    "OpenAlarm",
    "answering_staff",
    "chosen_second",
    "default_second",
    "usual_second",
    "with_calls",
]
