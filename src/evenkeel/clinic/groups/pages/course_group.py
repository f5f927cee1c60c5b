"""The group of one course: what the person agreed to, whether they are in one. Names no other."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from evenkeel.clinic.course.queries import CourseSummary
from evenkeel.clinic.groups.actions.join_group import (
    join_group,
    leave_group,
    take_group_consent,
    withdraw_group_consent,
)
from evenkeel.clinic.groups.models import CONSENT_MEANING, GroupMember, GroupPlace, TherapyGroup
from evenkeel.clinic.groups.queries import (
    membership_of,
    memberships_of,
    program_of_group,
    standing_consent,
)
from evenkeel.clinic.groups.words import CONSENT_LINES, consent_words
from evenkeel.clinic.record.act import together
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.therapy.pages.frame import Acts, therapy_page
from evenkeel.clinic.therapy.queries import Therapy


@page("group.view")
def course_group(request: HttpRequest, course_id: Any) -> HttpResponse:
    """Whether a person is in a group; taking their consent, letting them join and leave."""
    return therapy_page(
        request, course_id, "course_group", "group of a course", _ACTS, _shown, room="groups"
    )


def _shown(request: HttpRequest, summary: CourseSummary, found: Therapy) -> dict[str, Any]:
    actor, course = request.ctx.actor, summary.course  # type: ignore[attr-defined]
    member, consent = membership_of(course.pk), standing_consent(course.pk)
    chosen = request.POST.get("group") or request.GET.get("group") or ""
    may_join = course.state != "closed" and actor.may("group.manage", course.site_id)
    return {
        "member": member,
        "consent": consent,
        "consent_lines": CONSENT_LINES,
        "meaning": CONSENT_MEANING,
        "choices": _choices(found) if member is None and may_join else [],
        "chosen": chosen,
        "memberships": memberships_of(course.pk),
        "meetings": list(
            GroupPlace.objects.filter(course=course)
            .select_related("visit", "appointment__session")
            .order_by("-visit__starts_at")[:20]
        ),
        "may_join": may_join,
        "may_consent": course.state != "closed" and actor.may("consent.take", course.site_id),
        "may_withdraw": actor.may("consent.withdraw", course.site_id),
    }


def _choices(found: Therapy) -> list[dict[str, Any]]:
    """The open groups on this course's program at its site, with their free places; two queries."""
    if found.on is None:
        return []
    rows = list(
        TherapyGroup.objects.filter(
            site_id=found.course.site_id, program=found.on.program.id, closed_at=None
        ).order_by("name")
    )
    inside = list(
        GroupMember.objects.filter(group__in=rows, left_at=None).values_list("group_id", flat=True)
    )
    return [
        {
            "group": row,
            "most": program_of_group(row).most_people,
            "taken": inside.count(row.pk),
            "head": consent_words(row.name, program_of_group(row)).splitlines()[0],
        }
        for row in rows
    ]


def _join(request: HttpRequest, course: Any) -> Any:
    """Consent and joining in one: neither stands without the other."""
    said, ctx = request.POST, request.ctx  # type: ignore[attr-defined]
    with together():
        take_group_consent(
            ctx,
            course_id=course.pk,
            group_id=said.get("group", ""),
            signed_name=said.get("signed_name", ""),
            agreed=said.get("agreed") == "yes",
        )
        return join_group(ctx, course_id=course.pk, group_id=said.get("group", ""))


def _leave(request: HttpRequest, course: Any) -> Any:
    return leave_group(
        request.ctx,  # type: ignore[attr-defined]
        member_id=request.POST.get("member", ""),
        reason=request.POST.get("reason", ""),
    )


def _withdraw(request: HttpRequest, course: Any) -> Any:
    return withdraw_group_consent(
        request.ctx,  # type: ignore[attr-defined]
        group_consent_id=request.POST.get("consent", ""),
        note=request.POST.get("reason", ""),
    )


_ACTS: Acts = {
    "join": (_join, "Consent is recorded, and the person is in the group."),
    "leave": (_leave, "Noted. The course goes on; look at what is booked."),
    "withdraw": (_withdraw, "The consent is taken back; the person has left the group."),
}
