"""A group in the demonstration: three people, one meeting held, a dosing day booked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta
from typing import Final

from evenkeel.clinic.groups.actions.book_visit import book_visit
from evenkeel.clinic.groups.actions.hold_visit import Held, hold_visit
from evenkeel.clinic.groups.actions.join_group import join_group, take_group_consent
from evenkeel.clinic.groups.actions.manage_group import open_group
from evenkeel.clinic.groups.models import GroupMember, TherapyGroup
from evenkeel.clinic.groups.seating import Seat
from evenkeel.demo.person import Telling
from evenkeel.demo.stage import House

NAME: Final = "Harbor circle (synthetic)"
ROOM: Final = "Quiet room, first floor"
#: With so many the group meets.
SIZE: Final = 3


def tell_group(telling: Telling) -> Iterator[None]:
    """The person agrees to be in the group and joins it; with the last one it meets."""
    house, story = telling.house, telling.story
    at = telling.on(4, time(15, 5))
    group = TherapyGroup.objects.filter(site=house.site, name=NAME).first()
    ctx = house.ctx("therapist", at)
    if group is None:
        leads = [house.accounts[key].pk for key in ("therapist", "prescriber")]
        group = open_group(
            ctx, site_id=house.site.pk, name=NAME, program="group", room=ROOM, account_ids=leads
        )
    course = telling.fresh()
    take_group_consent(
        ctx, course_id=course.pk, group_id=group.pk, signed_name=story.name, agreed=True
    )
    join_group(ctx, course_id=course.pk, group_id=group.pk)
    yield
    members = list(GroupMember.objects.filter(group=group).order_by("joined_at", "created_at"))
    if len(members) == SIZE:
        yield from _meet(telling, house, group, members)


def _meet(
    telling: Telling, house: House, group: TherapyGroup, members: list[GroupMember]
) -> Iterator[None]:
    """A preparation that was held, and a dosing day ahead."""
    at = telling.on(2, time(16))
    visit = book_visit(
        house.ctx("therapist", telling.on(4, time(15, 30))),
        group_id=group.pk,
        kind="preparation",
        starts_at=at,
        minutes=90,
        seats=(),
        confirmed=True,
    )
    hold_visit(
        house.ctx("therapist", at + timedelta(minutes=92)),
        visit_id=visit.pk,
        held=Held(
            held_at=at,
            minutes=90,
            therapy="mindfulness",
            themes=("Trusting each other", "What stays in the room"),
            note="Synthetic note. The rules were read aloud; a breathing exercise together.",
            came=[str(key) for key in visit.places.values_list("pk", flat=True)],
        ),
    )
    yield
    nurses = [house.accounts[key].pk for key in ("nurse2", "nurse", "nurse2")]
    book_visit(
        house.ctx("therapist", house.start - timedelta(hours=18)),
        group_id=group.pk,
        kind="dosing",
        starts_at=telling.on(-1, time(10), later=True),
        minutes=180,
        seats=[
            Seat(member.pk, chair.pk, nurse, confirmed=True)
            for member, chair, nurse in zip(members, house.chairs, nurses, strict=False)
        ],
        confirmed=True,
    )
    yield
