"""What is asked of groups: who is in them, when they meet, who can join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Prefetch
from django.urls import reverse

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.groups.models import (
    GroupConsent,
    GroupMember,
    GroupPlace,
    GroupTherapist,
    GroupVisit,
    TherapyGroup,
)
from evenkeel.clinic.people.models import Account, Site
from evenkeel.clinic.programs.models import CourseProgram
from evenkeel.clinic.programs.parts import Program
from evenkeel.clinic.programs.queries import HeldProgram, parsed, programs_at
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.session.models import Appointment

#: A program for fewer than this is given one to one. By meaning of the word.
FEWEST: Final = 2
#: Until how long after its end a meeting still counts as ahead. Assumed.
_STILL: Final = timedelta(hours=2)


@dataclass(frozen=True)
class GroupView:
    """A group as its pages show it."""

    group: TherapyGroup
    program: Program
    members: Sequence[GroupMember]
    therapists: Sequence[Account]
    visits: Sequence[GroupVisit] = field(default_factory=tuple)

    @property
    def free(self) -> int:
        """How many more may join."""
        return max(0, self.program.most_people - len(self.members))

    @property
    def people(self) -> list[Any]:
        """The members' patients."""
        return [member.patient for member in self.members]

    @property
    def lead_ids(self) -> list[Any]:
        """Keys of the therapists."""
        return [account.pk for account in self.therapists]

    def ahead(self, now: datetime) -> list[GroupVisit]:
        """Meetings that are booked and not over, the next one first."""
        return [v for v in self.visits if v.state == "booked" and v.ends_at + _STILL > now]

    def behind(self, now: datetime) -> list[GroupVisit]:
        """The others, the newest first."""
        ahead = {visit.pk for visit in self.ahead(now)}
        return [v for v in reversed(self.visits) if v.pk not in ahead]


def groups_of(ctx: Context, site: Site) -> list[GroupView]:
    """Every group of a site, the open ones first; four queries."""
    rows = (
        TherapyGroup.objects.filter(site=site)
        .prefetch_related(_members(), _therapists(), _visits())
        .order_by("closed_at", "name")
    )
    return [
        GroupView(
            row,
            program_of_group(row),
            list(row.members.all()),
            [one.account for one in row.therapists.all()],
            list(row.visits.all()),
        )
        for row in rows
    ]


def view_of(group: TherapyGroup, *, with_visits: bool = True) -> GroupView:
    """One group with its members, therapists and meetings; three queries."""
    members = list(_members_now().filter(group=group))
    leads = GroupTherapist.objects.filter(group=group, ended_at=None).select_related("account")
    visits: list[GroupVisit] = []
    if with_visits:
        visits = list(GroupVisit.objects.filter(group=group).order_by("starts_at"))
    return GroupView(
        group,
        program_of_group(group),
        members,
        [one.account for one in leads.order_by("account__full_name")],
        visits,
    )


def program_of_group(group: TherapyGroup) -> Program:
    """The program as it was when the group was opened."""
    return parsed(group.text)


def _members_now() -> Any:
    return (
        GroupMember.objects.filter(left_at=None)
        .select_related("patient", "course", "consent")
        .order_by("patient__family_name", "patient__given_name", "pk")
    )


def _members() -> Prefetch[Any]:
    return Prefetch("members", _members_now())


def _therapists() -> Prefetch[Any]:
    rows = GroupTherapist.objects.filter(ended_at=None).select_related("account")
    return Prefetch("therapists", rows.order_by("account__full_name"))


def _visits() -> Prefetch[Any]:
    return Prefetch("visits", GroupVisit.objects.order_by("starts_at"))


def group_programs(site_id: Any) -> list[HeldProgram]:
    """The programs of a site that are made for more than one person at once."""
    return [held for held in programs_at(site_id) if held.program.most_people >= FEWEST]


def once_members(group_id: Any) -> list[Any]:
    """The patients of everybody who is or was in a group."""
    rows = GroupMember.objects.filter(group_id=group_id).select_related("patient")
    return [row.patient for row in rows]


def places_of(visit: GroupVisit) -> list[GroupPlace]:
    """The places of a meeting with all that a page shows of them; one query."""
    return list(
        GroupPlace.objects.filter(visit=visit)
        .select_related(
            "patient",
            "member",
            "course",
            "appointment__patient",
            "appointment__course",
            "appointment__chair",
            "appointment__nurse",
            "appointment__therapist",
            "appointment__moved_to",
            "appointment__session",
            "appointment__talk",
        )
        .order_by("patient__family_name", "patient__given_name", "pk")
    )


def membership_of(course_id: Any) -> GroupMember | None:
    """The group a course is in now; one query."""
    found: GroupMember | None = (
        GroupMember.objects.filter(course_id=course_id, left_at=None)
        .select_related("group", "consent", "joined_by")
        .first()
    )
    return found


def memberships_of(course_id: Any) -> list[GroupMember]:
    """Every group a course was in, the newest first."""
    rows = GroupMember.objects.filter(course_id=course_id).select_related("group", "joined_by")
    return list(rows.order_by("-joined_at"))


def standing_consent(course_id: Any) -> GroupConsent | None:
    """The consent to being in a group that stands; one query."""
    found: GroupConsent | None = (
        GroupConsent.objects.filter(course_id=course_id, withdrawn_at=None)
        .select_related("taken_by")
        .order_by("-signed_at")
        .first()
    )
    return found


def candidates(group: TherapyGroup, most: int = 40) -> list[Course]:
    """Courses on the group's program at its site that are in no group; one query."""
    on = CourseProgram.objects.filter(course=OuterRef("pk"), program=group.program, ended_at=None)
    inside = GroupMember.objects.filter(course=OuterRef("pk"), left_at=None)
    return list(
        Course.objects.filter(
            Exists(on), ~Exists(inside), site_id=group.site_id, patient__deceased=False
        )
        .exclude(state="closed")
        .select_related("patient")
        .order_by("patient__family_name", "patient__given_name")[:most]
    )


def group_link(ctx: Context, appointment: Appointment) -> dict[str, str] | None:
    """Where the meeting is that an appointment belongs to, for who may see groups; one query."""
    if not ctx.actor.may("group.view", appointment.site_id):
        return None
    place = (
        GroupPlace.objects.filter(appointment=appointment).select_related("visit__group").first()
    )
    if place is None:
        return None
    visit = place.visit
    return {
        "label": "Group",
        "words": visit.group.name,
        "url": reverse("group_visit", args=[visit.group_id, visit.pk]),
    }


def own_meeting(appointment: Appointment) -> GroupVisit | None:
    """The meeting a person's own appointment belongs to, for their own pages; one query.

    Their pages show its time and its room and nothing else of it.
    """
    found: GroupVisit | None = GroupVisit.objects.filter(places__appointment=appointment).first()
    return found


def zone_of(group: TherapyGroup) -> ZoneInfo:
    """The time zone a group meets in."""
    return ZoneInfo(group.site.timezone)
