"""A person agrees to be in a group, joins it, leaves it."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.course.altered import refuse_while_dosed
from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.signing import check_typed_name
from evenkeel.clinic.groups.actions.manage_group import end_membership, open_of, read_reason
from evenkeel.clinic.groups.models import (
    CONSENT_MEANING,
    GroupConsent,
    GroupMember,
    TherapyGroup,
)
from evenkeel.clinic.groups.queries import program_of_group
from evenkeel.clinic.groups.words import consent_words
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.programs.queries import program_of
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused


@action("group.consent", permission="consent.take")
def take_group_consent(
    act: Act, *, course_id: Any, group_id: Any, signed_name: str, agreed: bool
) -> GroupConsent:
    """Write down that a person agrees to be in a group and to keep what others say there.

    The whole text that was read is kept. Raises ``Invalid`` by field, ``Refused`` where the course
    or the group is closed, or under the drug (``altered_state``).
    """
    course = act.open(Course, course_id, "patient", "site")
    group = open_of(act, group_id)
    if course.state == "closed":
        raise Refused("This course is closed.", code="closed")
    if not agreed:
        raise Invalid(
            "The person has not agreed.",
            fields={"agreed": "Tick this once every line was read and agreed to."},
        )
    refuse_while_dosed(course, "consent to a group")
    name = check_typed_name(course.patient, signed_name)
    for before in GroupConsent.objects.filter(course=course, withdrawn_at=None):
        before.withdrawn_at = act.now
        act.write(before)
    return act.write(
        GroupConsent(
            site=course.site,
            course=course,
            patient=course.patient,
            words=consent_words(group.name, program_of_group(group)),
            signed_name=name,
            signed_at=act.now,
            taken_by=signer(act),
            meaning=CONSENT_MEANING,
        )
    )


@action("group.consent_withdraw", permission="consent.withdraw")
def withdraw_group_consent(act: Act, *, group_consent_id: Any, note: str = "") -> GroupConsent:
    """Take back the consent to being in a group; the person has then left it.

    Always possible, also by the person; doing it again changes nothing.
    """
    consent = act.open(GroupConsent, group_consent_id, "course")
    if consent.withdrawn_at is not None:
        return consent
    consent.withdrawn_at = act.now
    act.reason = note.strip()[:500]
    act.write(consent)
    member = GroupMember.objects.filter(course_id=consent.course_id, left_at=None).first()
    if member is not None:
        end_membership(act, member, act.reason or "Took back the consent to being in a group.")
    return consent


@action("group.join", permission="group.manage")
def join_group(act: Act, *, course_id: Any, group_id: Any) -> GroupMember:
    """Take a person into a group.

    Raises ``Refused``: the group is closed (``group_closed``) or full (``group_full``), the course
    is closed, on another program (``other_program``), in a group already (``in_group``), or the
    person has not agreed (``no_group_consent``).
    """
    course = act.open(Course, course_id, "patient", "site")
    group = open_of(act, group_id)
    if course.site_id != group.site_id:
        raise Refused("The group meets at another site.", code="other_site")
    _check_course(course, group)
    consent = _consent_for(course, group)
    inside = GroupMember.objects.filter(left_at=None)
    if inside.filter(course=course).exists():
        raise Refused(
            "This person is in a group already.",
            what_to_do="Let them leave that group first.",
            code="in_group",
        )
    most = program_of_group(group).most_people
    if inside.filter(group=group).count() >= most:
        raise Refused(
            f"The group is full: its program allows {most} people.",
            what_to_do="Open another group.",
            code="group_full",
        )
    return act.write(
        GroupMember(
            site=course.site,
            group=group,
            course=course,
            patient=course.patient,
            consent=consent,
            joined_at=act.now,
            joined_by=signer(act),
        )
    )


def _check_course(course: Course, group: TherapyGroup) -> None:
    if course.state == "closed" or course.patient.deceased:
        raise Refused("This course is closed.", code="closed")
    on = program_of(course.pk)
    if on is None or on.program.id != group.program:
        raise Refused(
            f"This course is not on the program of the group, {group.title}.",
            what_to_do="Put the course on that program first.",
            code="other_program",
        )


def _consent_for(course: Course, group: TherapyGroup) -> GroupConsent:
    """The consent that stands and was given for this very group."""
    words = consent_words(group.name, program_of_group(group))
    found: GroupConsent | None = GroupConsent.objects.filter(
        course=course, withdrawn_at=None, words=words
    ).first()
    if found is None:
        raise Refused(
            "The person has not agreed to be in this group.",
            what_to_do="Read the lines with them and take their consent first.",
            code="no_group_consent",
        )
    return found


@action("group.leave", permission="group.manage")
def leave_group(act: Act, *, member_id: Any, reason: str) -> GroupMember:
    """Write down that a person left a group. Their course, sessions and bookings stay as they are.

    Raises ``Invalid`` without a reason, ``Refused`` (``left_already``).
    """
    member = act.open(GroupMember, member_id, "patient", "group")
    if member.left_at is not None:
        raise Refused("This person has left the group already.", code="left_already")
    act.reason = read_reason(reason)
    return end_membership(act, member, act.reason)
