"""A group is opened, led by somebody, and closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from evenkeel.clinic.groups.models import (
    GroupMember,
    GroupTherapist,
    GroupVisit,
    TherapyGroup,
)
from evenkeel.clinic.groups.queries import group_programs
from evenkeel.clinic.people.models import Account, Site
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.programs.queries import text_digest
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.session.booking import THERAPISTS, staff_of

LONGEST_NAME: Final = 80
LONGEST_REASON: Final = 500


@action("group.open", permission="group.manage")
def open_group(
    act: Act, *, site_id: Any, name: str, program: str, room: str = "", account_ids: Sequence[Any]
) -> TherapyGroup:
    """Open a group on a program of its site, led by the accounts given.

    The program is kept as it holds now. Raises ``Invalid`` by field: a name that another open
    group has, a program for one person, nobody to lead it or somebody who cannot.
    """
    site = act.open(Site, site_id)
    name, room = " ".join(name.split()), " ".join(room.split())
    held = next((h for h in group_programs(site.pk) if h.program.id == program), None)
    wrong: dict[str, str] = {}
    if not name or len(name) > LONGEST_NAME or "\x00" in name:
        wrong["name"] = f"Give the group a name of up to {LONGEST_NAME} letters."
    elif TherapyGroup.objects.filter(site=site, name__iexact=name, closed_at=None).exists():
        wrong["name"] = "An open group has this name already."
    if len(room) > LONGEST_NAME or "\x00" in room:
        wrong["room"] = f"At most {LONGEST_NAME} letters."
    if held is None:
        wrong["program"] = "Choose a program for more than one person."
    leads = _leads(site.pk, account_ids, wrong)
    if wrong or held is None:
        raise Invalid("The group is not complete yet.", fields=wrong)
    group = act.write(
        TherapyGroup(
            site=site,
            name=name,
            program=held.program.id,
            title=held.program.title,
            used=held.version,
            text=held.text,
            text_hash=text_digest(held.text),
            room=room,
            opened_at=act.now,
            opened_by=signer(act),
        )
    )
    for account in leads:
        _lead(act, group, account)
    return group


@action("group.lead", permission="group.manage")
def choose_therapists(act: Act, *, group_id: Any, account_ids: Sequence[Any]) -> TherapyGroup:
    """Say who leads a group from now on. Raises ``Invalid`` for nobody, ``Refused`` if closed."""
    group = open_of(act, group_id)
    wrong: dict[str, str] = {}
    leads = _leads(group.site_id, account_ids, wrong)
    if wrong:
        raise Invalid("Nobody would lead the group.", fields=wrong)
    wanted = {account.pk for account in leads}
    held = {row.account_id: row for row in group.therapists.filter(ended_at=None)}
    for key, row in held.items():
        if key not in wanted:
            row.ended_at = act.now
            act.write(row)
    for account in leads:
        if account.pk not in held:
            _lead(act, group, account)
    return group


@action("group.close", permission="group.manage")
def close_group(act: Act, *, group_id: Any, reason: str) -> TherapyGroup:
    """Close a group; its members leave it, their courses go on.

    Raises ``Invalid`` without a reason, ``Refused`` (``meetings_ahead``) while one is booked.
    """
    group = open_of(act, group_id)
    reason = read_reason(reason)
    if GroupVisit.objects.filter(group=group, state="booked", ends_at__gt=act.now).exists():
        raise Refused(
            "A meeting of this group is booked.",
            what_to_do="Cancel it first; each member’s appointment goes with it.",
            code="meetings_ahead",
        )
    for member in GroupMember.objects.filter(group=group, left_at=None).select_related("patient"):
        end_membership(act, member, f"The group was closed: {reason}"[:LONGEST_REASON])
    group.closed_at, group.closed_by = act.now, signer(act)
    group.close_reason = act.reason = reason
    return act.write(group)


def open_of(act: Act, group_id: Any) -> TherapyGroup:
    """The group, if it is open. Raises ``Refused`` (``group_closed``)."""
    group = act.open(TherapyGroup, group_id, "site")
    if group.closed_at is not None:
        raise Refused("This group is closed.", what_to_do="Open another.", code="group_closed")
    return group


def end_membership(act: Act, member: GroupMember, reason: str) -> GroupMember:
    """Write down that a member has left."""
    member.left_at, member.left_by, member.left_reason = act.now, act.actor.name, reason
    return act.write(member)


def read_reason(reason: str) -> str:
    """The reason as it is kept. Raises ``Invalid`` where there is none."""
    if not reason.strip():
        raise Invalid("Say why.", fields={"reason": "Enter the reason, in a few words."})
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise Invalid(
            "The reason is too long.", fields={"reason": f"At most {LONGEST_REASON} letters."}
        )
    return reason.strip()


def _leads(site_id: Any, account_ids: Sequence[Any], wrong: dict[str, str]) -> list[Account]:
    wanted = {str(key) for key in account_ids}
    found = [a for a in staff_of(site_id, THERAPISTS) if str(a.pk) in wanted]
    if not found or len(found) != len(wanted):
        wrong["account_ids"] = "Choose who leads the group, from the list."
    return found


def _lead(act: Act, group: TherapyGroup, account: Account) -> None:
    act.write(GroupTherapist(site_id=group.site_id, group=group, account=account, since=act.now))
